//! Where an epoch's micro-batches and optimizer steps begin and end.

use std::num::NonZeroUsize;
use std::ops::Range;

/// An epoch cut into micro-batches, and these into accumulation windows, one optimizer step each.
///
/// As Hugging Face Trainer does it: the last micro-batch is short where the examples do not divide (`drop_last` false),
/// and the epoch's end closes the last window, however many micro-batches it has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EpochPlan {
    examples: usize,
    batch_size: NonZeroUsize,
    accumulation: NonZeroUsize,
}

impl EpochPlan {
    pub fn new(examples: usize, batch_size: NonZeroUsize, accumulation: NonZeroUsize) -> Self {
        Self { examples, batch_size, accumulation }
    }

    /// Micro-batches of the epoch.
    pub fn batches(&self) -> usize {
        self.examples.div_ceil(self.batch_size.get())
    }

    /// Optimizer steps of the epoch.
    pub fn steps(&self) -> usize {
        self.batches().div_ceil(self.accumulation.get())
    }

    /// The positions in the epoch's order that micro-batch `batch` (counted from 0) takes; empty beyond the last.
    pub fn batch(&self, batch: usize) -> Range<usize> {
        span(batch, self.batch_size.get(), self.examples)
    }

    /// The micro-batches of optimizer step `step` (counted from 0 in the epoch); empty beyond the last.
    pub fn window(&self, step: usize) -> Range<usize> {
        span(step, self.accumulation.get(), self.batches())
    }

    /// The optimizer step that micro-batch `batch` belongs to, counted from 0 in the epoch.
    pub fn step_of(&self, batch: usize) -> usize {
        batch / self.accumulation
    }

    /// Whether an optimizer step follows micro-batch `batch`.
    pub fn closes_window(&self, batch: usize) -> bool {
        self.window(self.step_of(batch)).end == batch + 1
    }
}

/// The `index`-th piece of `0..total` in pieces of `size`.
fn span(index: usize, size: usize, total: usize) -> Range<usize> {
    let start = index.saturating_mul(size).min(total);
    start..start.saturating_add(size).min(total)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn plan(examples: usize, batch_size: usize, accumulation: usize) -> EpochPlan {
        EpochPlan::new(examples, NonZeroUsize::new(batch_size).unwrap(), NonZeroUsize::new(accumulation).unwrap())
    }

    #[test]
    fn short_batch_and_short_window() {
        let plan = plan(90, 8, 5);
        assert_eq!((plan.batches(), plan.steps()), (12, 3));
        assert_eq!(plan.batch(11), 88..90);
        assert_eq!(plan.batch(12), 90..90);
        assert_eq!(plan.window(2), 10..12);
        let closing: Vec<usize> = (0..12).filter(|&batch| plan.closes_window(batch)).collect();
        assert_eq!(closing, [4, 9, 11]);
    }

    /// AG News with the paper's recipe: 119,360 examples, batch 16, accumulation 2.
    #[test]
    fn paper_recipe() {
        let plan = plan(119_360, 16, 2);
        assert_eq!((plan.batches(), plan.steps()), (7460, 3730));
    }

    #[test]
    fn nothing_to_train_on() {
        assert_eq!((plan(0, 4, 2).batches(), plan(0, 4, 2).steps()), (0, 0));
    }

    proptest! {
        #[test]
        fn windows_and_batches_cover_the_epoch(examples in 0usize..500, batch_size in 1usize..40, accumulation in 1usize..9) {
            let plan = plan(examples, batch_size, accumulation);
            let batches: Vec<usize> = (0..plan.steps()).flat_map(|step| plan.window(step)).collect();
            prop_assert_eq!(&batches, &(0..plan.batches()).collect::<Vec<_>>());
            let covered: Vec<usize> = batches.iter().flat_map(|&batch| plan.batch(batch)).collect();
            prop_assert_eq!(covered, (0..examples).collect::<Vec<_>>());
            for (step, batch) in (0..plan.steps()).flat_map(|step| plan.window(step).map(move |batch| (step, batch))) {
                prop_assert_eq!(plan.step_of(batch), step);
                prop_assert!(!plan.batch(batch).is_empty());
                prop_assert_eq!(plan.closes_window(batch), plan.window(step).end == batch + 1);
            }
        }
    }
}
