//! The evidence on the hypotheses of a sweep.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};

use crate::dashboard::shared::Shared;

use super::failure::Failure;
use super::found;
use super::reading::reading;

/// `GET /api/sweeps/{sweep}/evidence`
pub async fn evidence(State(shared): State<Arc<Shared>>, Path(name): Path<String>) -> Result<Response, Failure> {
    let sweep = found::sweep(&shared, &name)?;
    let json = reading(move || shared.weighed.of(&name, &sweep.folder, sweep.ended)).await?;
    Ok(([(CONTENT_TYPE, "application/json")], json.to_string()).into_response())
}
