//! What a sweep file or an option says without effect, or with another one than it may seem.

use std::collections::HashSet;

use super::axis::{Axis, Choice};
use super::dataset::DatasetField;
use super::design::{Design, Override};
use super::draft::Draft;
use super::exclude::Condition;
use super::parameter::Parameter;
use super::problem::{Place, listed, quoted};
use super::setting::Setting;
use super::source_seed::Seeds;

/// Finds the line of a place in the file, in words.
type Line<'a> = &'a dyn Fn(&Place) -> Option<String>;

/// One sentence for each finding, those about options first.
pub(super) fn notices(design: &Design, overrides: &[Override], line: Line<'_>) -> Vec<String> {
    let mut notices = design.replaced.clone();
    for (number, change) in overrides.iter().enumerate() {
        notices.extend(without_effect(design, change, &overrides[number + 1..]));
    }
    notices.extend(design.product.iter().filter_map(|axis| single_value(axis, line)));
    notices.extend(values_of_base(design, line));
    notices.extend(replaced_data_sets(design, line));
    notices.extend(idle_conditions(design, line));
    notices
}

/// The part of the file that a choice belongs to: `grid.rank`, `runs`. Lists that are walked together are one.
fn section(place: &Place) -> &str {
    let name = place.path.split('[').next().unwrap_or_default();
    if name.starts_with("zip.") { "zip" } else { name }
}

/// `grid.rank` with the line where it is known: `grid.rank (line 4)`.
fn named(place: &Place, line: Line<'_>) -> String {
    let name = section(place);
    line(place).map_or_else(|| quoted(name), |line| format!("{} ({line})", quoted(name)))
}

/// An option whose value no run has, or only some.
fn without_effect(design: &Design, change: &Override, later: &[Override]) -> Option<String> {
    let Override::Setting(setting) = change else {
        return None;
    };
    let parameter = setting.parameter();
    let said = format!("--set {}={}", parameter.name(), setting.shown());
    let again = |other: &Override| matches!(other, Override::Setting(other) if replaces(other, parameter));
    if later.iter().any(again) {
        return Some(format!("{said} has no effect: a later --set gives `{}` again", parameter.name()));
    }
    let own = |choice: &Choice| choice.settings.iter().any(|setting| replaces(setting, parameter));
    let axis = design.product.iter().find(|axis| axis.choices.iter().all(own)).and_then(|axis| axis.choices.first());
    let entry = design.runs.first().filter(|_| design.runs.iter().all(own));
    let owners: Vec<&str> = axis.into_iter().chain(entry).map(|choice| section(&choice.place)).collect();
    if owners.is_empty() {
        return None;
    }
    let has_base = design.ablate.is_some();
    let all = !has_base && (axis.is_some() || design.product.is_empty()) && (entry.is_some() || design.runs.is_empty());
    let (owners, name) = (listed(owners), parameter.name());
    Some(match all {
        true => format!("{said} has no effect: every run has the `{name}` that {owners} gives it"),
        false => format!("{said} has no effect on the runs of {owners}, which give their own `{name}`"),
    })
}

/// Whether a setting leaves nothing of the value that a parameter had before.
fn replaces(setting: &Setting, parameter: Parameter) -> bool {
    let whole = matches!((setting, parameter), (Setting::Dataset(_), Parameter::DatasetField(_)));
    whole || setting.parameter() == parameter
}

/// An axis of a product on which nothing varies.
fn single_value(axis: &Axis, line: Line<'_>) -> Option<String> {
    let values: HashSet<&str> = axis.choices.iter().map(|choice| choice.shown.as_str()).collect();
    let first = axis.choices.first().filter(|_| values.len() == 1)?;
    let place = named(&first.place, line);
    Some(format!("{place} has one value, {}, so it varies nothing", quoted(&first.shown)))
}

/// Values of `ablate` that base has already: their runs are base's.
fn values_of_base(design: &Design, line: Line<'_>) -> Vec<String> {
    let choices = design.ablate.iter().flatten().flat_map(|axis| &axis.choices);
    let as_base = choices.filter(|choice| same_runs(design, &design.base.with(choice.settings.iter()), &design.base));
    let notice = |choice: &Choice| {
        let (place, shown) = (named(&choice.place, line), quoted(&choice.shown));
        format!("{place} has a value that base has already, {shown}, so it makes no run of its own")
    };
    as_base.map(notice).collect()
}

/// Whether two configurations have the same runs.
fn same_runs(design: &Design, one: &Draft, other: &Draft) -> bool {
    one == other || runs_of(design, one) == runs_of(design, other)
}

/// The runs of a configuration; those that cannot be are left out.
fn runs_of(design: &Design, draft: &Draft) -> Vec<Draft> {
    let seeds = design.seeds.clone().unwrap_or_else(|| vec![draft.scalars.seed]);
    let at = |seed: u64| Some(draft.at(&Seeds::for_run(&draft.scalars.source_seeds, seed).ok()?));
    seeds.into_iter().filter_map(at).collect()
}

/// Varied data sets that do not have what base says of its own.
fn replaced_data_sets(design: &Design, line: Line<'_>) -> Vec<String> {
    let given: Vec<(&str, DatasetField)> = design.base.dataset.given().collect();
    let mut told = HashSet::new();
    let mut notices = Vec::new();
    for choice in design.choices() {
        for setting in &choice.settings {
            let Setting::Dataset(dataset) = setting else {
                continue;
            };
            let own: Vec<&str> = dataset.given().map(|(name, _)| name).collect();
            let lost: Vec<&str> = given.iter().map(|(name, _)| *name).filter(|name| !own.contains(name)).collect();
            let place = named(&choice.place, &|_| None);
            if !lost.is_empty() && told.insert(place) {
                let (place, lost) = (named(&choice.place, line), listed(lost));
                notices.push(format!(
                    "{place} replaces the whole data set of base: {lost} of base is not taken over; vary `dataset.path` to \
                     keep it"
                ));
            }
        }
    }
    notices
}

/// Conditions of `exclude` that no run meets.
fn idle_conditions(design: &Design, line: Line<'_>) -> Vec<String> {
    let mut idle: Vec<&Condition> = design.exclude.iter().collect();
    for configuration in design.configurations() {
        if idle.is_empty() {
            break;
        }
        for run in runs_of(design, &configuration.draft) {
            idle.retain(|condition| !condition.matches(&run));
        }
    }
    let notice = |condition: &Condition| {
        let place = quoted(&condition.place.path);
        let line = line(&condition.place).map_or_else(String::new, |line| format!(" ({line})"));
        format!("{place}{line} leaves out no run: none meets all of its conditions")
    };
    idle.into_iter().map(notice).collect()
}
