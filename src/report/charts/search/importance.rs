//! How much each dimension matters, with what chance alone would show.

use crate::report::model::Report;
use crate::report::search::{FEWEST, Found, Importance};

use super::super::axis::{Axis, Unit};
use super::super::canvas::{Canvas, Drawn, Rect, Stroke, Type, WIDTH, picture};
use super::super::legend::{Heading, MARGIN};
use super::super::palette::{CONTEXT, INK};
use super::super::panel::{Labels, Panel};
use super::super::{Chart, DrawError, rows, words};
use super::marks;

const ROW: f64 = 46.0;
const NAMES: f64 = 420.0;

/// None where no dimension has enough samples.
pub(super) fn draw(report: &Report, found: &Found) -> Result<Option<Chart>, DrawError> {
    let importances = &found.importances;
    let all = &importances.of;
    let Some(largest) = all.iter().map(|one| importances.share(one.divergence.max(one.floor))).reduce(f64::max) else {
        return Ok(None);
    };
    let title = "Importance of the parameters";
    let heading = Heading::new(title, &subtitle(report, found));
    let names = all.iter().map(|one| name(found, one));
    let step = rows::height(names, Type::small(), NAMES - 30.0, ROW);
    let height = (heading.bottom() + all.len() as f64 * step + 130.0).max(360.0) as u32;
    let picture = picture(WIDTH, height, |canvas| {
        let top = heading.draw(canvas)? + 10.0;
        let room = Type::small().width("100 %, not above chance") + 24.0;
        let rect = Rect::new(MARGIN + NAMES, top, f64::from(WIDTH) - MARGIN - room, f64::from(height) - 110.0);
        let panel = rows::across(rect, Axis::rounded(0.0, largest, 5, Unit::Percent));
        let axis = Some("Share of the importance of all parameters");
        panel.frame(canvas, Labels { x: axis, x_ticks: true, ..Labels::default() })?;
        for (place, one) in all.iter().enumerate() {
            let y = rect.top + (place as f64 + 0.5) * rect.height() / all.len() as f64;
            rows::name(canvas, &panel, y, name(found, one), NAMES - 30.0, Type::small())?;
            row(canvas, &panel, y, found, one)?;
        }
        Ok(())
    })?;
    Ok(Some(Chart::new("search_importance", title, description(found), picture)))
}

fn name<'a>(found: &'a Found, one: &Importance) -> &'a str {
    &found.evidence.space[one.dimension].name
}

fn row(canvas: &Canvas<'_>, panel: &Panel, y: f64, found: &Found, one: &Importance) -> Drawn {
    let (share, floor) = (found.importances.share(one.divergence), found.importances.share(one.floor));
    let color = if one.is_above_chance() { marks::COMPLETED.color } else { CONTEXT };
    canvas.fill(Rect::new(panel.rect.left, y - 12.0, panel.at(share, 0.0).0, y + 12.0), color)?;
    let x = panel.at(floor, 0.0).0;
    canvas.line(&[(x, y - 17.0), (x, y + 17.0)], Stroke::solid(INK, 3))?;
    let word = if one.is_above_chance() { "" } else { ", not above chance" };
    rows::figures(canvas, panel, y, &format!("{:.0} %{word}", share * 100.0), Type::small())
}

fn subtitle(report: &Report, found: &Found) -> String {
    let samples = words::counted(found.evidence.ended(), "sample");
    let mut text = format!("{} · PED-ANOVA of {samples} · mark: what chance alone reaches", words::subject(report));
    let untold: Vec<&str> = untold(found);
    if !untold.is_empty() {
        text.push_str(&format!(" · fewer than {FEWEST} samples, or one value only: {}", untold.join(", ")));
    }
    text
}

fn untold(found: &Found) -> Vec<&str> {
    found.importances.untold.iter().map(|&dimension| found.evidence.space[dimension].name.as_str()).collect()
}

fn description(found: &Found) -> String {
    let above: Vec<&str> = found
        .importances
        .above_chance()
        .into_iter()
        .map(|dimension| found.evidence.space[dimension].name.as_str())
        .collect();
    let what = "How far the values of the best samples differ from those of all samples, parameter by parameter, as a share of \
                all such differences.";
    if above.is_empty() {
        return format!("{what} None is larger than what chance alone shows.");
    }
    format!("{what} Larger than what chance alone shows: {}.", above.join(", "))
}
