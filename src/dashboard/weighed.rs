//! Verdicts, what a search has found, and charts: the parts of a report's page, of the results so far.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use maud::html;
use serde_json::json;

use crate::report::{self, Part};

use super::answers::Failure;

/// The evidence of each sweep as it was weighed last. Weighing takes seconds where runs are many, so it is done for one page at a
/// time, and again only when further runs have ended.
#[derive(Debug, Default)]
pub struct Weighed(Mutex<BTreeMap<String, (usize, Arc<str>)>>);

impl Weighed {
    /// What the page gets, as JSON.
    ///
    /// # Errors
    /// The sweep cannot be read, or a chart cannot be drawn.
    pub fn of(&self, name: &str, folder: &Path, ended: usize) -> Result<Arc<str>, Failure> {
        // What was weighed before is whole.
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, json)) = known.get(name).filter(|(of, _)| *of == ended) {
            return Ok(Arc::clone(json));
        }
        let json: Arc<str> = weigh(folder, ended)?.into();
        known.insert(name.to_owned(), (ended, Arc::clone(&json)));
        Ok(json)
    }
}

fn weigh(folder: &Path, ended: usize) -> Result<String, Failure> {
    let read = report::read(folder)?;
    let open = read.runs.iter().filter(|run| !run.state.is_final()).count();
    let mut parts: Vec<Part> = Vec::new();
    parts.extend(peeking(&read.judged, open));
    parts.extend(report::parts(&read)?);
    let parts: Vec<_> =
        parts.into_iter().map(|part| json!({ "id": part.id, "title": part.title, "html": part.html })).collect();
    Ok(json!({ "ended": ended, "open": open, "parts": parts }).to_string())
}

/// What looking before the end does to verdicts; none where there is nothing to judge, or nothing left to wait for.
fn peeking(judged: &[report::verdicts::Judged], open: usize) -> Option<Part> {
    if judged.is_empty() || open == 0 {
        return None;
    }
    let content = html! {
        p {
            strong { "Looking early changes no verdict. " }
            "A hypothesis is decided when all of its planned seeds have ended, or at a look that the sweep file declares; until then it "
            "is inconclusive, and differences and intervals are of the runs so far. "
            "Who stops a sweep because they look good, or adds seeds until they do, "
            "finds effects where there are none far more often than in one case of twenty."
        }
    };
    Some(Part { id: "peeking", title: "While runs train".to_owned(), html: content.into_string() })
}
