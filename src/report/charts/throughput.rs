//! How fast each configuration trained.

use crate::metrics::Summary;
use crate::report::model::{Report, Run};

use super::axis::{Axis, Unit};
use super::canvas::{Canvas, Drawn, Rect, Stroke, Type, WIDTH, picture};
use super::legend::{MARGIN, heading};
use super::palette::{CONTEXT, Look};
use super::panel::{Labels, Panel};
use super::{Chart, DrawError, Looks, rows, words};

const ROW: f64 = 44.0;
const NAMES: f64 = 500.0;
/// More rows than this nobody reads: the fastest and the slowest are shown.
const MOST: usize = 40;

struct Speed {
    configuration: usize,
    examples: Summary,
    tokens: f64,
    seconds: f64,
}

pub(super) fn draw(report: &Report, looks: &Looks) -> Result<Option<Chart>, DrawError> {
    let mut speeds: Vec<Speed> = (0..report.configurations.len()).filter_map(|i| speed(report, i)).collect();
    speeds.sort_by(|a, b| b.examples.mean.total_cmp(&a.examples.mean));
    let all = speeds.len();
    if all > MOST {
        speeds.drain(MOST / 2..all - MOST / 2);
    }
    let Some(fastest) = speeds.iter().map(|speed| speed.examples.max).reduce(f64::max) else { return Ok(None) };
    let height = (132.0 + speeds.len() as f64 * ROW + 130.0).max(420.0) as u32;
    let title = "Training throughput";
    let picture = picture(WIDTH, height, |canvas| {
        let top = heading(canvas, WIDTH, title, &subtitle(report, all - speeds.len()))? + 10.0;
        let room = Type::small().width("100.0k tokens/s · 1000.0 s per epoch") + 24.0;
        let rect = Rect::new(MARGIN + NAMES, top, f64::from(WIDTH) - MARGIN - room, f64::from(height) - 110.0);
        let panel = rows::across(rect, Axis::rounded(0.0, fastest, 5, Unit::Count));
        panel.frame(canvas, Labels { x: Some("Training examples per second"), x_ticks: true, ..Labels::default() })?;
        for (place, speed) in speeds.iter().enumerate() {
            let y = rect.top + (place as f64 + 0.5) * rect.height() / speeds.len() as f64;
            row(
                canvas,
                &panel,
                y,
                &report.configurations[speed.configuration].name,
                looks.get(speed.configuration),
                speed,
            )?;
        }
        Ok(())
    })?;
    Ok(Some(Chart { name: "throughput", title: title.to_string(), description: description(report, &speeds), picture }))
}

/// Means over a configuration's runs of their means over epochs.
fn speed(report: &Report, configuration: usize) -> Option<Speed> {
    let runs: Vec<&Run> =
        report.runs_of(&report.configurations[configuration]).filter(|run| !run.epochs.is_empty()).collect();
    let mean = |run: &Run, of: fn(&crate::event::EpochRecord) -> f64| {
        run.epochs.iter().map(of).sum::<f64>() / run.epochs.len() as f64
    };
    let over_runs = |of: fn(&crate::event::EpochRecord) -> f64| {
        Summary::of(&runs.iter().map(|run| mean(run, of)).collect::<Vec<f64>>())
    };
    Some(Speed {
        configuration,
        examples: over_runs(|epoch| epoch.examples_per_second)?,
        tokens: over_runs(|epoch| epoch.tokens_per_second)?.mean,
        seconds: over_runs(|epoch| epoch.seconds)?.mean,
    })
}

fn row(canvas: &Canvas<'_>, panel: &Panel, y: f64, name: &str, look: Look, speed: &Speed) -> Drawn {
    rows::name(canvas, panel, y, name, NAMES - 30.0, Type::small())?;
    let end = panel.at(speed.examples.mean, 0.0).0;
    canvas.fill(Rect::new(panel.rect.left, y - 12.0, end, y + 12.0), look.color)?;
    if speed.examples.count > 1 {
        let x = |value: f64| panel.at(value, 0.0).0;
        let (low, high) = (x(speed.examples.min), x(speed.examples.max));
        canvas.line(&[(low, y), (high, y)], Stroke::solid(CONTEXT, 3))?;
        for end in [low, high] {
            canvas.line(&[(end, y - 6.0), (end, y + 6.0)], Stroke::solid(CONTEXT, 3))?;
        }
    }
    let tokens = super::axis::count(speed.tokens);
    rows::figures(canvas, panel, y, &format!("{tokens} tokens/s · {:.1} s per epoch", speed.seconds), Type::small())
}

fn subtitle(report: &Report, left_out: usize) -> String {
    let mut text = format!("{} · runs of a pack share the device", words::subject(report));
    if report.seeds() > 1 {
        text.push_str(" · thin line: from the slowest to the fastest run");
    }
    if left_out > 0 {
        text.push_str(&format!(" · {left_out} in between not shown"));
    }
    text
}

fn description(report: &Report, speeds: &[Speed]) -> String {
    let name = |speed: &Speed| report.configurations[speed.configuration].name.clone();
    match (speeds.first(), speeds.last()) {
        (Some(fast), Some(slow)) if speeds.len() > 1 => format!(
            "Training examples per second, evaluation excluded. Fastest: {} ({:.0}); slowest: {} ({:.0}).",
            name(fast),
            fast.examples.mean,
            name(slow),
            slow.examples.mean
        ),
        (Some(only), _) => {
            format!("{}: {:.0} training examples per second, evaluation excluded.", name(only), only.examples.mean)
        }
        _ => String::new(),
    }
}
