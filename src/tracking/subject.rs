//! A run as other tools are told of it.

use std::time::{Duration, SystemTime};

use serde_json::Value;

use crate::event::{EpochRecord, Figures, Outcome, StopReason};
use crate::spec::RunId;
use crate::store::{ResultRecord, RunRecord, Store, StoreError, parameters};

/// A run that has begun, as its files tell it.
#[derive(Clone, Debug)]
pub struct Subject {
    pub id: RunId,
    pub label: String,
    /// The label without the seed.
    pub configuration: String,
    pub record: RunRecord,
    /// How it ended; none while it is trained.
    pub result: Option<ResultRecord>,
    pub epochs: Vec<EpochRecord>,
    /// When it was started first.
    pub started: SystemTime,
}

impl Subject {
    /// None before the run has begun.
    ///
    /// # Errors
    /// There is no such run in the plan; a record of it is damaged or cannot be read.
    pub fn read(store: &Store, run: &RunId) -> Result<Option<Self>, StoreError> {
        let entry = store.entry(run)?;
        let Some(record) = store.run_record(run)? else {
            return Ok(None);
        };
        // In this order: the epochs of a run are written before its result.
        let result = match store.result(run)? {
            Some(result) if has_ended(store, &result)? => Some(result),
            _ => None,
        };
        let epochs = store.epochs(run)?;
        let started = humantime::parse_rfc3339(&record.started).unwrap_or(SystemTime::UNIX_EPOCH);
        Ok(Some(Self {
            id: run.clone(),
            label: entry.label.clone(),
            configuration: entry.configuration.clone(),
            record,
            result,
            epochs,
            started,
        }))
    }

    /// Its settings by name.
    pub fn parameters(&self) -> Vec<(String, Value)> {
        parameters(&self.record.run.spec)
    }

    /// When an epoch ended: the start and the seconds of the epochs so far. Pauses are not in it; in return it is the same
    /// whenever it is told.
    pub fn time_after(&self, epoch: usize) -> SystemTime {
        let seconds: f64 = self.epochs.iter().filter(|record| record.epoch <= epoch).map(|record| record.seconds).sum();
        self.started + Duration::try_from_secs_f64(seconds).unwrap_or_default()
    }

    /// When it ended, not before its last epoch; none while it is trained.
    pub fn ended(&self) -> Option<SystemTime> {
        // Recorded in whole seconds.
        let recorded = humantime::parse_rfc3339(&self.result.as_ref()?.finished).ok()?;
        Some(recorded.max(self.time_after(usize::MAX)))
    }

    /// Whether it failed or diverged.
    pub fn is_unsuccessful(&self) -> bool {
        let is_bad = |outcome: &Outcome| matches!(outcome, Outcome::Failed { .. } | Outcome::Diverged { .. });
        self.result.as_ref().is_some_and(|result| is_bad(&result.outcome))
    }

    /// How it ended, in a word.
    pub fn outcome(&self) -> Option<&'static str> {
        Some(match self.result.as_ref()?.outcome {
            Outcome::Completed { .. } => "completed",
            Outcome::Diverged { .. } => "diverged",
            Outcome::Failed { .. } => "failed",
            Outcome::Stopped { .. } => "stopped",
        })
    }

    /// On examples that choose nothing, with the epoch that was tested: the best one, and the last one where that is another.
    pub fn tested(&self) -> Vec<(usize, Figures)> {
        let Some((result, test)) = self.result.as_ref().and_then(|result| Some((result, result.test?))) else {
            return Vec::new();
        };
        let best = result.best.as_ref().map(|best| (best.epoch, test.best));
        best.into_iter().chain(test.last.map(|last| (result.epochs, last))).collect()
    }
}

/// Whether a run with this result goes no further. One that only pauses on the way of its search goes on by itself, and so does
/// one that had stopped and is planned further: its result is older than what it is doing.
fn has_ended(store: &Store, result: &ResultRecord) -> Result<bool, StoreError> {
    let Outcome::Stopped { because, .. } = result.outcome else {
        return Ok(true);
    };
    if because == StopReason::Pause && result.extended_from.is_none() {
        return Ok(false);
    }
    Ok(!store.is_planned_further(result)?)
}

/// The figures of an epoch by name, those that were measured: metrics, and what a step took.
pub fn figures(record: &EpochRecord) -> impl Iterator<Item = (&'static str, f64)> + '_ {
    let metrics = record.metrics.iter().map(|(metric, value)| (metric.name(), value));
    let further = [
        ("learning_rate", Some(record.learning_rate)),
        ("seconds", Some(record.seconds)),
        ("examples_per_second", Some(record.examples_per_second)),
        ("tokens_per_second", Some(record.tokens_per_second)),
        ("train_eval_loss", record.train_eval_loss),
    ];
    metrics.chain(further.into_iter().filter_map(|(name, value)| Some((name, value?))))
}
