//! Names of repositories, and what a server may name that becomes part of a path.

use std::fmt;
use std::path::{Path, PathBuf};

use super::Kind;
use crate::hub_name;

/// Longest name of a file or folder that file systems take, with room for an ending of our own.
const LONGEST_PART: usize = 240;
const LONGEST_NAME: usize = 1024;

/// A repository of the hub at a revision.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Repository {
    pub kind: Kind,
    pub owner: String,
    pub name: String,
    /// A branch, a tag or a commit, as given.
    pub revision: Option<String>,
}

impl Repository {
    /// `owner/name` or `owner/name@revision`, in the characters that the hub allows.
    pub fn parse(kind: Kind, name: &str) -> Option<Self> {
        let (id, revision) = hub_name::apart(name)?;
        let (owner, repository) = id.split_once('/')?;
        revision.is_none_or(stays_inside).then(|| Repository {
            kind,
            owner: owner.to_owned(),
            name: repository.to_owned(),
            revision: revision.map(str::to_owned),
        })
    }

    /// `owner/name`
    pub fn id(&self) -> String {
        format!("{}/{}", self.owner, self.name)
    }

    /// As a person gives it.
    pub fn given(&self) -> String {
        match &self.revision {
            Some(revision) => format!("{}@{revision}", self.id()),
            None => self.id(),
        }
    }

    pub fn revision(&self) -> &str {
        self.revision.as_deref().unwrap_or("main")
    }

    /// Its folder in a cache: `models--owner--name`.
    pub fn folder(&self, cache: &Path) -> PathBuf {
        cache.join(format!("{}--{}--{}", self.kind.in_cache(), self.owner, self.name))
    }

    /// The same repository at the commit of this snapshot.
    pub fn at(&self, snapshot: &Path) -> Self {
        let commit = snapshot.file_name().map(|commit| commit.to_string_lossy().into_owned());
        Repository { revision: commit, ..self.clone() }
    }

    /// The snapshot that a cache holds of the revision: of the commit that `refs/<revision>` names, or of the revision
    /// itself where that is a commit.
    pub fn snapshot(&self, cache: &Path) -> Option<PathBuf> {
        let folder = self.folder(cache);
        let named = std::fs::read_to_string(folder.join("refs").join(self.revision())).ok();
        let commit = named.map_or_else(|| self.revision.clone().unwrap_or_default(), |text| text.trim().to_owned());
        let snapshot = folder.join("snapshots").join(Identifier::parse(&commit)?.as_str());
        snapshot.is_dir().then_some(snapshot)
    }

    /// Whether the revision is a whole commit, so that nothing else may come.
    pub fn is_commit(&self) -> bool {
        self.revision().len() == 40 && self.revision().bytes().all(|byte| byte.is_ascii_hexdigit())
    }
}

/// What a server calls a commit, or the contents of a file: only letters, digits, `_` and `-`, because it names files and
/// folders in the cache.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Identifier(String);

impl Identifier {
    pub fn parse(text: &str) -> Option<Self> {
        let allowed = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-';
        let sound = !text.is_empty() && text.len() <= LONGEST_PART && text.bytes().all(allowed);
        sound.then(|| Identifier(text.to_owned()))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Identifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The name of a file in a repository: a relative path that stays where it is put.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct FileName(String);

impl FileName {
    pub fn parse(text: &str) -> Option<Self> {
        // Git keeps its own things in `.git`, and takes no file of that name.
        let own = |part: &str| part.eq_ignore_ascii_case(".git");
        (stays_inside(text) && !text.split('/').any(own)).then(|| FileName(text.to_owned()))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// A relative path without `..`, whose parts file systems and terminals take.
fn stays_inside(path: &str) -> bool {
    let sound = |part: &str| !matches!(part, "" | "." | "..") && part.len() <= LONGEST_PART;
    let plain = |c: char| c != '\\' && !c.is_control();
    path.len() <= LONGEST_NAME && path.chars().all(plain) && path.split('/').all(sound)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn h1_identifiers_are_one_plain_name() {
        for sound in ["0123456789abcdef0123456789abcdef01234567", "A_b-9"] {
            assert_eq!(Identifier::parse(sound).unwrap().as_str(), sound);
        }
        let long = "a".repeat(LONGEST_PART + 1);
        for unsound in ["", ".", "..", "/etc/passwd", "a/b", "a.part", "a\\b", "a b", "a\n", "\0", "é", long.as_str()]
        {
            assert_eq!(Identifier::parse(unsound), None, "{unsound:?}");
        }
    }

    #[test]
    fn h1_names_of_files_stay_inside_their_folder() {
        for name in ["config.json", "data/train-00000-of-00001.parquet", "a..b", "données/été.csv", ".gitattributes"]
        {
            assert_eq!(FileName::parse(name).unwrap().as_str(), name);
        }
        let long = "a/".repeat(600) + "b";
        for name in [
            "",
            "/etc/passwd",
            "../x",
            "a/../b",
            "a//b",
            "a/",
            "a\\b",
            ".",
            "a\nb",
            "a\u{1b}[2J",
            ".git/config",
            "a/.GIT/hooks/post-checkout",
            long.as_str(),
        ] {
            assert_eq!(FileName::parse(name), None, "{name:?}");
        }
    }
}
