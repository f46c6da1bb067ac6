//! Reads the configurations that a search is to begin with.

use crate::spec::cursor::{Context, Cursor};
use crate::spec::parameter::Parameter;
use crate::spec::problem::{Problems, did_you_mean, listed, quoted};
use crate::spec::setting::Setting;
use crate::spec::yaml::Value;

use super::design::SearchDesign;
use super::distribution::Coordinate;
use super::draft::{DimensionDraft, InitialPoint, Values};
use super::point::Point;

/// A list of mappings from dimensions to values; wrong ones are reported and left out.
pub(super) fn read_initial(
    cursor: &Cursor<'_>,
    dimensions: &[DimensionDraft],
    context: &mut Context<'_>,
) -> Vec<InitialPoint> {
    let items = cursor.items(context, "a list of mappings of parameters to values").unwrap_or_default();
    items.iter().filter_map(|item| read_point(item, dimensions, context)).collect()
}

fn read_point(cursor: &Cursor<'_>, dimensions: &[DimensionDraft], context: &mut Context<'_>) -> Option<InitialPoint> {
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
    let point = Point(dimensions.iter().map(coordinate).collect::<Option<Vec<_>>>()?);
    Some(InitialPoint { point, place: cursor.place() })
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
            if !distribution.contains(value) {
                let (low, step) = (range.low, range.step.unwrap_or_default());
                let message =
                    format!("must be a value of the space: {low}, {} and so on", distribution.rounded(low + step));
                cursor.problem(context, message);
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

impl SearchDesign {
    /// Reports points that cannot be tried as the file names them.
    pub(super) fn check_initial(&self, initial: &[InitialPoint], problems: &mut Problems) {
        for (number, InitialPoint { point, place }) in initial.iter().enumerate() {
            let mut report = |message: String| problems.add(place.clone(), message);
            if let Some(message) = self.misfit(point) {
                report(message);
            } else if let Some(condition) = self.excluded_by(point) {
                report(format!("is left out by {}", quoted(&condition.place.path)));
            } else if let Some(earlier) = initial[..number].iter().find(|earlier| self.is_same(&earlier.point, point)) {
                report(format!("comes to the same runs as {}", quoted(&earlier.place.path)));
            }
        }
    }

    /// Which value a point lacks, or has where its dimension does not apply.
    fn misfit(&self, point: &Point) -> Option<String> {
        let mut known = Point(vec![None; point.0.len()]);
        for &number in self.order() {
            let dimension = &self.dimensions()[number];
            let (name, when) = (quoted(&dimension.name), dimension.when.as_deref().unwrap_or_default());
            match (self.is_active(number, &known), point.0[number]) {
                (true, None) => return Some(format!("must have a value for {name}, which is varied here ({when})")),
                (false, Some(_)) => return Some(format!("has a value for {name}, which is varied only where {when}")),
                (_, value) => known.0[number] = value,
            }
        }
        None
    }
}
