//! What people asked for of a sweep, and what came of it.

use std::fs;
use std::path::Path;
use std::time::SystemTime;

use serde::Serialize;

use crate::spec::RunId;
use crate::store::{RequestView, Store};

/// The newest that are told.
const MOST: usize = 12;

/// A request, for people to read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Line {
    /// `stop`, `extend to epoch 6`, `add seeds 4, 5`; none where it could not be read.
    what: Option<String>,
    run: Option<RunId>,
    who: Option<String>,
    when: Option<String>,
    /// `waits`, `done` or `refused`.
    outcome: &'static str,
    /// What was done and what follows from it, or why nothing was done.
    text: String,
}

/// The requests of a sweep, read again when files came or went.
#[derive(Debug, Default)]
pub struct Asked {
    read: Option<Times>,
    lines: Vec<Line>,
}

/// When the two folders changed last.
type Times = [Option<SystemTime>; 2];

impl Asked {
    /// Whether there may be others by now.
    pub fn is_stale(&self, store: &Store) -> bool {
        self.read != Some(times(store))
    }

    /// The newest first. What cannot be read now is read at the next look.
    pub fn look(&mut self, store: &Store) -> &[Line] {
        let now = times(store);
        if self.read != Some(now)
            && let Ok(views) = store.requests()
        {
            self.lines = views.iter().rev().take(MOST).map(line).collect();
            self.read = Some(now);
        }
        &self.lines
    }
}

fn times(store: &Store) -> Times {
    let modified = |path: &Path| fs::metadata(path).and_then(|metadata| metadata.modified()).ok();
    [modified(&store.layout().requests()), store.last_answer()]
}

fn line(view: &RequestView) -> Line {
    let record = view.request.as_ref();
    let (outcome, text) = match view.answer.as_ref().map(|answer| &answer.answer) {
        None => ("waits", String::new()),
        Some(answer) => (if answer.is_done() { "done" } else { "refused" }, answer.text().to_owned()),
    };
    Line {
        what: record.map(|record| record.request.verb()),
        run: record.and_then(|record| record.request.run().cloned()),
        who: record.map(|record| record.who.clone()),
        when: record.map(|record| record.when.clone()),
        outcome,
        text,
    }
}
