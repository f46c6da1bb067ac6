//! What the README and the pages of `docs/` say about this repository holds: links, files, tests, commands, options, parameters.

mod commands;
mod links;
mod markdown;
mod names;
mod packaging;
mod reference;

use std::path::{Path, PathBuf};

/// Most lines of what a newcomer reads.
const LONGEST_README: usize = 150;

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn text(path: impl AsRef<Path>) -> String {
    let path = root().join(path);
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The names of what lies in a folder, sorted.
fn entries(folder: &str) -> Vec<String> {
    let read = std::fs::read_dir(root().join(folder)).unwrap();
    let mut names: Vec<String> = read.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

/// All Markdown documents, relative to the repository.
fn documents() -> Vec<String> {
    let mut found: Vec<String> =
        ["README.md", "CHANGELOG.md", "CONTRIBUTING.md", "results/README.md", "reports/README.md"]
            .map(str::to_owned)
            .into();
    found.extend(entries("docs").iter().filter(|name| name.ends_with(".md")).map(|name| format!("docs/{name}")));
    let reports = entries("reports").into_iter().map(|name| format!("reports/{name}/README.md"));
    found.extend(reports.filter(|path| root().join(path).exists()));
    found
}

#[test]
fn the_readme_is_short() {
    let lines = text("README.md").lines().count();
    assert!(lines <= LONGEST_README, "README.md has {lines} lines, at most {LONGEST_README}: move reference to docs/");
}

#[test]
fn the_index_lists_every_page() {
    let index = text("docs/README.md");
    let pages = entries("docs").into_iter().filter(|name| name.ends_with(".md") && name != "README.md");
    let absent: Vec<String> = pages.filter(|name| !index.contains(&format!("]({name})"))).collect();
    assert!(absent.is_empty(), "docs/README.md does not list {absent:?}");
}
