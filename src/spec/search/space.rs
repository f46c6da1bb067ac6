//! Reads the space of a search: what is varied, and how its values are spread.

use std::collections::HashMap;

use crate::spec::axis::Axis;
use crate::spec::cursor::{Context, Cursor};
use crate::spec::exclude::Condition;
use crate::spec::parameter::Parameter;
use crate::spec::problem::{Place, listed, quoted};
use crate::spec::setting::Setting;
use crate::spec::yaml::Value;

use super::distribution::Distribution;
use super::draft::{DimensionDraft, Values, is_input};
use super::foreign_names::hint_of_distribution;
use super::order::report_circle;

const CHOICE: &str = "choice";
const WHEN: &str = "when";
const NUMERIC: [&str; 5] = ["uniform", "log_uniform", "int", "log_int", "quantized"];
const EXPECTED: &str = "a list of values, or a mapping like `{log_uniform: [1e-5, 1e-3]}`";

/// Reads all dimensions; wrong ones are reported and left out.
pub(super) fn read_space(cursor: &Cursor<'_>, context: &mut Context<'_>) -> Vec<DimensionDraft> {
    let Some(entries) = cursor.entries(context, "a mapping of parameters to what they may be") else {
        return Vec::new();
    };
    if entries.is_empty() {
        cursor.problem(context, "must name at least one parameter");
    }
    let dimensions: Vec<DimensionDraft> =
        entries.iter().filter_map(|(name, value)| read_dimension(name, value, context)).collect();
    report_doubles(&dimensions, context);
    report_circle(&dimensions, context);
    dimensions
}

fn read_dimension(name: &str, cursor: &Cursor<'_>, context: &mut Context<'_>) -> Option<DimensionDraft> {
    let place = cursor.place();
    let (values, when) = match &cursor.node.value {
        Value::List(_) => (read_choices(name, cursor, context)?, None),
        Value::Map(_) => read_mapping(name, cursor, context)?,
        _ => {
            cursor.problem(context, format!("must be {EXPECTED}, found {}", cursor.found()));
            return None;
        }
    };
    let dimension = DimensionDraft { name: name.to_owned(), values, when, place };
    if dimension.parameters().iter().any(|parameter| matches!(parameter, Parameter::Seed | Parameter::SourceSeed(_))) {
        cursor.problem(context, "a search does not choose seeds: every configuration is trained with all `seeds`");
        return None;
    }
    Some(dimension)
}

fn read_mapping(name: &str, cursor: &Cursor<'_>, context: &mut Context<'_>) -> Option<(Values, Option<Condition>)> {
    let entries = cursor.entries(context, EXPECTED)?;
    let kinds: Vec<_> = entries.iter().filter(|(key, _)| *key != WHEN).collect();
    let [(kind, values)] = kinds.as_slice() else {
        let all = listed(NUMERIC.into_iter().chain([CHOICE]));
        cursor.problem(context, format!("must have one of {all}, and may have `{WHEN}`"));
        return None;
    };
    let when = match entries.iter().find(|(key, _)| *key == WHEN) {
        Some((_, when)) => Some(Condition::read(when, context)?),
        None => None,
    };
    if *kind == CHOICE {
        return Some((read_choices(name, values, context)?, when));
    }
    if !NUMERIC.contains(kind) {
        let known: Vec<&str> = NUMERIC.into_iter().chain([CHOICE, WHEN]).collect();
        let hint = hint_of_distribution(kind, &known);
        let all = listed(NUMERIC.into_iter().chain([CHOICE]));
        values.problem(context, format!("unknown distribution {}{hint} (there are {all})", quoted(kind)));
        return None;
    }
    let Some(parameter) = Parameter::named(name) else {
        cursor.problem(context, Parameter::unknown(name));
        return None;
    };
    Some((Values::Numbers(parameter, read_numbers(parameter, kind, values, context)?), when))
}

fn read_choices(name: &str, cursor: &Cursor<'_>, context: &mut Context<'_>) -> Option<Values> {
    let axis = Axis::read(name, cursor, context)?;
    let mut seen: HashMap<&str, &Place> = HashMap::new();
    for choice in &axis.choices {
        if seen.insert(&choice.shown, &choice.place).is_some() {
            context.problems.add(choice.place.clone(), format!("{} is given twice", quoted(&choice.shown)));
            return None;
        }
    }
    Some(Values::Choices(axis))
}

/// The ends of a numeric distribution, each a value that the parameter takes.
fn read_numbers(
    parameter: Parameter,
    kind: &str,
    cursor: &Cursor<'_>,
    context: &mut Context<'_>,
) -> Option<Distribution> {
    if !has_distributions(parameter) {
        let name = parameter.name();
        cursor.problem(
            context,
            format!("`{name}` is searched among values that are listed: `{name}: {{choice: [...]}}`"),
        );
        return None;
    }
    let (form, count) = if kind == "quantized" { ("`[low, high, step]`", 3) } else { ("`[low, high]`", 2) };
    let items = cursor.items(context, form)?;
    if items.len() != count {
        cursor.problem(context, format!("must be {form}, found {} values", items.len()));
        return None;
    }
    let end = |item: &Cursor<'_>, context: &mut Context<'_>| Setting::read(parameter, item, context)?.as_number();
    let (low, high) = (end(&items[0], context)?, end(&items[1], context)?);
    if low >= high {
        cursor.problem(context, "the first value must be below the second");
        return None;
    }
    let whole = low.fract() == 0.0 && high.fract() == 0.0;
    let is_count = matches!(parameter, Parameter::Count(_));
    let problem = |context: &mut Context<'_>, message: String| {
        cursor.problem(context, message);
        None
    };
    match kind {
        "uniform" | "log_uniform" if is_count => problem(
            context,
            format!("`{}` is a whole number: use `int`, `log_int`, `quantized` or `choice`", parameter.name()),
        ),
        "log_uniform" | "log_int" if low <= 0.0 => {
            problem(context, "a logarithm needs a first value above 0".to_owned())
        }
        "int" | "log_int" if !whole => problem(context, "both ends must be whole numbers".to_owned()),
        "uniform" => Some(Distribution::Uniform { low, high }),
        "log_uniform" => Some(Distribution::LogUniform { low, high }),
        "int" => Some(Distribution::Int { low: low as i64, high: high as i64 }),
        "log_int" => Some(Distribution::LogInt { low: low as i64, high: high as i64 }),
        _ => {
            let step = items[2].number(context)?;
            if step <= 0.0 || step > high - low || is_count && step.fract() != 0.0 {
                let whole = if is_count { " whole number" } else { "" };
                items[2].problem(context, format!("the step must be a{whole} above 0, and at most the range"));
                return None;
            }
            Some(Distribution::Quantized { low, high, step })
        }
    }
}

/// Whether it is searched within a range; other parameters among listed values only.
pub(in crate::spec) fn has_distributions(parameter: Parameter) -> bool {
    let is_number = matches!(parameter, Parameter::Count(_) | Parameter::Number(_) | Parameter::ClassifierDropout);
    is_number && !is_input(parameter)
}

/// Each parameter has its value from one dimension.
fn report_doubles(dimensions: &[DimensionDraft], context: &mut Context<'_>) {
    let mut varied_by: HashMap<Parameter, &DimensionDraft> = HashMap::new();
    for dimension in dimensions {
        for parameter in dimension.parameters() {
            let other = *varied_by.entry(parameter).or_insert(dimension);
            if !std::ptr::eq(other, dimension) {
                let message = format!("`{}` is varied by {}, too", parameter.name(), quoted(&other.place.path));
                context.problems.add(dimension.place.clone(), message);
                break;
            }
        }
    }
}
