//! What is wrong with a sweep file: every problem, each with its place.

use std::fmt;
use std::path::PathBuf;

use crate::words::counted;

/// Why a sweep file cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum SpecErrors {
    #[error("cannot tell the current folder: {0}")]
    CurrentFolder(#[from] std::io::Error),
    #[error("{}: cannot read the sweep file: {source}", path.display())]
    Read { path: PathBuf, source: std::io::Error },
    /// No YAML. The message repeats the position in YAML's own words where it has more to say.
    #[error("{file}{}: {message}", Position(*position))]
    Syntax {
        file: String,
        /// Line and column, counted from 1.
        position: Option<(usize, usize)>,
        message: String,
    },
    /// All problems of the file, in the order of its lines.
    #[error("{}", Report(file, problems))]
    Invalid { file: String, problems: Vec<Problem> },
}

impl SpecErrors {
    /// The problems of an invalid file; empty for the other kinds.
    pub fn problems(&self) -> &[Problem] {
        match self {
            SpecErrors::Invalid { problems, .. } => problems,
            SpecErrors::CurrentFolder(_) | SpecErrors::Read { .. } | SpecErrors::Syntax { .. } => &[],
        }
    }
}

/// One problem of a sweep file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// The field (`grid.lora_dropout[2]`), or the option that gave it (`--set lora_dropout`).
    pub path: String,
    /// The file in which it stands, where that is one that the sweep file extends.
    pub file: Option<String>,
    /// Counted from 1; none where the problem lies in no line of the file.
    pub line: Option<usize>,
    /// What is wrong and what would be right.
    pub message: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(file) = &self.file {
            write!(f, "{file}, ")?;
        }
        match (self.line, self.path.as_str()) {
            (None, "") => f.write_str(&self.message),
            (None, path) => write!(f, "{path}: {}", self.message),
            (Some(line), "") => write!(f, "line {line}: {}", self.message),
            (Some(line), path) => write!(f, "line {line}, {path}: {}", self.message),
        }
    }
}

struct Position(Option<(usize, usize)>);

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Some((line, column)) => write!(f, ":{line}:{column}"),
            None => Ok(()),
        }
    }
}

struct Report<'a>(&'a str, &'a [Problem]);

impl fmt::Display for Report<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Report(file, problems) = self;
        write!(f, "{file}: {}", counted(problems.len(), "problem"))?;
        for problem in *problems {
            write!(f, "\n  {problem}")?;
        }
        Ok(())
    }
}
