//! A study for Optuna and its dashboard: what was tried as trials, in the file of its journal storage.
//!
//! ```text
//! search_trials, grid_trials   the report -> trials
//! distribution                 what a parameter may be, as Optuna has it
//! journal                      trials -> lines of the file
//! ```

mod distribution;
mod grid_trials;
mod journal;
mod search_trials;
mod trial;

use crate::metrics::{Direction, Metric};
use crate::report::error::ReportError;
use crate::report::model::Report;

use super::exporter::{ExportedFile, Exporter, Material};
use journal::Study;

pub(super) struct Optuna;

impl Exporter for Optuna {
    fn name(&self) -> &'static str {
        "optuna"
    }

    fn about(&self) -> &'static str {
        "the configurations as a study for Optuna and its dashboard (optuna-journal.log); only where it is asked for"
    }

    fn is_usual(&self) -> bool {
        false
    }

    fn files(&self, material: &Material<'_>) -> Result<Vec<ExportedFile>, ReportError> {
        Ok(vec![ExportedFile::new("optuna-journal.log", journal::lines(&study(material.report)))])
    }
}

fn study(report: &Report) -> Study {
    let (metric, trials) = match &report.search {
        Some(found) => (found.evidence.metric(), search_trials::trials(report, &found.evidence)),
        None => (report.metric_for_best(), grid_trials::trials(report)),
    };
    let mut attributes = vec![
        ("sweep", report.name.as_str().into()),
        ("description", report.description.as_str().into()),
        ("planned", report.created.as_str().into()),
        ("command", report.command.join(" ").into()),
    ];
    if let Some(warning) = warning(report) {
        attributes.insert(0, ("warning", warning.into()));
    }
    if let Some(found) = &report.search {
        attributes.push(("method", found.evidence.settings.method.as_str().into()));
        attributes.push(("seed", found.evidence.settings.seed.into()));
    }
    // Of a name that says so itself, wherever the study is shown.
    Study { name: report.name_with_warning(), metric, maximize: is_maximized(metric), attributes, trials }
}

fn is_maximized(metric: Metric) -> bool {
    metric.direction() == Direction::HigherIsBetter
}

fn warning(report: &Report) -> Option<&'static str> {
    match (report.invented, report.rehearsal) {
        (true, _) => Some("nothing was trained: a mock invented all figures"),
        (false, true) => Some("a rehearsal on a small model: its figures say nothing about the real one"),
        (false, false) => None,
    }
}
