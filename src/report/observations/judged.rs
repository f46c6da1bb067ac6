//! An observation with the evidence on it.

use crate::metrics::{Assessment, Verdict};
use crate::spec::Observation;

/// An observation with the evidence on it.
#[derive(Clone, Debug)]
pub struct Observed {
    pub observation: Observation,
    /// None where nothing could be measured.
    pub measured: Option<Measured>,
    /// What stands in the way of a conclusion, or qualifies it.
    pub caveats: Vec<String>,
}

/// Means over the seeds, and what they say.
#[derive(Clone, Copy, Debug)]
pub struct Measured {
    pub observed: f64,
    pub against: f64,
    pub judgement: Judgement,
}

#[derive(Clone, Copy, Debug)]
pub enum Judgement {
    /// From the seeds of the configuration, p-values corrected across the sweep's observations.
    Assessed(Assessment),
    /// The quantity does not vary with the seed: whether the claim holds.
    Exact(bool),
}

impl Observed {
    /// Inconclusive where there is no evidence.
    pub fn verdict(&self) -> Verdict {
        match self.measured.map(|measured| measured.judgement) {
            Some(Judgement::Assessed(assessment)) => assessment.verdict,
            Some(Judgement::Exact(true)) => Verdict::Supported,
            Some(Judgement::Exact(false)) => Verdict::Refuted,
            None => Verdict::Inconclusive,
        }
    }

    pub fn assessment(&self) -> Option<Assessment> {
        match self.measured?.judgement {
            Judgement::Assessed(assessment) => Some(assessment),
            Judgement::Exact(_) => None,
        }
    }
}
