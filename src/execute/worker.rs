//! The worker loop: claim a pack, train it, record, release, until nothing is left.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant, SystemTime};

use crate::event::Sink;
use crate::spec::{PackId, PackPlan, RunId};
use crate::store::{Attempt, Claim, CurrentPack, CurrentPacks, Found, Store, StoreError, Versions};
use crate::train::RecordError;

use super::requests::RequestWatch;
use super::worker_sink::WorkerSink;
use super::{Cause, Executor, Stop};

/// How a worker goes about it.
#[derive(Clone, Debug)]
pub struct WorkerOptions {
    /// Recorded with every run.
    pub versions: Versions,
    /// At least this long between two checkpoints of a pack, apart from those at epoch ends.
    pub checkpoint_every: Duration,
    /// Attempts at a pack that may end in a fault without any progress between them; then the pack is taken apart, and a
    /// run that is alone has failed.
    pub attempts: usize,
    /// Stop after the first run that failed.
    pub fail_fast: bool,
    /// Only these runs; all where none are named. A pack with others as well is taken apart.
    pub only: Option<BTreeSet<RunId>>,
    pub when_busy: WhenBusy,
}

impl Default for WorkerOptions {
    fn default() -> Self {
        Self {
            versions: Versions::default(),
            checkpoint_every: Duration::from_secs(300),
            attempts: 2,
            fail_fast: false,
            only: None,
            when_busy: WhenBusy::Wait,
        }
    }
}

/// What a worker does when all packs that are left are in work elsewhere.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WhenBusy {
    /// Wait, and take over what a worker that dies leaves.
    Wait,
    /// Leave as soon as it is certain that the others live: that of another machine's worker shows in its next
    /// heartbeat. What a dead one left is taken over before.
    Leave,
}

/// Why a worker ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WorkerEnd {
    /// Every run has its outcome, or is in work elsewhere.
    NothingLeft,
    /// On request; the state is saved.
    Interrupted,
    /// A run failed, and this was to be the end of it.
    FailedFast,
}

/// Results cannot be recorded, or what the runs read is not there. Whatever was recorded before is intact.
#[derive(Debug, thiserror::Error)]
pub enum WorkerError {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Record(#[from] RecordError),
    /// See [`super::ExecuteError::Inputs`]. Other packs may read the same, so nothing else is begun.
    #[error("pack {pack} was not trained, and its runs stay as they are: {cause}")]
    Inputs {
        pack: PackId,
        #[source]
        cause: Cause,
    },
}

/// Works on a sweep until nothing is left.
///
/// # Errors
/// The results folder cannot be read or written, or is not for results of this executor.
pub fn work(
    store: &Store,
    options: &WorkerOptions,
    executor: &mut dyn Executor,
    sink: &mut dyn Sink,
    stop: &Stop,
) -> Result<WorkerEnd, WorkerError> {
    store.accepts(executor.kind())?;
    let sink = WorkerSink::new(store, sink);
    let index = IndexKeeper::new();
    let requests = RequestWatch::new(store);
    let mut worker = Worker {
        store: store.clone(),
        options,
        executor,
        sink,
        stop,
        index,
        requests,
        answered: None,
        done: BTreeSet::new(),
        told: BTreeSet::new(),
        heartbeats: BTreeMap::new(),
    };
    let end = worker.run();
    let index = worker.index.close(&worker.store);
    let end = end?;
    index?;
    Ok(end)
}

pub(super) struct Worker<'a> {
    pub(super) store: Store,
    pub(super) options: &'a WorkerOptions,
    pub(super) executor: &'a mut dyn Executor,
    pub(super) sink: WorkerSink<'a>,
    pub(super) stop: &'a Stop,
    index: IndexKeeper,
    requests: RequestWatch,
    /// When a request was answered last.
    answered: Option<SystemTime>,
    /// Runs that are done with a pack.
    done: BTreeSet<(PackId, RunId)>,
    /// Notices given already.
    told: BTreeSet<String>,
    /// Of claims on other machines, by token: the heartbeat when we first looked.
    heartbeats: BTreeMap<String, SystemTime>,
}

/// A pack that is ours.
pub(super) struct Claimed {
    pub(super) pack: CurrentPack,
    /// All packs as they were when it was chosen.
    pub(super) packs: CurrentPacks,
    pub(super) claim: Claim,
}

/// What there is to do.
enum Next {
    Pack(Box<Claimed>),
    /// What is left is in work elsewhere.
    Busy {
        /// Who trains something of it.
        holder: Option<String>,
        /// All who have something certainly live.
        certain: bool,
    },
    Nothing,
}

impl Worker<'_> {
    fn run(&mut self) -> Result<WorkerEnd, WorkerError> {
        loop {
            if self.stop.requested() {
                return Ok(WorkerEnd::Interrupted);
            }
            if self.options.fail_fast && self.sink.run_failed() {
                return Ok(WorkerEnd::FailedFast);
            }
            self.look_at_requests()?;
            self.store.reload()?;
            match self.next()? {
                Next::Pack(claimed) => {
                    self.work_on(*claimed)?;
                    self.index.refresh(&self.store)?;
                }
                Next::Busy { certain: true, .. } if self.options.when_busy == WhenBusy::Leave => {
                    return Ok(WorkerEnd::NothingLeft);
                }
                Next::Busy { holder: None, .. } => self.pause(),
                Next::Busy { holder: Some(holder), .. } => {
                    self.tell_once(format!("waiting for {holder}, who works on what is left"));
                    self.pause();
                }
                Next::Nothing => {
                    self.store.clear_states()?;
                    return Ok(WorkerEnd::NothingLeft);
                }
            }
        }
    }

    /// Claims the next pack with work in it, in planned order. Packs without attempts left come first, since giving one
    /// up takes no time and somebody may wait to hear of it; others that had faults come last.
    fn next(&mut self) -> Result<Next, WorkerError> {
        let packs = self.store.packs()?;
        for notice in packs.notices.clone() {
            self.tell_once(notice);
        }
        let mut candidates = Vec::new();
        let earlier = EarlierPacks::new(&packs);
        for (position, pack) in packs.packs.iter().enumerate() {
            if self.has_work(pack)? && !self.waits_for_another(pack, &earlier.of(position))? {
                let faults = self.store.faults(&pack.plan.id)?;
                let hopeless = self.is_given_up(pack, &faults, self.store.newest_checkpoint(&pack.plan.id)?);
                candidates.push(((!hopeless, faults.len()), pack));
            }
        }
        candidates.sort_by_key(|(order, _)| *order);
        let (mut is_busy, mut busy, mut certain) = (false, None, true);
        for (_, pack) in candidates {
            match self.store.claim_pack(&pack.plan.id)? {
                Attempt::Claimed(claim) => {
                    let pack = pack.clone();
                    return Ok(Next::Pack(Box::new(Claimed { pack, packs, claim })));
                }
                Attempt::Busy(found) => {
                    is_busy = true;
                    certain &= !found.is_for_a_moment() && self.certainly_lives(&found);
                    busy = Some(found).filter(|found| !found.is_for_a_moment()).map(|found| found.holder()).or(busy);
                }
            }
        }
        Ok(if is_busy { Next::Busy { holder: busy, certain } } else { Next::Nothing })
    }

    /// Applies what people ask for, and forgets what is known of runs where somebody did: one may be done again.
    fn look_at_requests(&mut self) -> Result<(), StoreError> {
        for event in self.requests.look()? {
            self.sink.emit(&event);
        }
        let answered = self.store.last_answer();
        if answered != self.answered {
            self.answered = answered;
            self.done.clear();
        }
        Ok(())
    }

    /// Whether a claim's owner is known to live: it was looked up, or its heart has beaten since we first looked.
    fn certainly_lives(&mut self, found: &Found) -> bool {
        let Some(heartbeat) = found.heartbeat else {
            return true;
        };
        let claim = found.record.as_ref().map_or_else(String::new, |record| record.token.clone());
        *self.heartbeats.entry(claim).or_insert(heartbeat) != heartbeat
    }

    /// Whether a pack has a run that is wanted and not done.
    pub(super) fn has_work(&mut self, pack: &CurrentPack) -> Result<bool, StoreError> {
        for run in pack.plan.places.iter().flatten() {
            if self.is_wanted(run)? && !self.is_done(&pack.plan, run)? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Whether a run of a pack is still to be trained in an earlier one, which is where it comes from.
    fn waits_for_another(&mut self, pack: &CurrentPack, earlier: &[(&RunId, &PackPlan)]) -> Result<bool, StoreError> {
        for (run, before) in earlier {
            if self.is_wanted(run)? && !self.is_done(&pack.plan, run)? && !self.is_done(before, run)? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Whether a run is in the sweep and was asked for.
    pub(super) fn is_wanted(&self, run: &RunId) -> Result<bool, StoreError> {
        let selected = self.options.only.as_ref().is_none_or(|only| only.contains(run));
        Ok(selected && self.is_in_sweep(run)?)
    }

    fn is_in_sweep(&self, run: &RunId) -> Result<bool, StoreError> {
        Ok(!self.store.entry(run)?.removed)
    }

    /// Whether a run has ended, or stopped where it stops in this pack. A damaged result counts as none: the run is done
    /// again.
    pub(super) fn is_done(&mut self, pack: &PackPlan, run: &RunId) -> Result<bool, StoreError> {
        let key = (pack.id.clone(), run.clone());
        if self.done.contains(&key) {
            return Ok(true);
        }
        match self.store.result(run) {
            Ok(None) => Ok(false),
            Ok(Some(result)) => {
                let done = self.store.is_done_in(&result, pack, self.store.entry(run)?.spec.epochs);
                self.done.extend(Some(key).filter(|_| done));
                Ok(done)
            }
            Err(error @ StoreError::Io { .. }) => Err(error),
            Err(error) => {
                self.tell_once(format!("run {run} is done again, because its record is damaged: {error}"));
                Ok(false)
            }
        }
    }

    fn tell_once(&mut self, notice: String) {
        if self.told.insert(notice.clone()) {
            self.sink.notice(None, notice);
        }
    }

    /// Waits a moment for others.
    fn pause(&self) {
        let since = Instant::now();
        while since.elapsed() < Duration::from_millis(500) && !self.stop.requested() {
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    pub(super) fn started_event(&self, pack: &PackId, runs: Vec<RunId>) -> crate::event::Event {
        crate::event::Event::PackStarted { pack: pack.clone(), device: self.executor.device(), runs }
    }
}

/// Which packs have a run of a later one as well: it goes on there from where it stops here.
struct EarlierPacks<'a> {
    packs: &'a CurrentPacks,
    /// Positions of the packs of each run that is in several.
    shared: BTreeMap<&'a RunId, Vec<usize>>,
}

impl<'a> EarlierPacks<'a> {
    fn new(packs: &'a CurrentPacks) -> Self {
        let mut shared: BTreeMap<&RunId, Vec<usize>> = BTreeMap::new();
        let stops = |plan: &PackPlan| !(plan.until.is_empty() && plan.extended.is_empty());
        if packs.packs.iter().any(|pack| stops(&pack.plan)) {
            for (position, pack) in packs.packs.iter().enumerate() {
                pack.plan.runs().for_each(|run| shared.entry(run).or_default().push(position));
            }
            shared.retain(|_, positions| positions.len() > 1);
        }
        Self { packs, shared }
    }

    /// The runs of the pack at this position that earlier packs have as well, with each of those.
    fn of(&self, position: usize) -> Vec<(&'a RunId, &'a PackPlan)> {
        if self.shared.is_empty() {
            return Vec::new();
        }
        let mut earlier = Vec::new();
        for run in self.packs.packs[position].plan.runs() {
            let positions = self.shared.get(run).into_iter().flatten().filter(|other| **other < position);
            earlier.extend(positions.map(|other| (run, &self.packs.packs[*other].plan)));
        }
        earlier
    }
}

/// Keeps the index up to date without spending more than a small share of the time on it.
struct IndexKeeper {
    refreshed: Option<Instant>,
    took: Duration,
}

impl IndexKeeper {
    /// The index may cost one part in so many of a worker's time.
    const SHARE: u32 = 30;

    fn new() -> Self {
        Self { refreshed: None, took: Duration::ZERO }
    }

    fn refresh(&mut self, store: &Store) -> Result<(), StoreError> {
        if self.refreshed.is_some_and(|refreshed| refreshed.elapsed() < self.took * Self::SHARE) {
            return Ok(());
        }
        let began = Instant::now();
        store.refresh_index()?;
        self.took = began.elapsed();
        self.refreshed = Some(Instant::now());
        Ok(())
    }

    /// The last refresh waits for others who do the same, because they may have looked before our last run ended.
    fn close(&self, store: &Store) -> Result<(), StoreError> {
        const PATIENCE: Duration = Duration::from_secs(20);
        let began = Instant::now();
        while !store.refresh_index()? && began.elapsed() < PATIENCE {
            std::thread::sleep(Duration::from_millis(30));
        }
        Ok(())
    }
}
