//! The seeds of a comparison as they were planned before results could be seen, and which of them have ended.

use std::collections::BTreeSet;

use super::model::{Configuration, Report, Run};
use super::pairing::{self, Pairs};

/// A treatment and its baseline by their seeds.
pub(super) struct PlannedSeeds<'a> {
    treatment: Vec<&'a Run>,
    baseline: Vec<&'a Run>,
    /// Seeds that decide of the two sides together, in the order of the plan.
    common: Vec<u64>,
    /// Those of either side.
    deciding: (BTreeSet<u64>, BTreeSet<u64>),
    /// Seeds of both sides that were added after results could be seen.
    added: Vec<u64>,
}

impl<'a> PlannedSeeds<'a> {
    pub(super) fn of(report: &'a Report, treatment: &'a Configuration, baseline: &'a Configuration) -> Self {
        let deciding = |configuration: &Configuration| -> Vec<u64> {
            let planned = || report.runs_of(configuration).map(|run| run.spec.seed).collect();
            report.deciding.get(&configuration.name).cloned().unwrap_or_else(planned)
        };
        let (of_treatment, of_baseline) = (deciding(treatment), deciding(baseline));
        let sets: (BTreeSet<u64>, BTreeSet<u64>) =
            (of_treatment.into_iter().collect(), of_baseline.iter().copied().collect());
        let common: Vec<u64> = of_baseline.into_iter().filter(|seed| sets.0.contains(seed)).collect();
        let (treatment, baseline): (Vec<&Run>, Vec<&Run>) =
            (report.runs_of(treatment).collect(), report.runs_of(baseline).collect());
        let shared = |seed: &u64| treatment.iter().any(|run| run.spec.seed == *seed);
        let added: Vec<u64> =
            baseline.iter().map(|run| run.spec.seed).filter(|seed| shared(seed) && !common.contains(seed)).collect();
        Self { treatment, baseline, common, deciding: sets, added }
    }

    /// How many seeds decide.
    pub(super) fn planned(&self) -> usize {
        self.common.len()
    }

    /// Of those, how many have an outcome on both sides.
    pub(super) fn ended(&self) -> usize {
        self.common.iter().filter(|&&seed| self.has_ended(seed)).count()
    }

    /// The pairs of the first so many seeds that decide. None before all of their runs have ended.
    pub(super) fn first(&self, seeds: usize) -> Option<Pairs<'a>> {
        let first = &self.common[..seeds.min(self.common.len())];
        if !first.iter().all(|&seed| self.has_ended(seed)) {
            return None;
        }
        if seeds >= self.common.len() {
            return Some(self.so_far());
        }
        let chosen = |run: &&&'a Run| first.contains(&run.spec.seed);
        Some(pairing::by_seed(
            self.treatment.iter().filter(chosen).copied(),
            self.baseline.iter().filter(chosen).copied(),
        ))
    }

    /// The pairs of the seeds that decide, as far as they are there.
    pub(super) fn so_far(&self) -> Pairs<'a> {
        let (ours, theirs) = &self.deciding;
        pairing::by_seed(
            self.treatment.iter().filter(|run| ours.contains(&run.spec.seed)).copied(),
            self.baseline.iter().filter(|run| theirs.contains(&run.spec.seed)).copied(),
        )
    }

    /// All pairs, those of seeds that were added later included.
    pub(super) fn all(&self) -> Pairs<'a> {
        pairing::by_seed(self.treatment.iter().copied(), self.baseline.iter().copied())
    }

    /// Seeds that decide and are not in the sweep any more.
    pub(super) fn withdrawn(&self) -> Vec<u64> {
        let is_there = |side: &[&Run], seed: u64| side.iter().any(|run| run.spec.seed == seed);
        let gone = |seed: &u64| !is_there(&self.treatment, *seed) || !is_there(&self.baseline, *seed);
        self.common.iter().copied().filter(gone).collect()
    }

    /// Seeds of both sides that decide nothing.
    pub(super) fn added(&self) -> &[u64] {
        &self.added
    }

    fn has_ended(&self, seed: u64) -> bool {
        let ended = |side: &[&Run]| side.iter().any(|run| run.spec.seed == seed && run.is_settled());
        ended(&self.treatment) && ended(&self.baseline)
    }
}
