//! What a sweep file or an option says without effect, or with another one than it may seem.

use std::collections::HashSet;

use super::axis::{Axis, Choice};
use super::dataset::DatasetField;
use super::design::{Design, Override};
use super::draft::Draft;
use super::exclude::Condition;
use super::problem::{Place, listed, quoted};
use super::search;
use super::setting::Setting;

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
    notices.extend(search::notices(design, &|place| named_whole(place, line)));
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

/// The same of a place that stands for itself.
fn named_whole(place: &Place, line: Line<'_>) -> String {
    line(place).map_or_else(|| quoted(&place.path), |line| format!("{} ({line})", quoted(&place.path)))
}

/// An option whose value no run has, or only some.
fn without_effect(design: &Design, change: &Override, later: &[Override]) -> Option<String> {
    let Override::Setting(setting) = change else {
        return None;
    };
    let parameter = setting.parameter();
    let said = format!("--set {}={}", parameter.name(), setting.shown());
    let again = |other: &Override| matches!(other, Override::Setting(other) if other.replaces(parameter));
    if later.iter().any(again) {
        return Some(format!("{said} has no effect: a later --set gives `{}` again", parameter.name()));
    }
    let own = |choice: &Choice| choice.settings.iter().any(|setting| setting.replaces(parameter));
    let axis = design.product.iter().find(|axis| axis.choices.iter().all(own)).and_then(|axis| axis.choices.first());
    let entry = design.runs.first().filter(|_| design.runs.iter().all(own));
    let dimensions = design.search.iter().flat_map(|search| &search.dimensions);
    let dimension = dimensions.into_iter().find(|dimension| dimension.always_sets(parameter));
    let places = axis.into_iter().chain(entry).map(|choice| &choice.place);
    let owners: Vec<&str> = places.chain(dimension.map(|dimension| &dimension.place)).map(section).collect();
    if owners.is_empty() {
        return None;
    }
    let has_base = design.ablate.is_some();
    let all = !has_base
        && (axis.is_some() || design.product.is_empty())
        && (entry.is_some() || design.runs.is_empty())
        && (dimension.is_some() || design.search.is_none());
    let (owners, name) = (listed(owners), parameter.name());
    Some(match all {
        true => format!("{said} has no effect: every run has the `{name}` that {owners} gives it"),
        false => format!("{said} has no effect on the runs of {owners}, which give their own `{name}`"),
    })
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
    one == other || design.runs_of(one) == design.runs_of(other)
}

/// Varied data sets that do not have what base says of its own.
fn replaced_data_sets(design: &Design, line: Line<'_>) -> Vec<String> {
    let given: Vec<(&str, DatasetField)> = design.base.dataset.given().collect();
    let mut told = HashSet::new();
    let mut notices = Vec::new();
    let searched = design.search.iter().flat_map(|search| search.choices());
    for choice in design.choices().chain(searched) {
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

/// Conditions of `exclude` that no run meets, none of a search either.
fn idle_conditions(design: &Design, line: Line<'_>) -> Vec<String> {
    let mut idle: Vec<&Condition> = design.exclude.iter().collect();
    for configuration in design.configurations() {
        if idle.is_empty() {
            break;
        }
        for run in design.runs_of(&configuration.draft) {
            idle.retain(|condition| !condition.matches(&run));
        }
    }
    if let Some(search) = &design.search {
        idle.retain(|condition| !search.may_meet(design, condition));
    }
    let notice = |condition: &Condition| {
        let place = named_whole(&condition.place, line);
        format!("{place} leaves out no run: none meets all of its conditions")
    };
    idle.into_iter().map(notice).collect()
}
