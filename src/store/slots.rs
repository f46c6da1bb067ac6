//! The two newest checkpoints of a pack.

use std::path::PathBuf;

use crate::train::Checkpoint;

use super::StoreError;
use super::checkpoint::{read_checkpoint, write_checkpoint};
use super::durable::remove_file;
use super::layout::PackFolder;

/// Where a pack's checkpoints are: two files, of which the next checkpoint replaces the one that is not the newest
/// sound one.
#[derive(Debug)]
pub struct CheckpointSlots {
    paths: [PathBuf; 2],
    next_slot: usize,
    next_sequence: u64,
}

/// What the slots hold.
#[derive(Debug)]
pub struct Loaded {
    pub slots: CheckpointSlots,
    /// The newest sound checkpoint.
    pub checkpoint: Option<Checkpoint>,
    /// Sequence number of `checkpoint`; 0 where there is none.
    pub sequence: u64,
    /// What was wrong with damaged checkpoints and what follows from it, for people to read.
    pub notices: Vec<String>,
}

impl CheckpointSlots {
    /// Reads the slots of a pack. A damaged checkpoint is passed over and leads to a notice.
    ///
    /// # Errors
    /// A file cannot be read, or has another format version.
    pub fn load(pack: &PackFolder) -> Result<Loaded, StoreError> {
        let paths = [pack.checkpoint(0), pack.checkpoint(1)];
        let mut newest: Option<(usize, u64, Checkpoint)> = None;
        let mut damages = Vec::new();
        for (slot, path) in paths.iter().enumerate() {
            match read_checkpoint(path) {
                Ok(Some((sequence, checkpoint))) => {
                    if newest.as_ref().is_none_or(|(_, known, _)| sequence > *known) {
                        newest = Some((slot, sequence, checkpoint));
                    }
                }
                Ok(None) => {}
                Err(error @ StoreError::Damaged { .. }) => damages.push(error.to_string()),
                Err(error) => return Err(error),
            }
        }
        let consequence = match &newest {
            Some((_, sequence, _)) => format!("going on from checkpoint {sequence} instead"),
            None => "no sound checkpoint is left, so the pack starts anew".to_owned(),
        };
        // A damaged file may have had a higher number: numbers stay unique.
        let next_sequence = newest.as_ref().map_or(0, |(_, sequence, _)| *sequence) + 1 + damages.len() as u64;
        let notices = damages.into_iter().map(|damage| format!("{damage}; {consequence}")).collect();
        let (sound_slot, sequence, checkpoint) = match newest {
            Some((slot, sequence, checkpoint)) => (Some(slot), sequence, Some(checkpoint)),
            None => (None, 0, None),
        };
        let next_slot = sound_slot.map_or(0, |slot| 1 - slot);
        Ok(Loaded { slots: Self { paths, next_slot, next_sequence }, checkpoint, sequence, notices })
    }

    /// Writes the next checkpoint; the newest one before it stays.
    ///
    /// # Errors
    /// As [`super::write_atomically`]; both earlier checkpoints are intact then.
    pub fn save(&mut self, checkpoint: &Checkpoint) -> Result<u64, StoreError> {
        let sequence = self.next_sequence;
        write_checkpoint(&self.paths[self.next_slot], sequence, checkpoint)?;
        self.next_slot = 1 - self.next_slot;
        self.next_sequence += 1;
        Ok(sequence)
    }

    /// Removes both checkpoints.
    ///
    /// # Errors
    /// A file cannot be removed.
    pub fn remove(pack: &PackFolder) -> Result<(), StoreError> {
        remove_file(&pack.checkpoint(0))?;
        remove_file(&pack.checkpoint(1))
    }

    /// Whether a pack has a checkpoint file, sound or not.
    pub fn any(pack: &PackFolder) -> bool {
        pack.checkpoint(0).exists() || pack.checkpoint(1).exists()
    }
}
