//! Which classes a run takes for which.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State};
use serde_json::{Value, json};

use crate::dashboard::shared::Shared;
use crate::metrics::Confusion;
use crate::spec::RunId;
use crate::store::Store;

use super::failure::Failure;
use super::found;
use super::predictions::judged;
use super::reading::reading;

/// More classes than this are no matrix for people.
const MOST_CLASSES: usize = 60;

/// `GET /api/sweeps/{sweep}/runs/{run}/confusion`
pub async fn confusion(
    State(shared): State<Arc<Shared>>,
    Path((name, run)): Path<(String, String)>,
) -> Result<Json<Value>, Failure> {
    let (sweep, id) = found::run(&shared, &name, &run)?;
    reading(move || Ok(Json(told(&sweep.store, &id)?))).await
}

fn told(store: &Store, id: &RunId) -> Result<Value, Failure> {
    let (predictions, test) = judged(store, id)?;
    let classes = predictions.targets.names();
    if classes.is_empty() || classes.len() > MOST_CLASSES {
        return Err(Failure::NotThere(format!("a matrix of {} classes is not shown", classes.len())));
    }
    let labels: Vec<u32> = predictions.rows.iter().map(|row| row.label).collect();
    let predicted: Vec<u32> = predictions.rows.iter().map(|row| row.predicted).collect();
    let counts = Confusion::of(classes.len(), &labels, &predicted)
        .map_err(|error| Failure::NotThere(format!("the predictions make no matrix: {error}")))?;
    Ok(json!({ "classes": classes, "test": test, "rows": counts.rows().collect::<Vec<_>>() }))
}
