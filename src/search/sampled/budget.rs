//! The tokens that a search may train on.

use std::collections::{HashMap, HashSet};

use crate::search::generation::FinishedGeneration;
use crate::search::search::{Costs, SearchError, TokensPerEpoch};
use crate::spec::{PlannedRun, RunId, SearchBudget};

use super::history::History;

/// What is left of it.
pub struct Budget<'a> {
    /// None: there is no limit.
    left: Option<u64>,
    tokens: TokensPerEpoch<'a>,
}

impl<'a> Budget<'a> {
    /// What is left after generations that have finished. Runs that confirm are not counted: of later generations only those
    /// of samples are.
    ///
    /// # Errors
    /// There is a limit, and the tokens of a run, or the speed that hours are reckoned with, are not known.
    pub fn new(
        limit: Option<SearchBudget>,
        finished: &[FinishedGeneration<'_>],
        history: &History<'_>,
        costs: Costs<'a>,
    ) -> Result<Self, SearchError> {
        let tokens = costs.tokens;
        // What a search begins with is trained whatever it takes.
        let Some(limit) = limit.filter(|_| !finished.is_empty()) else {
            return Ok(Budget { left: None, tokens });
        };
        let limit = limit.tokens(costs.tokens_per_second).ok_or(SearchError::Speed)?;
        // A run that paused and went on is in several generations, each with all its epochs until then.
        let mut trained = HashMap::new();
        let of_samples: HashSet<&RunId> = history.runs_of_samples().collect();
        for (number, generation) in finished.iter().enumerate() {
            for run in generation.runs.iter().filter(|run| number == 0 || of_samples.contains(run.id)) {
                trained.insert(run.id, (run.spec, run.epochs));
            }
        }
        let mut used: u64 = 0;
        for (spec, epochs) in trained.values() {
            used = used.saturating_add(tokens(spec).ok_or(SearchError::Tokens)?.saturating_mul(*epochs as u64));
        }
        Ok(Budget { left: Some(limit.saturating_sub(used)), tokens })
    }

    /// Takes what runs cost, each from one epoch to another; false where less is left, and nothing is taken.
    ///
    /// # Errors
    /// The tokens of a run are not known.
    pub fn takes(&mut self, runs: &mut dyn Iterator<Item = (&PlannedRun, usize, usize)>) -> Result<bool, SearchError> {
        let Some(left) = self.left else {
            return Ok(true);
        };
        let mut cost: u64 = 0;
        for (run, from, to) in runs {
            let epochs = to.saturating_sub(from) as u64;
            cost = cost.saturating_add((self.tokens)(&run.spec).ok_or(SearchError::Tokens)?.saturating_mul(epochs));
        }
        let fits = cost <= left;
        if fits {
            self.left = Some(left - cost);
        }
        Ok(fits)
    }
}
