//! A hypothesis with the evidence on it.

use crate::metrics::{Assessment, Improvement, Joint, Verdict};
use crate::spec::Hypothesis;

/// A hypothesis with the evidence on it.
#[derive(Clone, Debug)]
pub struct Judged {
    pub hypothesis: Hypothesis,
    /// Decides the hypothesis, at its look; p-values corrected for the looks and across the sweep's hypotheses. Before the
    /// first look it is provisional: without a p-value. None where there is nothing to assess.
    pub joint: Option<Joint>,
    /// Each treatment by itself, uncorrected.
    pub treatments: Vec<(String, Assessment)>,
    /// How often a run of the treatment that decides is better than one of the baseline, with a 95 % interval.
    pub improvement: Option<Improvement>,
    /// What stands in the way of a conclusion, or qualifies it.
    pub caveats: Vec<String>,
}

impl Judged {
    /// Inconclusive where there is no evidence.
    pub fn verdict(&self) -> Verdict {
        self.joint.as_ref().map_or(Verdict::Inconclusive, |joint| joint.assessment.verdict)
    }
}
