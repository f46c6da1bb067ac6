//! Texts and numbers of other tools' files.

use serde_yaml::Value;

use super::error::ImportError;
use crate::spec::yaml_excess;

pub(super) fn parse_yaml(text: &str) -> Result<Value, ImportError> {
    if let Some(excess) = yaml_excess(text) {
        return Err(ImportError::Excess(excess.to_string()));
    }
    Ok(serde_yaml::from_str(text)?)
}

/// A word as YAML reads it: a number, a truth value, null, or a text.
pub(super) fn scalar(word: &str) -> Value {
    let word = word.trim();
    let quoted = ['\'', '"'].into_iter().find_map(|quote| word.strip_prefix(quote)?.strip_suffix(quote));
    if let Some(text) = quoted {
        return text.into();
    }
    match word {
        "" | "null" | "None" => return Value::Null,
        "true" | "True" => return true.into(),
        "false" | "False" => return false.into(),
        _ => {}
    }
    if let Ok(whole) = word.parse::<i64>() {
        return whole.into();
    }
    match word.parse::<f64>() {
        Ok(number) if number.is_finite() => number.into(),
        _ => word.into(),
    }
}

/// A number, also one that is written as a text: YAML 1.1 takes `1e-4` for one.
pub(super) fn number(value: &Value) -> Option<f64> {
    match value {
        Value::Number(number) => number.as_f64(),
        Value::String(text) => text.trim().parse().ok(),
        _ => None,
    }
    .filter(|number| number.is_finite())
}

pub(super) fn count(value: &Value) -> Option<usize> {
    number(value).filter(|number| number.fract() == 0.0 && (0.0..1e12).contains(number)).map(|number| number as usize)
}

pub(super) fn text(value: &Value) -> Option<&str> {
    value.as_str()
}

/// A value on one line of a sweep file.
pub(super) fn shown(value: &Value) -> String {
    match value {
        Value::Null => "null".to_owned(),
        Value::Bool(value) => value.to_string(),
        Value::Number(value) => match (value.as_i64(), value.as_f64()) {
            (Some(whole), _) => whole.to_string(),
            (None, Some(real)) => shown_number(real),
            (None, None) => value.to_string(),
        },
        Value::String(text) if is_plain(text) => text.clone(),
        Value::String(text) => quoted(text),
        Value::Sequence(items) => format!("[{}]", items.iter().map(shown).collect::<Vec<_>>().join(", ")),
        Value::Mapping(entries) => {
            let entry = |(key, value): (&Value, &Value)| format!("{}: {}", shown(key), shown(value));
            format!("{{{}}}", entries.iter().map(entry).collect::<Vec<_>>().join(", "))
        }
        Value::Tagged(tagged) => shown(&tagged.value),
    }
}

/// In the shortest form that reads back as the same number.
pub(super) fn shown_number(number: f64) -> String {
    if number.fract() == 0.0 && number.abs() < 1e15 { format!("{number:.0}") } else { format!("{number:?}") }
}

/// A text in quotes: YAML reads those of JSON.
pub(super) fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

/// A word that YAML takes for a text as it stands.
fn is_plain(text: &str) -> bool {
    let begins = text.chars().next().is_some_and(|first| first.is_ascii_alphabetic() || first == '_');
    begins
        && text.chars().all(|c| c.is_ascii_alphanumeric() || "_./-".contains(c))
        && scalar(text) == text
        && !["yes", "no", "on", "off", "y", "n", "nan", "inf"].contains(&text.to_ascii_lowercase().as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_shown_is_read_back_as_the_same() {
        for value in
            ["1e-5", "0.0001", "3", "-2.5", "cosine", "yes", "a: b", "'7'", "true", "null", "x # y", "1e300", "NaN"]
        {
            let value = scalar(value);
            assert_eq!(parse_yaml(&shown(&value)).unwrap(), value, "{}", shown(&value));
        }
        assert_eq!(shown(&scalar("1e-5")), "1e-5");
        assert_eq!(shown(&parse_yaml("{a: [1, b c]}").unwrap()), r#"{a: [1, "b c"]}"#);
    }
}
