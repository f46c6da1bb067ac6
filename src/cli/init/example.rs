//! Examples inside this program, so that whoever installed it has them.

use std::path::{Path, PathBuf};

use crate::cli::CliError;
use crate::cli::new_file::write_new;
use crate::cli::rehearsal::CORPUS;
use crate::cli::streams::print;

use super::commands::commands;

/// Where the examples' sweep files look for the corpus.
const CORPUS_FILE: &str = "data/newswire.csv";

/// An example that ships with the program.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Example {
    Quickstart,
    Search,
    Ablation,
}

impl Example {
    pub const ALL: [Example; 3] = [Example::Quickstart, Example::Search, Example::Ablation];

    pub fn name(self) -> &'static str {
        match self {
            Example::Quickstart => "quickstart",
            Example::Search => "search",
            Example::Ablation => "ablation",
        }
    }

    pub fn what(self) -> &'static str {
        match self {
            Example::Quickstart => "a small model on 680 news items, with hypotheses; minutes on two cores",
            Example::Search => "a search on the same model and corpus",
            Example::Ablation => "RoBERTa-base on AG News, the paper's recipe and what it varied; hours on a GPU",
        }
    }

    pub fn named(name: &str) -> Option<Example> {
        Example::ALL.into_iter().find(|example| example.name() == name)
    }

    /// As in the repository, where it lies in `sweeps/`.
    fn shipped(self) -> &'static str {
        match self {
            Example::Quickstart => include_str!("../../../sweeps/quickstart.yaml"),
            Example::Search => include_str!("../../../sweeps/search.yaml"),
            Example::Ablation => include_str!("../../../sweeps/ablation.yaml"),
        }
    }

    /// Writes the sweep file, and beside it the corpus where the file reads it.
    ///
    /// # Errors
    /// One of them is there already with other contents, or cannot be written.
    pub fn write(self, output: Option<&Path>) -> Result<(), CliError> {
        let file = output.map_or_else(|| PathBuf::from(format!("{}.yaml", self.name())), Path::to_path_buf);
        let text = self.shipped().replace("sweeps/", "");
        if file.exists() {
            return Err(CliError::Exists { path: file });
        }
        let mut written = vec![file.clone()];
        if text.contains(CORPUS_FILE) {
            written.extend(write_corpus(&file.parent().unwrap_or(Path::new("")).join(CORPUS_FILE))?);
        }
        write_new(&file, text.as_bytes())?;
        let names: Vec<String> = written.iter().map(|path| path.display().to_string()).collect();
        let [dry, run, report] = commands(&file, self.name());
        print(&format!("Written: {}\nNext: {dry}\n      {run}\n      {report}\n", names.join(", ")))
    }
}

/// None where it is there already.
fn write_corpus(path: &Path) -> Result<Option<PathBuf>, CliError> {
    match std::fs::read(path) {
        Ok(found) if found == CORPUS.as_bytes() => return Ok(None),
        Ok(_) => return Err(CliError::Exists { path: path.to_owned() }),
        Err(_) => {}
    }
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder).map_err(|source| CliError::Write { path: folder.to_owned(), source })?;
    }
    write_new(path, CORPUS.as_bytes())?;
    Ok(Some(path.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_lead_to_their_examples() {
        for example in Example::ALL {
            assert_eq!(Example::named(example.name()), Some(example));
            assert!(example.shipped().contains(&format!("name: {}\n", example.name())));
        }
        assert_eq!(Example::named("other"), None);
    }
}
