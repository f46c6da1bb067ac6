//! Links lead to files of this repository and to headings in them.

use std::path::{Component, Path, PathBuf};

use crate::{documents, markdown, root, text};

#[test]
fn links_lead_somewhere() {
    let mut wrong = Vec::new();
    let mut seen = 0;
    for document in documents() {
        let content = text(&document);
        for link in markdown::links(&content).iter().filter(|link| !link.contains("://")) {
            seen += 1;
            if let Some(fault) = fault(&document, &content, link) {
                wrong.push(format!("{document}: ({link}): {fault}"));
            }
        }
    }
    assert!(seen > 60, "only {seen} links were found");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

fn fault(document: &str, content: &str, link: &str) -> Option<String> {
    let (file, anchor) = match link.split_once('#') {
        Some((file, anchor)) => (file, Some(anchor)),
        None => (link, None),
    };
    let target = if file.is_empty() { PathBuf::from(document) } else { beside(document, file) };
    if !root().join(&target).exists() {
        return Some(format!("there is no {}", target.display()));
    }
    let anchor = anchor?;
    let there = if file.is_empty() { content.to_owned() } else { text(&target) };
    let anchors = markdown::anchors(&there);
    let known = anchors.iter().any(|known| known == anchor);
    (!known).then(|| format!("{} has no heading #{anchor}, but {anchors:?}", target.display()))
}

/// A path as a document names it, relative to the repository.
fn beside(document: &str, file: &str) -> PathBuf {
    let mut path = Path::new(document).parent().unwrap().to_owned();
    for component in Path::new(file).components() {
        match component {
            Component::ParentDir => assert!(path.pop(), "{document}: {file} leads out of the repository"),
            other => path.push(other),
        }
    }
    path
}
