//! A place in the tree while it is being read, and the reading of plain values there.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::fmt;
use std::path::Path;

use super::problem::{Place, Problems, did_you_mean, listed, quoted};
use super::sources::Sources;
use super::yaml::{Node, Value};

/// A node with the way to it.
#[derive(Clone, Copy)]
pub(super) struct Cursor<'a> {
    pub node: &'a Node,
    parent: Option<&'a Cursor<'a>>,
    step: Step<'a>,
    /// The node whose line is this place's line: a mapping's key, a list's item. None: not in the file.
    said_at: Option<usize>,
}

#[derive(Clone, Copy)]
enum Step<'a> {
    /// What precedes the path: nothing, or `--set `.
    Root(&'static str),
    Key(&'a str),
    Item(usize),
}

/// What is known while values are read, and where problems go.
pub(super) struct Context<'a> {
    pub problems: &'a mut Problems,
    /// Relative paths of files are looked for beside the file that names them first; none: leave them as they are.
    pub sources: Option<&'a Sources>,
}

impl Context<'_> {
    /// A file's path as given, or below the folder of the file in which the node stands where it exists there.
    pub fn located(&self, path: &str, node: &Node) -> String {
        if let Some(path) = below_home(path) {
            return path;
        }
        let found = self
            .sources
            .and_then(|sources| sources.folder_of(node.index))
            .map(|folder| folder.join(path))
            .filter(|joined| joined.exists());
        found.as_deref().and_then(Path::to_str).unwrap_or(path).to_owned()
    }
}

/// `~/data.csv` with the folder of the person's own files, as a shell has it; none for other paths.
pub(super) fn below_home(path: &str) -> Option<String> {
    let rest = path.strip_prefix("~/")?;
    let home = std::env::home_dir().filter(|home| !home.as_os_str().is_empty())?;
    home.join(rest).to_str().map(str::to_owned)
}

impl<'a> Cursor<'a> {
    /// The whole sweep file.
    pub fn file(node: &'a Node) -> Self {
        Cursor { node, parent: None, step: Step::Root(""), said_at: Some(node.index) }
    }

    /// The value of a `--set` option.
    pub fn option(node: &'a Node) -> Self {
        Cursor { node, parent: None, step: Step::Root("--set "), said_at: None }
    }

    /// The entry `name` of a mapping, whose key is the node of number `key`.
    pub fn entry(&'a self, name: &'a str, key: usize, node: &'a Node) -> Cursor<'a> {
        Cursor { node, parent: Some(self), step: Step::Key(name), said_at: self.said_at.map(|_| key) }
    }

    fn item(&'a self, number: usize, node: &'a Node) -> Cursor<'a> {
        Cursor { node, parent: Some(self), step: Step::Item(number), said_at: self.said_at.map(|_| node.index) }
    }

    pub fn place(&self) -> Place {
        Place { path: self.to_string(), node: self.said_at }
    }

    pub fn problem(&self, context: &mut Context<'_>, message: impl Into<String>) {
        context.problems.add(self.place(), message);
    }

    /// What stands here, in words for `found ...`.
    pub fn found(&self) -> String {
        match &self.node.value {
            Value::Null => "nothing".to_owned(),
            Value::Bool(value) => format!("`{value}`"),
            Value::Integer(value) => value.to_string(),
            Value::Float(value) if value.is_nan() => ".nan".to_owned(),
            Value::Float(value) if value.is_infinite() => if *value > 0.0 { ".inf" } else { "-.inf" }.to_owned(),
            Value::Float(value) => shown_number(*value),
            Value::Text(text) if text.is_empty() => "empty text".to_owned(),
            Value::Text(text) => format!("text {}", quoted(text)),
            Value::List(_) => "a list".to_owned(),
            Value::Map(_) => "a mapping".to_owned(),
        }
    }

    fn wrong(&self, context: &mut Context<'_>, expected: &str) {
        self.problem(context, format!("must be {expected}, found {}", self.found()));
    }

    /// The items of a list; anything else is a problem and gives none.
    pub fn items(&'a self, context: &mut Context<'_>, expected: &str) -> Option<Vec<Cursor<'a>>> {
        match &self.node.value {
            Value::List(items) => Some(items.iter().enumerate().map(|(i, node)| self.item(i, node)).collect()),
            _ => {
                self.wrong(context, expected);
                None
            }
        }
    }

    /// The entries of a mapping, each key once; anything else, and each further entry of a key, is a problem.
    pub fn entries(&'a self, context: &mut Context<'_>, expected: &str) -> Option<Vec<(&'a str, Cursor<'a>)>> {
        let Value::Map(map) = &self.node.value else {
            self.wrong(context, expected);
            return None;
        };
        let mut first = HashMap::with_capacity(map.len());
        let mut entries = Vec::with_capacity(map.len());
        for (key, value) in map.iter().filter(|(key, _)| !is_merge(key)) {
            let Value::Text(name) = &key.value else {
                let message = format!("keys must be text, found {}", Cursor::file(key).found());
                let node = self.said_at.map(|_| key.index);
                context.problems.add(Place { node, ..self.place() }, message);
                continue;
            };
            let entry = self.entry(name, key.index, value);
            match first.entry(name.as_str()) {
                Entry::Vacant(vacant) => {
                    vacant.insert(key.index);
                    entries.push((name.as_str(), entry));
                }
                Entry::Occupied(before) => {
                    let message = format!("{} is given twice; the first is", quoted(name));
                    context.problems.add_with_line(entry.place(), message, *before.get());
                }
            }
        }
        for (key, value) in map.iter().filter(|(key, _)| is_merge(key)) {
            let merged = Merged { key: key.index, first: &mut first, entries: &mut entries };
            self.merge(merged, value, context);
        }
        Some(entries)
    }

    /// `<<: *name` and `<<: [*one, *other]`: entries for the keys that are not there yet.
    fn merge(&'a self, merged: Merged<'a, '_>, from: &'a Node, context: &mut Context<'_>) {
        let Merged { key, first, entries } = merged;
        let maps = match &from.value {
            Value::Map(_) => std::slice::from_ref(from),
            Value::List(items) => items.as_slice(),
            _ => &[],
        };
        let place = Place { path: format!("{self}.<<"), node: self.said_at.map(|_| key) };
        if maps.is_empty() || !maps.iter().all(|map| matches!(map.value, Value::Map(_))) {
            context.problems.add(place, "must merge a mapping or a list of mappings: `<<: *name`");
            return;
        }
        for (name, value) in maps.iter().flat_map(|map| if let Value::Map(map) = &map.value { &map[..] } else { &[] }) {
            match &name.value {
                Value::Text(text) if text == MERGE => self.merge(Merged { key, first, entries }, value, context),
                Value::Text(text) => {
                    if let Entry::Vacant(vacant) = first.entry(text.as_str()) {
                        vacant.insert(name.index);
                        entries.push((text.as_str(), self.entry(text, name.index, value)));
                    }
                }
                _ => context.problems.add(place.clone(), "keys must be text"),
            }
        }
    }

    /// Text that is not empty.
    pub fn text(&self, context: &mut Context<'_>, expected: &str) -> Option<&'a str> {
        match &self.node.value {
            Value::Text(text) if !text.trim().is_empty() => Some(text),
            Value::Bool(_) | Value::Integer(_) | Value::Float(_) => {
                let found = self.found();
                self.problem(context, format!("must be {expected}, found {found}; in quotes it is text"));
                None
            }
            _ => {
                self.wrong(context, expected);
                None
            }
        }
    }

    /// A whole number, written with or without decimals: `8`, `8.0`, `1e3`.
    pub fn whole(&self) -> Option<i128> {
        match self.node.value {
            Value::Integer(value) => Some(value),
            Value::Float(value) if value.fract() == 0.0 => Some(value as i128),
            _ => None,
        }
    }

    /// A whole number from `low` to `high`.
    pub fn count(&self, context: &mut Context<'_>, low: usize, high: usize) -> Option<usize> {
        let Some(value) = self.whole() else {
            self.wrong(context, &format!("a whole number from {low} to {high}"));
            return None;
        };
        let value = usize::try_from(value).ok().filter(|value| (low..=high).contains(value));
        if value.is_none() {
            self.wrong(context, &format!("from {low} to {high}"));
        }
        value
    }

    /// A finite number.
    pub fn number(&self, context: &mut Context<'_>) -> Option<f64> {
        let value = match self.node.value {
            Value::Integer(value) => value as f64,
            // Adding zero makes -0 into 0, which is the same value and must have the same identity.
            Value::Float(value) => value + 0.0,
            _ => f64::NAN,
        };
        if value.is_finite() {
            return Some(value);
        }
        self.wrong(context, "a number");
        None
    }

    /// One of the named values.
    pub fn one_of<T: Copy>(&self, context: &mut Context<'_>, names: &[(&'static str, T)]) -> Option<T> {
        let all = || listed(names.iter().map(|(name, _)| *name));
        let Value::Text(text) = &self.node.value else {
            self.wrong(context, &format!("one of {}", all()));
            return None;
        };
        let value = names.iter().find(|(name, _)| name == text).map(|(_, value)| *value);
        if value.is_none() {
            let hint = did_you_mean(text, names.iter().map(|(name, _)| *name));
            self.problem(context, format!("must be one of {}, found {}{hint}", all(), quoted(text)));
        }
        value
    }
}

impl fmt::Display for Cursor<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(parent) = self.parent {
            parent.fmt(f)?;
        }
        let first = matches!(self.parent, Some(Cursor { step: Step::Root(_), .. }));
        match self.step {
            Step::Root(prefix) => f.write_str(prefix),
            Step::Key(key) if first => f.write_str(&plain(key)),
            Step::Key(key) => write!(f, ".{}", plain(key)),
            Step::Item(number) => write!(f, "[{number}]"),
        }
    }
}

/// The key of YAML 1.1 that takes over the entries of other mappings.
const MERGE: &str = "<<";

/// A mapping's entries while those of others are added to them.
struct Merged<'a, 'm> {
    /// The node of the key `<<`.
    key: usize,
    first: &'m mut HashMap<&'a str, usize>,
    entries: &'m mut Vec<(&'a str, Cursor<'a>)>,
}

fn is_merge(key: &Node) -> bool {
    matches!(&key.value, Value::Text(text) if text == MERGE)
}

/// A key without its backticks.
fn plain(key: &str) -> String {
    quoted(key).trim_matches('`').to_owned()
}

/// A number as a person writes it: `8`, `0.05`, `3e-5`.
pub(super) fn shown_number(value: f64) -> String {
    let shown = format!("{value:?}");
    shown.strip_suffix(".0").unwrap_or(&shown).to_owned()
}
