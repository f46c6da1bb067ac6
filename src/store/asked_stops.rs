//! Requests to stop runs of a pack, as the one who trains it sees them.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use crate::event::Outcome;
use crate::spec::RunId;

use super::requests::{Answer, PendingRequest, Request, stopped_so};
use super::{Store, StoreError};

/// Between two looks at the folder.
const LOOK: Duration = Duration::from_secs(1);

/// Looks for requests, at most once a second.
#[derive(Debug, Default)]
pub(super) struct AskedStops {
    looked: Option<Instant>,
    /// Runs that had stopped on request when the pack was opened: its checkpoint may be older, and still have them.
    before: Vec<RunId>,
    /// Those that were handed out.
    asked: BTreeMap<RunId, PendingRequest>,
}

impl AskedStops {
    pub(super) fn add_earlier(&mut self, run: RunId) {
        self.before.push(run);
    }

    /// Runs that are to stop, of those that are `open`. Each is given once.
    pub(super) fn look(&mut self, store: &Store, open: impl Fn(&RunId) -> bool) -> Vec<RunId> {
        let mut runs = std::mem::take(&mut self.before);
        if self.looked.is_some_and(|looked| looked.elapsed() < LOOK) {
            return runs;
        }
        self.looked = Some(Instant::now());
        // A folder that cannot be read now can be so in a moment; training does not end because of it.
        let pending = store.pending_requests().unwrap_or_default();
        let mut seen: Vec<RunId> = Vec::new();
        for request in pending {
            let Ok(record) = &request.record else { continue };
            let Some(run) = record.request.run().filter(|run| open(run) && !seen.contains(run)).cloned() else {
                continue;
            };
            // Requests of one run do not overtake each other.
            seen.push(run.clone());
            if matches!(record.request, Request::Stop { .. }) && !self.asked.contains_key(&run) {
                runs.push(run.clone());
                self.asked.insert(run, request);
            }
        }
        runs
    }

    /// Answers the request by which a run stopped.
    pub(super) fn answer(&mut self, store: &Store, run: &RunId, outcome: &Outcome) -> Result<(), StoreError> {
        if let Some(request) = self.asked.remove(run) {
            let epochs = store.entry(run)?.spec.epochs;
            store.answer(&request, Answer::Done { what: stopped_so(outcome, epochs) })?;
        }
        Ok(())
    }
}
