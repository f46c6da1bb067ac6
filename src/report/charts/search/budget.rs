//! How good the best is that a budget buys, in samples and in training tokens; of one search, or of several over the same
//! space.

use crate::report::model::Report;
use crate::report::search::{self, Evidence, Found, Step};

use super::super::axis::{Axis, Unit};
use super::super::canvas::{Canvas, Drawn, HEIGHT, Rect, Stroke, WIDTH, picture};
use super::super::legend::{Heading, Key, Legend, MARGIN};
use super::super::palette::{BASELINE, OKABE_ITO};
use super::super::panel::{Labels, Panel, lattice, left_room};
use super::super::{Chart, DrawError, words};
use super::scales;

/// A line of the chart.
struct Line {
    name: String,
    steps: Vec<Step>,
    stroke: Stroke,
    /// Between two points the first one's value holds.
    is_stepped: bool,
}

/// None for fewer than two samples with a result.
pub(super) fn draw(report: &Report, found: &Found) -> Result<Option<Chart>, DrawError> {
    let evidence = &found.evidence;
    let lines = lines(evidence, String::new(), 0);
    let title = format!("Best {} for a budget", evidence.metric().title().to_lowercase());
    chart("search_budget", &title, &words::subject(report), evidence, lines)
}

/// Several searches over the same space by the same metric, at equal budgets.
pub(crate) fn compared(searches: &[(&str, &Evidence)]) -> Result<Option<Chart>, DrawError> {
    let Some((_, first)) = searches.first() else {
        return Ok(None);
    };
    let each = searches.iter().enumerate();
    let all = each.flat_map(|(place, (name, evidence))| lines(evidence, format!("{name}: "), place)).collect();
    let title = format!("Best {} for a budget, search by search", first.metric().title().to_lowercase());
    chart("searches", &title, "", first, all)
}

fn lines(evidence: &Evidence, prefix: String, place: usize) -> Vec<Line> {
    let color = OKABE_ITO.get(place).copied().unwrap_or(BASELINE);
    let method = &evidence.settings.method;
    let best = Line {
        name: format!("{prefix}{method}, best so far"),
        steps: search::best_so_far(evidence),
        stroke: Stroke::solid(color, 4),
        is_stepped: true,
    };
    let expected = search::expected_best(evidence).map(|steps| Line {
        name: format!("{prefix}{method}, expected best in any order"),
        steps,
        stroke: Stroke::dashed(color, 3),
        is_stepped: false,
    });
    [best].into_iter().chain(expected).collect()
}

fn chart(
    file: &'static str,
    title: &str,
    subject: &str,
    evidence: &Evidence,
    lines: Vec<Line>,
) -> Result<Option<Chart>, DrawError> {
    let longest = lines.iter().filter_map(|line| line.steps.last()).map(|step| step.samples).max().unwrap_or(0);
    if longest < 2 {
        return Ok(None);
    }
    let heading = Heading::new(title, subject);
    let legend = Legend { entries: lines.iter().map(|line| (Key::Line(line.stroke), line.name.clone())).collect() };
    let has_tokens = lines.iter().all(|line| line.steps.iter().all(|step| step.tokens.is_some()));
    let picture = picture(WIDTH, HEIGHT, |canvas| {
        let top = heading.draw(canvas)? + 8.0;
        let values = lines.iter().flat_map(|line| &line.steps).map(|step| step.best);
        let y = scales::metric(evidence.metric(), values, 7);
        let left = MARGIN + left_room(&y, true);
        let keys = legend.row_height(left) + 20.0;
        let room = Rect::new(left, top, f64::from(WIDTH) - MARGIN - 20.0, f64::from(HEIGHT) - 110.0 - keys);
        let name = scales::metric_title(evidence);
        let panels = lattice(room, if has_tokens { 2 } else { 1 }, 1, (60.0, 0.0));
        let by_samples = |step: &Step| Some(step.samples as f64);
        let x = Axis { low: 0.0, ..Axis::whole(0, longest, 6) };
        let in_samples = Panel { rect: panels[0], x, y: y.clone() };
        panel(canvas, &in_samples, &lines, Labels::all("Samples", &name), by_samples)?;
        if has_tokens {
            let labels = Labels { x: Some("Training tokens"), y: None, x_ticks: true, y_ticks: false };
            let most = lines.iter().flat_map(|line| &line.steps).filter_map(|step| step.tokens).fold(1.0, f64::max);
            let in_tokens = Panel { rect: panels[1], x: Axis::linear(0.0, most * 1.04, 5, Unit::Count), y: y.clone() };
            panel(canvas, &in_tokens, &lines, labels, |step| step.tokens)?;
        }
        legend.row(canvas, left, f64::from(HEIGHT) - 40.0)
    })?;
    Ok(Some(Chart::new(file, title, description(&lines), picture)))
}

fn panel(
    canvas: &Canvas<'_>,
    panel: &Panel,
    lines: &[Line],
    labels: Labels<'_>,
    cost: impl Fn(&Step) -> Option<f64>,
) -> Drawn {
    panel.frame(canvas, labels)?;
    for line in lines {
        let mut path = Vec::new();
        for step in &line.steps {
            let Some(cost) = cost(step) else { continue };
            let at = panel.at(cost, step.best);
            if let Some(&(_, before)) = path.last().filter(|_| line.is_stepped) {
                path.push((at.0, before));
            }
            path.push(at);
        }
        canvas.line(&path, line.stroke)?;
    }
    Ok(())
}

fn description(lines: &[Line]) -> String {
    let end = |line: &Line| {
        let last = line.steps.last()?;
        Some(format!("{} after {}: {:.4}", line.name, words::counted(last.samples, "sample"), last.best))
    };
    let ends: Vec<String> = lines.iter().filter_map(end).collect();
    format!(
        "The best mean that so many samples, or so many training tokens, gave; means over the search's own seeds, so the best of \
         them is partly the luckiest. {}.",
        ends.join("; ")
    )
}
