//! A run that a search gave up: it has ended, is not completed, and is left as it is.

use serde_json::{Value, json};
use sweep::event::Outcome;
use sweep::store::{RunState, Store};

use crate::mock::MockSettings;
use crate::support::{finished, options, scratch, work_with};

/// A finished sweep whose second run was stopped after its first epoch.
fn stopped(root: &std::path::Path) -> Store {
    let store = finished(root, 3);
    let path = store.layout().run(&store.record().runs[1].id).result_json();
    let mut result: Value = serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
    let fields = result.as_object_mut().unwrap();
    fields.shift_remove("best_epoch");
    fields.insert("status".to_owned(), json!("stopped"));
    fields.insert("epoch".to_owned(), json!(1));
    std::fs::write(&path, serde_json::to_vec(&result).unwrap()).unwrap();
    store
}

#[test]
fn a_stopped_run_has_a_state_of_its_own() {
    let root = scratch();
    let store = stopped(root.path());
    let view = &store.runs().unwrap()[1];
    assert_eq!(view.state, RunState::Stopped);
    assert_eq!(view.reason.as_deref(), Some("its search gave it up after epoch 1 of 5"));
    assert!(view.state.is_final() && !view.state.is_settled());
    let result = store.result(&view.run.id).unwrap().unwrap();
    assert_eq!(result.outcome, Outcome::Stopped { epoch: 1 });
    assert!(!result.is_completed());
    assert!(store.refresh_index().unwrap());
    let index = std::fs::read_to_string(store.layout().runs_csv()).unwrap();
    let line = index.lines().find(|line| line.starts_with(&view.run.id.0)).unwrap();
    assert!(line.contains(",stopped,"), "{line}");
}

#[test]
fn a_stopped_run_is_neither_trained_on_nor_tried_again() {
    let root = scratch();
    let store = stopped(root.path());
    assert_eq!(work_with(&store, MockSettings::default(), &options()).unwrap(), []);
    assert!(store.retry_failed(None).unwrap().runs.is_empty());
    assert_eq!(store.runs().unwrap()[1].state, RunState::Stopped);
}
