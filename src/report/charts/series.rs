//! Metrics over epochs, several configurations in one panel.

use crate::report::metric;
use crate::report::model::Report;
use crate::spec::MetricName;

use super::Looks;
use super::axis::{Axis, Unit};
use super::canvas::{Canvas, Drawn, Stroke};
use super::legend::{Key, Legend};
use super::palette::{CONTEXT, Look};
use super::panel::Panel;

/// With more epochs than this, curves have no markers.
const MARKED_EPOCHS: usize = 16;

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

    pub(crate) fn legend(&self, report: &Report, looks: &Looks) -> Legend {
        let name = |i: usize| report.configurations[i].name.clone();
        let mut entries: Vec<(Key, String)> =
            self.shown.iter().map(|&i| (Key::Curve(looks.get(i)), name(i))).collect();
        if !self.context.is_empty() {
            let others = format!("{} other configurations", self.context.len());
            entries.push((Key::Line(Stroke::solid(CONTEXT, 3)), others));
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
pub(crate) fn metric_axis(report: &Report, metrics: &[MetricName], also: Option<f64>, ticks: usize) -> Axis {
    let values: Vec<f64> = report
        .configurations
        .iter()
        .flat_map(|c| metrics.iter().flat_map(|&m| c.over_epochs(m)))
        .flat_map(|(_, spread)| [spread.min, spread.max])
        .collect();
    let loss = metrics.iter().any(|&m| metric::is_loss(m));
    let (low, high) = robust_range(values, loss);
    let (low, high) = also.map_or((low, high), |v| (low.min(v), high.max(v)));
    let unit = if loss { Unit::Number } else { Unit::Percent };
    let air = (high - low) * 0.03;
    let (low, high) = (low - air, high + air);
    let (low, high) = if loss { (low.max(0.0), high) } else { (low.max(0.0), high.min(1.0)) };
    Axis::rounded(low, high, ticks, unit)
}

/// The range of finite values without outliers on the bad side (high losses, low scores): those further from the middle
/// half than 4 times its width.
fn robust_range(mut values: Vec<f64>, loss: bool) -> (f64, f64) {
    values.retain(|v| v.is_finite());
    values.sort_by(f64::total_cmp);
    let (Some(&low), Some(&high)) = (values.first(), values.last()) else { return (0.0, 1.0) };
    let quartile = |share: f64| values[((values.len() - 1) as f64 * share).round() as usize];
    let (lower, upper) = (quartile(0.25), quartile(0.75));
    let reach = 4.0 * (upper - lower).max(1e-3);
    if loss { (low, high.min(upper + reach)) } else { (low.max(lower - reach), high) }
}

/// Draws context, bands, curves and markers of a metric.
pub(crate) fn overlay(
    canvas: &Canvas<'_>,
    panel: &Panel,
    report: &Report,
    looks: &Looks,
    selection: &Selection,
    metric: MetricName,
) -> Drawn {
    for &i in &selection.context {
        panel.curve(canvas, &means(report, i, metric), 1.0, Stroke::solid(CONTEXT, 2))?;
    }
    for &i in &selection.shown {
        panel.band(canvas, &bands(report, i, metric), looks.get(i).color)?;
    }
    // The baseline, first of all, is drawn last, on top.
    for &i in selection.shown.iter().rev() {
        one(canvas, panel, report, looks.get(i), i, metric)?;
    }
    Ok(())
}

/// Draws one configuration: curve, markers, and a cross where a run broke off.
pub(crate) fn one(
    canvas: &Canvas<'_>,
    panel: &Panel,
    report: &Report,
    look: Look,
    configuration: usize,
    metric: MetricName,
) -> Drawn {
    let points = means(report, configuration, metric);
    panel.curve(canvas, &points, 1.0, Stroke::solid(look.color, 4))?;
    if last_epoch(report) <= MARKED_EPOCHS || points.len() == 1 {
        panel.markers(canvas, &points, look, 8.0)?;
    }
    broken_off(canvas, panel, report, look, configuration, metric)
}

fn broken_off(
    canvas: &Canvas<'_>,
    panel: &Panel,
    report: &Report,
    look: Look,
    configuration: usize,
    metric: MetricName,
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
pub(crate) fn means(report: &Report, configuration: usize, metric: MetricName) -> Vec<(f64, f64)> {
    report.configurations[configuration].over_epochs(metric).map(|(epoch, s)| (epoch as f64, s.mean)).collect()
}

/// (epoch, lowest, highest), where there are at least two runs.
pub(crate) fn bands(report: &Report, configuration: usize, metric: MetricName) -> Vec<(f64, f64, f64)> {
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
