//! The hub itself: what it lists, what it says about a file, and what its failures mean.

use std::io::Read;
use std::sync::Arc;
use std::time::Duration;

use http::Method;
use serde::Deserialize;

use super::address::{Address, encoded};
use super::client::{Answer, Client, Failed, Failure, Purpose};
use super::endpoint::Endpoint;
use super::environment::{self, Variable};
use super::name::{FileName, Identifier, Repository};
use super::pace::Patience;
use super::retry::patiently;
use super::secret::Secret;
use super::{HubError, Kind};

/// Longest list of files, in bytes: half a million names.
const LONGEST_LISTING: u64 = 64 << 20;

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
    /// A file of this many bytes begins to be sent.
    fn sending(&self, _repository: &str, _file: &str, _bytes: u64) {}
    /// Something went wrong, and is tried again after this time.
    fn retrying(&self, repository: &str, reason: &str, wait: Duration);
}

/// Where files come from.
#[derive(Clone)]
pub struct Remote {
    endpoint: Endpoint,
    token: Option<Secret>,
    pub patience: Patience,
    pub watch: Arc<dyn Watch>,
}

impl std::fmt::Debug for Remote {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Remote { endpoint, token, patience, watch: _ } = self;
        f.debug_struct("Remote").field("endpoint", endpoint).field("token", token).field("patience", patience).finish()
    }
}

/// The files of a repository at one commit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Listing {
    pub commit: Identifier,
    /// As the server gives them: to be checked before they become part of a path.
    pub names: Vec<String>,
}

/// What the hub says about a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Facts {
    /// Of its contents.
    pub etag: Identifier,
    pub length: Option<u64>,
}

/// The part of a listing that matters here.
#[derive(Deserialize)]
struct RepositoryInfo {
    sha: String,
    siblings: Vec<Sibling>,
}

#[derive(Deserialize)]
struct Sibling {
    rfilename: String,
}

impl Remote {
    /// The hub at this address.
    ///
    /// # Errors
    /// What is no address.
    pub fn at(endpoint: &str, watch: Arc<dyn Watch>) -> Result<Self, HubError> {
        Ok(Remote { endpoint: Endpoint::parse(endpoint)?, token: None, patience: Patience::default(), watch })
    }

    /// Shows this token to the hub, and to no other host.
    pub fn with_token(self, token: &str) -> Self {
        Remote { token: Some(Secret::new(token)), ..self }
    }

    /// As the environment says: `HF_ENDPOINT`, `HF_TOKEN`, `HF_TOKEN_PATH`, `HF_HOME`, `HF_HUB_ETAG_TIMEOUT`,
    /// `HF_HUB_DOWNLOAD_TIMEOUT`. None where `HF_HUB_OFFLINE` is set.
    ///
    /// # Errors
    /// A setting that cannot be used.
    pub(super) fn from_environment(variable: Variable<'_>, watch: Arc<dyn Watch>) -> Result<Option<Self>, HubError> {
        if environment::is_offline(variable) {
            return Ok(None);
        }
        let endpoint = environment::endpoint(variable)?;
        let token = environment::token(variable)?;
        Ok(Some(Remote { endpoint, token, patience: environment::patience(variable)?, watch }))
    }

    pub(super) fn endpoint_address(&self) -> &Address {
        &self.endpoint.address
    }

    pub(super) fn authorization(&self) -> Option<Secret> {
        self.endpoint.authorization(self.token.as_ref())
    }

    /// What a repository holds.
    ///
    /// # Errors
    /// A hub that does not say it.
    pub(super) fn listing(&self, client: &Client, repository: &Repository) -> Result<Listing, HubError> {
        let kind = if repository.kind == Kind::Dataset { "datasets" } else { "models" };
        let path = format!("/api/{kind}/{}/revision/{}", repository.id(), encoded(repository.revision()));
        let address = self.endpoint.address.at(&path);
        let listing = self.patiently(repository, || {
            let answer = client.ask(Purpose::Listing, &Method::GET, &address, None)?;
            if answer.status != 200 {
                return Err(answer.refusal());
            }
            read_listing(client, answer)
        });
        let listing = listing.map_err(|failed| self.error(repository, None, failed))?;
        if repository.is_commit() && !repository.revision().eq_ignore_ascii_case(listing.commit.as_str()) {
            let failure =
                Failure::Odd(format!("gives commit {} instead of the one that was asked for", listing.commit));
            return Err(self.error(repository, None, Failed { address, failure }));
        }
        Ok(listing)
    }

    /// The address of a file at a commit.
    pub(super) fn address(&self, repository: &Repository, commit: &Identifier, name: &FileName) -> Address {
        let kind = if repository.kind == Kind::Dataset { "/datasets" } else { "" };
        let name = name.as_str().split('/').map(encoded).collect::<Vec<_>>().join("/");
        self.endpoint.address.at(&format!("{kind}/{}/resolve/{commit}/{name}", repository.id()))
    }

    /// What the hub says about a file.
    ///
    /// # Errors
    /// A hub that does not say it, or says what cannot be right.
    pub(super) fn facts(
        &self,
        client: &Client,
        repository: &Repository,
        commit: &Identifier,
        name: &FileName,
    ) -> Result<Facts, HubError> {
        let address = self.address(repository, commit, name);
        let facts = self.patiently(repository, || {
            let mut answer = client.ask(Purpose::Facts, &Method::HEAD, &address, None)?;
            // Simple servers know no HEAD.
            if matches!(answer.status, 405 | 501) {
                answer = client.ask(Purpose::Facts, &Method::GET, &address, Some("bytes=0-0"))?;
            }
            read_facts(&answer, commit)
        });
        facts.map_err(|failed| self.error(repository, Some(name), failed))
    }

    fn patiently<T>(&self, repository: &Repository, attempt: impl FnMut() -> Result<T, Failed>) -> Result<T, Failed> {
        let waiting = |failed: &Failed, wait: Duration| self.retrying(repository, failed, wait);
        patiently(self.patience.pause, &waiting, attempt)
    }

    /// Tells the watch.
    pub(super) fn retrying(&self, repository: &Repository, failed: &Failed, wait: Duration) {
        let reason = match &failed.failure {
            Failure::Unreachable(reason) | Failure::Cut(reason) => format!("{}: {reason}", failed.address),
            Failure::Short { found, expected } => {
                format!("{}: {found} bytes came instead of {expected}", failed.address)
            }
            Failure::Status { status, .. } => format!("{} answers with status {status}", failed.address),
            // Those are not tried again.
            Failure::Untrusted(_) | Failure::Odd(_) => return,
        };
        self.watch.retrying(&repository.given(), &reason, wait);
    }

    /// What a failure means for the repository, or for the file that was asked for.
    pub(super) fn error(&self, repository: &Repository, file: Option<&FileName>, failed: Failed) -> HubError {
        let (kind, name, Failed { address, failure }) = (repository.kind, repository.given(), failed);
        let (address, file) = (Box::new(address), file.map(|file| file.as_str().to_owned()));
        match failure {
            Failure::Unreachable(reason) => HubError::Unreachable { kind, name, address, reason },
            Failure::Untrusted(reason) => HubError::Untrusted { kind, name, address, reason },
            Failure::Cut(reason) => match file {
                Some(file) => HubError::Cut { kind, name, file, address, reason },
                None => HubError::Unreachable { kind, name, address, reason },
            },
            Failure::Short { found, expected } => {
                HubError::Truncated { kind, name, file: file.unwrap_or_default(), address, found, expected }
            }
            Failure::Odd(answer) => HubError::BadAnswer { kind, name, address, answer },
            Failure::Status { status: 404, .. } => match file {
                Some(file) => HubError::NoFile { kind, name, file },
                None => HubError::NoRepository { kind, name, address },
            },
            Failure::Status { status: status @ (401 | 403), .. } => {
                HubError::Refused { kind, name, address, status, with_token: self.authorization().is_some() }
            }
            Failure::Status { status, retry_after } => HubError::Status { kind, name, address, status, retry_after },
        }
    }
}

fn read_listing(client: &Client, answer: Answer) -> Result<Listing, Failed> {
    let mut text = Vec::new();
    let (address, body) = client.body(answer);
    let failed = |failure| Failed { address: address.clone(), failure };
    body.take(LONGEST_LISTING + 1).read_to_end(&mut text).map_err(|error| failed(client.cut(error)))?;
    if text.len() as u64 > LONGEST_LISTING {
        return Err(failed(Failure::Odd(format!("sends a list of files of more than {LONGEST_LISTING} bytes"))));
    }
    parse_listing(&text).map_err(|error| failed(Failure::Odd(error.to_string())))
}

/// An answer that is no list of files.
#[derive(Debug, thiserror::Error)]
pub(super) enum ListingError {
    #[error("sends something that is no list of files ({0})")]
    Syntax(#[from] serde_json::Error),
    #[error("names the commit {0}, which is none")]
    Commit(String),
}

pub(super) fn parse_listing(text: &[u8]) -> Result<Listing, ListingError> {
    let info: RepositoryInfo = serde_json::from_slice(text)?;
    let commit = Identifier::parse(&info.sha);
    let commit = commit.ok_or_else(|| ListingError::Commit(shortened(&info.sha)))?;
    Ok(Listing { commit, names: info.siblings.into_iter().map(|file| file.rfilename).collect() })
}

pub(super) fn read_facts(answer: &Answer, commit: &Identifier) -> Result<Facts, Failed> {
    let redirect = (300..400).contains(&answer.status);
    if !redirect && !matches!(answer.status, 200 | 206) {
        return Err(answer.refusal());
    }
    let header =
        |name: &str| answer.headers.get(name).map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned());
    if let Some(other) = header("x-repo-commit").filter(|other| other != commit.as_str()) {
        return Err(answer.odd(format!("gives the file of commit {} instead of {commit}", shortened(&other))));
    }
    let Some(named) = header("x-linked-etag").or_else(|| header("etag")) else {
        return Err(answer.odd("does not say which contents the file has (no ETag)".to_owned()));
    };
    let etag = Identifier::parse(named.strip_prefix("W/").unwrap_or(&named).trim_matches('"'));
    let etag = etag.ok_or_else(|| {
        let named = shortened(&named);
        answer.odd(format!("calls the file's contents {named}, which is no plain name of letters, digits, `-` and `_`"))
    })?;
    let linked = header("x-linked-size").and_then(|size| size.trim().parse().ok());
    let own = || match answer.status {
        200 => answer.length(),
        206 => answer.range().and_then(|(_, whole)| whole),
        _ => None,
    };
    Ok(Facts { etag, length: linked.or_else(own) })
}

/// What a server says, fit for a line of an error.
fn shortened(text: &str) -> String {
    let short: String = text.chars().take(60).collect();
    let more = if short.len() < text.len() { "..." } else { "" };
    format!("{short:?}{more}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn h1_a_commit_that_is_a_path_is_refused() {
        let commits = ["/etc", "..", "a/b", ""];
        for commit in commits {
            let text = format!(r#"{{"sha": {commit:?}, "siblings": []}}"#);
            assert!(parse_listing(text.as_bytes()).unwrap_err().to_string().contains("which is none"), "{commit}");
        }
    }

    #[test]
    fn h3_listings_that_are_none() {
        let deep = format!(r#"{{"sha": "a", "x": {}"#, "[".repeat(1 << 20));
        for text in ["", "{", "<html>", "null", r#"{"sha": "a"}"#, r#"{"sha": "a", "siblings": [{}]}"#, &deep] {
            assert!(parse_listing(text.as_bytes()).unwrap_err().to_string().contains("no list of files"));
        }
        let most = r#"{"sha": "a", "siblings": [{"rfilename": "x", "size": 3}], "tags": [[[]]]}"#;
        assert_eq!(parse_listing(most.as_bytes()).unwrap().names, ["x"]);
    }
}
