//! A search as a report has it.

use super::evidence::Evidence;
use super::importance::Importances;
use super::outcome::Outcome;

/// A search with what follows from it.
#[derive(Clone, Debug)]
pub struct Found {
    pub evidence: Evidence,
    pub outcome: Outcome,
    pub importances: Importances,
}

impl Found {
    pub fn of(evidence: Evidence) -> Found {
        let (outcome, importances) = (super::outcome::outcome(&evidence), Importances::of(&evidence));
        Found { evidence, outcome, importances }
    }

    /// The index of the sample that is best as far as is known: by fresh seeds where there are such.
    pub fn best(&self) -> Option<usize> {
        self.outcome.best()
    }

    /// Configurations that were trained with fresh seeds.
    pub fn confirmed(&self) -> impl Iterator<Item = &str> {
        let trials = self.evidence.trials.iter().filter(|trial| !trial.fresh.is_empty());
        trials.map(|trial| trial.configuration.as_str())
    }
}
