//! How a CSV or TSV file is cut into rows and cells, where that is said and not left to the file's kind.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::cursor::{Context, Cursor};
use super::yaml::Value;

/// What is said of a CSV or TSV file; what is not said is as usual for its kind.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Reading {
    /// Whether the first line names the columns.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub header: Option<bool>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub quoting: Option<Quoting>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub separator: Option<Separator>,
}

impl Reading {
    /// Whether nothing is said.
    pub fn is_usual(&self) -> bool {
        *self == Self::default()
    }

    /// What is said here, and for the rest what `other` says.
    pub fn or(self, other: Reading) -> Reading {
        Reading {
            header: self.header.or(other.header),
            quoting: self.quoting.or(other.quoting),
            separator: self.separator.or(other.separator),
        }
    }
}

/// As in a sweep file.
impl fmt::Display for Reading {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let said = [
            self.header.map(|header| format!("header: {header}")),
            self.quoting.map(|quoting| format!("quoting: {}", quoting.name())),
            self.separator.map(|separator| format!("separator: \"{separator}\"")),
        ];
        f.write_str(&said.into_iter().flatten().collect::<Vec<_>>().join(", "))
    }
}

/// What a double quote means.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Quoting {
    /// One at the beginning of a field encloses it, line ends included; inside, a quote is written twice. Where this is said,
    /// a quoted field whose lines look like rows is a text all the same.
    Minimal,
    /// It is a character like any other.
    None,
}

impl Quoting {
    pub const NAMES: [(&'static str, Quoting); 2] = [("minimal", Quoting::Minimal), ("none", Quoting::None)];

    pub fn name(self) -> &'static str {
        match self {
            Quoting::Minimal => "minimal",
            Quoting::None => "none",
        }
    }
}

/// The character between two cells: an ASCII character other than a quote and a line end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Separator(u8);

/// A text that is no separator.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("must be one ASCII character (`,`, `;`, `|`) or `tab`, no quote, letter or line end; found {found:?}")]
pub struct NoSeparator {
    found: String,
}

impl Separator {
    pub const COMMA: Separator = Separator(b',');
    pub const SEMICOLON: Separator = Separator(b';');
    pub const TAB: Separator = Separator(b'\t');
    pub const BAR: Separator = Separator(b'|');

    pub fn byte(self) -> u8 {
        self.0
    }
}

impl std::str::FromStr for Separator {
    type Err = NoSeparator;

    fn from_str(text: &str) -> Result<Self, NoSeparator> {
        match text.as_bytes() {
            b"tab" | b"\\t" => Ok(Separator::TAB),
            [byte] if byte.is_ascii_punctuation() && *byte != b'"' => Ok(Separator(*byte)),
            [byte @ (b'\t' | b' ' | 0x1c..=0x1f)] => Ok(Separator(*byte)),
            _ => Err(NoSeparator { found: text.to_owned() }),
        }
    }
}

impl TryFrom<String> for Separator {
    type Error = NoSeparator;

    fn try_from(text: String) -> Result<Self, NoSeparator> {
        text.parse()
    }
}

impl From<Separator> for String {
    fn from(separator: Separator) -> String {
        separator.to_string()
    }
}

impl fmt::Display for Separator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            b'\t' => f.write_str("tab"),
            byte => write!(f, "{}", char::from(byte)),
        }
    }
}

pub(super) fn read_header(cursor: &Cursor<'_>, context: &mut Context<'_>) -> Option<bool> {
    if let Value::Bool(value) = cursor.node.value {
        return Some(value);
    }
    let message = "must be `true` (the first line names the columns) or `false` (it is a row), found ";
    cursor.problem(context, format!("{message}{}", cursor.found()));
    None
}

pub(super) fn read_separator(cursor: &Cursor<'_>, context: &mut Context<'_>) -> Option<Separator> {
    let Value::Text(text) = &cursor.node.value else {
        cursor.problem(context, format!("must be one character, such as \";\", found {}", cursor.found()));
        return None;
    };
    match text.parse() {
        Ok(separator) => Some(separator),
        Err(error) => {
            cursor.problem(context, NoSeparator::to_string(&error));
            None
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn separators_are_read_and_written() {
        for (text, byte, shown) in [(";", b';', ";"), ("\t", b'\t', "tab"), ("\\t", b'\t', "tab"), (" ", b' ', " ")] {
            let separator: Separator = text.parse().unwrap();
            assert_eq!((separator.byte(), separator.to_string().as_str()), (byte, shown));
            assert_eq!(shown.parse(), Ok(separator));
        }
        for text in ["", "\"", "\n", "\r", ";;", "a", "1", "¦", "\0"] {
            assert!(text.parse::<Separator>().is_err(), "{text:?}");
        }
    }

    #[test]
    fn what_is_said_comes_first() {
        let flags = Reading { header: Some(false), ..Reading::default() };
        let run = Reading { header: Some(true), quoting: Some(Quoting::None), separator: Some(Separator::TAB) };
        assert_eq!(flags.or(run), Reading { header: Some(false), ..run });
        assert!(Reading::default().is_usual() && !flags.is_usual());
        let json = serde_json::to_string(&run).unwrap();
        assert_eq!(json, r#"{"header":true,"quoting":"none","separator":"tab"}"#);
        assert_eq!(serde_json::from_str::<Reading>(&json).unwrap(), run);
        assert_eq!(serde_json::from_str::<Reading>("{}").unwrap(), Reading::default());
    }
}
