//! All about one run.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State};
use serde_json::{Value, json};

use crate::dashboard::live::value_text;
use crate::dashboard::shared::Shared;
use crate::report;
use crate::spec::{Metric, RunId, RunSpec};
use crate::store::{RunEntry, Store, parameters};

use super::failure::Failure;
use super::found;
use super::reading::reading;

/// `GET /api/sweeps/{sweep}/runs/{run}`
pub async fn run(
    State(shared): State<Arc<Shared>>,
    Path((name, run)): Path<(String, String)>,
) -> Result<Json<Value>, Failure> {
    let (sweep, id) = found::run(&shared, &name, &run)?;
    reading(move || Ok(Json(told(&sweep.store, &id)?))).await
}

fn told(store: &Store, id: &RunId) -> Result<Value, Failure> {
    let entry = store.entry(id)?;
    // What is damaged is told with the run's state.
    let record = store.run_record(id).ok().flatten();
    let result = store.result(id).ok().flatten();
    let facts = record.as_ref().map(|record| {
        let facts = &record.facts;
        let machine = record.versions.machine.clone().unwrap_or_default();
        json!([
            ["Started", record.started],
            ["Ended", result.as_ref().map(|result| result.finished.clone())],
            ["Device", facts.device],
            ["Computes with", facts.backend],
            ["Processor", machine.processor],
            ["GPU", machine.gpu],
            ["Trainable parameters", facts.trainable_parameters],
            ["All parameters", facts.total_parameters],
            ["Training examples", facts.train_examples],
            ["Evaluation examples", facts.eval_examples],
            ["Test examples", facts.test_examples],
            ["Optimizer steps", facts.steps],
            ["Git commit", record.versions.git_commit],
        ])
    });
    let test = result.as_ref().and_then(|result| result.test.as_ref()).map(|test| {
        let shown =
            |metric: Metric| Some((metric.titles().test, report::written_exactly(metric, test.best.metric(metric)?)));
        Metric::ranked().into_iter().filter_map(shown).collect::<Vec<_>>()
    });
    Ok(json!({
        "id": id,
        "label": entry.label,
        "folder": store.layout().run(id).folder().display().to_string(),
        "parameters": compared(store, &entry.spec),
        "facts": facts,
        "test": test,
        "has_predictions": result.is_some_and(|result| result.has_adapter()),
    }))
}

/// Every parameter with its value, that of the baseline configuration (none: there is no baseline), and whether they differ.
fn compared(store: &Store, spec: &RunSpec) -> Vec<(String, String, Option<String>, bool)> {
    let record = store.record();
    let is_base = |entry: &&RunEntry| Some(&entry.configuration) == record.baseline.as_ref();
    let base = record.runs.iter().find(is_base).map(|entry| parameters(&entry.spec));
    let of_base = |name: &str| {
        let base = base.as_ref()?;
        Some(
            base.iter().find(|(other, _)| other == name).map_or_else(|| "–".to_owned(), |(_, value)| value_text(value)),
        )
    };
    let own = parameters(spec).into_iter();
    own.map(|(name, value)| {
        let (value, base) = (value_text(&value), of_base(&name));
        let differs = name != "seed" && base.as_ref().is_some_and(|base| *base != value);
        (name, value, base, differs)
    })
    .collect()
}
