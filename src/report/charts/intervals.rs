//! Accuracy at the best epoch of every configuration, with 95 % intervals.

use plotters::style::Color;

use crate::report::metric;
use crate::report::model::Report;
use crate::spec::MetricName;

use super::axis::{Axis, Unit};
use super::canvas::{Anchor, Canvas, Drawn, Rect, Stroke, Type, WIDTH, picture};
use super::legend::{MARGIN, heading};
use super::palette::{INK, MUTED, SHADE};
use super::panel::{Labels, Panel};
use super::{Chart, DrawError, Looks, words};

const ROW: f64 = 46.0;
/// More rows than this nobody reads: the best ones are shown, and the baseline.
const MOST: usize = 40;
/// Names take at most this share of the width.
const NAMES: f64 = 0.36;

pub(super) fn draw(report: &Report, looks: &Looks) -> Result<Option<Chart>, DrawError> {
    let rows = chosen(report);
    if rows.is_empty() {
        return Ok(None);
    }
    let metric = MetricName::Accuracy;
    let reference = words::reference(report, metric);
    let left_out = report.ranking().len() - rows.len();
    let height = (132.0 + rows.len() as f64 * ROW + 140.0).max(420.0) as u32;
    let picture = picture(WIDTH, height, |canvas| {
        let top = heading(canvas, WIDTH, "Accuracy with 95 % intervals", &subtitle(report, left_out))? + 30.0;
        let name_width = widest_name(report, &rows);
        let left = MARGIN + name_width + 24.0;
        let rect = Rect::new(left, top, f64::from(WIDTH) - MARGIN - figures_width() - 24.0, f64::from(height) - 110.0);
        let panel = Panel {
            rect,
            x: value_axis(report, &rows, reference.as_ref().map(|r| r.0)),
            y: Axis { ticks: Vec::new(), ..Axis::linear(0.0, 1.0, 1, Unit::Number) },
        };
        shade_baseline(canvas, report, &panel)?;
        panel.frame(canvas, Labels { x: Some("Accuracy (evaluation) at the best epoch"), x_ticks: true, ..Labels::default() })?;
        if let Some((value, name)) = &reference {
            reference_line(canvas, &panel, *value, name)?;
        }
        for (place, &i) in rows.iter().enumerate() {
            let y = rect.top + (place as f64 + 0.5) * rect.height() / rows.len() as f64;
            row(canvas, report, looks, &panel, i, y, name_width)?;
        }
        Ok(())
    })?;
    Ok(Some(Chart {
        name: "intervals",
        title: "Accuracy with 95 % intervals".to_string(),
        description: format!(
            "One row per configuration, best first: accuracy at the best epoch, its 95 % interval over evaluation \
             examples and seeds, and the single seeds. {}",
            words::standing(report, metric, 6)
        ),
        picture,
    }))
}

fn chosen(report: &Report) -> Vec<usize> {
    let ranked = report.ranking();
    let ranked: Vec<usize> = ranked
        .into_iter()
        .filter(|&i| report.configurations[i].best.contains_key(&MetricName::Accuracy))
        .collect();
    if ranked.len() <= MOST {
        return ranked;
    }
    let baseline = report.baseline.filter(|i| ranked.contains(i) && !ranked[..MOST].contains(i));
    ranked[..MOST - usize::from(baseline.is_some())].iter().copied().chain(baseline).collect()
}

fn row(
    canvas: &Canvas<'_>,
    report: &Report,
    looks: &Looks,
    panel: &Panel,
    index: usize,
    y: f64,
    name_width: f64,
) -> Drawn {
    let configuration = &report.configurations[index];
    let Some(spread) = configuration.best.get(&MetricName::Accuracy) else { return Ok(()) };
    let look = looks.get(index);
    let kind = if report.is_baseline(index) { Type::small().bold() } else { Type::small() };
    let name = kind.fit(&configuration.name, name_width);
    canvas.text(&name, (panel.rect.left - 20.0, y), kind.anchor(Anchor::End))?;
    let x = |value: f64| panel.at(value, 0.0).0;
    let mut figures = metric::write(MetricName::Accuracy, spread.mean);
    if let Some(interval) = configuration.accuracy_interval {
        canvas.line(&[(x(interval.low), y), (x(interval.high), y)], Stroke::solid(look.color, 4))?;
        for end in [interval.low, interval.high] {
            canvas.line(&[(x(end), y - 7.0), (x(end), y + 7.0)], Stroke::solid(look.color, 3))?;
        }
        figures.push_str(&format!("  [{:.1}, {:.1}]", interval.low * 100.0, interval.high * 100.0));
    }
    if spread.count > 1 {
        for run in report.runs_of(configuration).filter(|run| run.completed()) {
            let Some(best) = run.best_epoch() else { continue };
            canvas.dot((x(best.scores.accuracy), y - 13.0), 5, look.color.mix(0.6))?;
        }
    }
    canvas.marker((x(spread.mean), y), look.marker, 9.0, look.color)?;
    canvas.text(&figures, (panel.rect.right + 24.0, y), kind.color(INK))
}

fn figures_width() -> f64 {
    Type::small().bold().width("100.0 %  [100.0, 100.0]")
}

fn widest_name(report: &Report, rows: &[usize]) -> f64 {
    let widest = rows.iter().map(|&i| Type::small().bold().width(&report.configurations[i].name)).fold(0.0, f64::max);
    widest.min(f64::from(WIDTH) * NAMES)
}

fn value_axis(report: &Report, rows: &[usize], reference: Option<f64>) -> Axis {
    let ends = rows.iter().flat_map(|&i| {
        let configuration = &report.configurations[i];
        let spread = configuration.best.get(&MetricName::Accuracy);
        let of_interval = configuration.accuracy_interval.map(|interval| [interval.low, interval.high]);
        of_interval.into_iter().flatten().chain(spread.into_iter().flat_map(|s| [s.min, s.max]))
    });
    let (low, high) = ends.chain(reference).fold((f64::INFINITY, f64::NEG_INFINITY), |(l, h), v| (l.min(v), h.max(v)));
    let air = (high - low) * 0.03;
    Axis::rounded((low - air).max(0.0), (high + air).min(1.0), 6, Unit::Percent)
}

/// The baseline's interval, through all rows.
fn shade_baseline(canvas: &Canvas<'_>, report: &Report, panel: &Panel) -> Drawn {
    let Some(interval) = report.baseline.and_then(|i| report.configurations[i].accuracy_interval) else {
        return Ok(());
    };
    let (left, right) = (panel.at(interval.low, 0.0).0, panel.at(interval.high, 0.0).0);
    canvas.fill(Rect { left, right, ..panel.rect }, SHADE)
}

fn reference_line(canvas: &Canvas<'_>, panel: &Panel, value: f64, name: &str) -> Drawn {
    let x = panel.at(value, 0.0).0;
    canvas.line(&[(x, panel.rect.top), (x, panel.rect.bottom)], Stroke::dashed(MUTED, 2))?;
    let half = Type::muted().width(name) / 2.0;
    let middle = x.min(f64::from(WIDTH) - MARGIN - half);
    canvas.text(name, (middle, panel.rect.top - 18.0), Type::muted().anchor(Anchor::Middle))
}

fn subtitle(report: &Report, left_out: usize) -> String {
    let mut text = words::subject(report);
    if report.seeds() > 1 {
        text.push_str(" · small dots: single seeds");
    }
    if report.baseline.is_some() {
        text.push_str(" · shaded: the baseline's interval");
    }
    if left_out > 0 {
        text.push_str(&format!(" · {left_out} more in summary.csv"));
    }
    text
}
