//! `summary.csv`: one line per configuration, full precision.

use crate::report::metric;
use crate::report::model::Report;

use super::rows::{Row, rows};

/// Columns: configuration, baseline, runs planned and completed, what became of the others, trainable and total
/// parameters, mean best epoch, mean seconds per run, accuracy's 95 % interval, and for every metric its mean and sample
/// standard deviation over seeds (shares of 1, not percent). Empty where unknown.
pub(crate) fn summary(report: &Report) -> Vec<u8> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    let fixed = [
        "configuration",
        "baseline",
        "runs",
        "completed",
        "not_completed",
        "trainable_parameters",
        "total_parameters",
        "best_epoch",
        "seconds_per_run",
        "accuracy_low_95",
        "accuracy_high_95",
    ];
    let metrics = metric::ALL.iter().flat_map(|&m| {
        let key = metric::key(m);
        [format!("{key}_mean"), format!("{key}_deviation")]
    });
    let header: Vec<String> = fixed.iter().map(|name| name.to_string()).chain(metrics).collect();
    // Writing to memory cannot fail, and every record has as many fields as the header.
    writer.write_record(&header).ok();
    for row in rows(report) {
        writer.write_record(fields(&row)).ok();
    }
    writer.into_inner().unwrap_or_default()
}

fn fields(row: &Row<'_>) -> Vec<String> {
    let number = |value: Option<f64>| value.map_or(String::new(), |v| v.to_string());
    let count = |value: Option<usize>| value.map_or(String::new(), |v| v.to_string());
    let mut fields = vec![
        row.configuration.name.clone(),
        row.baseline.to_string(),
        row.planned.to_string(),
        row.completed.to_string(),
        row.unfinished.clone(),
        count(row.trainable_parameters),
        count(row.total_parameters),
        number(row.best_epoch),
        number(row.seconds),
        number(row.interval().map(|interval| interval.low)),
        number(row.interval().map(|interval| interval.high)),
    ];
    for name in metric::ALL {
        let spread = row.spread(name);
        fields.push(number(spread.map(|spread| spread.mean)));
        fields.push(number(spread.and_then(|spread| spread.sd)));
    }
    fields
}
