//! Records as lists of named values, and in which of them two lists differ.

use serde::Serialize;
use serde_json::Value;

use super::aspect::{Aspect, Row};

/// Named values in their order.
pub(super) type Fields = Vec<(String, Value)>;

/// What stands where one side has no such field.
const ABSENT: &str = "-";
/// Items of a list that only one side has, at most.
const MOST_ITEMS: usize = 4;
/// Characters of a value, at most.
const LONGEST: usize = 60;

/// The fields of a record; those of a record inside it have its name in front.
pub(super) fn fields(record: &impl Serialize) -> Fields {
    let mut flat = Vec::new();
    // A record without a JSON form has no fields that could be shown.
    if let Ok(value) = serde_json::to_value(record) {
        flatten("", value, &mut flat);
    }
    flat
}

fn flatten(prefix: &str, value: Value, flat: &mut Fields) {
    match value {
        Value::Object(entries) => {
            for (name, value) in entries {
                let name = if prefix.is_empty() { name } else { format!("{prefix}.{name}") };
                flatten(&name, value, flat);
            }
        }
        value => flat.push((prefix.to_owned(), value)),
    }
}

/// What is not the same, in the order of A, and then what only B has. A field that is null is as one that is absent.
pub(super) fn part(title: &'static str, a: &Fields, b: &Fields) -> Aspect {
    let get = |fields: &Fields, name: &str| {
        let found = fields.iter().find(|(known, _)| known == name).map(|(_, value)| value.clone());
        found.filter(|value| !value.is_null())
    };
    let only_b = b.iter().filter(|(name, _)| !a.iter().any(|(known, _)| known == name));
    let mut part = Aspect { title, rows: Vec::new(), same: 0, note: None };
    for (name, _) in a.iter().chain(only_b) {
        match (get(a, name), get(b, name)) {
            (None, None) => {}
            (left, right) if left == right => part.same += 1,
            (left, right) => {
                let (a, b) = shown(left.as_ref(), right.as_ref());
                part.rows.push(Row { name: name.clone(), a, b });
            }
        }
    }
    part
}

/// Of two lists what only one of them has.
fn shown(a: Option<&Value>, b: Option<&Value>) -> (String, String) {
    if let (Some(Value::Array(left)), Some(Value::Array(right))) = (a, b) {
        let own = |own: &[Value], other: &[Value]| {
            let only: Vec<&Value> = own.iter().filter(|item| !other.contains(item)).collect();
            let named: Vec<String> = only.iter().take(MOST_ITEMS).map(|item| plain(item)).collect();
            let more = only.len().saturating_sub(MOST_ITEMS);
            let more = if more > 0 { format!(" and {more} more") } else { String::new() };
            match named.is_empty() {
                true => format!("{} items", own.len()),
                false => format!("{} items, alone {}{more}", own.len(), named.join(", ")),
            }
        };
        return (own(left, right), own(right, left));
    }
    let one = |value: Option<&Value>| value.map_or_else(|| ABSENT.to_owned(), plain);
    (one(a), one(b))
}

/// A value on one line.
pub(super) fn plain(value: &Value) -> String {
    let text = match value {
        Value::String(text) => text.clone(),
        Value::Number(number) => match number.as_f64() {
            // As people write it.
            Some(real) if number.is_f64() => format!("{real:?}").trim_end_matches(".0").to_owned(),
            _ => number.to_string(),
        },
        other => other.to_string(),
    };
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    match line.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}…", &line[..end]),
        None => line,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn rows(a: Value, b: Value) -> (Vec<[String; 3]>, usize) {
        let part = part("x", &fields(&a), &fields(&b));
        (part.rows.into_iter().map(|row| [row.name, row.a, row.b]).collect(), part.same)
    }

    #[test]
    fn what_differs_is_shown_and_the_rest_counted() {
        let a = json!({"rank": 8, "data": {"path": "a", "limit": null}, "rate": 1e-3, "old": 1});
        let b = json!({"rank": 8, "data": {"path": "b"}, "rate": 0.002, "new": true});
        let (rows, same) = rows(a, b);
        let expected = [["data.path", "a", "b"], ["rate", "0.001", "0.002"], ["old", "1", "-"], ["new", "-", "true"]];
        assert_eq!(rows, expected.map(|row| row.map(str::to_owned)));
        assert_eq!(same, 1);
    }

    #[test]
    fn of_lists_what_one_of_them_has_alone() {
        let (rows, _) = rows(json!({"modules": ["a", "b"]}), json!({"modules": ["b", "c", "d", "e", "f", "g"]}));
        assert_eq!(rows[0][1..], ["2 items, alone a", "6 items, alone c, d, e, f and 1 more"].map(str::to_owned));
    }

    #[test]
    fn values_stay_on_one_short_line() {
        assert_eq!(plain(&json!("a\n b")), "a b");
        assert_eq!(plain(&json!(8.0)), "8");
        assert!(plain(&json!("x".repeat(100))).chars().count() == LONGEST + 1);
    }
}
