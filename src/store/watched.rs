//! The runs of a sweep, looked at again and again: what has not changed since is not read again.
//!
//! Files are told apart by modification time, length and inode, since a results folder may lie on a file system that tells
//! nobody of changes.

use std::path::Path;
use std::sync::Arc;

use crate::event::EpochRecord;
use crate::spec::{PackId, PackPlan};

use super::epochs::read_epochs;
use super::layout::RunFolder;
use super::stamp::Stamp;
use super::view::{Activities, RunState, RunView, blank};
use super::{Store, StoreError};

/// A sweep that is watched.
#[derive(Debug)]
pub struct Watched {
    store: Store,
    views: Vec<RunView>,
    epochs: Vec<Arc<Vec<EpochRecord>>>,
    read: Vec<Read>,
}

/// What a look found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Look {
    /// Whether the plan changed: places in it mean other runs then.
    pub replanned: bool,
    /// Places of the runs of which something changed, ascending; all of them where the plan changed.
    pub changed: Vec<usize>,
}

/// What a run was read from.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Read {
    /// Packs that have the run.
    packs: Vec<PackId>,
    started: bool,
    result: Option<Stamp>,
    metrics: Option<Stamp>,
}

impl Watched {
    /// Opens the folder of a sweep; nothing of its runs is read before the first look.
    ///
    /// # Errors
    /// As [`Store::open`].
    pub fn open(folder: &Path) -> Result<Self, StoreError> {
        Ok(Self { store: Store::open(folder)?, views: Vec::new(), epochs: Vec::new(), read: Vec::new() })
    }

    pub fn store(&self) -> &Store {
        &self.store
    }

    /// All runs as they were at the last look, in the order of the plan.
    pub fn views(&self) -> &[RunView] {
        &self.views
    }

    /// The recorded epochs of each run; none of one whose record is damaged, which its view tells.
    pub fn epochs(&self) -> &[Arc<Vec<EpochRecord>>] {
        &self.epochs
    }

    /// Looks at the files of the sweep.
    ///
    /// # Errors
    /// The folder itself or the plan in it cannot be read; what was seen before stays.
    pub fn look(&mut self) -> Result<Look, StoreError> {
        let replanned = self.store.reload()? || self.views.len() != self.store.record().runs.len();
        let store = self.store.clone();
        let packs = store.packs()?;
        let by_run = packs.by_run();
        let started = store.folders_of_runs()?;
        let mut activities = Activities::new(&store);
        if replanned {
            (self.views, self.epochs, self.read) = (Vec::new(), Vec::new(), Vec::new());
        }
        let mut changed = Vec::new();
        for (place, entry) in store.record().runs.iter().enumerate() {
            let packs: &[&PackPlan] = by_run.get(&entry.id).map_or(&[], Vec::as_slice);
            let now = Read::of(packs, started.contains(&entry.id.0), &store.layout().run(&entry.id));
            if self.is_known(place, &now) {
                continue;
            }
            let view =
                if now.started { store.started_run(entry, packs, &mut activities)? } else { blank(entry, packs) };
            let same_epochs = self.read.get(place).is_some_and(|read| read.metrics == now.metrics);
            let epochs = match self.epochs.get(place) {
                Some(known) if same_epochs => Arc::clone(known),
                _ if now.metrics.is_none() => Arc::default(),
                // What is damaged is told by the view while the run is open, and by its report later.
                _ => Arc::new(read_epochs(&store.layout().run(&entry.id).metrics_csv()).unwrap_or_default()),
            };
            if self.views.get(place) != Some(&view) || !same_epochs {
                changed.push(place);
            }
            self.put(place, view, epochs, now);
        }
        Ok(Look { replanned, changed })
    }

    /// Whether nothing can have changed: of a run that has ended, and of one that has not begun, everything is in its files.
    fn is_known(&self, place: usize, now: &Read) -> bool {
        let (Some(view), Some(read)) = (self.views.get(place), self.read.get(place)) else {
            return false;
        };
        (view.state.is_final() || view.state == RunState::Pending && !now.started) && read == now
    }

    /// Places come in their order.
    fn put(&mut self, place: usize, view: RunView, epochs: Arc<Vec<EpochRecord>>, read: Read) {
        if place < self.views.len() {
            (self.views[place], self.epochs[place], self.read[place]) = (view, epochs, read);
        } else {
            self.views.push(view);
            self.epochs.push(epochs);
            self.read.push(read);
        }
    }
}

impl Read {
    fn of(packs: &[&PackPlan], started: bool, files: &RunFolder) -> Self {
        let stamp = |path: &Path| started.then(|| Stamp::of(path).ok()).flatten();
        Self {
            packs: packs.iter().map(|pack| pack.id.clone()).collect(),
            started,
            result: stamp(&files.result_json()),
            metrics: stamp(&files.metrics_csv()),
        }
    }
}
