//! The state of a sweep, and its curves.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, Query, State};
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use serde_json::Value;

use crate::dashboard::live;
use crate::dashboard::shared::Shared;

use super::failure::Failure;
use super::found;
use super::reading::reading;

/// `GET /api/sweeps/{sweep}`
pub async fn sweep(State(shared): State<Arc<Shared>>, Path(name): Path<String>) -> Result<Response, Failure> {
    let sweep = found::sweep(&shared, &name)?;
    let json = reading(move || Ok(sweep.snapshot()?)).await?;
    Ok(([(CONTENT_TYPE, "application/json")], json).into_response())
}

/// Which curves.
#[derive(Debug, Deserialize)]
pub struct Names {
    /// With commas between.
    names: String,
}

/// `GET /api/sweeps/{sweep}/curves?names=eval_loss,accuracy`
pub async fn curves(
    State(shared): State<Arc<Shared>>,
    Path(name): Path<String>,
    Query(wanted): Query<Names>,
) -> Result<Json<Value>, Failure> {
    let sweep = found::sweep(&shared, &name)?;
    let known = live::curves();
    let named = |name: &str| known.iter().find(|known| **known == name).copied();
    let names: Vec<&'static str> = wanted
        .names
        .split(',')
        .map(|name| named(name).ok_or_else(|| Failure::NoCurve(name.to_owned())))
        .collect::<Result<_, _>>()?;
    reading(move || Ok(Json(sweep.curves(&names)))).await
}
