//! What a hypothesis claims of the difference.

use crate::metrics::{ExpectedEffect, MarginError};
use crate::spec::Hypothesis;

/// What a hypothesis claims of the difference.
///
/// # Errors
/// Its margin makes no claim.
pub(crate) fn claim(hypothesis: &Hypothesis) -> Result<ExpectedEffect, MarginError> {
    ExpectedEffect::new(hypothesis.expect, hypothesis.margin, hypothesis.metric.scale())
}
