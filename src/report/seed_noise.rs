//! How much earlier runs varied from seed to seed: what a plan can be made with.

use std::path::Path;

use crate::metrics::{Pooled, Summary};
use crate::spec::{HypothesisMetric, RunSpec};
use crate::store::{ExecutorKind, Store, sweep_folders};

use super::model::{Configuration, Report, Run};
use super::{collect, pairing};

/// The completed runs of a results folder that are like those of a plan.
#[derive(Debug, Default)]
pub struct Earlier {
    /// Of the sweep itself, else of others.
    reports: Vec<Report>,
    /// Runs must have been judged on so many examples.
    examples: usize,
    model: String,
    dataset: String,
}

/// What they show of a metric.
#[derive(Clone, Debug)]
pub struct SeedNoise {
    /// Of one run's value over seeds, within configurations.
    pub spread: Pooled,
    pub mean: f64,
    /// The sweeps that it is from.
    pub sweeps: Vec<String>,
}

impl Earlier {
    /// Reads what sweeps in `results` show of runs like `like`, that is with its model and data set, and judged on
    /// `examples` examples; `rehearsal` as they were, and made by
    /// the same kind of `executor`. Other sweeps count where the one called `name` shows nothing. Damaged
    /// results show nothing, either.
    pub fn read(
        results: &Path,
        name: &str,
        like: &RunSpec,
        examples: usize,
        rehearsal: bool,
        executor: ExecutorKind,
    ) -> Self {
        let folders = if results.is_dir() { sweep_folders(results).unwrap_or_default() } else { Vec::new() };
        let (model, dataset) = (like.model.clone(), like.dataset.path.clone());
        let mut found = Self { reports: Vec::new(), examples, model, dataset };
        let stores = folders.iter().filter_map(|folder| Store::open(folder).ok());
        let alike = |store: &Store| {
            let record = store.record();
            record.rehearsal == rehearsal
                && record.executor == executor
                && record.runs.iter().any(|entry| found.is_like(&entry.spec))
        };
        let reports: Vec<Report> = stores.filter(alike).filter_map(|store| collect::read(&store).ok()).collect();
        let is_own = |report: &Report| report.name == name && found.shows_anything(report);
        let own = reports.iter().any(is_own);
        found.reports = reports.into_iter().filter(|report| !own || report.name == name).collect();
        found
    }

    /// None where no configuration has two runs with this metric.
    pub fn noise(&self, of: HypothesisMetric) -> Option<SeedNoise> {
        let mut groups = Vec::new();
        let mut sweeps: Vec<String> = Vec::new();
        for report in &self.reports {
            let of_report: Vec<Vec<f64>> = report
                .configurations
                .iter()
                .map(|configuration| self.values(report, configuration, of))
                .filter(|values| values.len() > 1)
                .collect();
            if !of_report.is_empty() {
                sweeps.push(report.name.clone());
            }
            groups.extend(of_report);
        }
        let resolution = match of {
            HypothesisMetric::EpochsToReach { .. } => 1.0,
            HypothesisMetric::GeneralizationGap => 0.0,
            HypothesisMetric::Best(name)
            | HypothesisMetric::Last(name)
            | HypothesisMetric::AfterEpoch { metric: name, .. }
                if name.is_share() =>
            {
                1.0 / self.examples.max(1) as f64
            }
            _ => 0.0,
        };
        let mean = Summary::of(&groups.concat())?.mean;
        Some(SeedNoise { spread: Pooled::of(&groups, resolution)?, mean, sweeps })
    }

    fn values(&self, report: &Report, configuration: &Configuration, of: HypothesisMetric) -> Vec<f64> {
        let runs = report.runs_of(configuration).filter(|run| self.counts(run));
        runs.filter_map(|run| pairing::value(run, of).ok()).collect()
    }

    fn counts(&self, run: &Run) -> bool {
        run.ended_by_itself() && self.is_like(&run.spec) && run.judged_examples() == Some(self.examples)
    }

    fn is_like(&self, spec: &RunSpec) -> bool {
        spec.model == self.model && spec.dataset.path == self.dataset
    }

    fn shows_anything(&self, report: &Report) -> bool {
        let enough = |configuration: &Configuration| {
            report.runs_of(configuration).filter(|run| self.counts(run)).take(2).count() == 2
        };
        report.configurations.iter().any(enough)
    }
}
