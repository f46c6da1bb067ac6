//! `runs.csv` and `metrics.csv` of a sweep, put together from the runs' own files.

use std::collections::HashMap;

use serde_json::Value;

use crate::event::EpochRecord;
use crate::metrics::Metric;

use super::claim::{Attempt, Claim};
use super::epochs::{Table, epoch_columns, epoch_fields, read_epochs};
use super::plan::parameters;
use super::view::RunView;
use super::{Store, StoreError};

impl Store {
    /// Rewrites `runs.csv` and `metrics.csv` from the runs' files, unless somebody else is doing that or changing the
    /// plan. Both can be made again at any time.
    ///
    /// # Errors
    /// The folder cannot be read or written.
    pub fn refresh_index(&self) -> Result<bool, StoreError> {
        let Attempt::Claimed(claim) = Claim::take(&self.layout().plan_claim(), self.claim_options())? else {
            return Ok(false);
        };
        let mut views = self.runs()?;
        self.write_metrics(&mut views)?;
        self.write_runs(&views)?;
        claim.release()?;
        Ok(true)
    }

    fn write_metrics(&self, views: &mut [RunView]) -> Result<(), StoreError> {
        let path = self.layout().metrics_csv();
        let mut table =
            Table::new(&path, ["run", "label", "configuration", "seed"].into_iter().chain(epoch_columns()))?;
        for view in views {
            let run = &view.run;
            let epochs = match read_epochs(&self.layout().run(&run.id).metrics_csv()) {
                Ok(epochs) => epochs,
                Err(error) => {
                    view.add_damage(&error);
                    continue;
                }
            };
            let who = [&run.id.0, &run.label, &run.configuration, &run.spec.seed.to_string()].map(String::clone);
            for record in &epochs {
                table.row(who.iter().chain(&epoch_fields(record)))?;
            }
        }
        table.write()
    }

    fn write_runs(&self, views: &[RunView]) -> Result<(), StoreError> {
        let path = self.layout().runs_csv();
        // A parameter that may be absent is a column where any run has it.
        let lists = views.iter().map(|view| names(&parameters(&view.run.spec)));
        let parameter_names = lists.max_by_key(Vec::len).unwrap_or_default();
        let figures: Vec<String> = Metric::all().map(|metric| format!("best_{}", metric.name())).collect();
        let tested = tested_metrics(views);
        let test_figures: Vec<String> = tested.iter().map(|metric| test_column(*metric)).collect();
        let columns = ["id", "label", "configuration"]
            .into_iter()
            .chain(parameter_names.iter().map(String::as_str))
            .chain(["status", "best_epoch"])
            .chain(figures.iter().map(String::as_str))
            .chain(["trainable_parameters", "epochs_recorded", "seconds", "reason"])
            .chain(test_figures.iter().map(String::as_str));
        let mut table = Table::new(&path, columns)?;
        for view in views {
            table.row(row(view, &parameter_names).into_iter().chain(test_figures_of(view, &tested)))?;
        }
        table.write()
    }
}

fn names(parameters: &[(String, Value)]) -> Vec<String> {
    parameters.iter().map(|(name, _)| name.clone()).collect()
}

fn row(view: &RunView, parameter_names: &[String]) -> Vec<String> {
    let run = &view.run;
    let status = if view.removed { "removed" } else { view.state.name() };
    let mut fields = vec![run.id.0.clone(), run.label.clone(), run.configuration.clone()];
    let values: HashMap<String, Value> = parameters(&run.spec).into_iter().collect();
    fields.extend(parameter_names.iter().map(|name| values.get(name).map_or_else(String::new, text)));
    fields.push(status.to_owned());
    fields.push(view.best.as_ref().map_or_else(String::new, |best| best.epoch.to_string()));
    fields.extend(figures(view.best.as_ref()));
    fields.push(view.trainable_parameters.map_or_else(String::new, |count| count.to_string()));
    fields.push(view.epochs.to_string());
    fields.push(view.seconds.to_string());
    fields.push(view.reason.iter().chain(&view.damage).map(String::as_str).collect::<Vec<_>>().join("; "));
    fields
}

/// What any run was tested for, in the order of metrics.
fn tested_metrics(views: &[RunView]) -> Vec<Metric> {
    Metric::all().filter(|metric| views.iter().any(|view| tested(view, *metric).is_some())).collect()
}

fn test_figures_of(view: &RunView, metrics: &[Metric]) -> impl Iterator<Item = String> {
    metrics.iter().map(|metric| tested(view, *metric).map_or_else(String::new, |value| value.to_string()))
}

/// As Python's reader calls it: `test_loss`, `test_accuracy`.
fn test_column(metric: Metric) -> String {
    format!("test_{}", metric.name().trim_start_matches("eval_"))
}

/// At the best epoch, on the test examples.
fn tested(view: &RunView, metric: Metric) -> Option<f64> {
    view.test.as_ref()?.best.metric(metric)
}

/// The metrics of the best epoch, in their order; empty where there is none.
fn figures(best: Option<&EpochRecord>) -> impl Iterator<Item = String> + '_ {
    let value = move |metric| best.and_then(|best| best.metrics.get(metric));
    Metric::all().map(move |metric| value(metric).map_or_else(String::new, |value| value.to_string()))
}

/// A parameter in one field: lists joined, what has no value empty.
fn text(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        Value::Array(items) => items.iter().map(text).collect::<Vec<_>>().join(";"),
        other => other.to_string(),
    }
}
