//! Which address is answered by what, and what is asked of every request first.

use std::sync::Arc;

use axum::Router;
use axum::extract::{DefaultBodyLimit, Request, State};
use axum::http::HeaderValue;
use axum::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, HeaderName, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS, X_FRAME_OPTIONS,
};
use axum::middleware::{Next, from_fn, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};

use super::answers::{self, Failure};
use super::events::events;
use super::page;
use super::shared::Shared;

/// Nothing is loaded from elsewhere, and no script or style stands in a document: what a name or a text would inject does nothing.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; \
                      base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// Bytes that a page may send.
const LARGEST_REQUEST: usize = 16 << 10;

/// All answers.
pub fn routes(shared: Arc<Shared>) -> Router {
    let told = Router::new()
        .route("/api/state", get(answers::state))
        .route("/api/events", get(events))
        .route("/api/sweeps/{sweep}", get(answers::sweep))
        .route("/api/sweeps/{sweep}/curves", get(answers::curves))
        .route("/api/sweeps/{sweep}/log", get(answers::sweep_log))
        .route("/api/sweeps/{sweep}/evidence", get(answers::evidence))
        .route("/api/sweeps/{sweep}/compare", get(answers::compare))
        .route("/api/sweeps/{sweep}/requests", post(answers::ask))
        .route("/api/sweeps/{sweep}/runs/{run}", get(answers::run))
        .route("/api/sweeps/{sweep}/runs/{run}/log", get(answers::run_log))
        .route("/api/sweeps/{sweep}/runs/{run}/confusion", get(answers::confusion))
        .route("/api/sweeps/{sweep}/runs/{run}/predictions", get(answers::predictions))
        .fallback(answers::nothing)
        .layer(DefaultBodyLimit::max(LARGEST_REQUEST))
        .layer(from_fn_with_state(Arc::clone(&shared), only_with_token))
        .layer(from_fn_with_state(Arc::clone(&shared), only_own_pages))
        .with_state(Arc::clone(&shared));
    page::routes().merge(told).layer(from_fn_with_state(shared, only_own_names)).layer(from_fn(with_headers))
}

async fn only_own_names(State(shared): State<Arc<Shared>>, request: Request, next: Next) -> Response {
    match shared.access.check_host(request.headers()) {
        Ok(()) => next.run(request).await,
        Err(refusal) => Failure::from(refusal).into_response(),
    }
}

async fn only_own_pages(State(shared): State<Arc<Shared>>, request: Request, next: Next) -> Response {
    match shared.access.check_origin(request.headers()) {
        Ok(()) => next.run(request).await,
        Err(refusal) => Failure::from(refusal).into_response(),
    }
}

async fn only_with_token(State(shared): State<Arc<Shared>>, request: Request, next: Next) -> Response {
    match shared.access.check_token(request.method(), request.headers()) {
        Ok(()) => next.run(request).await,
        Err(refusal) => Failure::from(refusal).into_response(),
    }
}

async fn with_headers(request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    let fixed: [(HeaderName, &'static str); 6] = [
        (CONTENT_SECURITY_POLICY, POLICY),
        (X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (X_FRAME_OPTIONS, "DENY"),
        (REFERRER_POLICY, "no-referrer"),
        (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
        (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
    ];
    for (name, value) in fixed {
        headers.insert(name, HeaderValue::from_static(value));
    }
    headers.entry(CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    response
}
