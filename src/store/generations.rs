//! The generations of a plan: which runs were planned together, and by which results.
//!
//! A plan that has one generation says nothing of it: all its runs are that generation, as in every plan of older
//! versions. A plan that grew lists all of them, the first included. Each record has a checksum over itself and the
//! checksum of the one before: one that is missing, changed or out of its place is noticed.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::spec::{RunId, TriedPoint};

use super::StoreError;

/// A generation in the plan.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GenerationRecord {
    /// Counted from 1.
    pub number: usize,
    /// The method that chose its runs.
    pub search: String,
    /// What came of the generation before, as it was when this one was chosen; nothing for the first.
    pub results: Vec<DecidingResult>,
    /// In the order in which they were chosen: new ones, and ones that had paused and go on.
    pub runs: Vec<RunId>,
    /// Those that pause again before their last epoch, with the epoch that they pause after.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub until: BTreeMap<RunId, usize>,
    /// The points of a search that it tries first, in their order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub points: Vec<TriedPoint>,
    /// What the search's choices depend on beside results, as a digest; none where it says nothing of that.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub definition: Option<String>,
    /// Training tokens a second of one device, as measured in the first generation, where the budget is one of hours.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tokens_per_second: Option<f64>,
    /// blake3 over all of this and the checksum of the generation before, as hexadecimal digits.
    pub checksum: String,
}

/// What a search was told of a run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DecidingResult {
    pub run: RunId,
    /// Its metric at the best epoch, or at the one after which it pauses; none where it has none.
    pub value: Option<f64>,
    /// The epoch after which it pauses, or after which somebody stopped it before that; none where it has ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub paused_at: Option<usize>,
    /// Epochs that it has been trained for, where those are not all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub epochs: Option<usize>,
}

/// What a generation is made of, without its place among the others.
#[derive(Clone, Debug)]
pub(super) struct NewGeneration<'a> {
    pub search: &'a str,
    pub definition: Option<&'a str>,
    pub tokens_per_second: Option<f64>,
    pub results: Vec<DecidingResult>,
    pub runs: Vec<RunId>,
    pub until: BTreeMap<RunId, usize>,
    pub points: &'a [TriedPoint],
}

/// What a checksum is over, as JSON.
#[derive(Serialize)]
struct Summed<'a> {
    before: Option<&'a str>,
    number: usize,
    search: &'a str,
    results: &'a [DecidingResult],
    runs: &'a [RunId],
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    until: &'a BTreeMap<RunId, usize>,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    points: &'a [TriedPoint],
    #[serde(skip_serializing_if = "Option::is_none")]
    definition: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tokens_per_second: Option<f64>,
}

impl GenerationRecord {
    /// The generation after these.
    pub(super) fn after(earlier: &[GenerationRecord], new: NewGeneration<'_>) -> Self {
        let mut record = Self {
            number: earlier.len() + 1,
            search: new.search.to_owned(),
            results: new.results,
            runs: new.runs,
            until: new.until,
            points: new.points.to_vec(),
            definition: new.definition.map(str::to_owned),
            tokens_per_second: new.tokens_per_second,
            checksum: String::new(),
        };
        record.checksum = record.sum(earlier.last());
        record
    }

    fn sum(&self, before: Option<&GenerationRecord>) -> String {
        let Self { number, search, results, runs, until, points, definition, tokens_per_second, checksum: _ } = self;
        let tokens_per_second = *tokens_per_second;
        let definition = definition.as_deref();
        let before = before.map(|before| before.checksum.as_str());
        let summed =
            Summed { before, number: *number, search, results, runs, until, points, definition, tokens_per_second };
        // Texts, lists and finite numbers: it has a JSON form.
        blake3::hash(&serde_json::to_vec(&summed).unwrap_or_default()).to_hex().to_string()
    }
}

/// Checks the generations of a plan that was read back: whole, in order, and of them every run that is `in_sweep`: in one of
/// them, or in several of which each but the last lets it pause.
pub(super) fn check_generations<'a>(
    path: &Path,
    generations: &[GenerationRecord],
    in_sweep: impl Iterator<Item = &'a RunId>,
) -> Result<(), StoreError> {
    let mut before = None;
    for (position, generation) in generations.iter().enumerate() {
        let number = position + 1;
        if generation.number != number || generation.checksum != generation.sum(before) {
            return Err(StoreError::damaged(path, format!("generation {number} is not as it was written")));
        }
        before = Some(generation);
    }
    let mut left: BTreeSet<&RunId> = in_sweep.filter(|_| !generations.is_empty()).collect();
    let mut paused: BTreeMap<&RunId, usize> = BTreeMap::new();
    for generation in generations {
        for run in &generation.runs {
            let until = generation.until.get(run).copied();
            let goes_on = paused.remove(run).is_some_and(|before| until.is_none_or(|until| until > before));
            if !left.remove(run) && !goes_on {
                let number = generation.number;
                let reason = format!("generation {number} has run {run}, which is not in the sweep, or has it twice");
                return Err(StoreError::damaged(path, reason));
            }
            paused.extend(until.map(|until| (run, until)));
        }
    }
    match left.first() {
        Some(run) => Err(StoreError::damaged(path, format!("run {run} is of no generation"))),
        None => Ok(()),
    }
}
