//! Packs that begin anew: what they begin with, and which faults still count.
//!
//! A pack's attempts are bounded by the faults since its newest checkpoint. They are no reason to give up what begins anew after
//! they were overcome: a run that is to be done again, or one whose checkpoints are lost. A loss that follows faults counts
//! itself, so that checkpoints which are lost again and again come to an end.

use std::fs;
use std::io;

use crate::spec::PackId;

use super::claim::Claim;
use super::durable::{remove_file, sync_folder, write_atomically};
use super::layout::PackFolder;
use super::packs::{FaultRecord, read_fault_files, read_faults};
use super::slots::{CheckpointSlots, Loaded};
use super::{Store, StoreError};

/// What a pack goes on from, for `worker`, who has claimed it; `unusable`: why its checkpoint cannot be used, where that is so.
pub(super) fn load(pack: &PackFolder, worker: &str, unusable: &[String]) -> Result<Loaded, StoreError> {
    let mut loaded = CheckpointSlots::load(pack)?;
    if loaded.checkpoint.is_some() && unusable.is_empty() {
        return Ok(loaded);
    }
    if loaded.checkpoint.is_some() {
        loaded.notices = vec![format!("{}; the pack starts anew", unusable.join("; "))];
    }
    // In this order: what is killed in between does it again.
    if pack.overcome().exists() {
        forget_faults(pack)?;
    } else if !loaded.notices.is_empty() || newest_fault_had_checkpoint(pack)? {
        forget_all_but_losses(pack, worker, &loaded.notices)?;
    } else {
        return Ok(loaded);
    }
    CheckpointSlots::remove(pack)?;
    let notices = loaded.notices;
    Ok(Loaded { notices, ..CheckpointSlots::load(pack)? })
}

/// Whether the newest fault of a pack without a checkpoint came after one, which then is lost.
fn newest_fault_had_checkpoint(pack: &PackFolder) -> Result<bool, StoreError> {
    Ok(read_faults(pack)?.last().is_some_and(|fault| fault.checkpoint > 0))
}

/// Puts one fault, the loss of the checkpoints, in the place of those that came since the last loss.
fn forget_all_but_losses(pack: &PackFolder, worker: &str, notices: &[String]) -> Result<(), StoreError> {
    let mut overcome = read_fault_files(pack)?;
    overcome.retain(|(_, fault)| !fault.began_anew);
    if overcome.is_empty() {
        return Ok(());
    }
    let cause = if notices.is_empty() { "its checkpoints are gone".to_owned() } else { notices.join("; ") };
    FaultRecord { began_anew: true, ..FaultRecord::new(worker, &cause, 0) }.write(pack)?;
    overcome.iter().try_for_each(|(path, _)| remove_file(path))
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
