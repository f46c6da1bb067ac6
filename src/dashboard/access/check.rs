//! Whether a request is answered.

use axum::http::header::{AUTHORIZATION, HOST};
use axum::http::{HeaderMap, Method, StatusCode};

use super::hosts::Hosts;
use super::origin::is_foreign;
use super::token::Token;

/// Who may ask.
#[derive(Clone, Debug)]
pub struct Access {
    pub hosts: Hosts,
    /// None: everybody may read, and nobody may change anything.
    pub token: Option<Token>,
}

/// Why a request is not answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    #[error(
        "this server is not called by that name; start it with --allow-host NAME if a proxy or another machine calls it so"
    )]
    Host,
    #[error("a page of another origin asks")]
    Origin,
    #[error("the token is missing or another one; `sweep dashboard` prints the address that has it")]
    Token,
    #[error("this server was started without a token, so it changes nothing")]
    ReadOnly,
}

impl Refusal {
    pub fn status(self) -> StatusCode {
        match self {
            Self::Host | Self::Origin | Self::ReadOnly => StatusCode::FORBIDDEN,
            Self::Token => StatusCode::UNAUTHORIZED,
        }
    }
}

impl Access {
    /// Whether a request calls this server by its name.
    ///
    /// # Errors
    /// It does not.
    pub fn check_host(&self, headers: &HeaderMap) -> Result<(), Refusal> {
        let is_known = host(headers).is_some_and(|host| self.hosts.knows(host));
        if is_known { Ok(()) } else { Err(Refusal::Host) }
    }

    /// Whether a request comes from a page of this server, or from no page. Not asked of the page itself, to which others may
    /// link: it tells nothing.
    ///
    /// # Errors
    /// It comes from another page.
    pub fn check_origin(&self, headers: &HeaderMap) -> Result<(), Refusal> {
        let is_foreign = host(headers).is_none_or(|host| is_foreign(headers, host));
        if is_foreign { Err(Refusal::Origin) } else { Ok(()) }
    }

    /// Whether who asks may know of results, and change something.
    ///
    /// # Errors
    /// It may not.
    pub fn check_token(&self, method: &Method, headers: &HeaderMap) -> Result<(), Refusal> {
        let reads = matches!(*method, Method::GET | Method::HEAD);
        match &self.token {
            None if reads => Ok(()),
            None => Err(Refusal::ReadOnly),
            Some(token) if bearer(headers).is_some_and(|given| token.is(given)) => Ok(()),
            Some(_) => Err(Refusal::Token),
        }
    }
}

/// What the server was called; none where that is not said once.
fn host(headers: &HeaderMap) -> Option<&str> {
    let mut hosts = headers.get_all(HOST).iter();
    match (hosts.next(), hosts.next()) {
        (Some(host), None) => host.to_str().ok(),
        _ => None,
    }
}

fn bearer(headers: &HeaderMap) -> Option<&str> {
    headers.get(AUTHORIZATION)?.to_str().ok()?.strip_prefix("Bearer ")
}
