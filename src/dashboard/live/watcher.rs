//! The thread that looks at files.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::store::{StoreError, sweep_folders};

use super::pulse::Pulse;
use super::sweep::{LiveSweep, Looker};
use super::sweeps::{Sweeps, SweepsNow};

/// A sweep of which nothing is left to do is looked at once in so many looks.
const ENDED: u64 = 5;
/// The share of time that looks may take: a slow file system is asked less often.
const SHARE: u32 = 5;

/// Looks at the sweeps of a results folder until the pulse ends, and publishes what it finds.
pub fn watch(results: &Path, sweeps: &Sweeps, pulse: &Pulse, pause: Duration) {
    let mut lookers = Lookers { results: results.to_owned(), by_name: BTreeMap::new(), looks: 0 };
    loop {
        let begun = Instant::now();
        if let Some(now) = lookers.look(&sweeps.now()) {
            sweeps.publish(now);
            pulse.beat();
        }
        if !pulse.wait(pause.max(begun.elapsed() * SHARE)) {
            return;
        }
    }
}

struct Lookers {
    results: PathBuf,
    by_name: BTreeMap<String, Looker>,
    /// A sweep has at most one version more than this.
    looks: u64,
}

impl Lookers {
    /// The sweeps as they are now; none where nothing changed.
    fn look(&mut self, before: &SweepsNow) -> Option<SweepsNow> {
        let mut now = SweepsNow { is_read: true, ..SweepsNow::default() };
        let folders = sweep_folders(&self.results).unwrap_or_else(|error| {
            now.faults.insert(String::new(), error.to_string());
            Vec::new()
        });
        let mut changed = false;
        for folder in folders {
            let name = name_of(&folder);
            match self.look_at(&name, &folder) {
                Ok(Some(sweep)) => {
                    now.by_name.insert(name, Arc::new(sweep));
                    changed = true;
                }
                Ok(None) => {
                    now.by_name.extend(before.by_name.get_key_value(&name).map(|(n, s)| (n.clone(), s.clone())))
                }
                Err(error) => {
                    self.by_name.remove(&name);
                    now.faults.insert(name, error.to_string());
                }
            }
        }
        self.by_name.retain(|name, _| now.by_name.contains_key(name));
        self.looks = self.looks.wrapping_add(1);
        let is_news =
            changed || !before.is_read || now.faults != before.faults || !now.by_name.keys().eq(before.by_name.keys());
        is_news.then_some(now)
    }

    fn look_at(&mut self, name: &str, folder: &Path) -> Result<Option<LiveSweep>, StoreError> {
        let Some(looker) = self.by_name.get_mut(name) else {
            let mut looker = Looker::open(folder, self.looks)?;
            let found = looker.look()?;
            self.by_name.insert(name.to_owned(), looker);
            return Ok(found);
        };
        if looker.is_open() || self.looks.is_multiple_of(ENDED) { looker.look() } else { Ok(None) }
    }
}

/// The name of a sweep's folder; `.` of one without a name.
fn name_of(folder: &Path) -> String {
    let named = folder.file_name().map(|name| name.to_string_lossy().into_owned());
    let named = named.or_else(|| Some(folder.canonicalize().ok()?.file_name()?.to_string_lossy().into_owned()));
    named.unwrap_or_else(|| ".".to_owned())
}
