//! `extends`: what a file takes from others, and what it says itself.

use std::path::Path;

use sweep::spec::{Evaluation, HeldOut, Sweep, SweepFile};

use crate::support::FakeFacts;

/// Writes files into a folder and reads the first of them.
fn read(files: &[(&str, &str)]) -> Result<(SweepFile, tempfile::TempDir), String> {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in files {
        let path = folder.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }
    let file = SweepFile::read(&folder.path().join(files[0].0));
    match file {
        Ok(file) => Ok((file, folder)),
        Err(error) => Err(error.to_string().replace(folder.path().to_str().unwrap(), "HERE")),
    }
}

fn resolved(files: &[(&str, &str)]) -> Sweep {
    let (file, _folder) = read(files).unwrap_or_else(|error| panic!("{error}"));
    file.resolve(&FakeFacts::default()).unwrap_or_else(|error| panic!("{error}"))
}

fn refused(files: &[(&str, &str)]) -> String {
    match read(files) {
        Err(error) => error,
        Ok((file, folder)) => {
            let error = file.resolve(&FakeFacts::default()).unwrap_err().to_string();
            error.replace(folder.path().to_str().unwrap(), "HERE")
        }
    }
}

const BASE: &str = "\
name: theirs
description: Theirs.
base:
  dataset: {path: a.csv, text: body, eval: {test_size: 100, seed: 7}}
  rank: 4
  epochs: 6
grid: {lora_alpha: [8, 16]}
seeds: [1, 2]
";

#[test]
fn base_is_taken_over_by_parameter_and_sections_as_a_whole() {
    let own = "extends: base.yaml\nbase: {rank: 8, dataset.label: topic}\ngrid: {learning_rate: [1e-4, 1e-3, 1e-2]}\n";
    let sweep = resolved(&[("own.yaml", own), ("base.yaml", BASE)]);
    assert_eq!((sweep.name.as_str(), sweep.description.as_str(), sweep.runs.len()), ("own", "", 6));
    let spec = &sweep.runs[0].spec;
    assert_eq!((spec.rank, spec.epochs, spec.lora_alpha), (8, 6, 32.0));
    assert_eq!((spec.dataset.path.as_str(), spec.dataset.label.as_deref()), ("a.csv", Some("topic")));
    assert_eq!(spec.dataset.text, ["body"]);
    assert_eq!(spec.dataset.evaluation, Evaluation::HeldOut { size: HeldOut::Examples(100), seed: 7 });
    // The same as one file that says all: ids included.
    let one =
        "base: {dataset: {path: a.csv, text: body, label: topic, eval: {test_size: 100, seed: 7}}, rank: 8, epochs: 6}
grid: {learning_rate: [1e-4, 1e-3, 1e-2]}\nseeds: [1, 2]\n";
    let one = resolved(&[("own.yaml", one)]);
    let ids = |sweep: &Sweep| sweep.runs.iter().map(|run| (run.id.clone(), run.label.clone())).collect::<Vec<_>>();
    assert_eq!(ids(&sweep), ids(&one));
    assert_eq!(sweep.extends.len(), 1);
    assert_eq!(sweep.extends[0].text, BASE);
    assert!(one.extends.is_empty());
}

#[test]
fn a_data_set_replaces_the_whole_and_a_field_only_itself() {
    let spec = |own: &str, base: &str| {
        let own = format!("extends: base.yaml\nbase: {own}\n");
        resolved(&[("own.yaml", &own), ("base.yaml", base)]).runs[0].spec.dataset.clone()
    };
    let whole = spec("{dataset: {path: b.csv}}", BASE);
    assert_eq!((whole.path.as_str(), whole.text.len()), ("b.csv", 0));
    let path = spec("{dataset.path: b.csv}", BASE);
    assert_eq!((path.path.as_str(), path.text.as_slice()), ("b.csv", &["body".to_owned()][..]));
    let path = spec("{dataset.path: b.csv}", "base: {dataset: a.csv, dataset.label: topic}");
    assert_eq!((path.path.as_str(), path.label.as_deref()), ("b.csv", Some("topic")));
    let whole = spec("{dataset: b.csv}", "base: {dataset.path: a.csv, dataset.label: topic}");
    assert_eq!((whole.path.as_str(), whole.label), ("b.csv", None));
    let merged =
        spec("{}", "x: &x {rank: 2}\n".replace("x: &x {rank: 2}\n", "base: {dataset: a.csv, <<: {rank: 2}}").as_str());
    assert_eq!(merged.path, "a.csv");
}

#[test]
fn an_empty_section_takes_the_others_away() {
    let sweep = resolved(&[("own.yaml", "extends: base.yaml\ngrid:\nbase:\n"), ("base.yaml", BASE)]);
    assert_eq!((sweep.runs.len(), sweep.runs[0].spec.rank), (2, 4), "an empty base says nothing");
}

#[test]
fn chains_lists_and_folders() {
    let files = [
        ("own.yaml", "extends: [models/model.yaml, data.yaml]\nbase: {epochs: 2}\n"),
        ("models/model.yaml", "extends: ../recipe.yaml\nbase: {lora_alpha: 4, rank: 2}\n"),
        ("data.yaml", "base: {dataset.path: a.csv, rank: 3, epochs: 9}\n"),
        ("recipe.yaml", "base: {rank: 1, learning_rate: 1e-3, epochs: 8}\nseeds: [5]\n"),
    ];
    let (file, folder) = read(&files).unwrap();
    let spec = file.resolve(&FakeFacts::default()).map(|sweep| sweep.runs[0].spec.clone());
    let spec = spec.unwrap_or_else(|error| panic!("{error}"));
    assert_eq!((spec.rank, spec.epochs, spec.learning_rate, spec.seed), (3, 2, 1e-3, 5), "the later file comes first");
    let here = |text: String| text.replace(folder.path().to_str().unwrap(), "HERE");
    let taken: Vec<String> = file.taken().into_iter().map(here).collect();
    assert_eq!(
        taken,
        [
            "from HERE/data.yaml: base.dataset.path, base.rank; said otherwise: base.epochs",
            "from HERE/models/../recipe.yaml: base.learning_rate, base.epochs, seeds; said otherwise: base.rank",
            "from HERE/models/model.yaml: base.lora_alpha, base.learning_rate, seeds; said otherwise: base.rank, base.epochs",
        ]
    );
}

#[test]
fn paths_are_looked_for_beside_the_file_that_names_them() {
    let files = [
        ("own.yaml", "extends: models/model.yaml\n"),
        ("models/model.yaml", "base: {model: tiny}\n"),
        ("models/tiny/config.json", "{}"),
        ("tiny/config.json", "{}"),
    ];
    let said = refused(&files);
    assert!(said.contains("HERE/models/model.yaml, line 1, base.model: model `HERE/models/tiny`"), "{said}");
}

#[test]
fn problems_name_the_file_and_line_in_which_a_value_stands() {
    let base = "base:\n  rank: 4\n  epochs: 0\ngrid:\n  lora_dropout: [0.1,\n    1.5]\n";
    let said = refused(&[("own.yaml", "extends: base.yaml\nbase: {rnak: 8}\n"), ("base.yaml", base)]);
    insta::assert_snapshot!(said, @"
    HERE/own.yaml: 3 problems
      line 2, base.rnak: unknown parameter `rnak`; did you mean `rank`?
      HERE/base.yaml, line 3, base.epochs: must be from 1 to 10000, found 0
      HERE/base.yaml, line 6, grid.lora_dropout[1]: must be at least 0 and below 1, found 1.5
    ");
    let said = refused(&[("own.yaml", "extends: base.yaml\n"), ("base.yaml", "base: [\n")]);
    assert!(said.starts_with("HERE/base.yaml:"), "{said}");
}

#[test]
fn files_that_cannot_be_extended() {
    let of = |own: &str| refused(&[("own.yaml", own), ("list.yaml", "[1]"), ("sub/x.yaml", "{}")]);
    insta::assert_snapshot!(of("name: x\nextends: nowhere.yaml"), @"
    HERE/own.yaml: 1 problem
      line 2, extends: cannot read `HERE/nowhere.yaml`: No such file or directory (os error 2)
    ");
    for (own, said) in [
        ("extends: 8", "must be the path of a sweep file"),
        ("extends:", "must be the path of a sweep file"),
        ("extends: []", "must be the path of a sweep file"),
        ("extends: sub", "it is no file"),
        ("extends: list.yaml", "it is no mapping"),
        ("extends: own.yaml", "`own.yaml` extends itself"),
        ("extends: ./sub/../own.yaml", "extends itself"),
    ] {
        let found = of(own);
        assert!(found.contains(said), "{own}: {found}");
    }
    let round = refused(&[
        ("a.yaml", "extends: b.yaml"),
        ("b.yaml", "extends: c.yaml"),
        ("c.yaml", "name: c\nextends: [a.yaml]"),
    ]);
    insta::assert_snapshot!(round, @"
    HERE/c.yaml: 1 problem
      line 2, extends: `a.yaml` extends itself: by way of HERE/c.yaml, HERE/b.yaml, HERE/a.yaml
    ");
}

#[test]
fn recorded_files_mean_what_they_meant() {
    let (file, folder) = read(&[("own.yaml", "extends: base.yaml\n"), ("base.yaml", BASE)]).unwrap();
    let recorded = file.extended();
    std::fs::write(folder.path().join("base.yaml"), "base: {rank: 64}\n").unwrap();
    let copy = folder.path().join("results.yaml");
    std::fs::write(&copy, file.text()).unwrap();
    let again = SweepFile::read_recorded(&copy, folder.path(), &recorded).unwrap();
    assert_eq!(again.resolve(&FakeFacts::default()).unwrap().runs[0].spec.rank, 4);
    assert!(SweepFile::read_recorded(&copy, folder.path(), &[]).is_err());
    assert!(SweepFile::read_in(&copy, Path::new("nowhere")).is_err());
}
