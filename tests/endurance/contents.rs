//! Contents of model and data that change while a sweep is on.

use crate::comparing::timeless;
use crate::place::{Place, said};

/// A sweep that was interrupted with some runs done.
fn interrupted() -> Place {
    let place = Place::new();
    let mut first = place.training(&["--only", "epochs=5"]);
    assert!(first.output().unwrap().status.success());
    assert!(place.training(&["--dry-run"]).output().unwrap().status.success());
    place
}

#[test]
fn a_worker_notices_and_a_new_start_plans_new_runs() {
    let place = interrupted();
    let all = place.training(&["--launch", "slurm"]).env("PATH", "/nowhere").output().unwrap();
    assert_eq!(all.status.code(), Some(2), "all runs are planned, and nobody takes them: {}", said(&all));
    let before = timeless(&place.results().join("runs"));
    let data = std::fs::read_to_string(place.path("data.csv")).unwrap();
    place.write("data.csv", &data.replacen("the", "a", 1));

    // A worker that was started for the plan as it was, as a requeued task is.
    let worker = place.sweep(&["worker", "--results", "results/little", "--device", "cpu", "--threads", "1"]).output();
    let worker = worker.unwrap();
    let reason = said(&worker);
    assert_eq!(worker.status.code(), Some(4), "{reason}");
    assert!(reason.contains("changed since run `") && reason.contains("start `sweep run` again"), "{reason}");
    let views = place.store().runs().unwrap();
    let open: Vec<_> = views.iter().filter(|view| !view.state.is_final()).collect();
    assert_eq!(open.len(), 4, "that is no failure of theirs: {views:?}");

    // The changed data make other runs; those of the old data are kept.
    let output = place.finish();
    let text = said(&output);
    assert!(text.contains("6 runs to train") && text.contains("the contents of its data or model changed"), "{text}");
    assert!(text.contains("6 runs no longer in the sweep file; their results are kept"), "{text}");
    let after = timeless(&place.results().join("runs"));
    assert!(before.iter().all(|(path, contents)| after.get(path) == Some(contents)));

    // With the old data back, the old runs count again.
    place.write("data.csv", &data);
    let text = said(&place.finish());
    assert!(text.contains("4 runs to train") && text.contains("6 runs: 6 completed"), "{text}");
}

/// The model's weights are contents, too.
#[test]
fn another_model_under_the_same_name_is_another_run() {
    let place = interrupted();
    let weights = place.path("model/model.safetensors");
    let mut bytes = std::fs::read(&weights).unwrap();
    *bytes.last_mut().unwrap() ^= 1;
    std::fs::write(&weights, bytes).unwrap();
    let output = place.training(&["--only", "epochs=5"]).output().unwrap();
    let text = said(&output);
    assert!(text.contains("2 runs to train") && text.contains("the contents of its data or model changed"), "{text}");
}

/// R2: a worker that was started elsewhere finds the inputs; one that does not find them stops with a word, and no run
/// has failed.
#[test]
fn a_missing_input_is_no_failure_of_a_run() {
    let place = Place::new();
    let planned = place.training(&["--launch", "slurm"]).env("PATH", "/nowhere").output().unwrap();
    assert_eq!(planned.status.code(), Some(2), "all runs are planned, and nobody takes them: {}", said(&planned));
    let results = place.results();
    let elsewhere = || {
        let mut task = place.sweep(&["task", "--devices", "cpu", "--threads", "1", "--results"]);
        std::fs::create_dir_all(place.path("elsewhere")).unwrap();
        task.arg(&results).current_dir(place.path("elsewhere"));
        task
    };
    for missing in ["data.csv", "model"] {
        std::fs::rename(place.path(missing), place.path("moved")).unwrap();
        let output = elsewhere().output().unwrap();
        let text = said(&output);
        assert_eq!(output.status.code(), Some(1), "{text}");
        assert!(text.contains(missing) && text.contains("its runs stay as they are"), "{text}");
        let views = place.store().runs().unwrap();
        assert!(views.iter().all(|view| !view.state.is_final()), "{views:?}");
        // Nor does a start from here, where nothing is written.
        let start = place.training(&[]).output().unwrap();
        assert_eq!(start.status.code(), Some(2), "{}", said(&start));
        std::fs::rename(place.path("moved"), place.path(missing)).unwrap();
    }
    // The results may be moved meanwhile.
    std::fs::rename(place.path("results"), place.path("kept")).unwrap();
    let results = place.path("kept/little");
    let mut task = place.sweep(&["task", "--devices", "cpu", "--threads", "1", "--results"]);
    let output = task.arg(&results).current_dir(place.path("elsewhere")).output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", said(&output));
    let store = sweep::store::Store::open(&results).unwrap();
    let views = store.runs().unwrap();
    assert!(views.iter().all(|view| view.state == sweep::store::RunState::Completed), "{views:?}");
    // What was found of the texts is kept with every run.
    let lengths = store.run_record(&views[0].run.id).unwrap().unwrap().facts.token_lengths.unwrap();
    assert_eq!((lengths.texts, lengths.max_length), (184, 64), "training, evaluation and test");
    assert!(lengths.cut > 0 && lengths.longest > 64, "{lengths:?}");
}
