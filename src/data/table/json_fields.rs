//! The fields of a JSON object as they stand in the text: numbers keep their digits.

use serde::de::IgnoredAny;

/// The fields of an object in their order.
pub(super) struct Fields<'a> {
    /// Of sound JSON, from the object's opening brace or a comma in it on.
    rest: &'a str,
}

/// Why a text has no fields.
pub(super) enum NoFields {
    /// Not JSON: why, and at which line and column of the text, counted from 1.
    Syntax { cause: String, line: usize, column: usize },
    /// JSON, but this.
    OtherValue(&'static str),
}

impl<'a> Fields<'a> {
    pub fn parse(text: &'a str) -> Result<Self, NoFields> {
        let text = text.trim_matches(BLANKS);
        serde_json::from_str::<IgnoredAny>(text).map_err(|error| {
            let whole = error.to_string();
            let (cause, _) = whole.split_once(" at line ").unwrap_or((&whole, ""));
            NoFields::Syntax { cause: cause.to_owned(), line: error.line(), column: error.column() }
        })?;
        match text.strip_prefix('{') {
            Some(rest) => Ok(Self { rest }),
            None => Err(NoFields::OtherValue(kind_of(text))),
        }
    }
}

/// What JSON takes for blanks.
pub(super) const BLANKS: [char; 4] = [' ', '\t', '\n', '\r'];

impl<'a> Iterator for Fields<'a> {
    /// A key and its value, both as they stand there.
    type Item = (&'a str, &'a str);

    fn next(&mut self) -> Option<Self::Item> {
        let rest = self.rest.trim_start_matches(BLANKS).trim_start_matches(',').trim_start_matches(BLANKS);
        if !rest.starts_with('"') {
            return None;
        }
        let (key, rest) = rest.split_at(string_end(rest));
        let rest = rest.trim_start_matches(BLANKS).trim_start_matches(':').trim_start_matches(BLANKS);
        let (value, rest) = rest.split_at(value_end(rest));
        self.rest = rest;
        Some((key, value))
    }
}

/// Where the string ends that `text` begins with.
fn string_end(text: &str) -> usize {
    let mut nesting = Nesting::default();
    let end = text.bytes().skip(1).position(|byte| !nesting.is_in_string_after(byte));
    end.map_or(text.len(), |end| end + 2)
}

fn value_end(text: &str) -> usize {
    match text.bytes().next() {
        Some(b'"') => string_end(text),
        Some(b'{' | b'[') => Nesting::default().end(text.as_bytes()).unwrap_or(text.len()),
        _ => text.find([',', '}', ']', ' ', '\t', '\n', '\r']).unwrap_or(text.len()),
    }
}

/// How deep in brackets a scan is.
#[derive(Clone, Debug, Default)]
pub(super) struct Nesting {
    depth: usize,
    in_string: bool,
    escaped: bool,
}

impl Nesting {
    /// Reads on; gives the place after the bracket that closes the first one, where it is there.
    pub fn end(&mut self, bytes: &[u8]) -> Option<usize> {
        for (at, &byte) in bytes.iter().enumerate() {
            if self.in_string {
                self.in_string = self.is_in_string_after(byte);
                continue;
            }
            match byte {
                b'"' => self.in_string = true,
                b'{' | b'[' => self.depth += 1,
                b'}' | b']' => {
                    self.depth = self.depth.saturating_sub(1);
                    if self.depth == 0 {
                        return Some(at + 1);
                    }
                }
                _ => {}
            }
        }
        None
    }

    /// Whether the scan is inside a string.
    pub fn is_in_string(&self) -> bool {
        self.in_string
    }

    /// Whether a string that the scan is in goes on after this byte.
    fn is_in_string_after(&mut self, byte: u8) -> bool {
        let closes = byte == b'"' && !self.escaped;
        self.escaped = byte == b'\\' && !self.escaped;
        !closes
    }
}

/// A string's characters, of the string as it stands in JSON.
///
/// # Errors
/// Half of a surrogate pair stands for no character.
pub(super) fn characters(string: &str) -> Result<String, &'static str> {
    let inner = string.get(1..string.len().saturating_sub(1)).unwrap_or_default();
    if !inner.contains('\\') {
        return Ok(inner.to_owned());
    }
    serde_json::from_str(string).map_err(|_| "half of a surrogate pair (`\\ud800` to `\\udfff`), which is no character")
}

/// A value as a cell; none where it is missing.
///
/// # Errors
/// What it is that cannot be a cell.
pub(super) fn cell(value: &str) -> Result<Option<String>, &'static str> {
    match value.bytes().next() {
        Some(b'"') => characters(value).map(Some),
        Some(b'n') | None => Ok(None),
        Some(b'[' | b'{') => Err(match kind_of(value) {
            "an array" => "an array, not text or a number",
            _ => "an object, not text or a number",
        }),
        Some(_) => Ok(Some(value.to_owned())),
    }
}

fn kind_of(value: &str) -> &'static str {
    match value.bytes().next() {
        Some(b'"') => "a string",
        Some(b'[') => "an array",
        Some(b'{') => "an object",
        Some(b'n') => "`null`",
        Some(b't' | b'f') => "a truth value",
        _ => "a number",
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::Value;

    use super::*;

    #[test]
    fn fields_are_as_written() {
        let text = r#" { "a" : 18446744073709551617,"b":1.0, "c":-0.10e+05 ,"d":"x\"}","e\u0041":[1,{"a":"]"}],"f":null,"":{} } "#;
        let fields: Vec<_> = Fields::parse(text).ok().unwrap().collect();
        let expected = [
            (r#""a""#, "18446744073709551617"),
            (r#""b""#, "1.0"),
            (r#""c""#, "-0.10e+05"),
            (r#""d""#, r#""x\"}""#),
            (r#""e\u0041""#, r#"[1,{"a":"]"}]"#),
            (r#""f""#, "null"),
            (r#""""#, "{}"),
        ];
        assert_eq!(fields, expected);
        assert_eq!(characters(r#""e\u0041\\""#).unwrap(), r"eA\");
        assert!(characters(r#""\ud83d""#).is_err());
        assert_eq!(Fields::parse("{}").ok().unwrap().count(), 0);
    }

    fn value() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            "[a\"\\\\{}\\[\\],:\n é]{0,8}".prop_map(Value::from),
        ];
        leaf.prop_recursive(3, 20, 4, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
                prop::collection::hash_map("[a\"\\\\:,}é]{0,3}", inner, 0..4)
                    .prop_map(|map| Value::Object(map.into_iter().collect())),
            ]
        })
    }

    proptest! {
        /// What serde_json writes, plainly or over several lines, comes back field by field.
        #[test]
        fn what_is_written_comes_back(
            map in prop::collection::hash_map("[a\"\\\\:,}é]{0,3}", value(), 0..5), pretty: bool,
        ) {
            let object = Value::Object(map.into_iter().collect());
            let text = if pretty { serde_json::to_string_pretty(&object) } else { serde_json::to_string(&object) }.unwrap();
            let fields = Fields::parse(&text).ok().unwrap();
            let found: serde_json::Map<String, Value> = fields
                .map(|(key, value)| (characters(key).unwrap(), serde_json::from_str(value).unwrap()))
                .collect();
            prop_assert_eq!(Value::Object(found), object);
            prop_assert_eq!(Nesting::default().end(text.as_bytes()), Some(text.len()));
        }
    }
}
