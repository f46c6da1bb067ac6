//! What a run was trained on, in tokens.

use crate::store::RunState;

use super::model::Run;

/// Training tokens of a run so far. Of every epoch is known how many examples and how many tokens a second had, which gives the
/// tokens of an example. None where that is not known.
pub(super) fn trained_tokens(run: &Run) -> Option<f64> {
    let Some(facts) = &run.facts else {
        return (run.state == RunState::Pending).then_some(0.0);
    };
    let of_epoch = |(tokens, examples): (f64, f64)| {
        let per_example = tokens / examples;
        Some(per_example * facts.train_examples as f64).filter(|tokens| tokens.is_finite())
    };
    run.epochs.iter().map(|epoch| of_epoch((epoch.tokens_per_second, epoch.examples_per_second))).sum()
}
