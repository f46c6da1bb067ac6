//! Whether two runs or configurations differ: what `sweep compare` says.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, Query, State};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::dashboard::shared::Shared;
use crate::report;

use super::failure::Failure;
use super::found;
use super::reading::reading;

/// The two sides: ids or labels of runs, or configurations.
#[derive(Debug, Deserialize)]
pub struct Sides {
    a: String,
    b: String,
}

/// `GET /api/sweeps/{sweep}/compare?a=ID&b=ID`
pub async fn compare(
    State(shared): State<Arc<Shared>>,
    Path(name): Path<String>,
    Query(Sides { a, b }): Query<Sides>,
) -> Result<Json<Value>, Failure> {
    let sweep = found::sweep(&shared, &name)?;
    reading(move || Ok(Json(json!({ "text": report::compare(&sweep.folder, &a, &b)? })))).await
}
