//! Why something is not answered, as pages get it.

use axum::Json;
use axum::extract::rejection::JsonRejection;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde_json::json;

use crate::dashboard::access::Refusal;
use crate::report::ReportError;
use crate::store::{self, StoreError};

/// Why something is not answered.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    #[error(transparent)]
    Refused(#[from] Refusal),
    #[error("there is no sweep `{0}` here")]
    NoSweep(String),
    #[error("the sweep has no run `{0}`")]
    NoRun(String),
    #[error("there is no curve `{0}`")]
    NoCurve(String),
    #[error("nothing is known at this address")]
    Nothing,
    #[error("{0}")]
    NotThere(String),
    #[error("the request cannot be read: {}", .0.body_text())]
    Unreadable(#[from] JsonRejection),
    #[error(transparent)]
    Cannot(store::Refusal),
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Report(#[from] ReportError),
    #[error("what reads the files was cut short: {0}")]
    Task(#[from] tokio::task::JoinError),
    #[error("cannot be written as JSON: {0}")]
    Json(#[from] serde_json::Error),
}

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        let status = match &self {
            Self::Refused(refusal) => refusal.status(),
            Self::NoSweep(_) | Self::NoRun(_) | Self::NoCurve(_) | Self::Nothing | Self::NotThere(_) => {
                StatusCode::NOT_FOUND
            }
            Self::Unreadable(rejection) => rejection.status(),
            Self::Cannot(_) => StatusCode::CONFLICT,
            Self::Store(_) | Self::Report(_) => StatusCode::UNPROCESSABLE_ENTITY,
            Self::Task(_) | Self::Json(_) => StatusCode::INTERNAL_SERVER_ERROR,
        };
        (status, Json(json!({ "error": self.to_string() }))).into_response()
    }
}

/// Of every other address.
pub async fn nothing() -> Failure {
    Failure::Nothing
}
