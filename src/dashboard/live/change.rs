//! What changed of a sweep, by number, for pages that have the state before.

use std::collections::VecDeque;
use std::sync::Arc;

/// Changes that are kept: who is further behind gets the whole state.
const KEPT: usize = 100;

/// What one look found changed, as JSON.
#[derive(Clone, Debug)]
pub struct Change {
    /// The state that it leads to.
    pub version: u64,
    pub json: Arc<str>,
}

/// The latest changes, without a gap.
#[derive(Clone, Debug, Default)]
pub struct Changes(VecDeque<Change>);

impl Changes {
    pub fn push(&mut self, change: Change) {
        self.0.push_back(change);
        if self.0.len() > KEPT {
            self.0.pop_front();
        }
    }

    /// What leads from a version to `now`; none where that is not kept.
    pub fn since(&self, version: u64, now: u64) -> Option<Vec<Change>> {
        if version == now {
            return Some(Vec::new());
        }
        let first = self.0.front()?.version;
        (version < now && version + 1 >= first)
            .then(|| self.0.iter().filter(|change| change.version > version).cloned().collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn changes_lead_on_from_any_version_that_is_kept() {
        let mut changes = Changes::default();
        assert!(changes.since(3, 3).unwrap().is_empty() && changes.since(2, 3).is_none());
        for version in 4..=(KEPT as u64 + 10) {
            changes.push(Change { version, json: "".into() });
        }
        let now = KEPT as u64 + 10;
        let versions =
            |since| changes.since(since, now).map(|found| found.iter().map(|c| c.version).collect::<Vec<_>>());
        assert_eq!(versions(now - 2), Some(vec![now - 1, now]));
        assert_eq!(versions(10).map(|found| found.len()), Some(KEPT));
        assert_eq!((versions(9), versions(now + 1)), (None, None));
    }
}
