//! Names of repositories.

use std::path::{Path, PathBuf};

use super::Kind;

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
        let (id, revision) = match name.split_once('@') {
            Some((id, revision)) => (id, Some(revision)),
            None => (name, None),
        };
        let (owner, repository) = id.split_once('/')?;
        let allowed = |part: &str| {
            part.starts_with(|c: char| c.is_ascii_alphanumeric())
                && part.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.'))
        };
        let sound =
            |revision: &str| !revision.is_empty() && !revision.split('/').any(|part| matches!(part, "" | "." | ".."));
        (allowed(owner) && allowed(repository) && revision.is_none_or(sound)).then(|| Repository {
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
        cache.join(format!("{}s--{}--{}", self.kind.word(), self.owner, self.name))
    }

    /// The snapshot that a cache holds of the revision: of the commit that `refs/<revision>` names, or of the revision
    /// itself where that is a commit.
    pub fn snapshot(&self, cache: &Path) -> Option<PathBuf> {
        let folder = self.folder(cache);
        let named = std::fs::read_to_string(folder.join("refs").join(self.revision())).ok();
        let commit = named.map_or_else(|| self.revision.clone().unwrap_or_default(), |text| text.trim().to_owned());
        let snapshot = folder.join("snapshots").join(&commit);
        (!commit.is_empty() && snapshot.is_dir()).then_some(snapshot)
    }
}
