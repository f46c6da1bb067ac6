//! The best run in a line, with how sure its figure is.

use crate::cli::text::{count, percent};
use crate::metrics::{LEVEL, Metric, wilson};
use crate::report::{best_runs, ranking_metric, search};
use crate::store::{RunState, RunView, Store, SweepRecord};

/// The best completed run; none where runs are evaluated on different examples, of which none is better than another.
pub fn comparable<'v>(record: &SweepRecord, views: &'v [RunView]) -> Option<&'v RunView> {
    let completed = || views.iter().filter(|view| view.state == RunState::Completed && !view.removed);
    let first = completed().next()?;
    let alike = completed().all(|view| view.run.spec.dataset == first.run.spec.dataset);
    best_runs(record, views).first().filter(|_| alike).map(|best| best.view)
}

/// None where nothing completed, or runs cannot be ranked. Of a sweep with a search its own conclusion says more.
pub fn line(store: &Store, views: &[RunView]) -> Option<String> {
    let view = comparable(store.record(), views).filter(|_| search::ended(store).ok().flatten().is_none())?;
    let best = view.best.as_ref()?;
    let metric = ranking_metric(views);
    let value = if metric.is_share() { percent(best.metric(metric)) } else { format!("{:.4}", best.metric(metric)) };
    // A record that cannot be read is told elsewhere.
    let facts = store.run_record(&view.run.id).ok().flatten().map(|record| record.facts);
    let mut line = format!("Best run: {}, {} {value} in epoch {}", view.run.label, metric.name(), best.epoch);
    let examples = facts.as_ref().map(|facts| facts.eval_examples);
    if let Some(words) =
        examples.filter(|_| metric == Metric::ACCURACY).and_then(|of| interval(best.metric(metric), of))
    {
        line.push_str(&format!(" ({words} evaluation examples)"));
    }
    let tested = view.test.as_ref().and_then(|test| test.best.metric(Metric::ACCURACY));
    let examples = facts.and_then(|facts| facts.test_examples);
    if let Some((accuracy, words)) = tested.zip(tested.zip(examples).and_then(|(share, of)| interval(share, of))) {
        line.push_str(&format!("; accuracy {} ({words} test examples)", percent(accuracy)));
    }
    let completed = views.iter().filter(|view| view.state == RunState::Completed && !view.removed).count();
    if completed > 1 {
        line.push_str(&format!("; the best of {} is partly the luckiest", count(completed, "run")));
    }
    Some(line)
}

/// `95 % interval 87.7 to 95.1 % on 204`
fn interval(share: f64, examples: usize) -> Option<String> {
    let right = (share * examples as f64).round() as u64;
    let interval = wilson(right, examples as u64, LEVEL)?;
    Some(format!("95 % interval {:.1} to {:.1} % on {examples}", 100.0 * interval.low, 100.0 * interval.high))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_interval_in_words() {
        assert_eq!(interval(0.9216, 204).as_deref(), Some("95 % interval 87.6 to 95.1 % on 204"));
        assert_eq!(interval(0.5, 0), None);
    }
}
