//! What a hypothesis claims of the difference.

use crate::metrics::{Claim, ClaimError};
use crate::spec::Hypothesis;

/// What a hypothesis claims of the difference.
///
/// # Errors
/// Its margin makes no claim.
pub(crate) fn claim(hypothesis: &Hypothesis) -> Result<Claim, ClaimError> {
    Claim::new(hypothesis.expect, hypothesis.margin, hypothesis.metric.scale())
}
