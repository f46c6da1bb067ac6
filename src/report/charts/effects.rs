//! What each change does, of a parameter or of several under a name: accuracy of every configuration minus the baseline's, paired.

use crate::metrics::{Effect, LEVEL, Scale};
use crate::report::design;
use crate::report::model::Report;
use crate::report::verdicts;

use super::axis::{Axis, Unit};
use super::canvas::{Canvas, Drawn, Rect, Stroke, Type, WIDTH, picture, wrap};
use super::legend::{Heading, MARGIN};
use super::palette::BASELINE;
use super::panel::{Labels, Panel};
use super::{Chart, DrawError, Looks, rows, words};

const ROW: f64 = 44.0;
const NAMES: f64 = 480.0;
/// More rows than this nobody reads: parameters with the largest effects are shown.
const MOST: usize = 60;

/// Configurations that change the same.
struct Group {
    /// The named change, or the parameters changed.
    title: String,
    /// The baseline's values of them.
    base: String,
    members: Vec<(usize, String)>,
}

pub(super) fn draw(report: &Report, looks: &Looks) -> Result<Option<Chart>, DrawError> {
    let groups = groups(report);
    let Some(axis) = axis(report, &groups) else {
        return Ok(None);
    };
    let lines: usize = groups.iter().map(|group| group.members.len() + 1).sum();
    let title = "Effect of each change on accuracy";
    let heading = Heading::new(title, &subtitle(report, &groups));
    let members = groups.iter().flat_map(|group| &group.members).map(|(_, value)| value.as_str());
    let step = rows::height(members, Type::small(), NAMES - 60.0, ROW).max(rows::height(
        groups.iter().map(|group| group.title.as_str()),
        Type::small().bold(),
        NAMES - 20.0,
        ROW,
    ));
    let height = (heading.bottom() + 38.0 + lines as f64 * step + 130.0).max(420.0) as u32;
    let picture = picture(WIDTH, height, |canvas| {
        let top = heading.draw(canvas)? + 10.0;
        let figures = figures_width() + 24.0;
        let rect = Rect::new(MARGIN + NAMES, top, f64::from(WIDTH) - MARGIN - figures, f64::from(height) - 110.0);
        let panel = rows::across(rect, axis);
        let name = "Accuracy minus the baseline's, percentage points";
        panel.frame(canvas, Labels { x: Some(name), x_ticks: true, ..Labels::default() })?;
        let zero = panel.at(0.0, 0.0).0;
        canvas.line(&[(zero, rect.top), (zero, rect.bottom)], Stroke::solid(BASELINE, 3))?;
        let step = rect.height() / lines as f64;
        let mut y = rect.top + step / 2.0;
        for group in &groups {
            draw_group(canvas, report, looks, &panel, group, &mut y, step)?;
        }
        Ok(())
    })?;
    Ok(Some(Chart { name: "effects", title: title.to_string(), description: description(report, &groups), picture }))
}

fn figures_width() -> f64 {
    Type::small().width("\u{2212}10.0 points  [\u{2212}10.0, \u{2212}10.0]")
}

fn subtitle(report: &Report, groups: &[Group]) -> String {
    let mut text = format!("{} · difference to the baseline with 95 % interval", words::subject(report));
    let mut effects = groups.iter().flat_map(|g| &g.members).filter_map(|(i, _)| effect_of(report, *i));
    if effects.any(|effect| effect.seeds == 1) {
        text.push_str(&format!(" · {}", rows::ONE_SEED));
    }
    text
}

fn effect_of(report: &Report, configuration: usize) -> Option<&Effect> {
    report.configurations[configuration].versus_baseline.as_ref()
}

fn draw_group(
    canvas: &Canvas<'_>,
    report: &Report,
    looks: &Looks,
    panel: &Panel,
    group: &Group,
    y: &mut f64,
    step: f64,
) -> Drawn {
    rows::title(canvas, *y, &group.title, NAMES - 20.0, Type::small().bold())?;
    let base = wrap(&format!("baseline: {}", group.base), Type::muted(), figures_width(), 2);
    canvas.lines(&base, (panel.rect.right + 24.0, *y), 25.0, Type::muted())?;
    *y += step;
    for (index, value) in &group.members {
        if let Some(effect) = &report.configurations[*index].versus_baseline {
            let interval = effect.interval(LEVEL);
            let look = looks.get(*index);
            rows::name(canvas, panel, *y, value, NAMES - 60.0, Type::small())?;
            let point = rows::Point { marker: look.marker, color: look.color, one_seed: effect.seeds == 1 };
            rows::estimate(canvas, panel, *y, effect.estimate, interval, point)?;
            let bounds = interval.map_or(String::new(), |i| format!("  {}", verdicts::interval_words(Scale::Share, i)));
            let text = format!("{}{bounds}", verdicts::difference(Scale::Share, effect.estimate));
            rows::figures(canvas, panel, *y, &text, Type::small())?;
        }
        *y += step;
    }
    Ok(())
}

/// Configurations that change one parameter (or a few that belong together), by parameter.
fn groups(report: &Report) -> Vec<Group> {
    let mut groups: Vec<Group> = Vec::new();
    let Some(baseline) = report.baseline else {
        return groups;
    };
    let factors = design::factors(report);
    for index in (0..report.configurations.len()).filter(|&i| report.configurations[i].versus_baseline.is_some()) {
        let [factor] = design::changed(&factors, index, baseline)[..] else {
            continue;
        };
        let value = factor.levels[factor.of[index]].clone();
        match groups.iter_mut().find(|group| group.title == factor.name) {
            Some(group) => group.members.push((index, value)),
            None => groups.push(Group {
                title: factor.name.clone(),
                base: factor.levels[factor.of[baseline]].clone(),
                members: vec![(index, value)],
            }),
        }
    }
    for group in &mut groups {
        let level = |(index, _): &(usize, String)| {
            factors.iter().find(|factor| factor.name == group.title).map(|factor| factor.of[*index])
        };
        group.members.sort_by_key(level);
    }
    let largest = |group: &Group| {
        let effects = group.members.iter().filter_map(|(i, _)| report.configurations[*i].versus_baseline.as_ref());
        effects.map(|effect| effect.estimate.abs()).fold(0.0, f64::max)
    };
    while groups.iter().map(|group| group.members.len() + 1).sum::<usize>() > MOST && groups.len() > 1 {
        let least = (0..groups.len()).min_by(|&a, &b| largest(&groups[a]).total_cmp(&largest(&groups[b])));
        groups.remove(least.unwrap_or(0));
    }
    groups
}

fn axis(report: &Report, groups: &[Group]) -> Option<Axis> {
    let effects: Vec<_> = groups
        .iter()
        .flat_map(|group| &group.members)
        .filter_map(|(index, _)| report.configurations[*index].versus_baseline.as_ref())
        .collect();
    let ends = effects.iter().flat_map(|effect| {
        let interval = effect.interval(LEVEL).map(|interval| [interval.low, interval.high]);
        interval.into_iter().flatten().chain([effect.estimate])
    });
    let (low, high) = rows::range(ends.chain((!effects.is_empty()).then_some(0.0)))?;
    Some(Axis::rounded(low, high, 6, Unit::Points))
}

fn description(report: &Report, groups: &[Group]) -> String {
    let mut clear: Vec<String> = Vec::new();
    for (group, (index, value)) in groups.iter().flat_map(|g| g.members.iter().map(move |member| (g, member))) {
        let Some(effect) = &report.configurations[*index].versus_baseline else {
            continue;
        };
        if effect.interval(LEVEL).is_some_and(|interval| !interval.contains(0.0)) {
            clear.push(format!("{} {value} {}", group.title, verdicts::difference(Scale::Share, effect.estimate)));
        }
    }
    let all: usize = groups.iter().map(|group| group.members.len()).sum();
    let clear = match clear.len() {
        0 => "No interval excludes zero.".to_string(),
        n => format!("{n} of {all} intervals exclude zero: {}.", clear.join("; ")),
    };
    let example = report.judged_example();
    format!("Paired by seed and {example}; not corrected for the number of comparisons. {clear}")
}
