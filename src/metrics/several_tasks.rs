//! Scores of one method on several tasks, each run with several seeds (Agarwal et al. 2021, "Deep reinforcement learning at the
//! edge of the statistical precipice").

use super::bootstrap::quantile;
use super::interval::{Interval, is_level};
use super::random::Stream;

/// Scores by task, one per run. Every task has at least one.
#[derive(Clone, Debug, PartialEq)]
pub struct TaskScores(Vec<Vec<f64>>);

const REPLICATES: u64 = 2000;

impl TaskScores {
    /// None without tasks, where a task has no run, or where a score is not finite.
    pub fn new(scores: Vec<Vec<f64>>) -> Option<Self> {
        let sound = |task: &Vec<f64>| !task.is_empty() && task.iter().all(|score| score.is_finite());
        (!scores.is_empty() && scores.iter().all(sound)).then_some(Self(scores))
    }

    /// The mean of the middle half of all scores: a quarter (rounded down) is cut off at either end (`scipy.stats.trim_mean` of 0.25).
    pub fn interquartile_mean(&self) -> f64 {
        trimmed_mean(self.0.concat())
    }

    /// Percentile interval of [`Self::interquartile_mean`] by the stratified bootstrap: runs are drawn anew within each task. It is
    /// about other seeds on the same tasks, and too narrow where seeds are few (three seeds show two thirds of their variance).
    /// None where no task has two runs, or for a level not strictly between 0 and 1.
    pub fn interval(&self, level: f64) -> Option<Interval> {
        if !is_level(level) || self.0.iter().all(|task| task.len() < 2) {
            return None;
        }
        let replicate = |number: u64| {
            let mut random = Stream::new(0, number);
            let drawn =
                self.0.iter().flat_map(|task| task.iter().map(|_| task[random.below(task.len())]).collect::<Vec<_>>());
            trimmed_mean(drawn.collect())
        };
        let mut means: Vec<f64> = (0..REPLICATES).map(replicate).collect();
        means.sort_by(f64::total_cmp);
        let tail = (1.0 - level) / 2.0;
        Some(Interval { low: quantile(&means, tail), high: quantile(&means, 1.0 - tail) })
    }

    /// The share of runs that score more than `threshold`, averaged over tasks: a point of the performance profile.
    pub fn share_above(&self, threshold: f64) -> f64 {
        let share =
            |task: &Vec<f64>| task.iter().filter(|&&score| score > threshold).count() as f64 / task.len() as f64;
        self.0.iter().map(share).sum::<f64>() / self.0.len() as f64
    }

    /// All scores, ascending: where the performance profile has its steps.
    pub fn sorted(&self) -> Vec<f64> {
        let mut all = self.0.concat();
        all.sort_by(f64::total_cmp);
        all
    }
}

fn trimmed_mean(mut scores: Vec<f64>) -> f64 {
    scores.sort_by(f64::total_cmp);
    let cut = scores.len() / 4;
    let middle = &scores[cut..scores.len() - cut];
    middle.iter().sum::<f64>() / middle.len() as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scores() -> TaskScores {
        TaskScores::new(vec![vec![0.9, 0.92, 0.91], vec![0.5, 0.55, 0.1], vec![0.7, 0.72, 0.71]]).unwrap()
    }

    /// `scipy.stats.trim_mean([.9, .92, .91, .5, .55, .1, .7, .72, .71], 0.25)`: the two lowest and highest are cut off.
    #[test]
    fn one_bad_run_and_one_easy_task_do_not_decide() {
        let middle = [0.55, 0.7, 0.71, 0.72, 0.9];
        assert!((scores().interquartile_mean() - middle.iter().sum::<f64>() / 5.0).abs() < 1e-12);
        let interval = scores().interval(0.95).unwrap();
        assert!(interval.contains(scores().interquartile_mean()) && interval.width() > 0.0, "{interval:?}");
        assert_eq!(TaskScores::new(vec![vec![0.9], vec![0.8]]).unwrap().interval(0.95), None);
    }

    #[test]
    fn a_profile_falls_from_all_to_none() {
        let shares: Vec<f64> = [0.0, 0.5, 0.7, 0.905, 1.0].map(|threshold| scores().share_above(threshold)).into();
        assert_eq!(shares[0], 1.0);
        assert!((shares[1] - (1.0 + 1.0 / 3.0 + 1.0) / 3.0).abs() < 1e-12 && shares[4] == 0.0, "{shares:?}");
        assert!(shares.is_sorted_by(|a, b| a >= b));
    }

    #[test]
    fn tasks_without_runs_are_no_tasks() {
        assert_eq!(TaskScores::new(vec![]), None);
        assert_eq!(TaskScores::new(vec![vec![0.9], vec![]]), None);
        assert_eq!(TaskScores::new(vec![vec![f64::NAN]]), None);
    }
}
