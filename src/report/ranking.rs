//! Which configurations are better than which. Figures on different data sets cannot be compared, so each data set has a ranking of
//! its own.

use crate::spec::DatasetSpec;

use super::best;
use super::model::{Configuration, Report};

/// The configurations of a data set that have a figure.
pub(crate) struct Ranking {
    /// The data set, where the sweep has several.
    pub(crate) on: Option<String>,
    /// The data set's place among those of the sweep.
    pub(crate) data_set: usize,
    /// Indices of the configurations.
    pub(crate) best_first: Vec<usize>,
}

impl Report {
    /// Configurations with a figure at the best epoch, by data set in the order of the plan, the best by
    /// [`Self::metric_for_best`] first. Where a search has confirmed some, those come before all others: the figures of the others
    /// are those that they were chosen by.
    pub(crate) fn rankings(&self) -> Vec<Ranking> {
        let metric = self.metric_for_best();
        let value = |index: &usize| self.configurations[*index].best.get(&metric).map(|spread| spread.mean);
        let sign = if metric.lower_is_better() { 1.0 } else { -1.0 };
        let score = |index: &usize| sign * value(index).unwrap_or(0.0);
        let unconfirmed = |index: &usize| !self.configurations[*index].confirmed;
        let (places, names) = (self.data_sets_of_configurations(), best::data_set_names(&self.data_sets()));
        let several = names.len() > 1;
        let ranking = |(data_set, name): (usize, String)| {
            let of_set = (0..self.configurations.len()).filter(|&index| places[index] == data_set);
            let mut best_first: Vec<usize> = of_set.filter(|index| value(index).is_some()).collect();
            best_first.sort_by(|a, b| unconfirmed(a).cmp(&unconfirmed(b)).then(score(a).total_cmp(&score(b))));
            Ranking { on: Some(name).filter(|_| several), data_set, best_first }
        };
        let rankings = names.into_iter().enumerate().map(ranking);
        rankings.filter(|ranking| !ranking.best_first.is_empty()).collect()
    }

    /// The configurations that can be ranked, the best first: of several data sets the best one of each, then the second one of
    /// each, and so on.
    pub fn ranking(&self) -> Vec<usize> {
        let rankings = self.rankings();
        let longest = rankings.iter().map(|ranking| ranking.best_first.len()).max().unwrap_or(0);
        let at = |place: usize| rankings.iter().filter_map(move |ranking| ranking.best_first.get(place).copied());
        (0..longest).flat_map(at).collect()
    }

    /// Whether the figures are of several data sets, of which none is better than another. A search compares all that it tries.
    pub(crate) fn has_several_data_sets(&self) -> bool {
        self.data_sets().len() > 1
    }

    /// The data set of each configuration, by its place among those of the sweep.
    pub(crate) fn data_sets_of_configurations(&self) -> Vec<usize> {
        let sets = self.data_sets();
        let place = |configuration: &Configuration| {
            let own = self.runs_of(configuration).next().map(|run| best::same_examples(&run.spec.dataset));
            own.and_then(|own| sets.iter().position(|set| *set == own)).unwrap_or(0)
        };
        self.configurations.iter().map(place).collect()
    }

    fn data_sets(&self) -> Vec<DatasetSpec> {
        let mut sets = best::data_sets(self.runs.iter().map(|run| &run.spec.dataset));
        if self.search.is_some() {
            sets.truncate(1);
        }
        sets
    }
}
