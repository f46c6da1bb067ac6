//! Forest plot of the hypotheses: effect, interval, the claimed range, the verdict.

use plotters::style::RGBColor;

use crate::metrics::{Assessment, Scale, Verdict};
use crate::report::model::Report;
use crate::report::verdicts::{self, Judged};

use super::axis::{Axis, Unit};
use super::canvas::{Canvas, Drawn, Rect, Stroke, Type, WIDTH, picture, wrap};
use super::legend::{Heading, MARGIN};
use super::palette::{INK, MUTED, Marker, NEUTRAL, OKABE_ITO, SHADE};
use super::panel::{Labels, Panel};
use super::{Chart, DrawError, rows, words};

const ROW: f64 = 132.0;
const LINE: f64 = 29.0;
const NAMES: f64 = 560.0;
const FIGURES: f64 = 440.0;
/// Below each group: ticks and the name of its axis.
const FOOT: f64 = 120.0;

pub(super) fn draw(report: &Report) -> Result<Option<Chart>, DrawError> {
    let groups = groups(report);
    if groups.is_empty() {
        return Ok(None);
    }
    let several_looks = groups.iter().flat_map(|(_, members)| members).any(|(_, assessment)| assessment.share < 1.0);
    let title = if several_looks {
        "Hypotheses: effect and interval at the level of its look"
    } else {
        "Hypotheses: effect and 95 % interval"
    };
    let mut subtitle = format!("{} · shaded: what is claimed · p corrected by Holm", words::subject(report));
    if groups.iter().flat_map(|(_, members)| members).any(|(_, assessment)| assessment.seeds == 1) {
        subtitle.push_str(&format!(" · {}", rows::ONE_SEED));
    }
    let heading = Heading::new(title, &subtitle);
    let lines: usize = groups.iter().map(|(_, members)| members.len()).sum();
    let height = (heading.bottom() + 38.0 + lines as f64 * ROW + groups.len() as f64 * FOOT) as u32;
    let picture = picture(WIDTH, height, |canvas| {
        let mut top = heading.draw(canvas)? + 10.0;
        for (scale, members) in &groups {
            let bottom = top + members.len() as f64 * ROW;
            let rect = Rect::new(MARGIN + NAMES, top, f64::from(WIDTH) - MARGIN - FIGURES, bottom);
            group(canvas, rect, *scale, members)?;
            top = bottom + FOOT;
        }
        Ok(())
    })?;
    Ok(Some(Chart { name: "hypotheses", title: title.to_string(), description: description(report), picture }))
}

/// Hypotheses with evidence, by the unit of their metric, in the order of the sweep.
fn groups(report: &Report) -> Vec<(Scale, Vec<(&Judged, Assessment)>)> {
    [Scale::Share, Scale::Loss, Scale::Epochs]
        .into_iter()
        .map(|scale| {
            let of_scale = |judged: &&Judged| judged.hypothesis.metric.scale() == scale;
            let with_evidence =
                report.judged.iter().filter(of_scale).filter_map(|judged| Some((judged, judged.joint?.assessment)));
            (scale, with_evidence.collect::<Vec<_>>())
        })
        .filter(|(_, members)| !members.is_empty())
        .collect()
}

fn group(canvas: &Canvas<'_>, rect: Rect, scale: Scale, members: &[(&Judged, Assessment)]) -> Drawn {
    let ends = members.iter().flat_map(|(_, assessment)| {
        let interval = assessment.interval.map(|interval| [interval.low, interval.high]);
        let margin = assessment.claim.margin();
        interval.into_iter().flatten().chain([assessment.effect, -margin, margin])
    });
    let (low, high) = rows::range(ends.chain([0.0])).unwrap_or((-1.0, 1.0));
    let (unit, name) = match scale {
        Scale::Share => (Unit::Points, "Difference in percentage points"),
        Scale::Loss => (Unit::Difference, "Difference in loss"),
        Scale::Epochs => (Unit::Difference, "Difference in epochs"),
        Scale::Correlation => (Unit::Difference, "Difference in correlation"),
    };
    let panel = rows::across(rect, Axis::rounded(low, high, 5, unit));
    let middle = |place: usize| rect.top + (place as f64 + 0.5) * ROW;
    for (place, (_, assessment)) in members.iter().enumerate() {
        claimed(canvas, &panel, middle(place), assessment)?;
    }
    panel.frame(canvas, Labels { x: Some(name), x_ticks: true, ..Labels::default() })?;
    let zero = panel.at(0.0, 0.0).0;
    canvas.line(&[(zero, rect.top), (zero, rect.bottom)], Stroke::solid(INK, 2))?;
    for (place, (judged, assessment)) in members.iter().enumerate() {
        row(canvas, &panel, middle(place), scale, judged, assessment)?;
    }
    Ok(())
}

/// The claimed range as a shade behind the row.
fn claimed(canvas: &Canvas<'_>, panel: &Panel, y: f64, assessment: &Assessment) -> Drawn {
    let (low, high) = assessment.claim.range();
    let x = |value: f64| panel.at(value, 0.0).0;
    let (left, right) = (x(low.max(panel.x.low)), x(high.min(panel.x.high)));
    canvas.fill(Rect::new(left, y - ROW * 0.3, right, y + ROW * 0.3), SHADE)
}

fn row(canvas: &Canvas<'_>, panel: &Panel, y: f64, scale: Scale, judged: &Judged, assessment: &Assessment) -> Drawn {
    let (marker, color) = look(assessment.verdict);
    let claim = Type::small().bold();
    let metric = verdicts::metric_words(judged.hypothesis.metric);
    let detail = format!("{metric}: {}", verdicts::claim_words(&judged.hypothesis));
    let of_claim = wrap(&judged.hypothesis.claim, claim, NAMES - 24.0, 3).into_iter().map(|line| (line, claim));
    let of_detail = wrap(&detail, Type::muted(), NAMES - 24.0, 2).into_iter().map(|line| (line, Type::muted()));
    let lines: Vec<(String, Type)> = of_claim.chain(of_detail).collect();
    for (place, (line, look)) in lines.iter().enumerate() {
        canvas.text(line, (MARGIN, y + LINE * (place as f64 - (lines.len() - 1) as f64 / 2.0)), *look)?;
    }
    let (upper, lower) = (y - LINE / 2.0, y + LINE / 2.0);
    let point = rows::Point { marker, color, one_seed: assessment.seeds == 1 };
    rows::estimate(canvas, panel, y, assessment.effect, assessment.interval, point)?;
    rows::figures(canvas, panel, upper, verdicts::word(assessment.verdict), claim.color(ink_of(assessment.verdict)))?;
    let bounds = assessment.interval.map_or(String::new(), |i| format!(" {}", verdicts::interval_words(scale, i)));
    let p = assessment.adjusted_p_value;
    let p = if p.is_some() { format!("  p {}", verdicts::p_words(p)) } else { String::new() };
    let figures = format!("{}{bounds}{p}", verdicts::effect_words(scale, assessment));
    let figures = wrap(&figures, Type::small(), FIGURES - 24.0, 2);
    let lower = lower + LINE * (figures.len() - 1) as f64 / 2.0;
    canvas.lines(&figures, (panel.rect.right + 24.0, lower), LINE, Type::small())
}

fn look(verdict: Verdict) -> (Marker, RGBColor) {
    match verdict {
        Verdict::Supported => (Marker::Circle, OKABE_ITO[2]),
        Verdict::Refuted => (Marker::Cross, OKABE_ITO[1]),
        Verdict::Inconclusive => (Marker::Diamond, NEUTRAL),
    }
}

fn ink_of(verdict: Verdict) -> RGBColor {
    if verdict == Verdict::Inconclusive { MUTED } else { look(verdict).1 }
}

fn description(report: &Report) -> String {
    let sentences: Vec<String> = report
        .judged
        .iter()
        .map(|judged| {
            format!("{}: {}", judged.hypothesis.claim.trim_end_matches('.'), verdicts::word(judged.verdict()))
        })
        .collect();
    format!("{}.", sentences.join("; "))
}
