//! The winner's settings as YAML for the section `base` of a sweep file.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::report::model::Report;
use crate::store::parameters;

use super::found::Found;
use super::words::points;

/// What the best sample has for each dimension of the space, as lines for `base`. A dimension that does not apply to it is left
/// out: the value of `base` holds. None where there is no best sample.
pub(in crate::report) fn base(report: &Report, found: &Found) -> Option<String> {
    let trial = &found.evidence.trials[found.best()?];
    let run = report.runs.iter().find(|run| report.configurations[run.configuration].name == trial.configuration)?;
    let values: BTreeMap<String, Value> = parameters(&run.spec).into_iter().collect();
    let mut text = String::from("base:\n");
    let shown = points(&found.evidence, trial);
    for (dimension, shown) in found.evidence.space.iter().zip(&shown) {
        let Some(shown) = shown else { continue };
        let parameters = match report.changes.iter().find(|change| change.name == dimension.name) {
            Some(change) => change.parameters.clone(),
            None => vec![dimension.name.clone()],
        };
        let lines: Option<Vec<String>> =
            parameters.iter().map(|name| Some(format!("  {}\n", line(name, values.get(name)?)?))).collect();
        match lines {
            Some(lines) => lines.iter().for_each(|line| text.push_str(line)),
            // Several parameters, or one that the sweep file writes in another way than runs record it.
            None => {
                text.push_str(&format!("  # {}: {}, as the section `search` has it\n", dimension.name, one_line(shown)))
            }
        }
    }
    Some(text)
}

/// A plain value; parts of the data set and lists are not written as runs record them.
fn line(name: &str, value: &Value) -> Option<String> {
    let is_plain = matches!(value, Value::Number(_) | Value::Bool(_) | Value::String(_));
    (is_plain && !name.contains('.')).then(|| format!("{name}: {value}"))
}

fn one_line(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}
