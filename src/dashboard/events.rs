//! Server-sent events: what changed, as it changes.
//!
//! * `sweeps`: the cards of all sweeps.
//! * `change`: of the sweep that the page shows; its `id` is the version that it leads to.
//! * `reload`: what leads on from the page's version is not known here; the page asks for the whole state.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::{Query, State};
use axum::response::sse::{Event, KeepAlive, Sse};
use futures_util::stream::{self, Stream};
use serde::Deserialize;

use super::answers::cards;
use super::live::Listening;
use super::shared::Shared;

/// A connection that says nothing for longer is taken for dead by proxies.
const ALIVE: Duration = Duration::from_secs(15);

/// What a page shows, and how much of it it has.
#[derive(Debug, Deserialize)]
pub struct Wanted {
    sweep: Option<String>,
    /// Of the state that the page has; another start of the server counts anew.
    version: Option<u64>,
    start: Option<String>,
}

/// The events for one page.
struct Page {
    shared: Arc<Shared>,
    listening: Listening,
    sweep: Option<String>,
    version: Option<u64>,
    /// What was told of all sweeps last.
    cards: String,
    /// To be sent.
    waiting: VecDeque<Event>,
}

pub async fn events(
    State(shared): State<Arc<Shared>>,
    Query(wanted): Query<Wanted>,
) -> Sse<impl Stream<Item = Result<Event, Infallible>>> {
    let is_of_this_start = wanted.start.as_deref() == Some(&shared.start);
    let page = Page {
        listening: shared.pulse.listen(),
        sweep: wanted.sweep,
        version: wanted.version.filter(|_| is_of_this_start),
        cards: String::new(),
        waiting: VecDeque::new(),
        shared,
    };
    let events = stream::unfold(page, |mut page| async move {
        loop {
            if let Some(event) = page.waiting.pop_front() {
                return Some((Ok(event), page));
            }
            page.gather();
            // The sender lives as long as what all answers share.
            if page.waiting.is_empty() && page.listening.beats.changed().await.is_err() {
                return None;
            }
        }
    });
    Sse::new(events).keep_alive(KeepAlive::new().interval(ALIVE))
}

impl Page {
    /// Puts what the page does not know yet into the queue.
    fn gather(&mut self) {
        self.listening.beats.mark_unchanged();
        let now = self.shared.sweeps.now();
        let cards = cards(&self.shared, &now).to_string();
        if cards != self.cards {
            self.waiting.push_back(Event::default().event("sweeps").data(&cards));
            self.cards = cards;
        }
        let Some(sweep) = self.sweep.as_ref().and_then(|name| now.by_name.get(name)) else {
            return;
        };
        let known = self.version.replace(sweep.version);
        match known.and_then(|known| sweep.changes.since(known, sweep.version)) {
            Some(changes) => self.waiting.extend(
                changes
                    .iter()
                    .map(|change| Event::default().event("change").id(change.version.to_string()).data(&*change.json)),
            ),
            None => self.waiting.push_back(Event::default().event("reload").data("")),
        }
    }
}
