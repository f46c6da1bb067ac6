//! What packs took of memory, which is recorded a little later than the ends of their runs.

use std::collections::BTreeMap;

use crate::spec::PackId;
use crate::store::Store;

/// Looks at a pack that has no record: one of an older version never gets one.
const LOOKS: u8 = 30;

/// What packs took of memory, as far as it is recorded.
#[derive(Debug, Default)]
pub struct Memory {
    /// Bytes per run.
    known: BTreeMap<PackId, u64>,
    /// Packs that have none yet, with the looks that are left.
    awaited: BTreeMap<PackId, u8>,
}

impl Memory {
    /// Bytes that a run of the pack took.
    pub fn per_run(&mut self, store: &Store, pack: &PackId) -> Option<u64> {
        if let Some(&known) = self.known.get(pack) {
            return Some(known);
        }
        match self.awaited.get(pack) {
            None => {
                self.awaited.insert(pack.clone(), LOOKS);
                self.read(store, pack)
            }
            Some(_) => None,
        }
    }

    /// The packs that have a record since the last look.
    pub fn look(&mut self, store: &Store) -> Vec<PackId> {
        let awaited: Vec<PackId> =
            self.awaited.iter().filter(|(_, looks)| **looks > 0).map(|(pack, _)| pack.clone()).collect();
        let mut found = Vec::new();
        for pack in awaited {
            if self.read(store, &pack).is_some() {
                found.push(pack);
            } else if let Some(looks) = self.awaited.get_mut(&pack) {
                *looks -= 1;
            }
        }
        found
    }

    fn read(&mut self, store: &Store, pack: &PackId) -> Option<u64> {
        // A damaged record of what nothing depends on is none.
        let bytes = store.memory(pack).ok().flatten()?.per_run();
        self.awaited.remove(pack);
        self.known.insert(pack.clone(), bytes);
        Some(bytes)
    }
}
