//! What an observation claims of the difference, and in which unit.

use crate::metrics::{ExpectedEffect, MarginError, Scale};
use crate::spec::{Observation, Observed as Quantity};

pub(super) fn claim(observation: &Observation) -> Result<ExpectedEffect, MarginError> {
    ExpectedEffect::new(observation.expect, observation.margin, scale(&observation.observe))
}

/// The unit in which a quantity is given.
pub(crate) fn scale(quantity: &Quantity) -> Scale {
    match quantity {
        Quantity::Metric(metric) => metric.scale(),
        Quantity::Rise { metric, .. } => metric.scale(),
        Quantity::Correlation(..) => Scale::Correlation,
        Quantity::Spread(_) | Quantity::ClassBias | Quantity::TrainableShare => Scale::Share,
    }
}
