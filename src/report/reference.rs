//! Figures that somebody reported, beside what the sweep measured.

use std::collections::BTreeSet;

use crate::metrics::{Interval, Scale, Summary};
use crate::spec::{Metric, ReferenceFigure};

use super::model::{Configuration, Report, Run};
use super::tables::grouped;
use super::{metric, statistics};

/// An interval wider than so many of the smallest differences that matter tells little: 10 points of accuracy.
const WIDE: f64 = 10.0;

/// A reported figure and the baseline's.
#[derive(Clone, Debug)]
pub(crate) struct Compared<'a> {
    pub(crate) figure: &'a ReferenceFigure,
    /// None where the baseline has no such figure (yet).
    pub(crate) measured: Option<Measured>,
}

/// What the baseline's runs gave.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Measured {
    pub(crate) summary: Summary,
    /// 95 %.
    pub(crate) interval: Option<Interval>,
}

impl Measured {
    /// Then nothing is known of how much seeds matter.
    fn is_one_seed(&self) -> bool {
        self.summary.count == 1
    }
}

/// All reported figures of a sweep, in its order, against its baseline.
pub(crate) fn compared(report: &Report) -> Vec<Compared<'_>> {
    let baseline = report.baseline.map(|i| &report.configurations[i]);
    report
        .reference
        .iter()
        .map(|figure| Compared { figure, measured: baseline.and_then(|b| measured(report, b, figure)) })
        .collect()
}

/// The heading of what is compared: `What the paper says, what we measured` where one source reported everything.
pub(crate) fn heading(report: &Report) -> String {
    let sources: BTreeSet<&str> = report.reference.iter().map(|figure| figure.source.as_str()).collect();
    match sources.first() {
        Some(&source) if sources.len() == 1 => {
            // A common noun, or a name.
            let common = source.chars().all(|c| c.is_alphabetic() && c.is_lowercase());
            format!("What {}{source} says, what we measured", if common { "the " } else { "" })
        }
        _ => "What was reported, what we measured".to_string(),
    }
}

fn measured(report: &Report, baseline: &Configuration, figure: &ReferenceFigure) -> Option<Measured> {
    let Some(name) = Metric::named(&figure.metric) else {
        let counts: Vec<f64> = report.runs_of(baseline).filter_map(|run| parameters(run, &figure.metric)).collect();
        return Some(Measured { summary: Summary::of(&counts)?, interval: None });
    };
    let value = |run: &Run| match figure.epoch {
        Some(epoch) => run.epochs.iter().find(|record| record.epoch == epoch).map(|record| record.metric(name)),
        None => Some(run).filter(|run| run.ended_by_itself()).and_then(|run| run.judged(name)),
    };
    let examples = |run: &Run| match figure.epoch {
        _ if name.is_of_training() => run.facts.as_ref().map(|facts| facts.train_examples),
        Some(_) => run.facts.as_ref().map(|facts| facts.eval_examples),
        None => run.judged_examples(),
    };
    let sound = report.runs_of(baseline).filter(|run| run.sound());
    let values: Vec<(f64, Option<usize>)> = sound.filter_map(|run| Some((value(run)?, examples(run)))).collect();
    let summary = Summary::of(&values.iter().map(|(value, _)| *value).collect::<Vec<f64>>())?;
    Some(Measured { summary, interval: statistics::interval(name, &values) })
}

fn parameters(run: &Run, name: &str) -> Option<f64> {
    let facts = run.facts.as_ref()?;
    match name {
        "trainable_parameters" => Some(facts.trainable_parameters as f64),
        "total_parameters" => Some(facts.total_parameters as f64),
        _ => None,
    }
}

impl Compared<'_> {
    /// The metric in words, with its epoch.
    pub(crate) fn what(&self) -> String {
        let name = match Metric::named(&self.figure.metric) {
            Some(name) => name.title().to_string(),
            None => sentence_case(&self.figure.metric.replace('_', " ")),
        };
        match self.figure.epoch {
            Some(epoch) => format!("{name} after epoch {epoch}"),
            None => name,
        }
    }

    pub(crate) fn reported(&self) -> String {
        self.write(self.figure.value)
    }

    /// `92.1 % ± 0.3, 95 % interval 91.0 to 93.1`.
    pub(crate) fn found(&self) -> String {
        let Some(measured) = self.measured else {
            return "not measured".to_string();
        };
        let mut text = self.write(measured.summary.mean);
        if Metric::named(&self.figure.metric).is_none() {
            return text;
        }
        if let Some(sd) = measured.summary.sd {
            text.push_str(&format!(" ± {}", self.write(sd)));
        }
        if let Some(interval) = measured.interval {
            let (low, high) = (self.write(interval.low), self.write(interval.high));
            let over = if measured.is_one_seed() { " over examples" } else { "" };
            text.push_str(&format!(", 95 % interval {low} to {high}{over}"));
        }
        text
    }

    /// Whether what was measured agrees with what was reported.
    pub(crate) fn judgement(&self) -> &'static str {
        let Some(measured) = self.measured else {
            return "–";
        };
        let value = self.figure.value;
        match measured.interval {
            Some(interval) if interval.contains(value) && self.tells_little(interval) => {
                "the interval is too wide to tell"
            }
            Some(interval) if interval.contains(value) && measured.is_one_seed() => {
                "within the interval of this one seed"
            }
            Some(interval) if interval.contains(value) => "within the interval",
            Some(_) if measured.is_one_seed() => "outside the interval, which is about this one seed",
            Some(interval) if value > interval.high => "we are below",
            Some(_) => "we are above",
            None if measured.summary.min == value && measured.summary.max == value => "equal",
            None if Metric::named(&self.figure.metric).is_none() => "different",
            None if measured.is_one_seed() => "no interval: one seed",
            None => "no interval: all seeds are alike",
        }
    }

    /// Whether an interval holds so much that agreeing with it says little.
    fn tells_little(&self, interval: Interval) -> bool {
        let scale = Metric::named(&self.figure.metric).map_or(Scale::Share, Metric::scale);
        interval.high - interval.low > WIDE * scale.default_margin()
    }

    fn write(&self, value: f64) -> String {
        match Metric::named(&self.figure.metric) {
            Some(name) => metric::write_exactly(name, value),
            None => grouped(value.max(0.0).round() as usize),
        }
    }
}

fn sentence_case(text: &str) -> String {
    let mut characters = text.chars();
    characters.next().map_or(String::new(), |first| first.to_uppercase().chain(characters).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn agreement_with_a_wide_interval_is_no_agreement() {
        let figure = ReferenceFigure { source: "paper".into(), metric: "accuracy".into(), value: 0.9, epoch: None };
        let judgement = |low, high| {
            let summary = Summary::of(&[low, high]).unwrap();
            let measured = Some(Measured { summary, interval: Some(Interval { low, high }) });
            Compared { figure: &figure, measured }.judgement()
        };
        assert_eq!(judgement(0.88, 0.93), "within the interval");
        assert_eq!(judgement(0.5, 0.95), "the interval is too wide to tell");
        assert_eq!(judgement(0.3, 0.8), "we are below");
        assert_eq!(judgement(0.91, 0.92), "we are above");
    }

    #[test]
    fn one_seed_is_about_one_seed() {
        let figure = ReferenceFigure { source: "paper".into(), metric: "accuracy".into(), value: 0.9, epoch: None };
        let of = |values: &[f64], interval| {
            let measured = Measured { summary: Summary::of(values).unwrap(), interval };
            let compared = Compared { figure: &figure, measured: Some(measured) };
            (compared.found(), compared.judgement())
        };
        let interval = Some(Interval { low: 0.92, high: 0.95 });
        let (found, judgement) = of(&[0.93], interval);
        assert_eq!(found, "93.00 %, 95 % interval 92.00 % to 95.00 % over examples");
        assert_eq!(judgement, "outside the interval, which is about this one seed");
        assert_eq!(of(&[0.93, 0.94], interval).1, "we are above");
        assert_eq!(of(&[0.93, 0.93], None).1, "no interval: all seeds are alike");
    }
}
