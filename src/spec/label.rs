//! Which configuration a claim names by its label.

use super::cursor::shown_number;
use super::planned_configuration::PlannedConfiguration;
use super::problem::{did_you_mean, listed, quoted};

/// The configuration that is called `label`, or the only one whose label has the same values: `learning_rate=1e-4, rank=4` is
/// `rank=4, learning_rate=0.0001`.
///
/// # Errors
///
/// Says that there is none, and which there are.
pub(super) fn find<'a>(label: &str, planned: &'a [PlannedConfiguration]) -> Result<&'a PlannedConfiguration, String> {
    if let Some(found) = planned.iter().find(|planned| planned.label == label) {
        return Ok(found);
    }
    let asked = values(label);
    let mut alike = planned.iter().filter(|planned| values(&planned.label) == asked);
    if let (Some(found), None) = (alike.next(), alike.next()) {
        return Ok(found);
    }
    let mut labels: Vec<&str> = planned.iter().map(|planned| planned.label.as_str()).collect();
    labels.sort_unstable();
    let hint = did_you_mean(label, labels.iter().copied());
    Err(format!("no configuration is called {}{hint} (there are {})", quoted(label), listed(labels)))
}

/// The values of a label, sorted, numbers as labels show them.
fn values(label: &str) -> Vec<String> {
    let mut values: Vec<String> = Vec::new();
    for part in label.split(',').map(str::trim) {
        match (part.split_once('='), values.last_mut()) {
            (Some((name, value)), _) => values.push(format!("{}={}", name.trim(), shown(value.trim()))),
            // A value that has a comma itself.
            (None, Some(open)) => open.extend([", ", part]),
            (None, None) => values.push(part.to_owned()),
        }
    }
    values.sort_unstable();
    values
}

fn shown(value: &str) -> String {
    /// From here on different whole numbers may be the same `f64`.
    const INEXACT: f64 = 9_007_199_254_740_992.0;
    match value.parse::<f64>() {
        Ok(number) if number.abs() < INEXACT => shown_number(number),
        _ => value.to_owned(),
    }
}
