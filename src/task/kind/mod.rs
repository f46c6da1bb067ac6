//! The tasks that there are.

mod single_label;

use super::definition::Task;

pub use single_label::SingleLabel;

/// All tasks. This is the only list of them.
pub static TASKS: &[&dyn Task] = &[&SingleLabel];

/// The task of runs that name none: of all, since sweep files have no field for it yet.
pub static DEFAULT: &dyn Task = &SingleLabel;

/// The task of that name.
pub fn named(name: &str) -> Option<&'static dyn Task> {
    TASKS.iter().copied().find(|task| task.name() == name)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::metrics::Metric;

    #[test]
    fn tasks_are_told_apart_by_their_names_and_columns() {
        let distinct = |of: &dyn Fn(&dyn Task) -> String| TASKS.iter().map(|task| of(*task)).collect::<BTreeSet<_>>();
        assert_eq!(distinct(&|task| task.name().to_owned()).len(), TASKS.len());
        assert_eq!(
            distinct(&|task| format!("{} {}", task.columns().target, task.columns().predicted)).len(),
            TASKS.len()
        );
        assert!(TASKS.iter().all(|task| named(task.name()) == Some(*task)));
        assert_eq!(named(DEFAULT.name()), Some(DEFAULT));
    }

    /// Whether a run has diverged is seen by it.
    #[test]
    fn every_task_measures_a_loss() {
        assert!(TASKS.iter().all(|task| task.has(Metric::EVAL_LOSS) && task.has(Metric::TRAIN_LOSS)));
    }
}
