//! The value of an override: one, several, or a range.

use serde_yaml::Value;

use crate::import::foreign::{Range, Values};
use crate::import::scalar::{number, scalar};

/// Longest list that a range is written as.
const MOST_VALUES: usize = 64;

/// Why a value cannot be carried over.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub(super) enum Unfit {
    #[error("`{0}` is no function that is known: there are choice, range, interval, tag, int, float, shuffle and sort")]
    Function(String),
    #[error("`{0}` must have two or three numbers")]
    Numbers(&'static str),
    #[error("a range of {0} values is too long to be listed")]
    Long(usize),
    #[error("its brackets do not match")]
    Brackets,
    #[error("it has no value")]
    Nothing,
}

/// `7`, `1,2,3`, `choice(a,b)`, `range(1,10)`, `interval(0,1)`, `tag(log, interval(1e-5,1e-2))`.
pub(super) fn read(value: &str) -> Result<Values, Unfit> {
    let parts = parts(value)?;
    match parts.as_slice() {
        [] => Err(Unfit::Nothing),
        [one] => read_one(one),
        several => Ok(Values::Choices(several.iter().map(|part| item(part)).collect())),
    }
}

fn read_one(part: &str) -> Result<Values, Unfit> {
    let Some((function, inside)) = call(part) else {
        return Ok(Values::Fixed(item(part)));
    };
    let arguments = parts(inside)?;
    match function {
        "choice" => Ok(Values::Choices(arguments.iter().map(|part| item(part)).collect())),
        "range" => read_range(&arguments),
        "interval" => {
            let [low, high] = numbers(&arguments)[..] else {
                return Err(Unfit::Numbers("interval"));
            };
            Ok(Values::Range(Range { low, high, log: false, step: None, whole: false }))
        }
        // An order of the values means nothing where all of them are tried, or chosen from.
        "shuffle" | "sort" => read(&plain_arguments(&arguments)),
        "tag" => {
            let (tags, value) = arguments.split_at(arguments.len().saturating_sub(1));
            let value = value.first().ok_or(Unfit::Nothing)?;
            let is_log = tags.iter().any(|tag| tag == "log");
            Ok(changed(read(value)?, |range| Range { log: range.log || is_log, ..range }))
        }
        "int" => Ok(changed(read(inside)?, |range| Range { whole: true, ..range })),
        "float" => Ok(changed(read(inside)?, |range| Range { whole: false, ..range })),
        other => Err(Unfit::Function(other.to_owned())),
    }
}

/// Without `reverse=true` and the like.
fn plain_arguments(arguments: &[String]) -> String {
    let kept: Vec<&str> = arguments.iter().filter(|one| !one.contains('=')).map(String::as_str).collect();
    kept.join(",")
}

fn changed(values: Values, change: impl FnOnce(Range) -> Range) -> Values {
    match values {
        Values::Range(range) => Values::Range(change(range)),
        other => other,
    }
}

/// `range(stop)`, `range(start, stop)`, `range(start, stop, step)`: without `stop` itself.
fn read_range(arguments: &[String]) -> Result<Values, Unfit> {
    let named = |name: &str| {
        arguments.iter().find_map(|one| number(&scalar(one.strip_prefix(name)?.trim_start().strip_prefix('=')?)))
    };
    let plain = numbers(arguments);
    let (start, stop, step) = match (plain.as_slice(), named("stop")) {
        (_, Some(stop)) => (named("start").unwrap_or(0.0), stop, named("step").unwrap_or(1.0)),
        ([stop], None) => (0.0, *stop, 1.0),
        ([start, stop], None) => (*start, *stop, named("step").unwrap_or(1.0)),
        ([start, stop, step], None) => (*start, *stop, *step),
        _ => return Err(Unfit::Numbers("range")),
    };
    if step <= 0.0 || stop <= start {
        return Err(Unfit::Nothing);
    }
    // What rounding adds to the end is no further value.
    let count = ((stop - start) / step - 1e-9).ceil() as usize;
    if count > MOST_VALUES {
        return Err(Unfit::Long(count));
    }
    let is_whole = start.fract() == 0.0 && step.fract() == 0.0;
    let at = |place: usize| {
        let value = start + place as f64 * step;
        // Sums of steps are numbers that people write.
        if is_whole { Value::from(value as i64) } else { scalar(&trimmed(value)) }
    };
    Ok(Values::Choices((0..count).map(at).collect()))
}

fn trimmed(value: f64) -> String {
    let rounded = format!("{value:.11e}");
    rounded.parse::<f64>().map_or(rounded, |value| format!("{value:?}"))
}

fn numbers(arguments: &[String]) -> Vec<f64> {
    arguments.iter().filter_map(|one| number(&scalar(one))).collect()
}

/// A list, or a word.
fn item(part: &str) -> Value {
    match part.strip_prefix('[').and_then(|inside| inside.strip_suffix(']')) {
        Some(inside) => parts(inside)
            .map_or_else(|_| part.into(), |items| items.iter().map(|one| item(one)).collect::<Vec<_>>().into()),
        None => scalar(part),
    }
}

/// `name(...)`.
fn call(part: &str) -> Option<(&str, &str)> {
    let (name, rest) = part.split_once('(')?;
    let is_name = !name.is_empty() && name.chars().all(|c| c.is_ascii_alphabetic() || c == '_');
    Some((name, rest.strip_suffix(')')?)).filter(|_| is_name)
}

/// What stands between commas outside of brackets and quotes.
fn parts(text: &str) -> Result<Vec<String>, Unfit> {
    let mut parts = vec![String::new()];
    let (mut depth, mut quote) = (0i32, None);
    for character in text.chars() {
        match (quote, character) {
            (Some(open), _) if character == open => quote = None,
            (None, '\'' | '"') => quote = Some(character),
            (None, '(' | '[' | '{') => depth += 1,
            (None, ')' | ']' | '}') => depth -= 1,
            (None, ',') if depth == 0 => {
                parts.push(String::new());
                continue;
            }
            _ => {}
        }
        if let Some(last) = parts.last_mut() {
            last.push(character);
        }
    }
    if depth != 0 || quote.is_some() {
        return Err(Unfit::Brackets);
    }
    let parts: Vec<String> = parts.iter().map(|part| part.trim().to_owned()).collect();
    Ok(if parts == [""] { Vec::new() } else { parts })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn choices(value: &str) -> Vec<Value> {
        match read(value) {
            Ok(Values::Choices(choices)) => choices,
            other => panic!("{value}: {other:?}"),
        }
    }

    #[test]
    fn values_of_every_form() {
        assert_eq!(read("1e-4"), Ok(Values::Fixed(1e-4.into())));
        assert_eq!(choices("1, 2,x"), [Value::from(1), 2.into(), "x".into()]);
        assert_eq!(choices("choice(1e-4, 1e-3)"), [Value::from(1e-4), 1e-3.into()]);
        assert_eq!(choices("choice([a,b],[c])").len(), 2);
        assert_eq!(choices("range(1,4)"), [Value::from(1), 2.into(), 3.into()]);
        assert_eq!(choices("range(0,0.3,0.1)"), [Value::from(0.0), 0.1.into(), 0.2.into()]);
        assert_eq!(choices("range(start=2,stop=7,step=2)"), [Value::from(2), 4.into(), 6.into()]);
        assert_eq!(choices("shuffle(range(1,3))"), [Value::from(1), 2.into()]);
        let range = Range { low: 1e-5, high: 1e-2, log: true, step: None, whole: false };
        assert_eq!(read("tag(log, interval(1e-5,1e-2))"), Ok(Values::Range(range)));
        let range = Range { low: 4.0, high: 64.0, log: true, step: None, whole: true };
        assert_eq!(read("tag(log, int(interval(4, 64)))"), Ok(Values::Range(range)));
    }

    #[test]
    fn what_is_no_value_is_said() {
        assert_eq!(read("glob(*)"), Err(Unfit::Function("glob".to_owned())));
        assert_eq!(read("choice(1,2"), Err(Unfit::Brackets));
        assert_eq!(read("interval(1)"), Err(Unfit::Numbers("interval")));
        assert_eq!(read("range(100000)"), Err(Unfit::Long(100_000)));
        assert_eq!(read(""), Err(Unfit::Nothing));
    }
}
