//! The learning rate as a pure function of the optimizer step.

use crate::spec::LrScheduler;

/// A schedule over a run's optimizer steps.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Schedule {
    pub scheduler: LrScheduler,
    /// The highest learning rate.
    pub peak: f64,
    pub warmup_steps: usize,
    pub total_steps: usize,
}

impl Schedule {
    /// Warm-up steps are rounded up, as `TrainingArguments.get_warmup_steps` does.
    pub fn new(scheduler: LrScheduler, peak: f64, warmup_ratio: f64, total_steps: usize) -> Self {
        let warmup_steps = (total_steps as f64 * warmup_ratio).ceil() as usize;
        Schedule { scheduler, peak, warmup_steps, total_steps }
    }

    /// The learning rate of optimizer step `step`, counted from 0 (so the first step of a warm-up has rate 0).
    ///
    /// transformers' `get_cosine_schedule_with_warmup`, `get_linear_schedule_with_warmup` and
    /// `get_constant_schedule_with_warmup`.
    pub fn learning_rate(&self, step: usize) -> f64 {
        if step < self.warmup_steps {
            return self.peak * step as f64 / self.warmup_steps as f64;
        }
        let rest = self.total_steps.saturating_sub(self.warmup_steps).max(1) as f64;
        let progress = (step - self.warmup_steps) as f64 / rest;
        let factor = match self.scheduler {
            LrScheduler::Cosine => 0.5 * (1.0 + (std::f64::consts::PI * progress).cos()),
            LrScheduler::Linear => 1.0 - progress,
            LrScheduler::Constant => 1.0,
        };
        self.peak * factor.max(0.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn warm_up_is_rounded_up_and_begins_at_zero() {
        let schedule = Schedule::new(LrScheduler::Cosine, 2e-3, 0.15, 24);
        assert_eq!(schedule.warmup_steps, 4);
        assert_eq!(schedule.learning_rate(0), 0.0);
        assert_eq!(schedule.learning_rate(1), 5e-4);
        assert_eq!(schedule.learning_rate(4), 2e-3);
    }

    #[test]
    fn linear_and_cosine_meet_halfway_and_end_at_zero() {
        let linear = Schedule::new(LrScheduler::Linear, 1.0, 0.0, 10);
        let cosine = Schedule { scheduler: LrScheduler::Cosine, ..linear };
        assert!((linear.learning_rate(5) - 0.5).abs() < 1e-12);
        assert!((cosine.learning_rate(5) - 0.5).abs() < 1e-12);
        assert!(cosine.learning_rate(2) > linear.learning_rate(2));
        assert_eq!(linear.learning_rate(10), 0.0);
        assert_eq!(linear.learning_rate(12), 0.0);
        let constant = Schedule::new(LrScheduler::Constant, 1.0, 0.2, 10);
        assert_eq!((constant.learning_rate(1), constant.learning_rate(9)), (0.5, 1.0));
    }
}
