//! Requests to the hub for a repository that is written to, and what their failures mean.

use std::time::Duration;

use http::Method;

use crate::hub::HubError;
use crate::hub::address::{Address, encoded};
use crate::hub::client::{Answer, Client, Content, Failed, Failure, Sent};
use crate::hub::name::Repository;
use crate::hub::remote::Remote;
use crate::hub::retry::patiently;

/// What questions about large files are written in.
pub(super) const LARGE: &str = "application/vnd.git-lfs+json";

/// A repository that is being written to.
pub(super) struct Push<'a> {
    pub(super) remote: &'a Remote,
    pub(super) client: Client,
    pub(super) repository: Repository,
}

impl<'a> Push<'a> {
    /// # Errors
    /// There is no token.
    pub(super) fn new(remote: &'a Remote, repository: Repository) -> Result<Self, HubError> {
        let authorization = remote.authorization();
        if authorization.is_none() {
            return Err(HubError::NoToken { name: repository.given() });
        }
        Ok(Self { remote, client: Client::new(authorization, remote.patience), repository })
    }

    /// The page of the repository.
    pub(super) fn page(&self) -> Address {
        self.at(&format!("/{}", self.repository.id()))
    }

    pub(super) fn at(&self, path: &str) -> Address {
        self.remote.endpoint_address().at(path)
    }

    /// A path of the repository's interface.
    pub(super) fn api(&self, what: &str) -> String {
        format!("/api/models/{}/{what}/{}", self.repository.id(), encoded(self.repository.revision()))
    }

    /// Sends JSON to the hub.
    pub(super) fn post(&self, path: &str, message: &impl serde::Serialize) -> Result<Answer, HubError> {
        // Texts, numbers and lists: it has a JSON form.
        let body = serde_json::to_vec(message).unwrap_or_default();
        self.send(&self.at(path), "application/json", &body)
    }

    pub(super) fn send(&self, address: &Address, kind: &str, body: &[u8]) -> Result<Answer, HubError> {
        let headers = [("content-type", kind), ("accept", accepted(kind))];
        self.patiently(|| {
            let sent = Sent { method: &Method::POST, address, headers: &headers, at_home: true };
            let answer = self.client.send(&sent, Content::Bytes(body))?;
            if is_worth_another(answer.status) { Err(answer.refusal()) } else { Ok(answer) }
        })
    }

    pub(super) fn patiently<T>(&self, attempt: impl FnMut() -> Result<T, Failed>) -> Result<T, HubError> {
        let waiting = |failed: &Failed, wait: Duration| self.remote.retrying(&self.repository, failed, wait);
        patiently(self.remote.patience.pause, &waiting, attempt).map_err(|failed| self.error(failed))
    }

    /// What a failure means for who pushes.
    pub(super) fn error(&self, Failed { address, failure }: Failed) -> HubError {
        let (name, address) = (self.repository.given(), Box::new(address));
        let reason = match failure {
            Failure::Status { status: status @ (401 | 403), .. } => {
                return HubError::MayNotWrite { name, address, status };
            }
            Failure::Status { status, .. } => format!("answers with status {status}"),
            Failure::Unreachable(reason) | Failure::Cut(reason) => format!("cannot be reached: {reason}"),
            Failure::Untrusted(reason) => format!("cannot be trusted: {reason}"),
            Failure::Short { found, expected } => format!("sends {found} bytes instead of {expected}"),
            Failure::Odd(answer) => answer,
        };
        HubError::NotPushed { name, address, reason }
    }
}

/// What is answered to this kind of message.
fn accepted(kind: &str) -> &str {
    if kind == LARGE { LARGE } else { "application/json" }
}

fn is_worth_another(status: u16) -> bool {
    matches!(status, 408 | 429 | 500 | 502 | 503 | 504)
}

/// An answer that says no, with the hub's words where it has some.
pub(super) fn refusal(answer: Answer) -> Failed {
    if matches!(answer.status, 401 | 403) || is_worth_another(answer.status) {
        return answer.refusal();
    }
    let words = answer.header("x-error-message").map(|words| words.chars().take(300).collect::<String>());
    let words = words.map(|words| format!(": {words}")).unwrap_or_default();
    let status = answer.status;
    answer.odd(format!("refuses it with status {status}{words}"))
}
