//! The run that a card is of, and what of names may be told.

use crate::hub_name;
use crate::report::model::{Configuration, Report, Run};
use crate::spec::RunSpec;

/// What the card is beside.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CardOf {
    /// A plain model.
    Model,
    /// An adapter alone.
    Adapter,
}

/// A run with what the card says of it.
pub(super) struct Subject<'a> {
    pub report: &'a Report,
    pub run: &'a Run,
    pub configuration: &'a Configuration,
    pub of: CardOf,
}

impl Subject<'_> {
    /// Whether figures say nothing about any model and data.
    pub fn is_pretended(&self) -> bool {
        self.report.invented || self.report.rehearsal
    }
}

/// A name of the hub as it is; of a path only its last part, since folders of a machine are nobody's business.
pub(super) fn public_name(name: &str) -> &str {
    if is_hub_name(name) { name } else { name.trim_end_matches('/').rsplit('/').next().unwrap_or(name) }
}

/// `owner/name` that is no path of this machine.
fn is_hub_name(name: &str) -> bool {
    hub_name::apart(name).is_some() && !std::path::Path::new(name).exists()
}

/// The base model and the data set, where they are names of the hub, without their revisions.
pub(super) fn hub_names(spec: &RunSpec) -> (Option<&str>, Option<&str>) {
    fn of(name: &str) -> Option<&str> {
        hub_name::apart(name).map(|(id, _)| id).filter(|_| is_hub_name(name))
    }
    (of(&spec.model), of(&spec.dataset.path))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_of_a_machine_are_not_told() {
        assert_eq!(public_name("/home/me/secret/news.csv"), "news.csv");
        assert_eq!(public_name("/models/roberta/"), "roberta");
        assert_eq!(public_name("FacebookAI/roberta-base"), "FacebookAI/roberta-base");
        assert_eq!(public_name("acme/news@v1"), "acme/news@v1");
        assert_eq!(public_name("data/a/b.csv"), "b.csv");
    }
}
