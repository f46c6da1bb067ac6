//! What holds across data sets, where a sweep has several: the interquartile mean and the performance profile of Agarwal et al.
//! (2021).

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::metrics::{Interval, LEVEL, TaskScores};
use crate::spec::{Metric, RunSpec};

use super::model::{Report, Run};
use super::names;

/// What the figures are, and what is not to be read into them.
pub(crate) const NOTE: &str = "Accuracy at the best epoch over all data sets and seeds: the interquartile mean is that of the middle \
     half of all runs, so that neither a very easy nor a very hard data set decides. Its 95 % interval is about other seeds on the \
     same data sets (runs resampled within each; too narrow where seeds are few). Accuracies are taken as they are: two data sets \
     with different numbers of classes count as equally hard. Configurations that lack a completed run on one of the data sets are \
     left out.";

/// How the names of a data set's fields begin.
const FIELDS: &str = "dataset.";

/// The same parameters on every data set.
#[derive(Clone, Debug)]
pub(crate) struct Method {
    /// The configurations' name without the data set.
    pub(crate) name: String,
    pub(crate) runs: usize,
    pub(crate) mean: f64,
    pub(crate) interval: Option<Interval>,
    /// Accuracy, and the share of runs (averaged over data sets) that reach more: the steps of the profile.
    pub(crate) profile: Vec<(f64, f64)>,
}

impl Method {
    /// The interquartile mean and its interval, as people read them.
    pub(crate) fn cells(&self) -> [String; 2] {
        let percent = |share: f64| format!("{:.1}", 100.0 * share);
        let interval = self
            .interval
            .map_or("–".to_string(), |range| format!("{} – {}", percent(range.low), percent(range.high)));
        [format!("{} %", percent(self.mean)), interval]
    }
}

/// Methods across data sets.
#[derive(Clone, Debug)]
pub(crate) struct Across {
    pub(crate) data_sets: Vec<String>,
    pub(crate) methods: Vec<Method>,
}

/// None where the sweep has one data set, or no method was run on all of them.
pub(crate) fn across(report: &Report) -> Option<Across> {
    let paths: Vec<&str> = report.runs.iter().map(|run| run.spec.dataset.path.as_str()).collect();
    let mut distinct: Vec<&str> = Vec::new();
    for path in paths {
        if !distinct.contains(&path) {
            distinct.push(path);
        }
    }
    if distinct.len() < 2 {
        return None;
    }
    let varied = varied_within_a_data_set(report);
    let mut order: Vec<String> = Vec::new();
    let mut scores: BTreeMap<String, BTreeMap<&str, Vec<f64>>> = BTreeMap::new();
    let mut titles: BTreeMap<String, String> = BTreeMap::new();
    for run in report.runs.iter().filter(|run| run.ended_by_itself()) {
        let Some(accuracy) = run.judged(Metric::ACCURACY) else {
            continue;
        };
        let key = parameters(&run.spec, &varied);
        if !order.contains(&key) {
            order.push(key.clone());
            titles.insert(key.clone(), title(report, run, &varied));
        }
        let of_data = scores.entry(key).or_default().entry(run.spec.dataset.path.as_str()).or_default();
        of_data.push(accuracy);
    }
    let methods: Vec<Method> = order
        .iter()
        .filter_map(|key| {
            let by_data = scores.get(key).filter(|by_data| by_data.len() == distinct.len())?;
            method(titles.get(key)?, by_data.values().cloned().collect())
        })
        .collect();
    let data_sets = names::short(distinct.into_iter());
    (!methods.is_empty()).then_some(Across { data_sets, methods })
}

fn method(name: &str, scores: Vec<Vec<f64>>) -> Option<Method> {
    let runs = scores.iter().map(Vec::len).sum();
    let scores = TaskScores::new(scores)?;
    let mut steps = scores.sorted();
    steps.dedup();
    let profile = steps.into_iter().map(|step| (step, scores.share_above(step))).collect();
    Some(Method {
        name: name.to_owned(),
        runs,
        mean: scores.interquartile_mean(),
        interval: scores.interval(LEVEL),
        profile,
    })
}

/// What belongs to a data set: its fields, whichever rows a seed holds out.
fn fields_of_data(spec: &RunSpec) -> impl Iterator<Item = (String, Value)> {
    let spec = RunSpec { dataset: spec.dataset.with_split_seed(0), ..spec.clone() };
    crate::store::parameters(&spec).into_iter().filter(|(name, _)| name.starts_with(FIELDS))
}

/// The fields of data sets, `dataset.limit` for one, that have several values on one and the same data set: they are part of the
/// method. The others follow from the data set, as its columns do, and tell which it is.
fn varied_within_a_data_set(report: &Report) -> BTreeSet<String> {
    let mut known: BTreeMap<&str, BTreeMap<String, Value>> = BTreeMap::new();
    let mut varied = BTreeSet::new();
    let mut last = None;
    for run in &report.runs {
        // Runs of a configuration differ in their seeds only.
        if last.replace(run.configuration) == Some(run.configuration) {
            continue;
        }
        let fields: BTreeMap<String, Value> = fields_of_data(&run.spec).collect();
        let first = known.entry(&run.spec.dataset.path).or_insert_with(|| fields.clone());
        let names = first.keys().chain(fields.keys());
        varied.extend(names.filter(|name| first.get(*name) != fields.get(*name)).cloned());
    }
    varied
}

/// All parameters but what tells the data set, and the seeds.
fn parameters(spec: &RunSpec, varied: &BTreeSet<String>) -> String {
    let is_seed = |name: &str| name == "seed" || name.ends_with("_seed");
    let others = crate::store::parameters(spec)
        .into_iter()
        .filter(|(name, _)| !name.starts_with(FIELDS) && !is_seed(name))
        .chain(fields_of_data(spec).filter(|(name, _)| varied.contains(name)));
    // Parameters are names and JSON values, which can always be written.
    serde_json::to_string(&others.collect::<Vec<_>>()).unwrap_or_default()
}

/// The configuration's name without what tells the data set.
fn title(report: &Report, run: &Run, varied: &BTreeSet<String>) -> String {
    let name = &report.configurations[run.configuration].name;
    let is_of_method = |part: &str| {
        let key = part.split('=').next().unwrap_or(part);
        // Sweep files say `eval` for `evaluation`.
        !part.starts_with("dataset") || key.starts_with(FIELDS) && varied.iter().any(|field| field.starts_with(key))
    };
    let parts: Vec<&str> = name.split(", ").filter(|part| is_of_method(part)).collect();
    if parts.is_empty() { "base".to_string() } else { parts.join(", ") }
}
