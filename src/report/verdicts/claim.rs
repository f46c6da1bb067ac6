//! What a hypothesis claims of the difference, and in which unit.

use crate::metrics::{self, Claim, ClaimError, Scale};
use crate::report::metric;
use crate::spec::{Expectation, Hypothesis, HypothesisMetric, MetricName};

/// What a hypothesis claims of the difference.
///
/// # Errors
/// Its margin makes no claim.
pub(crate) fn claim(hypothesis: &Hypothesis) -> Result<Claim, ClaimError> {
    Claim::new(expectation(hypothesis.expect), hypothesis.margin, scale(hypothesis.metric))
}

pub(crate) fn expectation(expect: Expectation) -> metrics::Expectation {
    match expect {
        Expectation::Lower => metrics::Expectation::Lower,
        Expectation::Higher => metrics::Expectation::Higher,
        Expectation::NotHigher => metrics::Expectation::NotHigher,
        Expectation::NotLower => metrics::Expectation::NotLower,
        Expectation::Equivalent => metrics::Expectation::Equivalent,
    }
}

/// The unit in which a metric's differences are given.
pub(crate) fn scale(of: HypothesisMetric) -> Scale {
    match of {
        HypothesisMetric::Best(name)
        | HypothesisMetric::Last(name)
        | HypothesisMetric::AfterEpoch { metric: name, .. } => scale_of(name),
        HypothesisMetric::EpochsToReach { .. } => Scale::Epochs,
        HypothesisMetric::GeneralizationGap => Scale::Loss,
    }
}

fn scale_of(name: MetricName) -> Scale {
    if metric::is_loss(name) { Scale::Loss } else { Scale::Share }
}
