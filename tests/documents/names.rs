//! Files, tests and parameters that documents name exist, and what exists is documented.

use std::path::{Path, PathBuf};

use crate::{documents, markdown, root, text};

/// Where files lie that documents name from the repository's root on.
const FOLDERS: [&str; 5] = ["src/", "tests/", "sweeps/", "docs/", ".ci/"];

#[test]
fn files_that_are_named_exist() {
    let mut wrong = Vec::new();
    let mut seen = 0;
    for document in documents() {
        for span in markdown::spans(&text(&document)) {
            // `src/x/NAME.rs` and `sweeps/*.yaml` stand for several.
            let general = span.contains(['*', '<', ' ', '{']) || span.split('/').any(is_placeholder);
            if FOLDERS.iter().any(|folder| span.starts_with(folder)) && !general {
                seen += 1;
                if !root().join(&span).exists() {
                    wrong.push(format!("{document}: there is no {span}"));
                }
            }
        }
    }
    assert!(seen > 20, "only {seen} files were found");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

fn is_placeholder(part: &str) -> bool {
    let stem = part.split('.').next().unwrap();
    stem.len() > 1 && stem.chars().all(|c| c.is_ascii_uppercase() || c == '_') && !matches!(stem, "README" | "LOG")
}

/// The page on what can go wrong names the tests that show what happens.
#[test]
fn the_page_on_faults_names_tests_that_exist() {
    let page = text("docs/faults.md");
    let shown_by = page.lines().filter(|line| line.starts_with("| ")).filter_map(|line| line.split('|').nth(3));
    let named: Vec<&str> = shown_by.flat_map(|cell| cell.split('`').skip(1).step_by(2)).collect();
    assert!(named.len() > 20, "{named:?}");
    let tests = sources(&["tests"]);
    let exists = |name: &str| {
        let is_test = tests.contains(&format!("fn {name}("));
        let module = || tests.contains(&format!("mod {name};"));
        is_test || module() || name.starts_with("make ") || root().join(name).is_dir()
    };
    let absent: Vec<&&str> = named.iter().filter(|name| !exists(name)).collect();
    assert!(absent.is_empty(), "{absent:?}");
}

/// What has three underscores as well, and is of other programs.
const OF_OTHERS: [&str; 1] = ["num_items_in_batch"];

/// Names of tests are sentences: three underscores at least, which hardly anything else has.
#[test]
fn tests_that_other_documents_name_exist() {
    let code = sources(&["tests", "src"]);
    let python = text("tests/python/test_accumulation.py");
    let mut wrong = Vec::new();
    for document in documents() {
        for span in markdown::spans(&text(&document)) {
            let sentence = span.matches('_').count() >= 3 && span.chars().all(|c| c.is_ascii_lowercase() || c == '_');
            let ours = sentence && !OF_OTHERS.contains(&span.as_str());
            if ours && ![&code, &python].iter().any(|code| code.contains(&span)) {
                wrong.push(format!("{document}: nothing is called {span}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// All Rust code in some folders, one file after another.
fn sources(folders: &[&str]) -> String {
    let mut files = Vec::new();
    for folder in folders {
        collect(&root().join(folder), &mut files);
    }
    files.iter().map(|file| std::fs::read_to_string(file).unwrap()).collect()
}

fn collect(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            collect(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
}
