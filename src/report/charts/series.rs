//! Metrics over epochs, several configurations in one panel.

use std::collections::BTreeMap;

use plotters::style::{Color, RGBAColor, RGBColor};

use crate::metrics::Summary;
use crate::report::model::{Configuration, Report};
use crate::spec::Metric;
use crate::words::counted;

use super::Looks;
use super::axis::{Axis, Unit};
use super::canvas::{Canvas, Drawn, Stroke};
use super::legend::{Key, Legend};
use super::palette::{CONTEXT, Look};
use super::panel::Panel;

/// With more epochs than this, curves have no markers.
const MARKED_EPOCHS: usize = 16;
/// More context than this is drawn as bands: nobody can follow a line among so many.
const SINGLE_LINES: usize = 60;
/// Radius of markers in a chart of one or two panels, in pixels.
pub(crate) const RADIUS: f64 = 8.0;
/// Radius of markers in small panels.
pub(crate) const SMALL_RADIUS: f64 = 5.0;

/// Which configurations a panel shows in colour and which as grey context. Those without any epoch are in neither.
pub(crate) struct Selection {
    pub(crate) shown: Vec<usize>,
    pub(crate) context: Vec<usize>,
}

impl Selection {
    pub(crate) fn of(report: &Report, looks: &Looks) -> Selection {
        let with_data = (0..report.configurations.len()).filter(|&i| !report.configurations[i].curve.is_empty());
        let (mut shown, mut context): (Vec<usize>, Vec<usize>) = with_data.partition(|&i| looks.is_distinct(i));
        if shown.is_empty() {
            std::mem::swap(&mut shown, &mut context);
            context = shown.split_off(shown.len().min(1));
        }
        shown.sort_by_key(|&i| (!report.is_baseline(i), i));
        Selection { shown, context }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.shown.is_empty()
    }

    /// All configurations that have a curve.
    pub(crate) fn all(&self) -> impl Iterator<Item = usize> {
        self.shown.iter().chain(&self.context).copied()
    }

    pub(crate) fn legend(&self, report: &Report, looks: &Looks) -> Legend {
        let name = |i: usize| report.configurations[i].name.clone();
        let mut entries: Vec<(Key, String)> = self.shown.iter().map(|&i| (Key::Curve(looks.get(i)), name(i))).collect();
        if !self.context.is_empty() {
            let others = match self.context.len() {
                many if many > SINGLE_LINES => format!("{} (range, middle half)", counted(many, "other")),
                few => counted(few, "other configuration"),
            };
            entries.push((Key::Line(Stroke::solid(CONTEXT, 3)), others));
        }
        let runs = self.shown.iter().flat_map(|&i| report.runs_of(&report.configurations[i]));
        if runs.into_iter().any(|run| !run.sound() && !run.epochs.is_empty()) {
            entries.push((Key::BrokenOff, "diverged or failed run".to_string()));
        }
        Legend { entries }
    }
}

/// The epochs of the sweep, from 1 (or 1 to 1 when there are none).
pub(crate) fn epoch_axis(report: &Report, ticks: usize) -> Axis {
    Axis::whole(1, last_epoch(report).max(1), ticks)
}

pub(crate) fn last_epoch(report: &Report) -> usize {
    report.configurations.iter().flat_map(|c| c.curve.last()).map(|at| at.epoch).max().unwrap_or(0)
}

/// An axis for a metric over all configurations' means and bands, with `also` inside. A few values far outside
/// (a run on its way to diverging) do not stretch it.
pub(crate) fn metric_axis(report: &Report, metrics: &[Metric], also: Option<f64>, ticks: usize) -> Axis {
    axis_over(&report.configurations, metrics, also.as_slice(), ticks)
}

/// [`metric_axis`] over some configurations.
pub(crate) fn axis_over(configurations: &[Configuration], metrics: &[Metric], also: &[f64], ticks: usize) -> Axis {
    let values: Vec<f64> = configurations
        .iter()
        .flat_map(|c| metrics.iter().flat_map(|&m| c.over_epochs(m)))
        .flat_map(|(_, spread)| [spread.min, spread.max])
        .collect();
    let shares = metrics.iter().all(|metric| metric.is_share());
    let (low, high) = robust_range(values, metrics.iter().any(|metric| metric.lower_is_better()));
    let (low, high) = also.iter().filter(|v| v.is_finite()).fold((low, high), |(l, h), v| (l.min(*v), h.max(*v)));
    let unit = if shares { Unit::Percent } else { Unit::Number };
    let air = (high - low) * 0.03;
    let (low, high) = (low - air, high + air);
    let most = if shares { 1.0 } else { f64::INFINITY };
    let (low, high) = (low.max(0.0), high.min(most));
    // What was reported is seen whatever it is.
    let (low, high) = also.iter().filter(|v| v.is_finite()).fold((low, high), |(l, h), v| (l.min(*v), h.max(*v)));
    Axis::linear(low, high, ticks, unit)
}

/// The range of finite values without outliers on the bad side (high losses, low scores): those further from the middle
/// half than 4 times its width.
pub(super) fn robust_range(mut values: Vec<f64>, lower_is_better: bool) -> (f64, f64) {
    values.retain(|v| v.is_finite());
    values.sort_by(f64::total_cmp);
    let (Some(&low), Some(&high)) = (values.first(), values.last()) else {
        return (0.0, 1.0);
    };
    let (lower, upper) = (quantile(&values, 0.25), quantile(&values, 0.75));
    let reach = 4.0 * (upper - lower).max(1e-3);
    if lower_is_better { (low, high.min(upper + reach)) } else { (low.max(lower - reach), high) }
}

/// Draws context, bands, curves and markers of a metric.
pub(crate) fn overlay(
    canvas: &Canvas<'_>,
    panel: &Panel,
    report: &Report,
    looks: &Looks,
    selection: &Selection,
    metric: Metric,
    radius: f64,
) -> Drawn {
    context(canvas, panel, report, selection, metric)?;
    for &i in &selection.shown {
        panel.band(canvas, &bands(report, i, metric), pale(looks.get(i).color))?;
    }
    // The baseline, first of all, is drawn last, on top.
    for &i in selection.shown.iter().rev() {
        one(canvas, panel, report, looks.get(i), i, metric, radius)?;
    }
    Ok(())
}

/// The configurations without a colour: a line each, or the range and the middle half of many.
fn context(canvas: &Canvas<'_>, panel: &Panel, report: &Report, selection: &Selection, metric: Metric) -> Drawn {
    let curves: Vec<Vec<(f64, f64)>> = selection.context.iter().map(|&i| means(report, i, metric)).collect();
    if curves.len() <= SINGLE_LINES {
        return curves.iter().try_for_each(|curve| panel.curve(canvas, curve, 1.0, Stroke::solid(CONTEXT, 2)));
    }
    let mut by_epoch: BTreeMap<usize, Vec<f64>> = BTreeMap::new();
    for (epoch, value) in curves.into_iter().flatten() {
        by_epoch.entry(epoch as usize).or_default().push(value);
    }
    for (low, high, alpha) in [(0.0, 1.0, 0.35), (0.25, 0.75, 0.55)] {
        let band: Vec<(f64, f64, f64)> = by_epoch
            .iter_mut()
            .map(|(&epoch, values)| {
                values.sort_by(f64::total_cmp);
                (epoch as f64, quantile(values, low), quantile(values, high))
            })
            .collect();
        panel.band(canvas, &band, CONTEXT.mix(alpha))?;
    }
    Ok(())
}

/// The value below which a share of the sorted values lies (nearest rank).
fn quantile(sorted: &[f64], share: f64) -> f64 {
    sorted[((sorted.len() - 1) as f64 * share).round() as usize]
}

/// A configuration's colour behind its curve.
pub(crate) fn pale(color: RGBColor) -> RGBAColor {
    color.mix(0.16)
}

/// Draws one configuration: curve, markers, and a cross where a run broke off.
pub(crate) fn one(
    canvas: &Canvas<'_>,
    panel: &Panel,
    report: &Report,
    look: Look,
    configuration: usize,
    metric: Metric,
    radius: f64,
) -> Drawn {
    let points = means(report, configuration, metric);
    let width = if radius < RADIUS { 3 } else { 4 };
    for part in comparable_means(report, configuration, metric) {
        panel.curve(canvas, &part, 1.0, Stroke::solid(look.color, width))?;
    }
    if last_epoch(report) <= MARKED_EPOCHS || points.len() == 1 {
        panel.markers(canvas, &points, look, radius)?;
    }
    broken_off(canvas, panel, report, look, configuration, metric)
}

fn broken_off(
    canvas: &Canvas<'_>,
    panel: &Panel,
    report: &Report,
    look: Look,
    configuration: usize,
    metric: Metric,
) -> Drawn {
    for run in report.runs_of(&report.configurations[configuration]) {
        if run.sound() {
            continue;
        }
        let points: Vec<(f64, f64)> =
            run.epochs.iter().map(|record| (record.epoch as f64, record.metric(metric))).collect();
        panel.curve(canvas, &points, 1.0, Stroke::dashed(look.color, 2))?;
        if let Some(&last) = points.iter().rev().find(|(_, y)| y.is_finite()) {
            panel.broken_off(canvas, last, look.color)?;
        }
    }
    Ok(())
}

/// (epoch, mean).
pub(crate) fn means(report: &Report, configuration: usize, metric: Metric) -> Vec<(f64, f64)> {
    report.configurations[configuration].over_epochs(metric).map(|(epoch, s)| (epoch as f64, s.mean)).collect()
}

/// [`means`] in parts, each over the same number of runs: from part to part a mean can change because of who is in it.
pub(crate) fn comparable_means(report: &Report, configuration: usize, metric: Metric) -> Vec<Vec<(f64, f64)>> {
    let summaries: Vec<(usize, &Summary)> = report.configurations[configuration].over_epochs(metric).collect();
    let parts = summaries.chunk_by(|a, b| a.1.count == b.1.count);
    parts.map(|part| part.iter().map(|(epoch, summary)| (*epoch as f64, summary.mean)).collect()).collect()
}

/// (epoch, lowest, highest), where there are at least two runs.
pub(crate) fn bands(report: &Report, configuration: usize, metric: Metric) -> Vec<(f64, f64, f64)> {
    let several = report.configurations[configuration].over_epochs(metric).filter(|(_, s)| s.count > 1);
    several.map(|(epoch, s)| (epoch as f64, s.min, s.max)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_diverging_run_does_not_flatten_the_others() {
        let mut losses: Vec<f64> = (0..40).map(|i| 0.3 + 0.01 * f64::from(i)).collect();
        losses.extend([950.0, f64::NAN, f64::INFINITY]);
        let (low, high) = robust_range(losses.clone(), true);
        assert_eq!(low, 0.3);
        assert!((0.69..2.0).contains(&high), "{high}");
        losses.retain(|v| *v < 1.0);
        assert_eq!(robust_range(losses, true), (0.3, 0.69));
        assert_eq!(robust_range(vec![f64::NAN], false), (0.0, 1.0));
    }
}
