//! What reproducibility checklists of conferences ask for, answered from what was recorded. What nobody recorded is said to be
//! unknown; nothing is made up.

mod compute;
mod inputs;
mod parameters;
mod results;
mod runs;

use super::model::Report;

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
    fn said(question: &'static str, sentences: Vec<String>) -> Item {
        Item { question, answer: Answer::Said(sentences) }
    }

    fn unknown(question: &'static str, what: impl Into<String>) -> Item {
        Item { question, answer: Answer::Unknown(what.into()) }
    }

    fn table(question: &'static str, header: &[&'static str], rows: Vec<Vec<String>>) -> Item {
        Item { question, answer: Answer::Table(Table { header: header.to_vec(), rows }) }
    }

    /// What was recorded of it, or that nothing was.
    fn recorded(question: &'static str, found: Option<String>, otherwise: &str) -> Item {
        match found {
            Some(found) => Item::said(question, vec![found]),
            None => Item::unknown(question, otherwise),
        }
    }
}

/// The whole checklist of a sweep.
pub(crate) fn of(report: &Report) -> Vec<Section> {
    let section = |title, items| Section { title, items };
    vec![
        section("Runs and seeds", runs::items(report)),
        section("Hyperparameters", parameters::items(report)),
        section("Selection", results::selection(report)),
        section("Results and their variation", results::items(report)),
        section("Data", inputs::data(report)),
        section("Model", inputs::model(report)),
        section("Computation", compute::items(report)),
        section("Programs", compute::programs(report)),
    ]
}

/// The different texts that runs give, in their order; none where no run gives one.
fn different<'a>(report: &'a Report, of: impl Fn(&'a super::model::Run) -> Option<String>) -> Option<Vec<String>> {
    let mut texts: Vec<String> = Vec::new();
    for text in report.runs.iter().filter_map(of) {
        if !texts.contains(&text) {
            texts.push(text);
        }
    }
    (!texts.is_empty()).then_some(texts)
}
