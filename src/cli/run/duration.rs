//! How long the runs will take, estimated for this machine and for a GPU that was measured.

use std::collections::{BTreeMap, BTreeSet};

use crate::cli::cost::Costs;
use crate::cli::text::count;
use crate::execute::{DeviceKind, multiplied_precision, product_rate};
use crate::spec::{PackPlan, PlannedRun, Precision, RunId};

/// Operations a second that a pack of 16 RoBERTa-base runs of the paper's recipe reached on one NVIDIA H100 (80 GB) in bf16:
/// 882,000 tokens a second of 308 million operations (docs/speed.md).
const H100_BF16: f64 = 882_000.0 * 308e6;

/// Arithmetic of the runs that are to be trained.
#[derive(Clone, Debug, Default)]
pub struct Work {
    /// None where a pack's is not known.
    operations: Option<f64>,
    precisions: BTreeSet<Precision>,
    packs: usize,
    /// Texts were not counted in tokens: their length is assumed.
    assumed: bool,
}

impl Work {
    /// Of packs as they are planned.
    pub fn of_packs(costs: &Costs<'_>, packs: &[PackPlan], runs: &[&PlannedRun]) -> Self {
        let by_id: BTreeMap<&RunId, &PlannedRun> = runs.iter().map(|run| (&run.id, *run)).collect();
        let mut work = Work::default();
        for pack in packs {
            let of_pack: Vec<&PlannedRun> = pack.runs().filter_map(|run| by_id.get(run).copied()).collect();
            let Some(first) = of_pack.first() else { continue };
            let assumed = costs.estimate(&first.spec).is_some_and(|cost| cost.tokens.is_none());
            work.add(costs.operations(pack, &by_id), first.spec.precision, assumed);
        }
        work
    }

    /// Adds a pack's floating-point operations.
    fn add(&mut self, operations: Option<f64>, precision: Precision, assumed: bool) {
        let before = if self.packs == 0 { Some(0.0) } else { self.operations };
        self.packs += 1;
        self.operations = before.zip(operations).map(|(sum, more)| sum + more);
        self.precisions.insert(precision);
        self.assumed |= assumed;
    }

    /// A line or two; empty where nothing is to be trained or too little is known.
    pub fn text(&self, kind: DeviceKind) -> String {
        let (Some(operations), Some(&precision)) = (self.operations, self.precisions.first()) else {
            return String::new();
        };
        let mut text = format!("Time, estimated from {operations:.1e} floating-point operations");
        if self.assumed {
            text.push_str(" (texts as long as is usual in this data set)");
        }
        let mut ways = Vec::new();
        let precision = multiplied_precision(kind, precision);
        if let Some(rate) = product_rate(kind, precision) {
            let reached = rate * share_reached(kind, precision);
            let device = match kind {
                DeviceKind::Cpu => "the processor here",
                DeviceKind::Cuda => "one GPU like the one here",
            };
            ways.push(format!(
                "about {} on {device} (its product reaches {} now)",
                span(operations / reached),
                rate_words(rate)
            ));
        }
        let all_bf16 = self.precisions.iter().all(|precision| *precision == Precision::Bf16);
        let with = if all_bf16 { "" } else { " with `--set precision=bf16`" };
        ways.push(format!(
            "about {} on one NVIDIA H100{with} (packs of 16 RoBERTa-base were measured at {}; smaller models reach less)",
            span(operations / H100_BF16),
            rate_words(H100_BF16)
        ));
        text.push_str(&format!(":\n  {}.\n", ways.join(";\n  ")));
        text
    }
}

/// The part of a product's rate that packs reach (docs/speed.md: 98 to 119 % in fp32 and 69 to 84 % in bf16 on a processor
/// with AVX-512, 41 % in bf16 on a GPU).
fn share_reached(kind: DeviceKind, precision: Precision) -> f64 {
    match (kind, precision) {
        (DeviceKind::Cpu, Precision::Bf16) => 0.75,
        (DeviceKind::Cpu, _) => 1.0,
        (DeviceKind::Cuda, _) => 0.4,
    }
}

fn rate_words(rate: f64) -> String {
    if rate >= 1e12 { format!("{:.0} TFLOP/s", rate / 1e12) } else { format!("{:.0} GFLOP/s", rate / 1e9) }
}

/// A time span in one unit, rounded to two digits: more would be no truer.
fn span(seconds: f64) -> String {
    const UNITS: [(f64, &str); 3] = [(86_400.0, "day"), (3600.0, "hour"), (60.0, "minute")];
    for (length, name) in UNITS {
        let number = seconds / length;
        if number >= 1.5 {
            let digits = if number >= 100.0 { (number / 10.0).round() * 10.0 } else { number.round() };
            return count(digits as usize, name);
        }
    }
    "a minute".to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_are_said_in_the_unit_that_suits_them() {
        for (seconds, expected) in [
            (10.0, "a minute"),
            (150.0, "3 minutes"),
            (5.0 * 3600.0, "5 hours"),
            (30.0 * 3600.0, "30 hours"),
            (5.2 * 86_400.0, "5 days"),
            (1234.0 * 86_400.0, "1,230 days"),
        ] {
            assert_eq!(span(seconds), expected);
        }
    }

    #[test]
    fn nothing_is_said_where_a_run_is_not_known() {
        let mut work = Work::default();
        assert_eq!(work.text(DeviceKind::Cpu), "");
        work.add(Some(1e18), Precision::Bf16, false);
        let text = work.text(DeviceKind::Cpu);
        assert!(text.contains("about 61 minutes on one NVIDIA H100"), "{text}");
        assert!(text.contains("on the processor here"), "{text}");
        work.add(None, Precision::Bf16, false);
        assert_eq!(work.text(DeviceKind::Cpu), "");
    }
}
