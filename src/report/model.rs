//! What a report is made of: plain numbers of one sweep, read once. Charts, tables and page only look at this.

use std::collections::BTreeMap;
use std::path::PathBuf;

use crate::event::{EpochRecord, StopReason};
use crate::metrics::{self, Effect, Interval, Summary};
use crate::spec::{Hypothesis, Metric, NamedChange, ReferenceFigure, RunId, RunSpec};
use crate::store::{RunState, TestRecord, Versions};
use crate::task::Targets;
use crate::train::RunFacts;
use crate::words::counted;

use super::observations::Observed;
use super::search::Found;
use super::verdicts::Judged;

/// One sweep's results.
#[derive(Clone, Debug)]
pub struct Report {
    pub name: String,
    pub description: String,
    /// The sweep's folder.
    pub folder: PathBuf,
    /// The sweep was tried out on the embedded model and corpus: its figures say nothing about the real ones.
    pub rehearsal: bool,
    /// Nothing was trained: a mock invented all figures.
    pub invented: bool,
    /// Index of the baseline configuration.
    pub baseline: Option<usize>,
    /// In the order of the sweep's plan.
    pub configurations: Vec<Configuration>,
    /// In the order of the sweep's plan.
    pub runs: Vec<Run>,
    /// Changes of several parameters that the sweep file gave a name; empty in results of older versions.
    pub changes: Vec<NamedChange>,
    /// What a rehearsal scaled and how, a sentence each.
    pub scaled: Vec<String>,
    pub reference: Vec<ReferenceFigure>,
    pub hypotheses: Vec<Hypothesis>,
    /// As in [`crate::store::SweepRecord`].
    pub looks: Vec<usize>,
    pub deciding: BTreeMap<String, Vec<u64>>,
    pub late: Vec<String>,
    pub dropped: Vec<String>,
    /// The hypotheses with the evidence on them.
    pub judged: Vec<Judged>,
    /// What a search has found; none where the sweep file names all runs, and where only a part of the sweep is reported on.
    pub search: Option<Found>,
    /// The statements about the runs of one configuration, with the evidence on them.
    pub observed: Vec<Observed>,
    /// Seconds that devices were busy with the packs of the sweep; none where only a part of it is reported on.
    pub device_seconds: Option<f64>,
    /// What could not be read, with the reason.
    pub damages: Vec<String>,
    /// The command line that planned the sweep last.
    pub command: Vec<String>,
    /// When the plan was made first and changed last (RFC 3339, UTC).
    pub created: String,
    pub changed: String,
}

/// Runs that differ only in their seed.
#[derive(Clone, Debug)]
pub struct Configuration {
    pub name: String,
    /// Indices of its runs.
    pub runs: Vec<usize>,
    /// Those that its figures are of: of a sample of a search either the seeds by which it was chosen, or, where it is confirmed, the
    /// fresh ones, which chose nothing. Of others all.
    pub figured: Vec<usize>,
    /// Whether a search has confirmed it with fresh seeds.
    pub confirmed: bool,
    /// Means over its sound runs, by epoch; ascending, epochs that no run has are missing.
    pub curve: Vec<EpochSummary>,
    /// Over those of `figured` that came to their end, each at its best epoch and on the examples that it is judged on. Empty when
    /// none did.
    pub best: BTreeMap<Metric, Summary>,
    /// 95 % interval of the mean accuracy at the best epoch, over the examples that are judged and over seeds. None without a
    /// completed run.
    pub accuracy_interval: Option<Interval>,
    /// Accuracy at the best epoch minus the baseline's, paired by seed and example. None for the baseline itself and
    /// where the two cannot be paired.
    pub versus_baseline: Option<Effect>,
}

/// The metrics of a configuration after an epoch.
#[derive(Clone, Debug, PartialEq)]
pub struct EpochSummary {
    pub epoch: usize,
    pub metrics: BTreeMap<Metric, Summary>,
}

/// One run.
#[derive(Clone, Debug)]
pub struct Run {
    pub id: RunId,
    pub label: String,
    /// Index of its configuration.
    pub configuration: usize,
    /// Parameters that differ from the baseline configuration's, with their values here. None where there is no
    /// baseline.
    pub changes: Option<BTreeMap<String, serde_json::Value>>,
    pub spec: RunSpec,
    pub state: RunState,
    /// Why it stopped, where it is stopped.
    pub stopped_because: Option<StopReason>,
    /// The epoch at which it had stopped, where it went on because somebody asked for it.
    pub extended_from: Option<usize>,
    /// Why it did not complete.
    pub reason: Option<String>,
    /// On which it was trained, or is.
    pub device: Option<String>,
    /// When it was started first, and when it ended (RFC 3339, UTC); none before that.
    pub started: Option<String>,
    pub finished: Option<String>,
    /// Ascending by epoch; a damaged or partial record may lack epochs.
    pub epochs: Vec<EpochRecord>,
    /// Index into `epochs` of the best one so far by the run's `metric_for_best`.
    pub best: Option<usize>,
    /// None before the run has started.
    pub facts: Option<RunFacts>,
    /// Bytes of its device's memory: its share of what its pack took at most, beside the frozen weights. None where that was
    /// not recorded.
    pub memory: Option<u64>,
    /// None before the run has started.
    pub versions: Option<Versions>,
    /// Of the completed run on examples that choose nothing; none where there is no test.
    pub test: Option<TestRecord>,
    /// At the best epoch, on the examples that the run is judged on. None before the run is completed, and where the report does
    /// not need them.
    pub answers: Option<Answers>,
    /// The same at the last epoch, where that is not the best one and the report needs them ([`Run::last_answers`]).
    pub(super) last_answers: Option<Answers>,
}

/// What a run predicted, example by example.
#[derive(Clone, Debug, PartialEq)]
pub struct Answers {
    pub targets: Targets,
    /// Rows of the examples in their source, counted from 0.
    pub examples: Vec<usize>,
    pub labels: Vec<u32>,
    pub predicted: Vec<u32>,
    /// Probability of the predicted class.
    pub confidences: Vec<f64>,
    /// Cross-entropy in nats.
    pub losses: Vec<f64>,
}

impl Answers {
    /// The same as metrics see it.
    pub(super) fn examples_in_metrics(&self) -> metrics::Examples<'_> {
        metrics::Examples {
            classes: self.targets.names().len(),
            labels: &self.labels,
            predicted: &self.predicted,
            confidences: &self.confidences,
            losses: &self.losses,
        }
    }

    pub fn correct(&self) -> Vec<bool> {
        self.labels.iter().zip(&self.predicted).map(|(label, predicted)| label == predicted).collect()
    }
}

impl Run {
    pub fn best_epoch(&self) -> Option<&EpochRecord> {
        self.best.and_then(|index| self.epochs.get(index))
    }

    /// Whether it came to the end that it was to come to, so that its result counts: completed, or ended by its own
    /// `early_stopping`. As [`crate::store::RunView::ended_by_itself`].
    pub fn ended_by_itself(&self) -> bool {
        self.state == RunState::Completed || self.ended_early()
    }

    /// Whether its own `early_stopping` ended it before its last epoch.
    pub fn ended_early(&self) -> bool {
        self.stopped_because == Some(StopReason::EarlyStopping)
    }

    /// Whether it is known what it comes to, or that it comes to nothing.
    pub(super) fn is_settled(&self) -> bool {
        self.state.is_settled() || self.ended_early()
    }

    /// Whether its epochs go into the means of its configuration.
    pub fn sound(&self) -> bool {
        !matches!(self.state, RunState::Diverged | RunState::Failed)
    }
}

impl Configuration {
    /// A metric's value range over the epochs: (epoch, figures).
    pub fn over_epochs(&self, metric: Metric) -> impl Iterator<Item = (usize, &Summary)> {
        self.curve.iter().filter_map(move |at| Some((at.epoch, at.metrics.get(&metric)?)))
    }
}

impl Report {
    pub fn runs_of<'a>(&'a self, configuration: &'a Configuration) -> impl Iterator<Item = &'a Run> {
        configuration.runs.iter().filter_map(|&index| self.runs.get(index))
    }

    /// The runs that a configuration's figures are of.
    pub fn figured<'a>(&'a self, configuration: &'a Configuration) -> impl Iterator<Item = &'a Run> {
        configuration.figured.iter().filter_map(|&index| self.runs.get(index))
    }

    pub fn is_baseline(&self, configuration: usize) -> bool {
        self.baseline == Some(configuration)
    }

    /// The metric that chose the best epochs: that of the first run.
    pub fn metric_for_best(&self) -> Metric {
        self.runs.first().map_or(Metric::ACCURACY, |run| run.spec.metric_for_best)
    }

    /// So many runs that came to their end: `13 completed runs`; where some ended early, `13 ended runs`.
    pub(crate) fn ended_runs_in_words(&self, count: usize) -> String {
        let early = self.runs.iter().any(Run::ended_early);
        counted(count, if early { "ended run" } else { "completed run" })
    }

    /// The name with a word where the figures say nothing about what the sweep names.
    pub fn name_with_warning(&self) -> String {
        match (self.invented, self.rehearsal) {
            (true, _) => format!("INVENTED by a mock: {}", self.name),
            (false, true) => format!("{} (rehearsal)", self.name),
            (false, false) => self.name.clone(),
        }
    }

    /// Evaluation examples, where all started runs agree.
    pub fn eval_examples(&self) -> Option<usize> {
        let mut counts = self.runs.iter().filter_map(|run| Some(run.facts.as_ref()?.eval_examples));
        let first = counts.next()?;
        counts.all(|count| count == first).then_some(first)
    }

    /// A reported figure of a metric: the final one where the report has several, the best-known epoch's otherwise.
    pub fn reference_for(&self, metric: Metric) -> Option<&ReferenceFigure> {
        let name = metric.name();
        let figures = || self.reference.iter().filter(|figure| figure.metric == name);
        figures().find(|figure| figure.epoch.is_none()).or_else(|| figures().max_by_key(|figure| figure.epoch))
    }
}
