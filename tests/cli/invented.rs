//! Results that the mock invented are marked wherever they are seen, and never mixed with those of training.

use predicates::prelude::*;

use crate::support::{Place, SWEEP};

fn text(place: &Place, name: &str) -> String {
    std::fs::read_to_string(place.path(name)).unwrap()
}

#[test]
fn the_program_has_no_mock() {
    let place = Place::new();
    place.sweep(&["run", "little.yaml", "--executor", "mock"]).assert().code(2);
    let holds_mock = |program: &str| {
        let contents = std::fs::read(assert_cmd::cargo::cargo_bin(program)).unwrap();
        let sign = b"the mock was told to";
        contents.windows(sign.len()).any(|window| window == sign)
    };
    assert!(holds_mock("sweep-mock") && !holds_mock("sweep"));
}

#[test]
fn invented_results_are_marked_wherever_they_are_seen() {
    let place = Place::new();
    place
        .mock(&[])
        .assert()
        .success()
        .stdout(predicate::str::contains("INVENTED: the mock executor made these results"));
    let run = place.files("results/little/runs").into_iter().find(|file| file.ends_with("result.json")).unwrap();
    let run = format!("results/little/runs/{}", run.trim_end_matches("result.json"));
    for record in ["results/little/sweep.json".to_owned(), format!("{run}run.json"), format!("{run}result.json")] {
        assert!(text(&place, &record).contains("\"executor\": \"mock\""), "{record}");
    }
    place.sweep(&["status"]).assert().success().stdout(predicate::str::contains("INVENTED: the mock executor"));
    place.sweep(&["status", "--json"]).assert().stdout(predicate::str::contains("\"executor\": \"mock\""));
    place.write("other.yaml", &SWEEP.replace("name: little", "name: other"));
    place.sweep_mock(&["run", "other.yaml", "--only", "rank=4"]).assert().success();
    place.sweep(&["report", "--format", "svg"]).assert().success();
    assert!(text(&place, "reports/little/index.html").contains("<h1>INVENTED BY A MOCK: little</h1>"));
    for file in ["reports/index.html", "reports/little/summary.md", "reports/little/summary.tex"] {
        assert!(text(&place, file).contains("INVENTED"), "{file}");
    }
}

#[test]
fn training_does_not_go_on_with_invented_results() {
    let place = Place::new();
    place.mock(&["--only", "rank=4"]).assert().success();
    let before = place.files("results");
    let refused = "little: holds invented results of the mock executor, and this would add results of training";
    let id = place.files("results/little/packs").remove(0);
    assert!(!id.is_empty());
    for arguments in [
        &["run", "little.yaml"][..],
        &["run", "little.yaml", "--retry-failed"],
        &["run", "little.yaml", "--dry-run"],
        &["run", "little.yaml", "--launch", "slurm"],
        &["task", "--results", "results/little"],
    ] {
        place.sweep(arguments).assert().code(2).stderr(predicate::str::contains(refused));
    }
    // Not even by a worker of its own, which cannot record anything there.
    place
        .sweep(&["worker", "--results", "results/little", "--device", "cpu"])
        .assert()
        .code(3)
        .stderr(predicate::str::contains(refused));
    assert_eq!(place.files("results"), before);
    // Nor where the plan was moved away.
    std::fs::remove_file(place.path("results/little/sweep.json")).unwrap();
    let refused = "holds invented results of the mock executor";
    place.sweep(&["run", "little.yaml"]).assert().code(2).stderr(predicate::str::contains(refused));
}

#[test]
fn the_mock_adds_nothing_to_results_of_training() {
    let place = Place::new();
    place.mock(&["--only", "rank=4"]).assert().success();
    // As training records it: without a word.
    let plan = text(&place, "results/little/sweep.json").replace("  \"executor\": \"mock\",\n", "");
    place.write("results/little/sweep.json", &plan);
    let refused = "little: holds results of training, and this would add invented results of the mock executor";
    place.mock(&[]).assert().code(2).stderr(predicate::str::contains(refused));
    assert_eq!(text(&place, "results/little/sweep.json"), plan);
}
