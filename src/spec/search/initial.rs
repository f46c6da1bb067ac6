//! Reads the configurations that a search is to begin with.

use crate::spec::cursor::{Context, Cursor};
use crate::spec::parameter::Parameter;
use crate::spec::problem::{did_you_mean, listed, quoted};
use crate::spec::setting::Setting;
use crate::spec::yaml::Value;

use super::distribution::Coordinate;
use super::draft::{DimensionDraft, Values};
use super::point::Point;

/// A list of mappings from dimensions to values; wrong ones are reported and left out.
pub(super) fn read_initial(
    cursor: &Cursor<'_>,
    dimensions: &[DimensionDraft],
    context: &mut Context<'_>,
) -> Vec<Point> {
    let items = cursor.items(context, "a list of mappings of parameters to values").unwrap_or_default();
    items.iter().filter_map(|item| read_point(item, dimensions, context)).collect()
}

fn read_point(cursor: &Cursor<'_>, dimensions: &[DimensionDraft], context: &mut Context<'_>) -> Option<Point> {
    let entries = cursor.entries(context, "a mapping of parameters to values")?;
    let names = || dimensions.iter().map(|dimension| dimension.name.as_str());
    for (name, value) in &entries {
        if !names().any(|known| known == *name) {
            let hint = did_you_mean(name, names());
            value.problem(context, format!("{} is not in `space`{hint}", quoted(name)));
            return None;
        }
    }
    let given = |dimension: &DimensionDraft| entries.iter().find(|(name, _)| *name == dimension.name);
    // One that does not apply there may be left out; which ones those are is known later.
    let missing = dimensions.iter().filter(|dimension| dimension.when.is_none() && given(dimension).is_none());
    let missing: Vec<&str> = missing.map(|dimension| dimension.name.as_str()).collect();
    if !missing.is_empty() {
        cursor.problem(context, format!("must have a value for {}", listed(missing)));
        return None;
    }
    let coordinate = |dimension: &DimensionDraft| match given(dimension) {
        Some((_, value)) => read_coordinate(value, dimension, context).map(Some),
        None => Some(None),
    };
    dimensions.iter().map(coordinate).collect::<Option<Vec<_>>>().map(Point)
}

fn read_coordinate(cursor: &Cursor<'_>, dimension: &DimensionDraft, context: &mut Context<'_>) -> Option<Coordinate> {
    match &dimension.values {
        Values::Numbers(parameter, distribution) => {
            let value = Setting::read(*parameter, cursor, context)?.as_number()?;
            let range = distribution.range()?;
            if !(range.low..=range.high).contains(&value) {
                cursor.problem(context, format!("must lie within the space: from {} to {}", range.low, range.high));
                return None;
            }
            Some(Coordinate::Number(value))
        }
        Values::Choices(axis) => {
            let setting = match Parameter::named(&dimension.name) {
                Some(parameter) => Some(Setting::read(parameter, cursor, context)?),
                None => None,
            };
            let is_it = |choice: &&crate::spec::axis::Choice| match (&setting, &cursor.node.value) {
                (Some(setting), _) => choice.settings.first() == Some(setting),
                (None, Value::Text(name)) => choice.shown == *name,
                (None, _) => false,
            };
            let position = axis.choices.iter().position(|choice| is_it(&choice));
            if position.is_none() {
                let all = listed(axis.choices.iter().map(|choice| choice.shown.as_str()));
                cursor.problem(context, format!("must be one of {all}"));
            }
            position.map(Coordinate::Choice)
        }
    }
}
