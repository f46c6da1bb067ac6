//! Requests to an MLflow server, and what their failures mean.

use std::time::Duration;

use http::Method;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use ureq::Agent;

use crate::tracking::TrackingError;

use super::address::Server;

const CONNECT: Duration = Duration::from_secs(5);
/// A whole request: a server that takes longer is asked again later.
const REQUEST: Duration = Duration::from_secs(30);
/// Longest answer, in bytes.
const LONGEST: u64 = 64 << 20;
/// Where the interface begins.
const INTERFACE: &str = "/api/2.0";

pub struct Client {
    agent: Agent,
    server: Server,
}

/// What came of a request that the server answered.
pub struct Answer {
    pub status: u16,
    body: Vec<u8>,
}

impl std::fmt::Debug for Client {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Client").field("server", &self.server).finish_non_exhaustive()
    }
}

impl Client {
    pub fn new(server: Server) -> Self {
        // A redirect would turn a POST into a GET, or carry the token elsewhere.
        let config = Agent::config_builder()
            .http_status_as_error(false)
            .max_redirects(0)
            .max_redirects_will_error(false)
            .user_agent(concat!("sweep/", env!("CARGO_PKG_VERSION")))
            .timeout_connect(Some(CONNECT))
            .timeout_global(Some(REQUEST))
            .build();
        Self { agent: config.into(), server }
    }

    pub fn server(&self) -> &Server {
        &self.server
    }

    /// Sends JSON and reads JSON.
    pub fn post<T: DeserializeOwned>(&self, path: &str, message: &impl Serialize) -> Result<T, TrackingError> {
        let body = serde_json::to_vec(message).map_err(|error| self.odd(path, error.to_string()))?;
        let answer = self.ask(Method::POST, path, "application/json", &body)?;
        self.read(path, &answer)
    }

    /// The same for a question that may have no answer (status 404).
    pub fn find<T: DeserializeOwned>(&self, path: &str) -> Result<Option<T>, TrackingError> {
        let answer = self.ask(Method::GET, path, "application/json", &[])?;
        if answer.status == 404 { Ok(None) } else { self.read(path, &answer).map(Some) }
    }

    /// Sends the contents of a file.
    pub fn put(&self, path: &str, contents: &[u8]) -> Result<(), TrackingError> {
        let answer = self.ask(Method::PUT, path, "application/octet-stream", contents)?;
        self.read::<Value>(path, &answer).map(drop)
    }

    fn ask(&self, method: Method, path: &str, kind: &str, body: &[u8]) -> Result<Answer, TrackingError> {
        let mut request = http::Request::builder().method(method).uri(self.server.at(&format!("{INTERFACE}{path}")));
        if let Some(authorization) = self.server.authorization() {
            request = request.header(http::header::AUTHORIZATION, authorization);
        }
        request = request.header(http::header::CONTENT_TYPE, kind);
        let unreachable = |reason: String| TrackingError::Unreachable { server: self.server.to_string(), reason };
        let request = request.body(body).map_err(|_| unreachable("cannot be asked at this address".to_owned()))?;
        let answer = self.agent.run(request).map_err(|error| unreachable(words(error)))?;
        let (head, mut body) = answer.into_parts();
        let body = body.with_config().limit(LONGEST).read_to_vec().map_err(|error| unreachable(words(error)))?;
        Ok(Answer { status: head.status.as_u16(), body })
    }

    fn read<T: DeserializeOwned>(&self, path: &str, answer: &Answer) -> Result<T, TrackingError> {
        let server = || self.server.to_string();
        match answer.status {
            200..=299 => {
                // Some answers are empty.
                let body = if answer.body.is_empty() { b"{}" } else { answer.body.as_slice() };
                serde_json::from_slice(body).map_err(|error| self.odd(path, error.to_string()))
            }
            status @ (401 | 403) => Err(TrackingError::Refused { server: server(), status, message: answer.message() }),
            status => {
                let path = path.split('?').next().unwrap_or_default().to_owned();
                Err(TrackingError::Status { server: server(), path, status, message: answer.message() })
            }
        }
    }

    fn odd(&self, path: &str, reason: String) -> TrackingError {
        let path = path.split('?').next().unwrap_or_default().to_owned();
        TrackingError::Odd { server: self.server.to_string(), path, reason }
    }
}

impl Answer {
    /// What the server says is wrong, in a line.
    fn message(&self) -> String {
        let stated = serde_json::from_slice::<Value>(&self.body).ok();
        let stated = stated.as_ref().and_then(|value| value.get("message")?.as_str());
        let text = stated.map_or_else(|| String::from_utf8_lossy(&self.body).into_owned(), str::to_owned);
        let line: String = text.split_whitespace().collect::<Vec<_>>().join(" ");
        let short: String = line.chars().take(200).collect();
        if short.len() < line.len() { format!("{short}...") } else { short }
    }
}

/// In our own words where the client's tell little.
fn words(error: ureq::Error) -> String {
    match error {
        ureq::Error::Timeout(ureq::Timeout::Connect) => format!("no connection within {} s", CONNECT.as_secs()),
        ureq::Error::Timeout(_) => format!("no answer within {} s", REQUEST.as_secs()),
        ureq::Error::HostNotFound => "there is no host of that name".to_owned(),
        ureq::Error::Io(error) => error.to_string(),
        ureq::Error::Rustls(error) => format!("the connection cannot be trusted: {error}"),
        _ => "there was no connection, or what came was no answer of HTTP".to_owned(),
    }
}

/// A text as part of a query or a path: everything but letters, digits and `-_.~` is written as `%XX`.
pub fn encoded(text: &str) -> String {
    let byte = |byte: u8| {
        if byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte) {
            char::from(byte).to_string()
        } else {
            format!("%{byte:02X}")
        }
    };
    text.bytes().map(byte).collect()
}
