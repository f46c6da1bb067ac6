//! Which run of a sweep is the best: the same for the status, the summary, the live page and `SWEEP/best`.

use crate::event::best_by;
use crate::spec::{DatasetSpec, Evaluation, Metric};
use crate::store::{RunView, SweepRecord};

use super::names;
use super::search::{self, Evidence};

/// The best run, of the sweep or of those on one data set.
#[derive(Clone, Debug, PartialEq)]
pub struct BestRun<'v> {
    pub view: &'v RunView,
    /// The data set, where the sweep has several.
    pub on: Option<String>,
}

/// The metric by which the runs of a sweep are ranked: the one that chooses the best epoch of its first run.
pub fn ranking_metric(views: &[RunView]) -> Metric {
    let first = views.iter().find(|view| !view.removed);
    first.map_or(Metric::ACCURACY, |view| view.run.spec.metric_for_best)
}

/// The best run that came to its end and that the sweep file still has, by [`ranking_metric`] at its best epoch; the first of equals. Figures on
/// different data sets cannot be compared, so there is one for each data set that has such a run, in the order of the plan.
///
/// A search chooses a configuration: the best run is the best of that configuration, not the luckiest of all.
pub fn best_runs<'v>(record: &SweepRecord, views: &'v [RunView]) -> Vec<BestRun<'v>> {
    if let Some(evidence) = search::of_views(record, views) {
        return best_of_search(&evidence, views).into_iter().map(|view| BestRun { view, on: None }).collect();
    }
    let metric = ranking_metric(views);
    let sets = data_sets(views.iter().filter(|view| !view.removed).map(|view| &view.run.spec.dataset));
    let names = data_set_names(&sets);
    let best = |(set, name): (&DatasetSpec, String)| {
        let own = ended(views).filter(|view| same_examples(&view.run.spec.dataset) == *set);
        let view = best_by(own, metric, |view| view.best.as_ref())?;
        Some(BestRun { view, on: Some(name).filter(|_| sets.len() > 1) })
    };
    sets.iter().zip(names).filter_map(best).collect()
}

fn ended(views: &[RunView]) -> impl Iterator<Item = &RunView> {
    views.iter().filter(|view| view.ended_by_itself() && !view.removed)
}

/// Of the configuration that the search has found the best, by fresh seeds where it was confirmed. Before that, of the best that
/// has a run that came to its end.
fn best_of_search<'v>(evidence: &Evidence, views: &'v [RunView]) -> Option<&'v RunView> {
    let of = |trial: usize| {
        let name = &evidence.trials[trial].configuration;
        let own = ended(views).filter(|view| view.run.configuration == *name);
        best_by(own, evidence.metric(), |view| view.best.as_ref())
    };
    let winner = search::outcome(evidence).best();
    winner.into_iter().chain(evidence.ranking()).find_map(of)
}

/// A data set whichever rows a seed holds out: on other rows of the same data the same is measured. How many rows are used to train
/// matters only where rows of them are held out.
pub(super) fn same_examples(dataset: &DatasetSpec) -> DatasetSpec {
    let is_held_out = |part: &Evaluation| matches!(part, Evaluation::HeldOut { .. });
    let limit = dataset.limit.filter(|_| std::iter::once(&dataset.evaluation).chain(&dataset.test).any(is_held_out));
    DatasetSpec { limit, ..dataset.with_split_seed(0) }
}

/// Whether figures on the two can be compared: they are of the same data set, or both are judged on the same files.
pub(super) fn are_judged_alike(a: &DatasetSpec, b: &DatasetSpec) -> bool {
    let is_file = |part: &Evaluation| matches!(part, Evaluation::File(_));
    let same_files = is_file(&a.evaluation) && a.test.as_ref().is_none_or(is_file);
    same_examples(a) == same_examples(b) || same_files && (&a.evaluation, &a.test) == (&b.evaluation, &b.test)
}

/// The data sets of runs, each once, in the order of the runs.
pub(super) fn data_sets<'s>(of_runs: impl Iterator<Item = &'s DatasetSpec>) -> Vec<DatasetSpec> {
    let mut sets = Vec::new();
    for set in of_runs.map(same_examples) {
        if !sets.contains(&set) {
            sets.push(set);
        }
    }
    sets
}

/// Their files; where two have the same, which of them it is as well.
pub(super) fn data_set_names(sets: &[DatasetSpec]) -> Vec<String> {
    let mut paths: Vec<&str> = Vec::new();
    sets.iter().map(|set| set.path.as_str()).for_each(|path| {
        if !paths.contains(&path) {
            paths.push(path);
        }
    });
    let short = names::short(paths.iter().copied());
    let name = |(place, set): (usize, &DatasetSpec)| {
        let path = paths.iter().position(|path| *path == set.path).and_then(|place| short.get(place).cloned());
        let path = path.unwrap_or_else(|| set.path.clone());
        let before = sets[..place].iter().filter(|other| other.path == set.path).count();
        if before == 0 { path } else { format!("{path}, read or held out in another way ({})", before + 1) }
    };
    sets.iter().enumerate().map(name).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set(path: &str, limit: Option<usize>, seed: u64) -> DatasetSpec {
        let evaluation = Evaluation::HeldOut { size: crate::spec::HeldOut::Examples(8), seed };
        DatasetSpec {
            path: path.to_owned(),
            split: "train".to_owned(),
            text: Vec::new(),
            label: None,
            limit,
            evaluation,
            test: None,
            reading: Default::default(),
            missing_label: None,
        }
    }

    #[test]
    fn data_sets_have_names_of_their_own() {
        let sets = [set("/d/a.csv", None, 0), set("/d/b.csv", None, 0), set("/d/a.csv", Some(9), 0)];
        assert_eq!(data_set_names(&sets), ["a.csv", "b.csv", "a.csv, read or held out in another way (2)"]);
        assert_eq!(same_examples(&set("/d/a.csv", None, 3)), same_examples(&set("/d/a.csv", None, 4)));
    }

    #[test]
    fn how_much_was_trained_on_matters_where_rows_of_it_are_judged() {
        let judged_on = |evaluation: Evaluation, test: Option<Evaluation>, limit| {
            same_examples(&DatasetSpec { evaluation, test, ..set("/d/a.csv", limit, 0) })
        };
        let (file, held_out) = (Evaluation::File("/d/eval.csv".to_owned()), set("", None, 0).evaluation);
        let is_same = |evaluation: &Evaluation, test: Option<&Evaluation>| {
            let of = |limit| judged_on(evaluation.clone(), test.cloned(), limit);
            of(Some(100)) == of(None)
        };
        assert!(is_same(&file, None) && is_same(&file, Some(&file)));
        assert!(!is_same(&held_out, None) && !is_same(&file, Some(&held_out)));
        let other =
            |evaluation: &Evaluation| DatasetSpec { evaluation: evaluation.clone(), ..set("/d/b.csv", None, 0) };
        let one = |evaluation: &Evaluation| DatasetSpec { path: "/d/a.csv".to_owned(), ..other(evaluation) };
        assert!(are_judged_alike(&one(&file), &other(&file)) && are_judged_alike(&one(&held_out), &one(&held_out)));
        assert!(!are_judged_alike(&one(&held_out), &other(&held_out)));
    }
}
