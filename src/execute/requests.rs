//! Applies what people ask for ([`Store::ask`]), as far as files alone allow it.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use crate::event::Event;
use crate::spec::{PackPlan, PlannedRun, RunId, Segment};
use crate::store::{
    Answer, AnswerRecord, Claim, PendingRequest, Refusal, Request, RequestView, Store, StoreError, stopped_so,
};

use super::{PlanOptions, plan_packs, relative_duration};

/// Between two looks at a sweep's requests.
const LOOK: Duration = Duration::from_secs(1);

/// Applies requests whose time has come, the oldest first, and gives those that are answered now. What cannot be applied now
/// waits: a run in training stops at its next step, a pack that somebody works on is left alone, and seeds are added by
/// `sweep run`. Does nothing while somebody else is at it, who sees the same requests.
///
/// # Errors
/// The folder cannot be read or written.
pub fn apply_requests(store: &mut Store) -> Result<Vec<RequestView>, StoreError> {
    if store.pending_requests()?.is_empty() {
        return Ok(Vec::new());
    }
    let Some(claim) = store.claim_requests()? else {
        return Ok(Vec::new());
    };
    store.reload()?;
    let answered = Applying { store, claim: &claim, answered: BTreeSet::new() }.run();
    claim.release()?;
    let answered = answered?;
    if answered.is_empty() {
        return Ok(Vec::new());
    }
    store.reload()?;
    let mut views = store.requests()?;
    views.retain(|view| answered.contains(&view.id.to_string()));
    Ok(views)
}

/// Looks at a sweep's requests about once a second.
#[derive(Debug)]
pub(super) struct RequestWatch {
    store: Store,
    looked: Option<Instant>,
}

impl RequestWatch {
    pub(super) fn new(store: &Store) -> Self {
        Self { store: store.clone(), looked: None }
    }

    /// What was answered, and runs that stopped by it.
    ///
    /// # Errors
    /// The folder cannot be read or written.
    pub(super) fn look(&mut self) -> Result<Vec<Event>, StoreError> {
        if self.looked.is_some_and(|looked| looked.elapsed() < LOOK) {
            return Ok(Vec::new());
        }
        self.looked = Some(Instant::now());
        let answered = apply_requests(&mut self.store)?;
        Ok(answered.iter().flat_map(|view| self.told(view).into_iter().chain(self.stopped(view))).collect())
    }

    /// For who watches; the run's log has it already.
    fn told(&self, view: &RequestView) -> Option<Event> {
        let answer = view.answer.as_ref()?;
        let (outcome, text) = (if is_done(answer) { "" } else { "refused: " }, answer.answer.text());
        let Some(record) = &view.request else {
            return Some(Event::Notice { run: None, message: format!("a request was refused: {text}") });
        };
        let entry = record.request.run().and_then(|run| self.store.entry(run).ok());
        let of = entry.map_or_else(String::new, |entry| format!("{}: ", entry.label));
        let (who, verb) = (&record.who, record.request.verb());
        Some(Event::Notice { run: None, message: format!("{of}{who} asked to {verb}; {outcome}{text}") })
    }

    /// The end of a run that nobody trained.
    fn stopped(&self, view: &RequestView) -> Option<Event> {
        let Request::Stop { run } = &view.request.as_ref()?.request else { return None };
        let result = self.store.result(run).ok().flatten().filter(|_| view.answer.as_ref().is_some_and(is_done))?;
        Some(Event::RunFinished { run: run.clone(), outcome: result.outcome })
    }
}

fn is_done(answer: &AnswerRecord) -> bool {
    answer.answer.is_done()
}

/// The one who applies requests now.
struct Applying<'a> {
    store: &'a mut Store,
    claim: &'a Claim,
    answered: BTreeSet<String>,
}

impl Applying<'_> {
    fn run(mut self) -> Result<BTreeSet<String>, StoreError> {
        // Runs with an earlier request that waits; later ones do not overtake it.
        let mut waiting: BTreeSet<RunId> = BTreeSet::new();
        let mut extensions: BTreeMap<Option<usize>, Vec<(PendingRequest, RunId)>> = BTreeMap::new();
        for pending in self.store.pending_requests()? {
            self.claim.verify()?;
            let request = match &pending.record {
                Ok(record) => record.request.clone(),
                Err(reason) => {
                    self.answer(&pending, Answer::Refused { reason: reason.clone() })?;
                    continue;
                }
            };
            if request.run().is_some_and(|run| waiting.contains(run)) {
                continue;
            }
            if let Some(refusal) = self.store.refusal(&request)? {
                self.answer(&pending, answer_to(&refusal))?;
                continue;
            }
            let answer = match &request {
                Request::Stop { run } => self.stop(run)?,
                Request::Retry { run } => self.retry(run)?,
                Request::Extend { run, epochs } => {
                    extensions.entry(*epochs).or_default().push((pending.clone(), run.clone()));
                    None
                }
                Request::AddSeeds { .. } => None,
            };
            match answer {
                Some(answer) => self.answer(&pending, answer)?,
                None => waiting.extend(request.run().cloned()),
            }
        }
        for (epochs, requests) in extensions {
            self.extend(epochs, requests)?;
        }
        Ok(self.answered)
    }

    fn answer(&mut self, pending: &PendingRequest, answer: Answer) -> Result<(), StoreError> {
        if self.store.answer(pending, answer)? {
            self.answered.insert(pending.id.to_string());
        }
        Ok(())
    }

    fn stop(&self, run: &RunId) -> Result<Option<Answer>, StoreError> {
        let epochs = self.store.entry(run)?.spec.epochs;
        let outcome = self.store.stop_idle_run(run)?;
        Ok(outcome.map(|outcome| Answer::Done { what: stopped_so(&outcome, epochs) }))
    }

    fn retry(&self, run: &RunId) -> Result<Option<Answer>, StoreError> {
        let retried = self.store.retry_failed(Some(&BTreeSet::from([run.clone()])))?;
        // Somebody works on what is trained with it.
        Ok((!retried.runs.is_empty())
            .then(|| Answer::Done { what: "it is pending again, with all its attempts".to_owned() }))
    }

    /// Runs that go on to the same epoch may share packs.
    fn extend(&mut self, epochs: Option<usize>, requests: Vec<(PendingRequest, RunId)>) -> Result<(), StoreError> {
        let runs: BTreeSet<RunId> = requests.iter().map(|(_, run)| run.clone()).collect();
        let command = self.store.record().command.clone();
        let widest = self.store.record().packs.iter().map(|pack| pack.places.len()).max().unwrap_or(1);
        let extended = self.store.extend(&runs, epochs, &command, &|segments| as_wide_as(widest, segments))?;
        for (pending, run) in requests {
            let to = epochs.map_or_else(|| "its last epoch".to_owned(), |epochs| format!("epoch {epochs}"));
            let already = if extended.contains(&run) { "" } else { " already" };
            let answer =
                Answer::Done { what: format!("it is planned{already} to go on to {to}, without early stopping") };
            self.answer(&pending, answer)?;
        }
        Ok(())
    }
}

fn answer_to(refusal: &Refusal) -> Answer {
    match refusal {
        // Whoever had it done again was killed before this was answered.
        Refusal::NotFailed { state, .. } if !state.is_final() => {
            Answer::Done { what: format!("it is {state}, and trained without being asked for") }
        }
        refusal => Answer::Refused { reason: refusal.to_string() },
    }
}

/// Packs no wider than those that were planned for the devices of this sweep.
fn as_wide_as(widest: usize, segments: &[Segment]) -> Vec<PackPlan> {
    let duration = |run: &PlannedRun| relative_duration(&run.spec, None);
    plan_packs(segments, &PlanOptions { max_pack: widest, duration: &duration, sharing: None, memory: None })
}
