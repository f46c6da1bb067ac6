//! Accuracy at the best epoch of every configuration, with 95 % intervals.

use plotters::style::Color;

use crate::report::metric;
use crate::report::model::Report;
use crate::spec::Metric;

use super::axis::{Axis, Unit};
use super::canvas::{Anchor, Canvas, Drawn, Rect, Stroke, Type, WIDTH, picture};
use super::legend::{Heading, MARGIN};
use super::palette::{MUTED, SHADE};
use super::panel::{Labels, Panel};
use super::{Chart, DrawError, Looks, rows, words};

const ROW: f64 = 46.0;
/// More rows than this nobody reads: the best ones are shown, and the baseline.
const MOST: usize = 40;
/// Names take at most this share of the width.
const NAMES: f64 = 0.36;

pub(super) fn draw(report: &Report, looks: &Looks) -> Result<Option<Chart>, DrawError> {
    let chosen = chosen(report);
    if chosen.is_empty() {
        return Ok(None);
    }
    let metric = Metric::ACCURACY;
    let reference = words::reference(report, metric);
    let left_out = report.ranking().len() - chosen.len();
    let heading = Heading::new("Accuracy with 95 % intervals", &subtitle(report, &chosen, left_out));
    let name_width = widest_name(report, &chosen);
    let names = chosen.iter().map(|&i| report.configurations[i].name.as_str());
    let step = rows::height(names, Type::small().bold(), name_width, ROW);
    let height = (heading.bottom() + chosen.len() as f64 * step + 140.0).max(420.0) as u32;
    let picture = picture(WIDTH, height, |canvas| {
        let top = heading.draw(canvas)? + 30.0;
        let left = MARGIN + name_width + 24.0;
        let rect = Rect::new(left, top, f64::from(WIDTH) - MARGIN - figures_width() - 24.0, f64::from(height) - 110.0);
        let panel = rows::across(rect, value_axis(report, &chosen, reference.as_ref().map(|r| r.0)));
        shade_baseline(canvas, report, &panel, &chosen)?;
        let name = format!("{} at the best epoch", report.judged_accuracy());
        panel.frame(canvas, Labels { x: Some(&name), x_ticks: true, ..Labels::default() })?;
        if let Some((value, name)) = &reference {
            reference_line(canvas, &panel, *value, name)?;
        }
        for (place, &i) in chosen.iter().enumerate() {
            let y = rect.top + (place as f64 + 0.5) * rect.height() / chosen.len() as f64;
            row(canvas, report, looks, &panel, i, y, name_width)?;
        }
        Ok(())
    })?;
    Ok(Some(Chart {
        name: "intervals",
        title: "Accuracy with 95 % intervals".to_string(),
        description: format!(
            "One row per configuration, {}best first: accuracy at the best epoch, its 95 % interval over evaluation \
             examples and seeds, and the single seeds. {}",
            if report.has_several_data_sets() { "data set by data set, " } else { "" },
            words::standing(report, metric, 6)
        ),
        picture,
    }))
}

/// Data set by data set, the best first.
fn chosen(report: &Report) -> Vec<usize> {
    let ranked = report.ranking();
    let mut ranked: Vec<usize> =
        ranked.into_iter().filter(|&i| report.configurations[i].best.contains_key(&Metric::ACCURACY)).collect();
    let data_sets = report.data_sets_of_configurations();
    let left_out = ranked.split_off(ranked.len().min(MOST));
    if let Some(baseline) = report.baseline.filter(|i| left_out.contains(i)) {
        ranked.pop();
        ranked.push(baseline);
    }
    ranked.sort_by_key(|&i| data_sets[i]);
    ranked
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
    let Some(spread) = configuration.best.get(&Metric::ACCURACY) else {
        return Ok(());
    };
    let look = looks.get(index);
    let kind = if report.is_baseline(index) { Type::small().bold() } else { Type::small() };
    rows::name(canvas, panel, y, &configuration.name, name_width, kind)?;
    if spread.count > 1 {
        let completed = report.figured(configuration).filter(|run| run.ended_by_itself());
        for accuracy in completed.filter_map(|run| run.judged(Metric::ACCURACY)) {
            canvas.dot((panel.at(accuracy, 0.0).0, y - 13.0), 5, look.color.mix(0.6))?;
        }
    }
    let interval = configuration.accuracy_interval;
    let point = rows::Point { marker: look.marker, color: look.color, one_seed: spread.count == 1 };
    rows::estimate(canvas, panel, y, spread.mean, interval, point)?;
    let mut figures = metric::write(Metric::ACCURACY, spread.mean);
    if let Some(interval) = interval {
        figures.push_str(&format!("  [{:.1}, {:.1}]", interval.low * 100.0, interval.high * 100.0));
    }
    rows::figures(canvas, panel, y, &figures, kind)
}

fn figures_width() -> f64 {
    Type::small().bold().width("100.0 %  [100.0, 100.0]")
}

fn widest_name(report: &Report, chosen: &[usize]) -> f64 {
    let widest = chosen.iter().map(|&i| Type::small().bold().width(&report.configurations[i].name)).fold(0.0, f64::max);
    widest.min(f64::from(WIDTH) * NAMES)
}

fn value_axis(report: &Report, chosen: &[usize], reference: Option<f64>) -> Axis {
    let ends = chosen.iter().flat_map(|&i| {
        let configuration = &report.configurations[i];
        let spread = configuration.best.get(&Metric::ACCURACY);
        let of_interval = configuration.accuracy_interval.map(|interval| [interval.low, interval.high]);
        of_interval.into_iter().flatten().chain(spread.into_iter().flat_map(|s| [s.min, s.max]))
    });
    let (low, high) = rows::range(ends.chain(reference)).unwrap_or((0.0, 1.0));
    Axis::rounded(low.max(0.0), high.min(1.0), 6, Unit::Percent)
}

/// The baseline's interval, through all rows of its data set.
fn shade_baseline(canvas: &Canvas<'_>, report: &Report, panel: &Panel, chosen: &[usize]) -> Drawn {
    let Some((baseline, interval)) =
        report.baseline.and_then(|i| Some((i, report.configurations[i].accuracy_interval?)))
    else {
        return Ok(());
    };
    let data_sets = report.data_sets_of_configurations();
    let is_of_set = |&&i: &&usize| data_sets[i] == data_sets[baseline];
    let before = chosen.iter().take_while(|i| !is_of_set(i)).count();
    let step = panel.rect.height() / chosen.len() as f64;
    let top = panel.rect.top + before as f64 * step;
    let bottom = top + chosen.iter().filter(is_of_set).count() as f64 * step;
    let (left, right) = (panel.at(interval.low, 0.0).0, panel.at(interval.high, 0.0).0);
    canvas.fill(Rect { left, right, top, bottom }, SHADE)
}

fn reference_line(canvas: &Canvas<'_>, panel: &Panel, value: f64, name: &str) -> Drawn {
    let x = panel.at(value, 0.0).0;
    canvas.line(&[(x, panel.rect.top), (x, panel.rect.bottom)], Stroke::dashed(MUTED, 2))?;
    let half = Type::muted().width(name) / 2.0;
    let middle = x.min(f64::from(WIDTH) - MARGIN - half);
    canvas.text(name, (middle, panel.rect.top - 18.0), Type::muted().anchor(Anchor::Middle))
}

fn subtitle(report: &Report, chosen: &[usize], left_out: usize) -> String {
    let mut text = words::subject(report);
    let of_one_seed = |i: &usize| report.configurations[*i].best.get(&Metric::ACCURACY).is_some_and(|s| s.count == 1);
    if chosen.iter().any(of_one_seed) {
        text.push_str(" · hollow: one seed, the interval is about this one model");
    }
    let of_several = |i: &usize| report.configurations[*i].best.get(&Metric::ACCURACY).is_some_and(|s| s.count > 1);
    if chosen.iter().any(of_several) {
        text.push_str(" · small dots: single seeds");
    }
    if report.baseline.is_some() {
        text.push_str(" · shaded: the baseline's interval");
        text.push_str(if report.has_several_data_sets() { " on its data set" } else { "" });
    }
    if left_out > 0 {
        text.push_str(&format!(" · {left_out} more in summary.csv"));
    }
    text
}
