//! The name of a model or data set -> files on this machine.
//!
//! A name is, in this order: an existing path; a hub name (`owner/name`, `owner/name@revision`) found in the Hugging
//! Face cache; for [`MINILM`], the copy that `make setup` installs from the Python package of that model; a hub name that
//! is downloaded into the cache, where a [`Remote`] is given.
//!
//! What the cache has is used as it is, without asking whether the hub has something newer: a run's id follows from the
//! contents of its model. [`Hub::refreshing`] asks.
//!
//! Nothing that a server says is trusted: names are checked before they become part of a path, contents against their
//! digest; the token goes to no other host; every wait is bounded.

mod address;
mod checksum;
mod client;
mod digest;
mod download;
mod endpoint;
mod environment;
mod error;
mod free_space;
mod kind;
mod lock;
mod name;
mod pace;
mod packages;
mod partial_file;
mod remote;
mod retry;
mod secret;
mod upload;
mod wanted;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use environment::variable;
use name::Repository;
use wanted::{ADAPTER, AdapterFiles, ModelFiles};

use crate::own_cache;

pub use address::Address;
pub use error::HubError;
pub use kind::{Kind, MINILM};
pub use pace::Patience;
pub use remote::{Remote, Watch};
pub use secret::redacted;
pub use upload::{Pushed, Visibility};
pub use wanted::{ModelPart, NotUsable, Wanted};

/// Where to look.
#[derive(Clone, Debug)]
pub struct Hub {
    /// The Hugging Face cache (`.../huggingface/hub`).
    pub cache: PathBuf,
    /// The folder of the packaged MiniLM; it may be missing.
    pub minilm: PathBuf,
    /// Our own cache folder, where digests are remembered; none where the environment names no home.
    pub memory: Option<PathBuf>,
    /// Where what is not on this machine comes from; none: it does not.
    pub remote: Option<Remote>,
    /// Whether the hub is asked for the newest commit of a revision that the cache has.
    refresh: bool,
    /// `HF_HUB_OFFLINE` is set; said in errors.
    offline: bool,
}

impl Hub {
    /// As the environment says: `HF_HUB_CACHE`, `HF_HOME`, `XDG_CACHE_HOME`, `HOME`; `SWEEP_MINILM`.
    pub fn from_environment() -> Self {
        let minilm = variable("SWEEP_MINILM").unwrap_or_else(|| packages::minilm(&variable));
        let offline = environment::is_offline(&variable);
        Hub { offline, ..Hub::at(environment::cache_folder(&variable), minilm, own_cache::folder()) }
    }

    /// With these folders, and nothing from elsewhere.
    pub fn at(cache: PathBuf, minilm: PathBuf, memory: Option<PathBuf>) -> Self {
        Hub { cache, minilm, memory, remote: None, refresh: false, offline: false }
    }

    /// Also downloads, unless `HF_HUB_OFFLINE` is set: from `HF_ENDPOINT`, with `HF_TOKEN` or the token that lies in
    /// `HF_HOME`.
    ///
    /// # Errors
    /// A variable that cannot be used.
    pub fn downloading(self, watch: Arc<dyn Watch>) -> Result<Self, HubError> {
        Ok(Hub { remote: Remote::from_environment(&variable, watch)?, ..self })
    }

    /// Asks the hub for the newest commit of every revision, also where the cache has one.
    pub fn refreshing(self) -> Self {
        Hub { refresh: true, ..self }
    }

    /// blake3 over configuration, weights and tokenizer files of a model folder, as 64 hexadecimal digits; wherever the
    /// folder lies. From the second time on it takes no time.
    ///
    /// # Errors
    /// A file that cannot be read.
    pub fn model_digest(&self, folder: &Path) -> Result<String, HubError> {
        digest::model_digest(folder, self.memory.as_ref().map(|memory| memory.join("digests")).as_deref())
    }

    /// blake3 over an adapter's configuration and weights, and over the names of its head's classes, where they are known, as 64
    /// hexadecimal digits: which row of the head is which class decides what a run begins with.
    ///
    /// # Errors
    /// A file that cannot be read.
    pub fn adapter_digest(&self, folder: &Path, class_names: Option<&[String]>) -> Result<String, HubError> {
        digest::adapter_digest(folder, class_names)
    }

    /// Whether what is not on this machine can come from elsewhere.
    pub fn can_download(&self) -> bool {
        self.remote.is_some()
    }

    /// The folder of a model.
    ///
    /// # Errors
    /// A folder that is no model, a name that is nowhere on this machine, or a download that failed.
    pub fn model(&self, name: &str) -> Result<PathBuf, HubError> {
        self.model_part(name, ModelPart::All)
    }

    /// The folder of a model with that much of it (or more). A part of a model is not remembered as the model: it is asked
    /// for again next time.
    ///
    /// # Errors
    /// As [`Self::model`].
    pub fn model_part(&self, name: &str, part: ModelPart) -> Result<PathBuf, HubError> {
        let path = Path::new(name);
        if path.is_dir() {
            return is_model(path).ok_or_else(|| HubError::NotAModel { path: path.to_path_buf() });
        }
        if self.cached_model(name, part).is_none()
            && let Some(folder) = self.packaged(name)
        {
            return Ok(folder);
        }
        let no_package = |error| match error {
            HubError::NotCached { .. } if name == MINILM => {
                HubError::NoMiniLm { cache: self.cache.clone(), package: self.minilm.clone() }
            }
            other => other,
        };
        let wanted = ModelFiles(part);
        let folder = self.obtain(Kind::Model, name, &wanted).map_err(no_package)?;
        let folder = is_model(&folder).ok_or(HubError::NotAModel { path: folder })?;
        if self.remote.is_none() && !wanted.complete(&folder) {
            return Err(HubError::Partial { name: name.to_string(), folder, offline: self.offline });
        }
        Ok(folder)
    }

    /// The folder of a model with that much of it, where it is on this machine; asks nobody.
    pub fn model_at_hand(&self, name: &str, part: ModelPart) -> Option<PathBuf> {
        let path = Path::new(name);
        if path.is_dir() {
            return is_model(path);
        }
        if self.refresh {
            return None;
        }
        self.cached_model(name, part).or_else(|| self.packaged(name))
    }

    fn cached_model(&self, name: &str, part: ModelPart) -> Option<PathBuf> {
        let snapshot = Repository::parse(Kind::Model, name)?.snapshot(&self.cache)?;
        Some(snapshot).filter(|folder| ModelFiles(part).complete(folder))
    }

    fn packaged(&self, name: &str) -> Option<PathBuf> {
        is_model(&self.minilm).filter(|_| name == MINILM)
    }

    /// The folder of an adapter: itself, or that of a run that has one.
    ///
    /// # Errors
    /// As [`Self::model`].
    pub fn adapter(&self, name: &str) -> Result<PathBuf, HubError> {
        let path = Path::new(name);
        if path.is_dir() {
            let inside = [path.to_path_buf(), path.join("adapter")];
            let found = inside.into_iter().find(|folder| folder.join(ADAPTER[0]).is_file());
            return found.ok_or_else(|| HubError::NotAnAdapter { path: path.to_path_buf() });
        }
        let folder = self.obtain(Kind::Adapter, name, &AdapterFiles)?;
        // A cache keeps an adapter as it keeps a model, so another one may be there by that name.
        if AdapterFiles.is_usable(&folder) { Ok(folder) } else { Err(HubError::NotAnAdapter { path: folder }) }
    }

    /// The file or folder of a data set that is on this machine.
    ///
    /// # Errors
    /// A name that is nowhere on this machine.
    pub fn dataset(&self, name: &str) -> Result<PathBuf, HubError> {
        let path = Path::new(name);
        if path.exists() {
            return Ok(path.to_path_buf());
        }
        let repository = self.repository(Kind::Dataset, name)?;
        repository.snapshot(&self.cache).ok_or_else(|| self.not_cached(&repository))
    }

    /// The file or folder of a data set; of a repository, what is wanted of it.
    ///
    /// # Errors
    /// As [`Self::model`].
    pub fn dataset_with(&self, name: &str, wanted: &dyn Wanted) -> Result<PathBuf, HubError> {
        let path = Path::new(name);
        if path.exists() { Ok(path.to_path_buf()) } else { self.obtain(Kind::Dataset, name, wanted) }
    }

    /// As [`Self::dataset_with`], where all that is wanted is on this machine; asks nobody.
    pub fn dataset_at_hand(&self, name: &str, wanted: &dyn Wanted) -> Option<PathBuf> {
        let path = Path::new(name);
        if path.exists() {
            return Some(path.to_path_buf());
        }
        let snapshot = Repository::parse(Kind::Dataset, name)?.snapshot(&self.cache)?;
        Some(snapshot).filter(|folder| !self.refresh && wanted.complete(folder))
    }

    /// Puts the files of a folder into a repository of models (`owner/name`, `owner/name@branch`), which is made where it is not
    /// there. Other files of the repository stay.
    ///
    /// # Errors
    /// No token, a name that is none, or a hub that does not take it; then nothing of it is visible there, though an empty
    /// repository may be.
    pub fn push(&self, name: &str, folder: &Path, message: &str, visibility: Visibility) -> Result<Pushed, HubError> {
        let repository = Repository::parse(Kind::Model, name);
        let repository = repository.ok_or_else(|| HubError::NoRepositoryName { name: redacted(name) })?;
        let remote = self.remote.as_ref().ok_or_else(|| HubError::Offline { name: repository.given() })?;
        upload::push(remote, repository, folder, message, visibility)
    }

    /// The snapshot of a hub name with what is wanted of it: out of the cache, or downloaded.
    fn obtain(&self, kind: Kind, name: &str, wanted: &dyn Wanted) -> Result<PathBuf, HubError> {
        let repository = self.repository(kind, name)?;
        let cached = repository.snapshot(&self.cache);
        match (&self.remote, cached) {
            (None, Some(snapshot)) => Ok(snapshot),
            (_, Some(snapshot)) if !self.refresh && wanted.complete(&snapshot) => Ok(snapshot),
            // What is still to come is of the commit that the cache has.
            (Some(remote), Some(snapshot)) if !self.refresh && wanted.is_usable(&snapshot) => {
                download::download(remote, &self.cache, &repository.at(&snapshot), wanted)
            }
            (Some(remote), _) => download::download(remote, &self.cache, &repository, wanted),
            (None, None) => Err(self.not_cached(&repository)),
        }
    }

    fn repository(&self, kind: Kind, name: &str) -> Result<Repository, HubError> {
        let none = || HubError::NoPath { kind, name: redacted(name), hint: current_folder() };
        Repository::parse(kind, name).ok_or_else(none)
    }

    fn not_cached(&self, repository: &Repository) -> HubError {
        let revision = repository.revision.as_ref().map(|revision| format!(" --revision {revision}"));
        HubError::NotCached {
            kind: repository.kind,
            name: repository.given(),
            download: format!("{}{}", repository.id(), revision.unwrap_or_default()),
            cache: self.cache.clone(),
            offline: self.offline,
        }
    }
}

fn is_model(folder: &Path) -> Option<PathBuf> {
    folder.join("config.json").is_file().then(|| folder.to_path_buf())
}

fn current_folder() -> String {
    std::env::current_dir().map(|folder| format!(" (seen from {})", folder.display())).unwrap_or_default()
}

#[cfg(test)]
mod anything;
#[cfg(test)]
mod tests;
