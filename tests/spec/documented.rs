//! The sweep files that the README and `docs/` show.

use std::path::Path;

use crate::support::try_sweep;

/// The blocks of YAML of a document.
fn blocks(document: &str) -> Vec<String> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(document);
    let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{document}: {error}"));
    let parts = text.split("```yaml\n").skip(1);
    parts.map(|part| part.split("```").next().unwrap().to_owned()).collect()
}

/// The sections of a block with their texts; none where it is a part of one.
fn sections(block: &str) -> Vec<(&str, String)> {
    let mut found: Vec<(&str, String)> = Vec::new();
    for line in block.lines() {
        match (line.split_once(':'), found.last_mut()) {
            (Some((name, _)), _) if line.starts_with(|first: char| first.is_ascii_lowercase()) => {
                found.push((name, format!("{line}\n")));
            }
            (_, Some((_, text))) => text.push_str(&format!("{line}\n")),
            (_, None) => {}
        }
    }
    found
}

/// A whole file: what a block leaves out is taken from `whole`. Claims go with the grid that they are about.
fn completed(block: &str, whole: &str) -> String {
    let given = sections(block);
    let gives = |name: &str| given.iter().any(|(section, _)| *section == name);
    let wanted = |name: &str| match name {
        "hypotheses" => false,
        "grid" => gives("hypotheses"),
        _ => true,
    };
    let others = sections(whole).into_iter().filter(|(name, _)| !gives(name) && wanted(name));
    others.chain(given.clone()).map(|(_, text)| text).collect()
}

#[test]
fn sweep_files_that_documents_show_are_accepted() {
    let readme = blocks("README.md");
    let mut seen = Vec::new();
    for document in ["README.md", "docs/sweep-file.md", "docs/hypotheses.md", "docs/search.md"] {
        for block in blocks(document) {
            let names: Vec<String> = sections(&block).iter().map(|(name, _)| (*name).to_owned()).collect();
            // A file that extends one which is not shown; part of a section; a comment alone.
            if names.is_empty() || names.contains(&"extends".to_owned()) {
                continue;
            }
            let whole = if names.contains(&"base".to_owned()) { block } else { completed(&block, &readme[0]) };
            let accepted = try_sweep(&whole);
            assert!(accepted.is_ok(), "{document}: {}\n{whole}", accepted.unwrap_err());
            seen.push(names.join(" "));
        }
    }
    let whole = "name base grid seeds hypotheses";
    assert_eq!(
        seen,
        [whole, "search", whole, "base grid runs", "hypotheses", "observations", "name base seeds search"]
    );
}
