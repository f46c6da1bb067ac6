//! The hub itself: what it lists, and what it answers when it does not give a file.

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;

use hf_hub::api::RepoInfo;
use hf_hub::api::sync::{Api, ApiBuilder, ApiError};
use hf_hub::{Repo, RepoType};

use super::name::Repository;
use super::{HubError, Kind};

/// Hears how downloads go.
pub trait Watch: Send + Sync {
    /// A file of this many bytes begins to come (or comes again).
    fn begin(&self, repository: &str, file: &str, bytes: u64);
    /// So many more bytes have come, or had come before.
    fn advance(&self, bytes: u64);
    /// The file is there.
    fn end(&self);
    /// Another process downloads the same repository.
    fn waiting(&self, repository: &str);
}

/// Where files come from.
#[derive(Clone)]
pub struct Remote {
    /// None: the official one.
    pub endpoint: Option<String>,
    pub token: Option<String>,
    pub watch: Arc<dyn Watch>,
}

impl fmt::Debug for Remote {
    /// Without the token.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Remote").field("endpoint", &self.endpoint).field("token", &self.token.is_some()).finish()
    }
}

/// The files of a repository at one commit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Listing {
    pub commit: String,
    pub names: Vec<String>,
}

impl Remote {
    /// As the environment says: `HF_ENDPOINT`, `HF_TOKEN`, `HF_TOKEN_PATH`, `HF_HOME`. None where `HF_HUB_OFFLINE` is set.
    pub fn from_environment(
        variable: &dyn Fn(&str) -> Option<PathBuf>,
        home: &std::path::Path,
        watch: Arc<dyn Watch>,
    ) -> Option<Self> {
        let text = |name: &str| variable(name).map(|value| value.to_string_lossy().trim().to_owned());
        if is_offline(variable) {
            return None;
        }
        let file = || {
            let path = variable("HF_TOKEN_PATH").unwrap_or_else(|| home.join("token"));
            std::fs::read_to_string(path).ok().map(|token| token.trim().to_owned())
        };
        let token = text("HF_TOKEN").or_else(file).filter(|token| !token.is_empty());
        let endpoint = text("HF_ENDPOINT").map(|endpoint| endpoint.trim_end_matches('/').to_owned());
        Some(Remote { endpoint, token, watch })
    }

    /// A client whose cache is the folder `staging`.
    pub(super) fn api(&self, staging: PathBuf, repository: &Repository) -> Result<Api, HubError> {
        let mut builder = ApiBuilder::new()
            .with_cache_dir(staging)
            .with_token(self.token.clone())
            .with_progress(false)
            .with_user_agent("sweep", env!("CARGO_PKG_VERSION"));
        if let Some(endpoint) = &self.endpoint {
            builder = builder.with_endpoint(endpoint.clone());
        }
        builder.build().map_err(|error| self.failed(repository, "", error))
    }

    /// What a repository holds.
    pub(super) fn listing(&self, api: &Api, repository: &Repository) -> Result<Listing, HubError> {
        let request = api.repo(at(repository, repository.revision())).info_request();
        let answer = request.config().http_status_as_error(false).build().call();
        let mut answer = answer.map_err(|error| self.unreachable(repository, error.to_string()))?;
        let status = answer.status().as_u16();
        if status != 200 {
            return Err(self.refused(repository, None, status));
        }
        let info: RepoInfo = answer.body_mut().read_json().map_err(|error| {
            self.bad_answer(repository, format!("with something that is no list of files ({error})"))
        })?;
        let names = info.siblings.into_iter().map(|file| file.rfilename).filter(|name| is_plain(name)).collect();
        if !is_plain(&info.sha) {
            return Err(self.bad_answer(repository, "with a commit that is none".to_owned()));
        }
        Ok(Listing { commit: info.sha, names })
    }

    /// What an error of the client means for the file that was asked for.
    pub(super) fn failed(&self, repository: &Repository, file: &str, error: ApiError) -> HubError {
        let (kind, name) = (repository.kind, repository.given());
        match error {
            ApiError::RequestError(error) => {
                // The client's crate does not export the type of this error, so its text has to do.
                let text = error.to_string();
                match text.strip_prefix("http status: ").and_then(|status| status.trim().parse().ok()) {
                    Some(status) => self.refused(repository, Some(file), status),
                    None => self.unreachable(repository, text),
                }
            }
            ApiError::IoError(error) => HubError::Cut { kind, name, file: file.to_owned(), reason: error.to_string() },
            other => self.bad_answer(repository, format!("oddly about {file}: {other}")),
        }
    }

    fn refused(&self, repository: &Repository, file: Option<&str>, status: u16) -> HubError {
        let (kind, name, hub) = (repository.kind, repository.given(), self.shown());
        match (status, file) {
            (404, Some(file)) => HubError::NoFile { kind, name, file: file.to_owned() },
            (404, None) => HubError::NoRepository { kind, name, hub },
            (401 | 403, _) => HubError::Refused { kind, name, hub, status, with_token: self.token.is_some() },
            _ => self.bad_answer(repository, format!("with status {status}")),
        }
    }

    fn unreachable(&self, repository: &Repository, reason: String) -> HubError {
        HubError::Unreachable { kind: repository.kind, name: repository.given(), hub: self.shown(), reason }
    }

    fn bad_answer(&self, repository: &Repository, answer: String) -> HubError {
        HubError::BadAnswer { kind: repository.kind, name: repository.given(), hub: self.shown(), answer }
    }

    fn shown(&self) -> String {
        self.endpoint.clone().unwrap_or_else(|| "the Hugging Face hub".to_owned())
    }
}

/// Whether `HF_HUB_OFFLINE` says that nothing is downloaded.
pub(super) fn is_offline(variable: &dyn Fn(&str) -> Option<PathBuf>) -> bool {
    let value = variable("HF_HUB_OFFLINE").map(|value| value.to_string_lossy().to_ascii_lowercase());
    value.is_some_and(|value| ["1", "true", "yes", "on"].contains(&value.as_str()))
}

/// A repository at a revision, as the client names it.
pub(super) fn at(repository: &Repository, revision: &str) -> Repo {
    let kind = match repository.kind {
        Kind::Model | Kind::Adapter => RepoType::Model,
        Kind::Dataset => RepoType::Dataset,
    };
    Repo::with_revision(repository.id(), kind, revision.to_owned())
}

/// A relative path that stays where it is put.
fn is_plain(name: &str) -> bool {
    !name.is_empty() && !name.contains('\\') && !name.split('/').any(|part| matches!(part, "" | "." | ".."))
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Silent;

    impl Watch for Silent {
        fn begin(&self, _: &str, _: &str, _: u64) {}
        fn advance(&self, _: u64) {}
        fn end(&self) {}
        fn waiting(&self, _: &str) {}
    }

    #[test]
    fn the_remote_follows_the_environment() {
        let home = tempfile::tempdir().unwrap();
        std::fs::write(home.path().join("token"), "from-file\n").unwrap();
        let with = |set: &'static [(&str, &str)]| {
            let variable =
                move |name: &str| set.iter().find(|(key, _)| *key == name).map(|(_, value)| PathBuf::from(value));
            Remote::from_environment(&variable, home.path(), Arc::new(Silent))
        };
        let plain = with(&[]).unwrap();
        assert_eq!((plain.endpoint, plain.token.as_deref()), (None, Some("from-file")));
        let set = with(&[("HF_ENDPOINT", "http://h:1/"), ("HF_TOKEN", "t")]).unwrap();
        assert_eq!((set.endpoint.as_deref(), set.token.as_deref()), (Some("http://h:1"), Some("t")));
        assert!(!format!("{set:?}").contains("\"t\""), "the token is not shown");
        assert!(with(&[("HF_HUB_OFFLINE", "1")]).is_none());
        assert!(with(&[("HF_HUB_OFFLINE", "0")]).is_some());
    }

    #[test]
    fn names_stay_inside_their_folder() {
        for name in ["config.json", "data/train-00000-of-00001.parquet", "a..b"] {
            assert!(is_plain(name), "{name}");
        }
        for name in ["", "/etc/passwd", "../x", "a/../b", "a//b", "a\\b", "."] {
            assert!(!is_plain(name), "{name}");
        }
    }
}
