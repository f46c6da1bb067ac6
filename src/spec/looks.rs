//! `looks`: the numbers of seeds at which verdicts may be given, declared before anything is known.

use super::cursor::{Context, Cursor};
use super::problem::{Place, Problems};
use crate::words::counted;

/// What the section says: ascending numbers of seeds, each at least 2.
#[derive(Clone, Debug)]
pub(super) struct Looks {
    pub seeds: Vec<usize>,
    place: Place,
}

impl Looks {
    pub fn read(cursor: &Cursor<'_>, context: &mut Context<'_>) -> Option<Looks> {
        const MOST: usize = 10_000;
        let items = cursor.items(context, "a list of numbers of seeds, such as [3, 5, 10]")?;
        let seeds: Option<Vec<usize>> = items.iter().map(|item| item.count(context, 2, MOST)).collect();
        let seeds = seeds?;
        if let Some(after) = (1..seeds.len()).find(|&after| seeds[after] <= seeds[after - 1]) {
            let (low, high) = (seeds[after], seeds[after - 1]);
            cursor.problem(context, format!("must ascend, but {low} comes after {high}"));
            return None;
        }
        Some(Looks { seeds, place: cursor.place() })
    }

    /// Reports a look at more seeds than any configuration has; none is left where an option took the seeds away.
    pub fn within(&self, most: usize, overridden: bool, problems: &mut Problems) -> Vec<usize> {
        let fits = |seeds: &&usize| **seeds <= most;
        if let Some(too_many) = self.seeds.iter().find(|seeds| !fits(seeds))
            && !overridden
        {
            let have = counted(most, "seed");
            problems.add(
                self.place.clone(),
                format!("a look at {too_many} seeds, but no configuration has more than {have}"),
            );
        }
        self.seeds.iter().filter(fits).copied().collect()
    }

    /// For people to read, where an option left fewer seeds than there are looks.
    pub fn lost(&self, kept: &[usize]) -> Option<String> {
        let lost = &self.seeds[kept.len().min(self.seeds.len())..];
        let first = lost.first()?;
        Some(format!("looks at {first} or more seeds are left out: with --set there are not so many"))
    }
}
