//! What a command is told: JSON on its standard input, and the same in variables of its environment.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::cli::run::counts;
use crate::exit_code::ExitCode;
use crate::report::ranking_metric;
use crate::spec::RunId;
use crate::store::RunView;

/// Characters of a reason, at most.
const LONGEST: usize = 2000;

/// One thing that happened.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Facts {
    format_version: u32,
    /// `failed` or `diverged`: a run; `end`: the sweep.
    event: &'static str,
    sweep: String,
    results: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    run: Option<RunId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    label: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    exit_code: Option<u8>,
    /// `6 runs: 5 completed, 1 failed`
    #[serde(skip_serializing_if = "Option::is_none")]
    summary: Option<String>,
    /// By state.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    runs: BTreeMap<&'static str, usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    best: Option<Best>,
}

/// The best run, by the metric that chooses epochs.
#[derive(Clone, Debug, Serialize)]
struct Best {
    run: RunId,
    label: String,
    epoch: usize,
    metric: &'static str,
    value: f64,
}

impl Facts {
    pub fn of_run(
        sweep: &str,
        results: &str,
        event: &'static str,
        run: &RunId,
        label: Option<String>,
        reason: String,
    ) -> Facts {
        let reason = Some(reason.chars().take(LONGEST).collect());
        Facts { run: Some(run.clone()), label, reason, ..Facts::new(sweep, results, event) }
    }

    pub fn of_end(sweep: &str, results: &str, code: ExitCode, views: &[RunView], best: Option<&RunView>) -> Facts {
        let mut runs = BTreeMap::new();
        views.iter().for_each(|view| *runs.entry(view.state.name()).or_insert(0) += 1);
        let metric = ranking_metric(views);
        let best = best.and_then(|view| {
            let record = view.best.as_ref()?;
            let (run, label) = (view.run.id.clone(), view.run.label.clone());
            Some(Best { run, label, epoch: record.epoch, metric: metric.name(), value: record.metric(metric) })
        });
        Facts {
            exit_code: Some(code.number()),
            summary: Some(counts(views)),
            runs,
            best,
            ..Facts::new(sweep, results, "end")
        }
    }

    /// The same with what ended it.
    pub fn because(self, error: Option<String>) -> Facts {
        Facts { reason: error.map(|error| error.chars().take(LONGEST).collect()), ..self }
    }

    fn new(sweep: &str, results: &str, event: &'static str) -> Facts {
        Facts {
            format_version: 1,
            event,
            sweep: sweep.to_owned(),
            results: results.to_owned(),
            run: None,
            label: None,
            reason: None,
            exit_code: None,
            summary: None,
            runs: BTreeMap::new(),
            best: None,
        }
    }

    /// The variables that are set; what is not known is not.
    pub fn variables(&self) -> Vec<(&'static str, String)> {
        let best = self.best.as_ref();
        [
            ("SWEEP_EVENT", Some(self.event.to_owned())),
            ("SWEEP_NAME", Some(self.sweep.clone())),
            ("SWEEP_RESULTS", Some(self.results.clone())),
            ("SWEEP_RUN", self.run.as_ref().map(ToString::to_string)),
            ("SWEEP_LABEL", self.label.clone()),
            ("SWEEP_REASON", self.reason.clone()),
            ("SWEEP_EXIT_CODE", self.exit_code.map(|code| code.to_string())),
            ("SWEEP_SUMMARY", self.summary.clone()),
            ("SWEEP_BEST", best.map(|best| best.label.clone())),
            ("SWEEP_BEST_VALUE", best.map(|best| best.value.to_string())),
        ]
        .into_iter()
        // A variable cannot hold a NUL.
        .filter_map(|(name, value)| Some((name, value?.replace('\0', " "))))
        .collect()
    }
}
