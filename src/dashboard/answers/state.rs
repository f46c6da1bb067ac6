//! All sweeps in a few figures each.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use serde_json::{Value, json};

use crate::dashboard::live::{LiveSweep, SweepsNow};
use crate::dashboard::shared::Shared;

/// `GET /api/state`
pub async fn state(State(shared): State<Arc<Shared>>) -> Json<Value> {
    Json(cards(&shared, &shared.sweeps.now()))
}

/// The cards of all sweeps, with what a page must know of the server.
pub fn cards(shared: &Shared, now: &SweepsNow) -> Value {
    let card = |(folder, sweep): (&String, &Arc<LiveSweep>)| {
        json!({
            "folder": folder,
            "plan": sweep.plan.card(),
            "totals": sweep.totals,
        })
    };
    json!({
        "start": shared.start,
        "results": shared.results.display().to_string(),
        "read_only": shared.access.token.is_none(),
        "is_read": now.is_read,
        "sweeps": now.by_name.iter().map(card).collect::<Vec<_>>(),
        "faults": now.faults,
    })
}
