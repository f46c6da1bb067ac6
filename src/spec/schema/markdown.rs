//! The reference's tables.

use crate::spec::fields::{self, Field};
use crate::spec::parameter::Parameter;

/// A table of the reference.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reference {
    /// Sections of a sweep file.
    Sections,
    /// Parameters of a run.
    Parameters,
    /// Keys of the section `search`.
    Search,
}

impl Reference {
    /// The table in Markdown, with links from `docs/`.
    pub fn table(self) -> String {
        match self {
            Reference::Sections => two_columns(("section", "what it says"), &fields::SECTIONS),
            Reference::Search => two_columns(("key", "what it says"), &fields::SEARCH),
            Reference::Parameters => parameters(),
        }
    }
}

fn two_columns((name, meaning): (&str, &str), fields: &[Field]) -> String {
    let mut table = format!("| {name} | {meaning} |\n|---|---|\n");
    for field in fields {
        let default = if field.default.is_empty() { String::new() } else { format!(" [{}]", field.default) };
        table.push_str(&format!("| `{}` | {}{default} |\n", field.name, field.meaning));
    }
    table
}

fn parameters() -> String {
    let mut table = "| parameter | default | meaning |\n|---|---|---|\n".to_owned();
    for (name, parameter) in Parameter::NAMES {
        let described = parameter.described();
        table.push_str(&format!("| `{name}` | {} | {} |\n", described.default, described.meaning));
    }
    table
}

/// Markdown without its links.
pub(super) fn plain(markdown: &str) -> String {
    let mut plain = String::new();
    let mut rest = markdown;
    while let Some((before, shown, after)) = link(rest) {
        plain.push_str(before);
        plain.push_str(shown);
        rest = after;
    }
    plain.push_str(rest);
    plain
}

/// What stands before the first link, its text, and what stands behind it.
fn link(markdown: &str) -> Option<(&str, &str, &str)> {
    let middle = markdown.find("](")?;
    let open = markdown[..middle].rfind('[')?;
    let close = middle + markdown[middle..].find(')')?;
    Some((&markdown[..open], &markdown[open + 1..middle], &markdown[close + 1..]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_are_their_texts() {
        assert_eq!(
            plain("a list `[1]`, see [methods](search.md#methods) and [the best](x)"),
            "a list `[1]`, see methods and the best"
        );
    }
}
