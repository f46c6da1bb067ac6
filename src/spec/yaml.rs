//! A sweep file's text as a tree that keeps everything: duplicate keys, the order of keys, and which node came when.

use std::cell::Cell;

use serde::de::{DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};

use super::SpecErrors;
use super::nesting::{self, Excess};

/// A value of the tree. Nodes are numbered in the order of reading, so that a problem found later can be given its line.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Node {
    pub index: usize,
    pub value: Value,
}

#[derive(Clone, Debug, PartialEq)]
pub(super) enum Value {
    Null,
    Bool(bool),
    Integer(i128),
    Float(f64),
    Text(String),
    List(Vec<Node>),
    /// Keys as they come, doubles included.
    Map(Vec<(Node, Node)>),
}

/// Text that is no YAML.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct SyntaxError {
    /// Line and column, counted from 1, where they are known.
    pub position: Option<(usize, usize)>,
    pub message: String,
}

impl SyntaxError {
    pub fn in_file(self, file: &str) -> SpecErrors {
        SpecErrors::Syntax { file: file.to_owned(), position: self.position, message: self.message }
    }
}

/// Reads one YAML document.
pub(super) fn parse(text: &str) -> Result<Node, SyntaxError> {
    if let Some(excess) = nesting::excess(text) {
        let position = match excess {
            Excess::Depth { line, column } => Some((line, column)),
            Excess::Length => None,
        };
        return Err(SyntaxError { position, message: excess.to_string() });
    }
    read(text, None).map_err(|error| SyntaxError {
        position: error.location().map(|at| (at.line(), at.column())),
        message: error.to_string(),
    })
}

/// The line (counted from 1) of a node of `parse(text)`.
///
/// serde_yaml tells positions only in errors; so the text is read once more, with an error at that node.
pub(super) fn line(text: &str, index: usize) -> Option<usize> {
    let error = read(text, Some(index)).err()?;
    error.location().map(|at| at.line())
}

fn read(text: &str, stop: Option<usize>) -> Result<Node, serde_yaml::Error> {
    let next = Cell::new(0);
    NodeReader { next: &next, stop }.deserialize(serde_yaml::Deserializer::from_str(text))
}

#[derive(Clone, Copy)]
struct NodeReader<'a> {
    next: &'a Cell<usize>,
    stop: Option<usize>,
}

impl NodeReader<'_> {
    fn number<E: serde::de::Error>(self) -> Result<usize, E> {
        let index = self.next.get();
        self.next.set(index + 1);
        if self.stop == Some(index) {
            return Err(E::custom("the node looked for"));
        }
        Ok(index)
    }

    fn node<E: serde::de::Error>(self, value: Value) -> Result<Node, E> {
        Ok(Node { index: self.number()?, value })
    }
}

impl<'de> DeserializeSeed<'de> for NodeReader<'_> {
    type Value = Node;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Node, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for NodeReader<'_> {
    type Value = Node;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("a plain YAML value (no tags)")
    }

    fn visit_unit<E: serde::de::Error>(self) -> Result<Node, E> {
        self.node(Value::Null)
    }

    fn visit_none<E: serde::de::Error>(self) -> Result<Node, E> {
        self.node(Value::Null)
    }

    fn visit_bool<E: serde::de::Error>(self, value: bool) -> Result<Node, E> {
        self.node(Value::Bool(value))
    }

    fn visit_i64<E: serde::de::Error>(self, value: i64) -> Result<Node, E> {
        self.node(Value::Integer(value.into()))
    }

    fn visit_u64<E: serde::de::Error>(self, value: u64) -> Result<Node, E> {
        self.node(Value::Integer(value.into()))
    }

    fn visit_i128<E: serde::de::Error>(self, value: i128) -> Result<Node, E> {
        self.node(Value::Integer(value))
    }

    fn visit_u128<E: serde::de::Error>(self, value: u128) -> Result<Node, E> {
        let value = i128::try_from(value).map_or(Value::Float(value as f64), Value::Integer);
        self.node(value)
    }

    fn visit_f64<E: serde::de::Error>(self, value: f64) -> Result<Node, E> {
        self.node(Value::Float(value))
    }

    fn visit_str<E: serde::de::Error>(self, value: &str) -> Result<Node, E> {
        self.node(Value::Text(value.to_owned()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Node, A::Error> {
        let index = self.number()?;
        let mut list = Vec::new();
        while let Some(item) = items.next_element_seed(self)? {
            list.push(item);
        }
        Ok(Node { index, value: Value::List(list) })
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Node, A::Error> {
        let index = self.number()?;
        let mut map = Vec::new();
        while let Some(key) = entries.next_key_seed(self)? {
            map.push((key, entries.next_value_seed(self)?));
        }
        Ok(Node { index, value: Value::Map(map) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys(node: &Node) -> Vec<String> {
        match &node.value {
            Value::Map(entries) => entries.iter().map(|(key, _)| format!("{:?}", key.value)).collect(),
            other => panic!("no mapping: {other:?}"),
        }
    }

    #[test]
    fn keeps_duplicates_and_order() {
        let node = parse("b: 1\na: 2\nb: 3\n").unwrap();
        assert_eq!(keys(&node), ["Text(\"b\")", "Text(\"a\")", "Text(\"b\")"]);
    }

    #[test]
    fn every_node_has_its_line() {
        let text = "a:\n  - 1\n  - {b: 2,\n     c: [3]}\n";
        let lines: Vec<_> = (0..).map_while(|index| line(text, index)).collect();
        // map, a, list, 1, map, b, 2, c, list, 3
        assert_eq!(lines, [1, 1, 2, 2, 3, 3, 3, 4, 4, 4]);
    }

    #[test]
    fn scalars_have_their_types() {
        let node = parse("[3e-5, 8, -1, yes, true, ~, '8', 340282366920938463463374607431768211455]").unwrap();
        let Value::List(items) = node.value else { panic!("no list") };
        let values: Vec<_> = items.into_iter().map(|item| item.value).collect();
        assert_eq!(
            values,
            [
                Value::Float(3e-5),
                Value::Integer(8),
                Value::Integer(-1),
                Value::Text("yes".into()),
                Value::Bool(true),
                Value::Null,
                Value::Text("8".into()),
                Value::Float(3.402_823_669_209_385e38),
            ]
        );
    }

    #[test]
    fn syntax_errors_have_a_position() {
        assert_eq!(parse("a: [1, 2\nb: 3\n").unwrap_err().position, Some((2, 2)));
        assert_eq!(parse(&"[".repeat(200_000)).unwrap_err().position, Some((1, 101)), "M6");
        assert!(parse("!tag a").unwrap_err().message.contains("no tags"));
    }
}
