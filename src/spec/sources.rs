//! The texts that a sweep file is made of: its own, and those of the files that it extends.

use std::path::{Path, PathBuf};

use super::yaml;

/// The files of a sweep. The nodes of each are numbered after those of the files before.
#[derive(Clone, Debug, Default)]
pub(super) struct Sources(Vec<Source>);

/// One file.
#[derive(Clone, Debug)]
pub(super) struct Source {
    /// Its name for messages.
    pub title: String,
    /// Relative paths of files are looked for in here first.
    pub folder: PathBuf,
    pub text: String,
    /// The number of its first node.
    pub first: usize,
}

/// A line of one of the files.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Line {
    /// Counted from 1.
    pub number: usize,
    /// None: of the sweep file itself.
    pub file: Option<String>,
}

impl std::fmt::Display for Line {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match &self.file {
            None => write!(f, "line {}", self.number),
            Some(file) => write!(f, "line {} of {file}", self.number),
        }
    }
}

impl Sources {
    /// Those of a sweep file that extends none.
    pub fn of_file(title: &str, folder: &Path, text: &str) -> Sources {
        let (title, folder, text) = (title.to_owned(), folder.to_owned(), text.to_owned());
        Sources(vec![Source { title, folder, text, first: 0 }])
    }

    pub fn add(&mut self, source: Source) {
        self.0.push(source);
    }

    /// The sweep file first, then those that it extends.
    pub fn iter(&self) -> impl Iterator<Item = &Source> {
        self.0.iter()
    }

    /// The text of the sweep file itself.
    pub fn text(&self) -> &str {
        self.0.first().map_or("", |source| &source.text)
    }

    /// Bytes of all texts.
    pub fn bytes(&self) -> usize {
        self.0.iter().map(|source| source.text.len()).sum()
    }

    fn position(&self, node: usize) -> Option<usize> {
        self.0.iter().rposition(|source| source.first <= node)
    }

    /// The folder of the file in which a node stands.
    pub fn folder_of(&self, node: usize) -> Option<&Path> {
        self.position(node).map(|position| self.0[position].folder.as_path())
    }

    /// The line of a node.
    pub fn line(&self, node: usize) -> Option<Line> {
        let position = self.position(node)?;
        let source = &self.0[position];
        let number = yaml::line(&source.text, node - source.first)?;
        Some(Line { number, file: (position > 0).then(|| source.title.clone()) })
    }
}
