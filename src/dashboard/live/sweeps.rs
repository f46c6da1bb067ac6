//! All sweeps of a results folder, as they were published last.

use std::collections::BTreeMap;
use std::sync::{Arc, PoisonError, RwLock};

use super::sweep::LiveSweep;

/// All sweeps as they stand.
#[derive(Clone, Debug, Default)]
pub struct SweepsNow {
    /// Whether the files were looked at.
    pub is_read: bool,
    /// By the names of their folders.
    pub by_name: BTreeMap<String, Arc<LiveSweep>>,
    /// By the names of their folders, why they cannot be read; of the results folder under an empty name.
    pub faults: BTreeMap<String, String>,
}

/// All sweeps as they were published last.
#[derive(Debug, Default)]
pub struct Sweeps(RwLock<Arc<SweepsNow>>);

impl Sweeps {
    pub fn now(&self) -> Arc<SweepsNow> {
        // Nothing panics while it writes; what was published stays whole in any case.
        Arc::clone(&self.0.read().unwrap_or_else(PoisonError::into_inner))
    }

    pub fn sweep(&self, name: &str) -> Option<Arc<LiveSweep>> {
        self.now().by_name.get(name).cloned()
    }

    pub(super) fn publish(&self, now: SweepsNow) {
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(now);
    }
}
