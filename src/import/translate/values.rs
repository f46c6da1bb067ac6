//! What a parameter may be, in our terms.

use serde_yaml::Value;

use crate::import::draft::Draft;
use crate::import::foreign::{Range, Values};
use crate::import::scalar::{shown, shown_number};
use crate::spec::is_whole_number;

use super::check;

/// Longest list that a range is written as, in a grid.
const MOST_VALUES: usize = 64;

/// A parameter's value, or what it may be, as the sweep file has it.
pub(super) enum Translated {
    Fixed(String),
    Varied(String),
}

/// None where nothing is left; the draft says why.
pub(super) fn translate(
    there: &str,
    name: &'static str,
    values: Values,
    is_grid: bool,
    draft: &mut Draft,
) -> Option<Translated> {
    match values {
        Values::Fixed(value) => choices(there, name, vec![value], draft),
        Values::Choices(values) => choices(there, name, values, draft),
        Values::Range(range) if range.low == range.high => choices(there, name, vec![range.low.into()], draft),
        Values::Range(range) if is_grid => match listed(range) {
            Some(values) => choices(there, name, values, draft),
            None => {
                draft.left_out.push(format!("`{there}`: a grid needs values that are listed, and this is a range"));
                None
            }
        },
        Values::Range(range) => spread(there, name, range, draft),
    }
}

/// Those that a run takes, each once.
fn choices(there: &str, name: &str, values: Vec<Value>, draft: &mut Draft) -> Option<Translated> {
    let mut taken: Vec<String> = Vec::new();
    for value in values {
        let own = adapted(name, &value);
        match check::fault(&format!("base: {{{name}: {own}}}")) {
            None if taken.contains(&own) => {}
            None => taken.push(own),
            Some(reason) => draft.leave_out(there, &value, reason),
        }
    }
    match taken.as_slice() {
        [] => None,
        [one] => Some(Translated::Fixed(one.clone())),
        several => Some(Translated::Varied(format!("[{}]", several.join(", ")))),
    }
}

/// A value as sweep files write it.
fn adapted(name: &str, value: &Value) -> String {
    let whole = value.as_f64().filter(|number| number.fract() == 0.0 && is_whole_number(name));
    match (name, value) {
        // PEFT's names are of modules in all layers.
        ("target_modules", Value::Sequence(modules)) if modules.iter().all(is_module) => {
            format!("{{layers: all, modules: {}}}", shown(value))
        }
        ("target_modules", Value::String(module)) if is_module(value) => {
            format!("{{layers: all, modules: [{}]}}", shown(&module.as_str().into()))
        }
        _ => whole.map_or_else(|| shown(value), shown_number),
    }
}

/// Not a full name of one layer's module.
fn is_module(name: &Value) -> bool {
    name.as_str().is_some_and(|name| !name.contains("layer."))
}

/// The values of a range, where they are few.
fn listed(range: Range) -> Option<Vec<Value>> {
    let step = range.step.or(range.whole.then_some(1.0)).filter(|step| *step > 0.0)?;
    let count = ((range.high - range.low) / step + 1e-9).floor() as usize + 1;
    let is_whole = range.low.fract() == 0.0 && step.fract() == 0.0;
    let at = |place: usize| {
        let value = range.low + place as f64 * step;
        if is_whole { Value::from(value as i64) } else { Value::from((value * 1e12).round() / 1e12) }
    };
    (count <= MOST_VALUES).then(|| (0..count).map(at).collect())
}

fn spread(there: &str, name: &'static str, range: Range, draft: &mut Draft) -> Option<Translated> {
    let is_whole = range.whole || is_whole_number(name);
    let step = range.step.filter(|step| !(is_whole && *step == 1.0));
    let (low, high) = if is_whole { (range.low.ceil(), range.high.floor()) } else { (range.low, range.high) };
    if (low, high) != (range.low, range.high) {
        let ends = format!("{} to {}", shown_number(low), shown_number(high));
        draft.remarks.push(format!("`{there}` is a whole number, from {ends}"));
    }
    if range.log && step.is_some() {
        draft.left_out.push(format!("the steps of `{there}`: what is spread by its logarithm has none here"));
    }
    let ends = format!("{}, {}", shown_number(low), shown_number(high));
    let value = match (is_whole, range.log, step) {
        (true, true, _) => format!("{{log_int: [{ends}]}}"),
        (false, true, _) => format!("{{log_uniform: [{ends}]}}"),
        (_, false, Some(step)) => format!("{{quantized: [{ends}, {}]}}", shown_number(step)),
        (true, false, None) => format!("{{int: [{ends}]}}"),
        (false, false, None) => format!("{{uniform: [{ends}]}}"),
    };
    match check::fault(&format!("search: {{method: random, samples: 1, space: {{{name}: {value}}}}}")) {
        None => Some(Translated::Varied(value)),
        Some(reason) => {
            draft.left_out.push(format!("`{there}`: {value}: {reason}"));
            None
        }
    }
}
