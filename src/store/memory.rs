//! `memory.json` of a pack: what it took of a device's memory.

use serde::{Deserialize, Serialize};

use crate::spec::PackId;

use super::json::{FORMAT_VERSION, read_json, write_json};
use super::{Store, StoreError};

/// What a pack took of its device's memory, in bytes; of several executions the one that took most.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MemoryRecord {
    pub format_version: u32,
    pub device: String,
    /// Runs that were in training at the same time, at most.
    pub places: usize,
    /// What was estimated for the runs of the pack, the frozen weights apart.
    pub estimated: u64,
    /// In use when model and data were loaded and no run was begun.
    pub before: u64,
    /// The most in use: on the processor resident memory of the worker, on a GPU all that was taken of it.
    pub peak: u64,
}

impl MemoryRecord {
    pub fn new(device: String, places: usize, estimated: u64, before: u64, peak: u64) -> Self {
        Self { format_version: FORMAT_VERSION, device, places, estimated, before, peak }
    }

    /// What the runs took together.
    pub fn all_runs(&self) -> u64 {
        self.peak.saturating_sub(self.before)
    }

    /// What one run took, on average over those in training at the same time.
    pub fn per_run(&self) -> u64 {
        self.all_runs() / self.places.max(1) as u64
    }
}

impl Store {
    /// What a pack took of its device's memory; none before it was trained.
    ///
    /// # Errors
    /// The record is damaged or cannot be read.
    pub fn memory(&self, pack: &PackId) -> Result<Option<MemoryRecord>, StoreError> {
        read_json(&self.layout().pack(pack).memory())
    }

    /// Records what a pack took of its device's memory, unless it took more at an earlier time.
    ///
    /// # Errors
    /// The folder cannot be written.
    pub fn record_memory(&self, pack: &PackId, record: &MemoryRecord) -> Result<(), StoreError> {
        // A damaged record is replaced.
        let earlier = self.memory(pack).ok().flatten();
        if earlier.is_some_and(|earlier| earlier.all_runs() >= record.all_runs()) {
            return Ok(());
        }
        write_json(&self.layout().pack(pack).memory(), record)
    }
}
