//! Contents of model and data that change while a sweep is on.

use sweep::store::RunState;

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
    assert!(worker.as_ref().unwrap().status.success(), "{}", said(&worker.unwrap()));
    let views = place.store().runs().unwrap();
    let failed: Vec<_> = views.iter().filter(|view| view.state == RunState::Failed).collect();
    assert_eq!(failed.len(), 4, "{views:?}");
    for view in failed {
        let reason = view.reason.as_ref().unwrap();
        assert!(reason.contains("changed since run `") && reason.contains("start `sweep run` again"), "{reason}");
    }

    // The changed data make other runs; those of the old data are kept.
    let output = place.finish();
    let text = said(&output);
    assert!(text.contains("6 runs to train") && text.contains("the contents of its data or model changed"), "{text}");
    assert!(text.contains("6 runs no longer in the sweep file; their results are kept"), "{text}");
    let after = timeless(&place.results().join("runs"));
    assert!(before.iter().all(|(path, contents)| after.get(path) == Some(contents)));

    // With the old data back, the old runs count again.
    place.write("data.csv", &data);
    let output = place.training(&["--retry-failed"]).output().unwrap();
    let text = said(&output);
    assert!(output.status.success() && text.contains("4 failed runs tried again"), "{text}");
    assert!(text.contains("6 runs: 6 completed"), "{text}");
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
