//! Questions with their answers.

/// Questions about one subject.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Section {
    pub(crate) title: &'static str,
    pub(crate) items: Vec<Item>,
}

/// A question with its answer.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Item {
    pub(crate) question: &'static str,
    pub(crate) answer: Answer,
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Answer {
    /// A sentence or several.
    Said(Vec<String>),
    Table(Table),
    /// A command for a shell.
    Command(String),
    /// Nobody recorded it: what exactly.
    Unknown(String),
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Table {
    pub(crate) header: Vec<&'static str>,
    pub(crate) rows: Vec<Vec<String>>,
}

impl Item {
    pub(super) fn said(question: &'static str, sentences: Vec<String>) -> Item {
        Item { question, answer: Answer::Said(sentences) }
    }

    pub(super) fn unknown(question: &'static str, what: impl Into<String>) -> Item {
        Item { question, answer: Answer::Unknown(what.into()) }
    }

    pub(super) fn table(question: &'static str, header: &[&'static str], rows: Vec<Vec<String>>) -> Item {
        Item { question, answer: Answer::Table(Table { header: header.to_vec(), rows }) }
    }

    /// What was recorded of it, or that nothing was.
    pub(super) fn recorded(question: &'static str, found: Option<String>, otherwise: &str) -> Item {
        match found {
            Some(found) => Item::said(question, vec![found]),
            None => Item::unknown(question, otherwise),
        }
    }
}
