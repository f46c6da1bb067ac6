//! Questions to the hub, and how far its answers are followed.

use std::fs::File;
use std::io::{Read, Take};
use std::time::Duration;

use http::HeaderMap;
use ureq::{Agent, Body, SendBody, Timeout};

use super::address::{Address, Leads};
use super::pace::{Paced, Patience};
use super::secret::Secret;

const MOST_REDIRECTS: usize = 10;
/// Bytes per second that can be sent at least.
const SLOWEST: u64 = 32 << 10;

/// What a question is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Purpose {
    /// Which files there are.
    Listing,
    /// What the hub says about a file.
    Facts,
    /// The file itself.
    Contents,
}

/// Why a question has no answer, and whom it was put to last.
#[derive(Debug)]
pub(super) struct Failed {
    pub address: Address,
    pub failure: Failure,
}

#[derive(Debug)]
pub(super) enum Failure {
    /// No answer came.
    Unreachable(String),
    /// The connection cannot be trusted.
    Untrusted(String),
    /// The answer began, and did not end.
    Cut(String),
    /// The answer ended as it should, with too few or too many bytes of the file.
    Short {
        found: u64,
        expected: u64,
    },
    Status {
        status: u16,
        retry_after: Option<Duration>,
    },
    /// An answer that cannot be right.
    Odd(String),
}

/// What came.
pub(super) struct Answer {
    pub address: Address,
    pub status: u16,
    pub headers: HeaderMap,
    body: Body,
}

/// A request that sends something.
pub(super) struct Sent<'a> {
    pub method: &'a http::Method,
    pub address: &'a Address,
    pub headers: &'a [(&'a str, &'a str)],
    /// Whether the token may be shown there.
    pub at_home: bool,
}

/// What is sent.
pub(super) enum Content<'a> {
    Bytes(&'a [u8]),
    /// So many bytes of a file.
    Part(Take<File>, u64),
}

impl Content<'_> {
    fn length(&self) -> u64 {
        match self {
            Content::Bytes(bytes) => bytes.len() as u64,
            Content::Part(_, length) => *length,
        }
    }
}

pub(super) struct Client {
    agent: Agent,
    authorization: Option<Secret>,
    patience: Patience,
}

impl Client {
    pub fn new(authorization: Option<Secret>, patience: Patience) -> Self {
        // Redirects are followed here, because the client would follow them from https to http.
        let config = Agent::config_builder()
            .http_status_as_error(false)
            .max_redirects(0)
            .max_redirects_will_error(false)
            .user_agent(concat!("sweep/", env!("CARGO_PKG_VERSION")))
            .accept_encoding("identity")
            .timeout_resolve(Some(patience.answers))
            .timeout_connect(Some(patience.answers))
            .timeout_send_request(Some(patience.answers))
            .timeout_per_read(Some(patience.downloads.max(patience.answers)))
            .build();
        Client { agent: config.into(), authorization, patience }
    }

    /// Follows redirects: with the token only as long as they stay at home, and never from `https` to `http`.
    ///
    /// Facts are taken from the answer that leads to another host, where it has them: that host knows the file by another
    /// name.
    pub fn ask(
        &self,
        purpose: Purpose,
        method: &http::Method,
        address: &Address,
        range: Option<&str>,
    ) -> Result<Answer, Failed> {
        let mut address = address.clone();
        let mut at_home = true;
        for _ in 0..=MOST_REDIRECTS {
            let answer = self.ask_once(purpose, method, &address, range, at_home)?;
            let Some(location) = answer.location()? else {
                return Ok(answer);
            };
            let led = address
                .led_by(&location)
                .map_err(|reason| answer.odd(format!("leads to another address that is not followed: {reason}")))?;
            if led.1 == Leads::Elsewhere {
                if purpose == Purpose::Facts && answer.names_contents() {
                    return Ok(answer);
                }
                // For good: what another host sends back here is its own wish.
                at_home = false;
            }
            address = led.0;
        }
        let failure = Failure::Odd(format!("leads from one address to the next, more than {MOST_REDIRECTS} times"));
        Err(Failed { address, failure })
    }

    fn ask_once(
        &self,
        purpose: Purpose,
        method: &http::Method,
        address: &Address,
        range: Option<&str>,
        at_home: bool,
    ) -> Result<Answer, Failed> {
        let patience = if purpose == Purpose::Contents { self.patience.downloads } else { self.patience.answers };
        let mut request = http::Request::builder().method(method).uri(address.whole());
        if let Some(authorization) = self.authorization.as_ref().filter(|_| at_home) {
            request = request.header(http::header::AUTHORIZATION, authorization.expose());
        }
        if let Some(range) = range {
            request = request.header(http::header::RANGE, range);
        }
        let failed = |failure| Failed { address: address.clone(), failure };
        let request =
            request.body(()).map_err(|_| failed(Failure::Odd("cannot be asked at this address".to_owned())))?;
        let request = self.agent.configure_request(request).timeout_recv_response(Some(patience)).build();
        let answer = self.agent.run(request).map_err(|error| failed(self.failure(error)))?;
        let (head, body) = answer.into_parts();
        Ok(Answer { address: address.clone(), status: head.status.as_u16(), headers: head.headers, body })
    }

    /// Sends something. Redirects are not followed: what was sent once would be sent to somebody else.
    pub fn send(&self, sent: &Sent<'_>, content: Content<'_>) -> Result<Answer, Failed> {
        let failed = |failure| Failed { address: sent.address.clone(), failure };
        let length = content.length();
        let mut request = http::Request::builder().method(sent.method).uri(sent.address.whole());
        if let Some(authorization) = self.authorization.as_ref().filter(|_| sent.at_home) {
            request = request.header(http::header::AUTHORIZATION, authorization.expose());
        }
        for (name, value) in sent.headers {
            request = request.header(*name, *value);
        }
        // Stores of files take none whose length they are not told.
        request = request.header(http::header::CONTENT_LENGTH, length);
        let body = match content {
            Content::Bytes(bytes) => SendBody::from_owned_reader(std::io::Cursor::new(bytes.to_vec())),
            Content::Part(part, _) => SendBody::from_owned_reader(part),
        };
        let request =
            request.body(body).map_err(|_| failed(Failure::Odd("cannot be asked at this address".to_owned())))?;
        let in_all = self.patience.downloads * 6 + Duration::from_secs(length / SLOWEST);
        let request = self.agent.configure_request(request);
        let request = request.timeout_send_body(Some(in_all)).timeout_recv_response(Some(self.patience.downloads * 6));
        let answer = self.agent.run(request.build()).map_err(|error| failed(self.failure(error)))?;
        let (head, body) = answer.into_parts();
        let answer =
            Answer { address: sent.address.clone(), status: head.status.as_u16(), headers: head.headers, body };
        match answer.location()? {
            None => Ok(answer),
            Some(_) => Err(answer.odd(format!("leads elsewhere with status {}, which is not followed", answer.status))),
        }
    }

    /// The body of an answer. It ends with an error where too little of it comes.
    pub fn body(&self, answer: Answer) -> (Address, impl Read) {
        (answer.address, Paced::new(answer.body.into_reader(), self.patience.downloads))
    }

    /// Why a body ended.
    pub fn cut(&self, error: std::io::Error) -> Failure {
        match self.failure(ureq::Error::from(error)) {
            Failure::Unreachable(reason) => Failure::Cut(reason),
            other => other,
        }
    }

    /// In our own words: those of the client may hold addresses and what proxies say.
    fn failure(&self, error: ureq::Error) -> Failure {
        let unreachable = |text: &str| Failure::Unreachable(text.to_owned());
        let seconds = |patience: Duration| patience.as_secs_f64();
        match error {
            ureq::Error::Timeout(Timeout::Resolve) => unreachable("its name was not resolved in time"),
            ureq::Error::Timeout(Timeout::Connect) => {
                Failure::Unreachable(format!("there was no connection within {} s", seconds(self.patience.answers)))
            }
            ureq::Error::Timeout(Timeout::PerRead) => {
                let longest = self.patience.downloads.max(self.patience.answers);
                Failure::Unreachable(format!("nothing came for {} s (HF_HUB_DOWNLOAD_TIMEOUT)", seconds(longest)))
            }
            ureq::Error::Timeout(Timeout::RecvResponse) => {
                unreachable("no answer came in time (HF_HUB_ETAG_TIMEOUT, HF_HUB_DOWNLOAD_TIMEOUT)")
            }
            ureq::Error::Timeout(_) => unreachable("it took too long"),
            ureq::Error::HostNotFound => unreachable("there is no host of that name"),
            ureq::Error::Io(error) if error.kind() == std::io::ErrorKind::UnexpectedEof => {
                unreachable("the server closed the connection early")
            }
            ureq::Error::Io(error) => Failure::Unreachable(error.to_string()),
            ureq::Error::ConnectionFailed => unreachable("there was no connection"),
            ureq::Error::Rustls(error) => Failure::Untrusted(error.to_string()),
            ureq::Error::Tls(text) => Failure::Untrusted(text.to_owned()),
            ureq::Error::TlsRequired => Failure::Untrusted("no encrypted connection was made".to_owned()),
            ureq::Error::ConnectProxyFailed(_) => unreachable("the proxy of the environment makes no connection to it"),
            ureq::Error::InvalidProxyUrl => unreachable("the proxy that the environment names is none"),
            ureq::Error::LargeResponseHeader(_, most) => {
                Failure::Odd(format!("begins its answer with more than {most} bytes of headers"))
            }
            ureq::Error::Decompress(_, error) => Failure::Cut(format!("what came cannot be decompressed: {error}")),
            ureq::Error::Protocol(error) => Failure::Unreachable(format!("what came is no answer of HTTP ({error})")),
            _ => unreachable("the request failed"),
        }
    }
}

impl Answer {
    #[cfg(test)]
    pub fn new(address: Address, status: u16, headers: HeaderMap) -> Self {
        Answer { address, status, headers, body: Body::builder().data(Vec::new()) }
    }

    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    pub fn odd(&self, what: String) -> Failed {
        Failed { address: self.address.clone(), failure: Failure::Odd(what) }
    }

    /// As a failure.
    pub fn refusal(&self) -> Failed {
        let failure = Failure::Status { status: self.status, retry_after: self.retry_after() };
        Failed { address: self.address.clone(), failure }
    }

    /// Bytes of the body, as the answer says; none where it does not, or where they are those of compressed text.
    pub fn length(&self) -> Option<u64> {
        let plain = self.header("content-encoding").is_none_or(|coding| coding.eq_ignore_ascii_case("identity"));
        self.header("content-length").filter(|_| plain)?.trim().parse().ok()
    }

    /// First byte and length of the whole file, of `Content-Range: bytes 17-99/100`.
    pub fn range(&self) -> Option<(u64, Option<u64>)> {
        let (range, whole) = self.header("content-range")?.trim().strip_prefix("bytes ")?.split_once('/')?;
        let (first, _) = range.split_once('-')?;
        Some((first.trim().parse().ok()?, whole.trim().parse().ok()))
    }

    pub fn names_contents(&self) -> bool {
        self.headers.contains_key("x-linked-etag") || self.headers.contains_key("etag")
    }

    /// Where a redirect leads.
    fn location(&self) -> Result<Option<String>, Failed> {
        if !matches!(self.status, 301 | 302 | 303 | 307 | 308) {
            return Ok(None);
        }
        let location = self.headers.get("location").and_then(|value| value.to_str().ok());
        let none = || self.odd(format!("leads elsewhere with status {}, and does not say where to", self.status));
        location.map(|location| Some(location.trim().to_owned())).ok_or_else(none)
    }

    /// Seconds of `Retry-After`, or until the limit of `RateLimit: "api";r=0;t=55` ends.
    fn retry_after(&self) -> Option<Duration> {
        let plain = || self.header("retry-after")?.trim().parse::<u64>().ok();
        let limit = || {
            let fields = self.header("ratelimit")?.split(';');
            fields.filter_map(|field| field.trim().strip_prefix("t=")).find_map(|seconds| seconds.trim().parse().ok())
        };
        plain().or_else(limit).map(Duration::from_secs)
    }
}
