//! What pages ask for of a sweep: written as a file, for whoever works on the sweep.

use std::sync::Arc;

use axum::Json;
use axum::extract::rejection::JsonRejection;
use axum::extract::{Path, State};
use serde_json::{Value, json};

use crate::dashboard::shared::Shared;
use crate::store::Request;

use super::failure::Failure;
use super::found;
use super::reading::reading;

/// `POST /api/sweeps/{sweep}/requests` with a [`Request`]: `{"asks_for": "stop", "run": "3f9a..."}`. Whoever works on the sweep, on
/// this machine or another one, comes to it within seconds; what came of it is told as a change.
pub async fn ask(
    State(shared): State<Arc<Shared>>,
    Path(name): Path<String>,
    request: Result<Json<Request>, JsonRejection>,
) -> Result<Json<Value>, Failure> {
    let Json(request) = request?;
    let sweep = found::sweep(&shared, &name)?;
    reading(move || {
        if let Some(refusal) = sweep.store.refusal(&request)? {
            return Err(Failure::Cannot(refusal));
        }
        let id = sweep.store.ask(&request, &shared.who)?;
        shared.pulse.wake();
        Ok(Json(json!({ "id": id })))
    })
    .await
}
