//! A bar per configuration with its mean, a thin line from its lowest to its highest run, and a note behind it.

use crate::metrics::Summary;
use crate::report::model::Report;

use super::axis::{Axis, Unit};
use super::canvas::{Canvas, Drawn, Picture, Rect, Stroke, Type, WIDTH, picture};
use super::legend::{Heading, MARGIN};
use super::palette::{CONTEXT, Look};
use super::panel::{Labels, Panel};
use super::{DrawError, Looks, rows, words};

const ROW: f64 = 44.0;
const NAMES: f64 = 500.0;
/// More rows than this nobody reads: those at both ends are shown.
const MOST: usize = 40;

/// A configuration's bar.
pub(super) struct Bar {
    pub(super) configuration: usize,
    pub(super) value: Summary,
    pub(super) note: String,
}

/// The words around the bars.
pub(super) struct Words<'a> {
    pub(super) title: &'a str,
    /// After what was trained on what.
    pub(super) remark: &'a str,
    pub(super) axis: &'a str,
    /// The longest note to make room for.
    pub(super) widest: &'a str,
}

/// Draws bars, the longest first. None without bars.
pub(super) fn draw(
    report: &Report,
    looks: &Looks,
    mut bars: Vec<Bar>,
    words: &Words<'_>,
) -> Result<Option<Picture>, DrawError> {
    bars.sort_by(|a, b| b.value.mean.total_cmp(&a.value.mean));
    let all = bars.len();
    if all > MOST {
        bars.drain(MOST / 2..all - MOST / 2);
    }
    let Some(largest) = bars.iter().map(|bar| bar.value.max).reduce(f64::max) else {
        return Ok(None);
    };
    let heading = Heading::new(words.title, &subtitle(report, words.remark, &bars, all - bars.len()));
    let names = bars.iter().map(|bar| report.configurations[bar.configuration].name.as_str());
    let step = rows::height(names, Type::small(), NAMES - 30.0, ROW);
    let height = (heading.bottom() + bars.len() as f64 * step + 130.0).max(420.0) as u32;
    let drawn = picture(WIDTH, height, |canvas| {
        let top = heading.draw(canvas)? + 10.0;
        let room = Type::small().width(words.widest) + 24.0;
        let rect = Rect::new(MARGIN + NAMES, top, f64::from(WIDTH) - MARGIN - room, f64::from(height) - 110.0);
        let panel = rows::across(rect, Axis::rounded(0.0, largest, 5, Unit::Count));
        panel.frame(canvas, Labels { x: Some(words.axis), x_ticks: true, ..Labels::default() })?;
        for (place, bar) in bars.iter().enumerate() {
            let y = rect.top + (place as f64 + 0.5) * rect.height() / bars.len() as f64;
            let name = &report.configurations[bar.configuration].name;
            row(canvas, &panel, y, name, looks.get(bar.configuration), bar)?;
        }
        Ok(())
    })?;
    Ok(Some(drawn))
}

fn row(canvas: &Canvas<'_>, panel: &Panel, y: f64, name: &str, look: Look, bar: &Bar) -> Drawn {
    rows::name(canvas, panel, y, name, NAMES - 30.0, Type::small())?;
    let end = panel.at(bar.value.mean, 0.0).0;
    canvas.fill(Rect::new(panel.rect.left, y - 12.0, end, y + 12.0), look.color)?;
    if bar.value.count > 1 {
        let x = |value: f64| panel.at(value, 0.0).0;
        let (low, high) = (x(bar.value.min), x(bar.value.max));
        canvas.line(&[(low, y), (high, y)], Stroke::solid(CONTEXT, 3))?;
        for end in [low, high] {
            canvas.line(&[(end, y - 6.0), (end, y + 6.0)], Stroke::solid(CONTEXT, 3))?;
        }
    }
    rows::figures(canvas, panel, y, &bar.note, Type::small())
}

fn subtitle(report: &Report, remark: &str, bars: &[Bar], left_out: usize) -> String {
    let mut text = format!("{} · {remark}", words::subject(report));
    if bars.iter().any(|bar| bar.value.count > 1) {
        text.push_str(" · line: lowest to highest run");
    }
    if left_out > 0 {
        text.push_str(&format!(" · {left_out} between left out"));
    }
    text
}

/// The first and the last configuration of a list of bars by their values, in words.
pub(super) fn extremes(report: &Report, bars: &[Bar], write: impl Fn(f64) -> String) -> Option<(String, String)> {
    let by_mean = |a: &&Bar, b: &&Bar| a.value.mean.total_cmp(&b.value.mean);
    let said = |bar: &Bar| format!("{} ({})", report.configurations[bar.configuration].name, write(bar.value.mean));
    Some((said(bars.iter().max_by(by_mean)?), said(bars.iter().min_by(by_mean)?)))
}
