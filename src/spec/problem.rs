//! Problems of a sweep file while it is read: every one with its place.

use std::collections::HashSet;

use super::Problem;
use super::sources::{Line, Sources};

/// Where in the sweep file something was said.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(super) struct Place {
    pub path: String,
    /// The node's number in the file's tree; none for what the file does not say (a default, an option).
    pub node: Option<usize>,
}

/// A problem before its line is known.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Finding {
    place: Place,
    message: String,
    /// A node whose line completes the message: `<message> on line N`.
    see: Option<usize>,
}

/// Collects problems. The same problem at the same place counts once.
#[derive(Debug, Default)]
pub(super) struct Problems {
    found: Vec<Finding>,
    seen: HashSet<Finding>,
}

impl Problems {
    /// Finding a line means reading the text once more; beyond this many problems, or bytes, nobody waits for it.
    const MOST_LINES: usize = 200;
    const MOST_BYTES: usize = 50_000_000;

    pub fn add(&mut self, place: Place, message: impl Into<String>) {
        self.push(Finding { place, message: message.into(), see: None });
    }

    /// Like `add`; the line of the node `see` is added to the message.
    pub fn add_with_line(&mut self, place: Place, message: impl Into<String>, see: usize) {
        self.push(Finding { place, message: message.into(), see: Some(see) });
    }

    fn push(&mut self, finding: Finding) {
        if self.seen.insert(finding.clone()) {
            self.found.push(finding);
        }
    }

    pub fn is_empty(&self) -> bool {
        self.found.is_empty()
    }

    /// Whether a problem was found with the field `name` (`rank`, `dataset.limit`), wherever it is given.
    pub fn concern(&self, name: &str) -> bool {
        let field = format!(".{name}.");
        let mut paths = self.found.iter().map(|finding| finding.place.path.as_str());
        paths.any(|path| path.split(['[', ']', ' ']).any(|part| format!(".{part}.").contains(&field)))
    }

    /// The problems with their lines in the files, in the order of lines, those of the sweep file itself first.
    pub fn report(self, sources: &Sources) -> Vec<Problem> {
        let lines = Self::MOST_LINES.min(Self::MOST_BYTES / sources.bytes().max(1));
        let mut problems: Vec<Problem> = Vec::with_capacity(self.found.len());
        for (number, finding) in self.found.into_iter().enumerate() {
            let find = |node: Option<usize>| node.filter(|_| number < lines).and_then(|node| sources.line(node));
            let mut message = finding.message;
            if let Some(line) = find(finding.see) {
                message.push_str(&format!(" on {line}"));
            }
            let (line, file) = match find(finding.place.node) {
                Some(Line { number, file }) => (Some(number), file),
                None => (None, None),
            };
            problems.push(Problem { path: finding.place.path, file, line, message });
        }
        problems.sort_by_key(|problem| (problem.file.clone(), problem.line.unwrap_or(usize::MAX)));
        problems
    }
}

/// `, did you mean ...?` when one of the candidates is near, else nothing.
pub(super) fn did_you_mean<'a>(given: &str, candidates: impl IntoIterator<Item = &'a str>) -> String {
    match nearest(given, candidates) {
        Some(candidate) => format!("; did you mean `{candidate}`?"),
        None => String::new(),
    }
}

/// The candidate that is written most like `given`, where one is alike enough.
pub(super) fn nearest<'a>(given: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    /// Of 1 for equal: half of the letters wrong is no typing error any more.
    const ALIKE: f64 = 0.6;
    /// Comparing takes time in the product of the lengths.
    const LONGEST: usize = 100;
    if given.len() > LONGEST {
        return None;
    }
    let folded = given.to_lowercase().replace('-', "_");
    candidates
        .into_iter()
        .filter(|candidate| candidate.len() <= LONGEST)
        .map(|candidate| (strsim::normalized_damerau_levenshtein(&folded, &candidate.to_lowercase()), candidate))
        .filter(|(alike, _)| *alike >= ALIKE)
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .map(|(_, candidate)| candidate)
}

/// A piece of a user's text for a message: in backticks, control characters escaped, cut when long.
pub(super) fn quoted(text: &str) -> String {
    const LONGEST: usize = 60;
    let mut shown: String = text.chars().take(LONGEST).flat_map(escape).collect();
    if text.chars().nth(LONGEST).is_some() {
        shown.push('…');
    }
    format!("`{shown}`")
}

fn escape(c: char) -> impl Iterator<Item = char> {
    let escaped = c.is_control().then(|| c.escape_default());
    let plain = if escaped.is_none() { Some(c) } else { None };
    escaped.into_iter().flatten().chain(plain)
}

/// Names for a message: `a`, `b`, `c` ... with a count when they are too many to show.
pub(super) fn listed<'a>(names: impl IntoIterator<Item = &'a str>) -> String {
    const MOST: usize = 12;
    let names: Vec<&str> = names.into_iter().collect();
    let mut shown = names.iter().take(MOST).map(|name| quoted(name)).collect::<Vec<_>>().join(", ");
    if names.len() > MOST {
        shown.push_str(&format!(" and {} more", names.len() - MOST));
    }
    shown
}
