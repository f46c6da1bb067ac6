//! Text in scripts.

use std::ffi::OsStr;
use std::path::Path;

use super::error::WordError;

/// Text that stands in a job script and adds no line of its own to it: UTF-8 without control characters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Word(String);

impl Word {
    /// # Errors
    /// [`WordError`] where the text is none, or holds a line break or another control character.
    pub fn new(text: impl AsRef<OsStr>) -> Result<Self, WordError> {
        let text = text.as_ref();
        let wrong = |reason| WordError { text: text.to_string_lossy().escape_debug().to_string(), reason };
        match text.to_str() {
            None => Err(wrong("it is no UTF-8 text")),
            Some(text) if text.contains(char::is_control) => {
                Err(wrong("it holds a line break or another control character"))
            }
            Some(text) => Ok(Self(text.to_owned())),
        }
    }

    /// A folder for which Slurm fills in patterns.
    ///
    /// # Errors
    /// As [`Word::new`]; and a backslash, with which Slurm fills in none.
    pub fn folder(path: &Path) -> Result<Self, WordError> {
        let word = Self::new(path)?;
        if word.0.contains('\\') {
            let reason = "it holds a backslash, which Slurm does not take for a part of a name";
            return Err(WordError { text: word.0, reason });
        }
        Ok(word)
    }

    pub fn text(&self) -> &str {
        &self.0
    }

    /// As a shell reads it.
    pub fn quoted(&self) -> String {
        for_shell(&self.0)
    }
}

/// A word as a shell of any kind (sh, csh, fish) reads it.
pub fn for_shell(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./=:,+@%".contains(c);
    if !word.is_empty() && !word.starts_with('=') && word.chars().all(plain) {
        return word.to_owned();
    }
    format!("'{}'", word.replace('\'', r"'\''"))
}
