//! `summary.csv` (one line per configuration), `hypotheses.csv` and `observations.csv` (one line each), full precision.

use crate::metrics::Metric;
use crate::report::model::Report;
use crate::report::observations::{self, Observed};
use crate::report::verdicts::{self, Judged};
use crate::spec::Against;

use super::rows::{Row, rows};

/// Columns: configuration, baseline, runs planned and completed (those that their own `early_stopping` ended included), what became
/// of the others, trainable and total
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
    let metrics = Metric::ranked().into_iter().flat_map(|m| {
        let key = m.name();
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
    let mut fields = vec![
        row.configuration.name.clone(),
        row.baseline.to_string(),
        row.planned.to_string(),
        row.ended.to_string(),
        row.unfinished.clone(),
        shown(row.trainable_parameters),
        shown(row.total_parameters),
        shown(row.best_epoch),
        shown(row.seconds),
        shown(row.interval().map(|interval| interval.low)),
        shown(row.interval().map(|interval| interval.high)),
    ];
    for name in Metric::ranked() {
        let spread = row.spread(name);
        fields.push(shown(spread.map(|spread| spread.mean)));
        fields.push(shown(spread.and_then(|spread| spread.sd)));
    }
    fields
}

/// Columns: id and claim; the verdict; the metric and what is claimed of it; the treatment that decides, and the baseline;
/// effect (treatment minus baseline, in units of the metric: shares of 1, not percent) with its interval and the level of that
/// (0.95, more where there are several looks); p-value before and after the correction for looks and hypotheses (Holm); seeds and examples that it rests on; the probability that a run is better than one
/// of the baseline, with its 95 % interval; caveats. Empty where there is no evidence.
pub(crate) fn hypotheses(report: &Report) -> Vec<u8> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    let header = [
        "id",
        "claim",
        "verdict",
        "metric",
        "claimed",
        "treatment",
        "baseline",
        "effect",
        "low",
        "high",
        "level",
        "p",
        "p_holm",
        "seeds",
        "examples",
        "better",
        "better_low_95",
        "better_high_95",
        "caveats",
    ];
    // As above.
    writer.write_record(header).ok();
    for judged in &report.judged {
        writer.write_record(verdict(judged)).ok();
    }
    writer.into_inner().unwrap_or_default()
}

fn verdict(judged: &Judged) -> [String; 19] {
    let hypothesis = &judged.hypothesis;
    let assessment = judged.joint.as_ref().map(|joint| joint.assessment);
    let interval = assessment.and_then(|assessment| assessment.interval);
    let better = judged.improvement.and_then(|improvement| improvement.interval);
    let deciding = judged.joint.as_ref().and_then(|joint| judged.treatments.get(joint.treatment));
    [
        hypothesis.id.clone(),
        hypothesis.claim.clone(),
        verdicts::word(judged.verdict()).to_string(),
        verdicts::metric_words(hypothesis.metric),
        verdicts::claim_words(hypothesis),
        deciding.map_or(String::new(), |(name, _)| name.clone()),
        hypothesis.vary.baseline.clone(),
        shown(assessment.map(|assessment| assessment.effect)),
        shown(interval.map(|interval| interval.low)),
        shown(interval.map(|interval| interval.high)),
        shown(interval.and(assessment).map(|assessment| assessment.level())),
        shown(assessment.and_then(|assessment| assessment.p_value)),
        shown(assessment.and_then(|assessment| assessment.adjusted_p_value)),
        shown(assessment.map(|assessment| assessment.seeds)),
        shown(assessment.and_then(|assessment| assessment.examples)),
        shown(judged.improvement.map(|improvement| improvement.probability)),
        shown(better.map(|interval| interval.low)),
        shown(better.map(|interval| interval.high)),
        judged.caveats.join("; "),
    ]
}

/// Columns: id and claim; the verdict; the configuration; what is observed, what it is compared with and what is claimed of
/// the difference; means over the seeds and their difference (in units of the quantity: shares of 1, not percent) with its
/// 95 % interval; p-value before and after Holm's correction; seeds; caveats. Empty where there is no evidence.
pub(crate) fn observations(report: &Report) -> Vec<u8> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    let header = [
        "id",
        "claim",
        "verdict",
        "configuration",
        "observed",
        "against",
        "claimed",
        "value",
        "value_against",
        "difference",
        "low_95",
        "high_95",
        "p",
        "p_holm",
        "seeds",
        "caveats",
    ];
    // As above.
    writer.write_record(header).ok();
    for observed in &report.observed {
        writer.write_record(observation(observed)).ok();
    }
    writer.into_inner().unwrap_or_default()
}

fn observation(observed: &Observed) -> [String; 16] {
    let observation = &observed.observation;
    let (measured, assessment) = (observed.measured, observed.assessment());
    let interval = assessment.and_then(|assessment| assessment.interval);
    [
        observation.id.clone(),
        observation.claim.clone(),
        verdicts::word(observed.verdict()).to_string(),
        observation.configuration.clone(),
        observation.observe.to_string(),
        match &observation.against {
            Against::Value(value) => value.to_string(),
            Against::Quantity(quantity) => quantity.to_string(),
        },
        observations::claimed(observation),
        shown(measured.map(|measured| measured.observed)),
        shown(measured.map(|measured| measured.against)),
        shown(measured.map(|measured| measured.observed - measured.against)),
        shown(interval.map(|interval| interval.low)),
        shown(interval.map(|interval| interval.high)),
        shown(assessment.and_then(|assessment| assessment.p_value)),
        shown(assessment.and_then(|assessment| assessment.adjusted_p_value)),
        shown(assessment.map(|assessment| assessment.seeds)),
        observed.caveats.join("; "),
    ]
}

/// Empty where there is none.
fn shown<T: ToString>(value: Option<T>) -> String {
    value.map_or(String::new(), |value| value.to_string())
}
