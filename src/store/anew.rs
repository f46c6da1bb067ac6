//! Packs that begin anew: what they begin with, and which faults still count.
//!
//! A pack's attempts are bounded by the faults since its newest checkpoint. They are no reason to give up what begins anew after
//! they were overcome: a run that is to be done again, or one whose checkpoints are lost.

use std::fs;
use std::io;

use crate::spec::PackId;

use super::claim::Claim;
use super::durable::{sync_folder, write_atomically};
use super::layout::PackFolder;
use super::packs::read_faults;
use super::slots::{CheckpointSlots, Loaded};
use super::{Store, StoreError};

/// What a pack goes on from, for who has claimed it; `unusable`: why its checkpoint cannot be used, where that is so.
pub(super) fn load(pack: &PackFolder, unusable: &[String]) -> Result<Loaded, StoreError> {
    let mut loaded = CheckpointSlots::load(pack)?;
    if loaded.checkpoint.is_some() && unusable.is_empty() {
        return Ok(loaded);
    }
    if loaded.checkpoint.is_some() {
        loaded.notices = vec![format!("{}; the pack starts anew", unusable.join("; "))];
    }
    let is_lost = loaded.checkpoint.is_some() || !loaded.notices.is_empty();
    if is_lost || faults_are_overcome(pack)? {
        // In this order: what is killed in between does it again.
        forget_faults(pack)?;
        CheckpointSlots::remove(pack)?;
        let notices = loaded.notices;
        loaded = Loaded { notices, ..CheckpointSlots::load(pack)? };
    }
    Ok(loaded)
}

/// Whether a pack without a checkpoint got further than its faults: its runs had ended, or the newest fault came after a
/// checkpoint that is no longer there.
fn faults_are_overcome(pack: &PackFolder) -> Result<bool, StoreError> {
    let had_checkpoint = || Ok(read_faults(pack)?.last().is_some_and(|fault| fault.checkpoint > 0));
    if pack.overcome().exists() { Ok(true) } else { had_checkpoint() }
}

/// Lets a pack have all its attempts again.
pub(super) fn forget_faults(pack: &PackFolder) -> Result<(), StoreError> {
    match fs::remove_dir_all(pack.faults()) {
        Ok(()) => sync_folder(pack.folder()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(StoreError::io(&pack.faults(), "remove", error)),
    }
}

impl Store {
    /// Removes what only a pack in work needs, once all its runs have ended. Its faults stay on record, and count no more where
    /// one of the runs is done again.
    ///
    /// # Errors
    /// `claim` was lost, or the folder cannot be written.
    pub fn close_pack(&self, claim: &Claim, pack: &PackId) -> Result<(), StoreError> {
        self.clear_pack(claim, pack)?;
        let files = self.layout().pack(pack);
        if files.faults().is_dir() { write_atomically(&files.overcome(), b"") } else { Ok(()) }
    }
}
