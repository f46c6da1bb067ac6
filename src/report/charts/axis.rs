//! Axes: value ranges, tick positions and tick labels.

use crate::report::decimals::decimals;

/// How values map to positions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Scale {
    Linear,
    /// Values must be positive.
    Log,
}

/// How tick values are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Unit {
    Number,
    /// Values are shares of 1; shown in percent.
    Percent,
    /// Values are differences between shares; shown in percentage points with a sign.
    Points,
    /// Differences of plain numbers, with a sign.
    Difference,
    /// Large counts: 864k, 12M.
    Count,
}

/// One axis of a panel.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Axis {
    pub(crate) low: f64,
    pub(crate) high: f64,
    pub(crate) scale: Scale,
    pub(crate) ticks: Vec<(f64, String)>,
}

impl Axis {
    /// A linear axis that covers `low..=high` with about `count` ticks at round values; the ends stay where they are.
    pub(crate) fn linear(low: f64, high: f64, count: usize, unit: Unit) -> Axis {
        let (low, high) = ordered(low, high);
        let step = round_step((high - low) / count.max(1) as f64);
        let first = (low / step - 1e-9).ceil() as i64;
        let last = (high / step + 1e-9).floor() as i64;
        let ticks = (first..=last).map(|i| i as f64 * step).map(|v| (v, write(v, step, unit))).collect();
        Axis { low, high, scale: Scale::Linear, ticks }
    }

    /// Like `linear`, with both ends moved out to round values.
    pub(crate) fn rounded(low: f64, high: f64, count: usize, unit: Unit) -> Axis {
        let (low, high) = ordered(low, high);
        let step = round_step((high - low) / count.max(1) as f64);
        Axis::linear((low / step + 1e-9).floor() * step, (high / step - 1e-9).ceil() * step, count, unit)
    }

    /// Whole numbers (epochs) from `low` to `high`, at most `count` ticks, half a unit of air at both ends.
    pub(crate) fn whole(low: usize, high: usize, count: usize) -> Axis {
        let span = high.saturating_sub(low);
        let step = (round_step(span as f64 / count.max(1) as f64).ceil() as usize).max(1);
        let first = if step == 1 { low } else { low.div_ceil(step) * step };
        let ticks = (first..=high).step_by(step).map(|v| (v as f64, v.to_string())).collect();
        let air = if span == 0 { 0.5 } else { span as f64 * 0.04 };
        Axis { low: low as f64 - air, high: high as f64 + air, scale: Scale::Linear, ticks }
    }

    /// A logarithmic axis with ticks at 1, 2 and 5 times powers of ten (powers of ten alone where there are many).
    pub(crate) fn log(low: f64, high: f64, unit: Unit) -> Axis {
        let low = if low > 0.0 { low.min(LARGEST) } else { f64::MIN_POSITIVE };
        let high = high.min(LARGEST).max(low * 1.5);
        let (from, to) = (low.log10().floor() as i32, high.log10().ceil() as i32);
        let digits: &[f64] = if to - from > 3 { &[1.0] } else { &[1.0, 2.0, 5.0] };
        let ticks = (from..=to)
            .flat_map(|power| digits.iter().map(move |digit| digit * 10f64.powi(power)))
            .filter(|v| (low..=high).contains(v))
            .map(|v| (v, write(v, v, unit)))
            .collect();
        Axis { low, high, scale: Scale::Log, ticks }
    }

    /// Where a value lies between the ends: 0 at `low`, 1 at `high`; values outside are moved to the nearer end.
    pub(crate) fn share(&self, value: f64) -> f64 {
        let share = match self.scale {
            Scale::Linear => (value - self.low) / (self.high - self.low),
            Scale::Log => (value.max(f64::MIN_POSITIVE) / self.low).ln() / (self.high / self.low).ln(),
        };
        if share.is_nan() { 0.0 } else { share.clamp(0.0, 1.0) }
    }

    pub(crate) fn contains(&self, value: f64) -> bool {
        (self.low..=self.high).contains(&value)
    }
}

/// Axes end here: the distance of two values beyond it may not be a number any more, and neither may its ticks.
const LARGEST: f64 = 1e100;

/// The ends in order, apart from each other and finite.
fn ordered(low: f64, high: f64) -> (f64, f64) {
    let (low, high) = if low.is_finite() && high.is_finite() { (low.min(high), low.max(high)) } else { (0.0, 1.0) };
    let (low, high) = (low.clamp(-LARGEST, LARGEST), high.clamp(-LARGEST, LARGEST));
    if high - low > 1e-12 * low.abs().max(high.abs()).max(1e-6) {
        return (low, high);
    }
    let air = if low == 0.0 { 1.0 } else { low.abs() * 0.05 };
    (low - air, high + air)
}

/// The smallest of 1, 2, 2.5, 5, 10 times a power of ten that is at least `step`.
fn round_step(step: f64) -> f64 {
    if !step.is_finite() || step <= 0.0 {
        return 1.0;
    }
    let power = 10f64.powf(step.log10().floor());
    let digit = step / power;
    [1.0, 2.0, 2.5, 5.0, 10.0].into_iter().find(|d| digit <= d * (1.0 + 1e-9)).unwrap_or(10.0) * power
}

/// A tick's label with as many decimals as `step` needs.
fn write(value: f64, step: f64, unit: Unit) -> String {
    let factor = if matches!(unit, Unit::Percent | Unit::Points) { 100.0 } else { 1.0 };
    let decimals = decimals(step * factor);
    // Adding 0 turns -0 into 0.
    let shown = (value * factor * 10f64.powi(decimals as i32)).round() / 10f64.powi(decimals as i32) + 0.0;
    match unit {
        Unit::Number => plain(shown, decimals),
        Unit::Percent => format!("{shown:.decimals$} %"),
        Unit::Points | Unit::Difference if shown == 0.0 => "0".to_string(),
        Unit::Points | Unit::Difference => format!("{shown:+.decimals$}").replace('-', "\u{2212}"),
        Unit::Count => count_at(value, step),
    }
}

/// Very small and very large numbers in powers of ten.
fn plain(value: f64, decimals: usize) -> String {
    if value != 0.0 && (value.abs() >= 1e6 || value.abs() < 1e-3) {
        return format!("{value:e}");
    }
    format!("{value:.decimals$}").replace('-', "\u{2212}")
}

/// A count in at most five characters or so: 950, 1.25k, 864k, 12M.
pub(crate) fn count(value: f64) -> String {
    let (unit, suffix) = unit_of(value);
    let scaled = value / unit;
    with_suffix(scaled, if scaled.abs() < 10.0 { 2 } else { 0 }, suffix)
}

/// A count among others that are `step` apart: with the decimals that tell them apart.
fn count_at(value: f64, step: f64) -> String {
    let (unit, suffix) = unit_of(value);
    with_suffix(value / unit, decimals(step / unit), suffix)
}

/// What a count is written in, and the letter for it.
fn unit_of(count: f64) -> (f64, &'static str) {
    match count.abs() {
        v if v >= 1e9 => (1e9, "G"),
        v if v >= 1e6 => (1e6, "M"),
        v if v >= 1e3 => (1e3, "k"),
        _ => (1.0, ""),
    }
}

fn with_suffix(scaled: f64, decimals: usize, suffix: &str) -> String {
    let text = format!("{scaled:.decimals$}");
    let text = if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.') } else { &text };
    format!("{text}{suffix}")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn labels(axis: &Axis) -> Vec<&str> {
        axis.ticks.iter().map(|(_, label)| label.as_str()).collect()
    }

    #[test]
    fn ticks_are_round_and_written_with_the_decimals_they_need() {
        assert_eq!(labels(&Axis::linear(0.0, 1.0, 5, Unit::Number)), ["0.0", "0.2", "0.4", "0.6", "0.8", "1.0"]);
        assert_eq!(labels(&Axis::linear(0.88, 0.94, 4, Unit::Percent)), ["88 %", "90 %", "92 %", "94 %"]);
        assert_eq!(
            labels(&Axis::linear(0.90, 0.91, 4, Unit::Percent)),
            ["90.00 %", "90.25 %", "90.50 %", "90.75 %", "91.00 %"]
        );
        assert_eq!(labels(&Axis::linear(-0.02, 0.01, 3, Unit::Points)), ["\u{2212}2", "\u{2212}1", "0", "+1"]);
    }

    #[test]
    fn epochs_are_whole_numbers_and_never_too_many() {
        assert_eq!(labels(&Axis::whole(1, 5, 8)), ["1", "2", "3", "4", "5"]);
        assert_eq!(labels(&Axis::whole(1, 10, 5)), ["2", "4", "6", "8", "10"]);
        assert_eq!(labels(&Axis::whole(3, 3, 8)), ["3"]);
        assert!(Axis::whole(1, 1000, 8).ticks.len() <= 9);
    }

    #[test]
    fn logarithmic_ticks_stay_inside() {
        assert_eq!(
            labels(&Axis::log(1e3, 1e6, Unit::Count)),
            ["1k", "2k", "5k", "10k", "20k", "50k", "100k", "200k", "500k", "1M"]
        );
        assert_eq!(Axis::log(0.0, 0.0, Unit::Count).share(-3.0), 0.0);
    }

    #[test]
    fn counts_are_short() {
        assert_eq!([0.0, 950.0, 1250.0, 864_004.0, 12.1e6].map(count), ["0", "950", "1.25k", "864k", "12M"]);
    }

    #[test]
    fn ticks_of_counts_have_the_decimals_of_their_step() {
        let ticks = |low, high, count| {
            let axis = Axis::linear(low, high, count, Unit::Count);
            axis.ticks.into_iter().map(|(_, label)| label).collect::<Vec<String>>()
        };
        assert_eq!(ticks(0.0, 12.5, 5), ["0", "2.5", "5", "7.5", "10", "12.5"]);
        assert_eq!(ticks(7500.0, 12_500.0, 2), ["7.5k", "10k", "12.5k"]);
        assert_eq!(ticks(12.5e6, 20e6, 3), ["12.5M", "15M", "17.5M", "20M"]);
        assert_eq!(ticks(1_000_000.0, 1_000_400.0, 4), ["1M", "1.0001M", "1.0002M", "1.0003M", "1.0004M"]);
        assert_eq!(ticks(864_000.0, 864_010.0, 2), ["864k", "864.005k", "864.01k"]);
    }

    proptest! {
        #[test]
        fn any_range_gives_an_axis_that_covers_it(low in -1e9f64..1e9, span in 0f64..1e9, count in 1usize..12) {
            let axis = Axis::rounded(low, low + span, count, Unit::Number);
            prop_assert!(axis.low <= low + 1e-6 * low.abs().max(1.0) && axis.high >= low + span - 1e-6 * (low + span).abs().max(1.0));
            prop_assert!(!axis.ticks.is_empty() && axis.ticks.len() <= count + 3, "{:?}", axis);
            prop_assert!(axis.ticks.iter().all(|(v, _)| (0.0..=1.0).contains(&axis.share(*v))));
            prop_assert!((0.0..=1.0).contains(&axis.share(f64::NAN)));
        }

        /// R1: whatever two numbers are the ends, there are few ticks, and every position lies inside.
        #[test]
        fn any_two_numbers_give_an_axis(low in any_number(), high in any_number(), count in 0usize..12, value in any_number()) {
            for axis in [
                Axis::linear(low, high, count, Unit::Number),
                Axis::rounded(low, high, count, Unit::Percent),
                Axis::log(low, high, Unit::Count),
                Axis::whole(low as usize, high as usize, count),
            ] {
                prop_assert!(axis.ticks.len() <= 1000, "{} ticks", axis.ticks.len());
                prop_assert!((0.0..=1.0).contains(&axis.share(value)), "{:?}", axis);
            }
        }
    }

    fn any_number() -> impl Strategy<Value = f64> {
        let edges =
            vec![0.0, -0.0, 1.0, f64::NAN, f64::INFINITY, f64::NEG_INFINITY, f64::MAX, f64::MIN, 5e-324, 1e-300, 1e18];
        prop_oneof![proptest::sample::select(edges), proptest::num::f64::ANY, -1e3f64..1e3]
    }
}
