//! Predictions of a run, example by example, with their texts.

use std::collections::HashMap;
use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, Query, State};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::dashboard::live::{Cell, LiveSweep};
use crate::dashboard::shared::Shared;
use crate::spec::RunId;
use crate::store::{Predictions, Store};
use crate::task::Prediction;

use super::failure::Failure;
use super::found;
use super::reading::reading;

/// The most examples told at once.
const MOST: usize = 200;

/// Which predictions.
#[derive(Debug, Deserialize)]
pub struct Wanted {
    /// Numbers of classes. Without both: all that are wrong.
    label: Option<u32>,
    predicted: Option<u32>,
    #[serde(default)]
    from: usize,
    #[serde(default)]
    count: Option<usize>,
}

impl Wanted {
    fn fits(&self, row: &Prediction) -> bool {
        let is_wrong = row.label != row.predicted;
        let any_cell = self.label.is_none() && self.predicted.is_none();
        (is_wrong || !any_cell)
            && self.label.is_none_or(|label| label == row.label)
            && self.predicted.is_none_or(|predicted| predicted == row.predicted)
    }
}

/// `GET /api/sweeps/{sweep}/runs/{run}/predictions?label=1&predicted=2&from=0&count=50`
pub async fn predictions(
    State(shared): State<Arc<Shared>>,
    Path((name, run)): Path<(String, String)>,
    Query(wanted): Query<Wanted>,
) -> Result<Json<Value>, Failure> {
    let (sweep, id) = found::run(&shared, &name, &run)?;
    reading(move || Ok(Json(told(&shared, &sweep, &id, &wanted)?))).await
}

/// The predictions that a run is judged by, and whether they are of the test.
///
/// # Errors
/// There are none yet.
pub(super) fn judged(store: &Store, id: &RunId) -> Result<(Predictions, bool), Failure> {
    if let Some(predictions) = store.test_predictions(id)? {
        return Ok((predictions, true));
    }
    let predictions = store.predictions(id)?;
    let none = || Failure::NotThere("the run has left no predictions yet: they come with its end".to_owned());
    Ok((predictions.ok_or_else(none)?, false))
}

/// The surest mistakes come first: they say most of the data.
fn told(shared: &Shared, sweep: &LiveSweep, id: &RunId, wanted: &Wanted) -> Result<Value, Failure> {
    let (Predictions { targets, rows }, test) = judged(&sweep.store, id)?;
    let measured = |row: &Prediction| targets.task().measure(row).map(|measured| measured.confidence);
    let mut fitting: Vec<(&Prediction, Option<f64>)> =
        rows.iter().filter(|row| wanted.fits(row)).map(|row| (row, measured(row))).collect();
    fitting.sort_by(|(a, one), (b, other)| {
        other.unwrap_or(0.0).total_cmp(&one.unwrap_or(0.0)).then(a.example.cmp(&b.example))
    });
    let count = wanted.count.unwrap_or(50).min(MOST);
    let shown = &fitting[wanted.from.min(fitting.len())..(wanted.from.saturating_add(count)).min(fitting.len())];
    let (texts, no_texts) = match texts(shared, sweep, id, test) {
        Ok(texts) => (texts, None),
        Err(reason) => (Arc::default(), Some(reason)),
    };
    let row = |(row, confidence): &(&Prediction, Option<f64>)| {
        json!([row.example, row.label, row.predicted, Cell::from(*confidence), texts.get(&row.example)])
    };
    Ok(json!({
        "classes": targets.names(),
        "test": test,
        "total": fitting.len(),
        "rows": shown.iter().map(row).collect::<Vec<_>>(),
        "no_texts": no_texts,
    }))
}

fn texts(shared: &Shared, sweep: &LiveSweep, id: &RunId, test: bool) -> Result<Arc<HashMap<usize, String>>, String> {
    let record = sweep.store.run_record(id).map_err(|error| error.to_string())?;
    let record = record.ok_or_else(|| "it is not recorded which data the run had".to_owned())?;
    shared.texts.texts(&record.run.spec, &record.facts.data_digest, test).map_err(|error| error.to_string())
}
