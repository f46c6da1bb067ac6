//! Addresses on the network, and where an answer may lead from one to another.

use std::fmt;

use http::Uri;

/// Longest address; servers refuse longer ones, too.
const LONGEST: usize = 8192;

/// An `http` or `https` address without user and password. Where it is shown, its query, which may hold a signature, is
/// hidden.
#[derive(Clone, PartialEq, Eq)]
pub struct Address {
    secure: bool,
    /// With the brackets of an IPv6 address, in lower case.
    host: String,
    port: Option<u16>,
    /// From `/` on, with the query.
    path: String,
}

/// Where a redirect goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Leads {
    /// Scheme, host and port are the same, or only the scheme became `https`: the token may go there.
    Home,
    /// The token must not go there.
    Elsewhere,
}

/// Why a text is no address that can be asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum NoAddress {
    #[error("it is no address")]
    Malformed,
    #[error("it begins with neither http:// nor https://")]
    Scheme,
    #[error("it holds a user or a password")]
    Credentials,
    #[error("it is too long")]
    Long,
    #[error("it goes from https to http, where anyone on the way can read and change what comes")]
    Downgrade,
}

impl Address {
    /// # Errors
    /// A text that is no address, of another scheme, or with a user and password.
    pub(super) fn parse(text: &str) -> Result<Self, NoAddress> {
        if text.len() > LONGEST {
            return Err(NoAddress::Long);
        }
        let text = text.split('#').next().unwrap_or_default();
        let uri: Uri = text.parse().map_err(|_| NoAddress::Malformed)?;
        let secure = match uri.scheme_str() {
            Some("https") => true,
            Some("http") => false,
            Some(_) => return Err(NoAddress::Scheme),
            None => return Err(NoAddress::Malformed),
        };
        let authority = uri.authority().ok_or(NoAddress::Malformed)?;
        if authority.as_str().contains('@') {
            return Err(NoAddress::Credentials);
        }
        let host = authority.host().to_ascii_lowercase();
        let rest = &authority.as_str()[authority.host().len()..];
        let port = match rest.strip_prefix(':') {
            None | Some("") => None,
            Some(digits) => Some(digits.parse().map_err(|_| NoAddress::Malformed)?),
        };
        if host.is_empty() {
            return Err(NoAddress::Malformed);
        }
        let path = uri.path_and_query().map_or("/", |path| path.as_str());
        let path = if path.starts_with('/') { path.to_owned() } else { format!("/{path}") };
        Ok(Address { secure, host, port, path })
    }

    /// The address with this path after its own.
    pub(super) fn at(&self, path: &str) -> Self {
        Address { path: format!("{}{path}", self.path.trim_end_matches('/')), ..self.clone() }
    }

    /// What a `Location` means that came from this address (RFC 3986, section 5.2).
    ///
    /// # Errors
    /// As [`Self::parse`], and a way from `https` to `http`.
    pub(super) fn led_by(&self, location: &str) -> Result<(Self, Leads), NoAddress> {
        let location = location.split('#').next().unwrap_or_default();
        let own = self.path.split('?').next().unwrap_or("/");
        let origin = |path: String| format!("{}{path}", self.origin());
        let absolute = if has_scheme(location) {
            location.to_owned()
        } else if location.starts_with("//") {
            format!("{}:{location}", self.scheme())
        } else if location.starts_with('/') {
            origin(location.to_owned())
        } else if location.is_empty() || location.starts_with('?') {
            origin(format!("{own}{location}"))
        } else {
            let folder = own.rfind('/').map_or("/", |at| &own[..=at]);
            origin(format!("{folder}{location}"))
        };
        let mut to = Address::parse(&absolute)?;
        to.path = without_dots(&to.path);
        if self.secure && !to.secure {
            return Err(NoAddress::Downgrade);
        }
        let upgraded = !self.secure && to.secure && self.port() == 80 && to.port() == 443;
        let same = self.host == to.host && (upgraded || (self.secure == to.secure && self.port() == to.port()));
        Ok((to, if same { Leads::Home } else { Leads::Elsewhere }))
    }

    /// For the request itself: with the query.
    pub(super) fn whole(&self) -> String {
        format!("{}{}", self.origin(), self.path)
    }

    fn origin(&self) -> String {
        let port = self.port.map(|port| format!(":{port}")).unwrap_or_default();
        format!("{}://{}{port}", self.scheme(), self.host)
    }

    fn scheme(&self) -> &'static str {
        if self.secure { "https" } else { "http" }
    }

    fn port(&self) -> u16 {
        self.port.unwrap_or(if self.secure { 443 } else { 80 })
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (path, query) = match self.path.split_once('?') {
            Some((path, _)) => (path, "?***"),
            None => (self.path.as_str(), ""),
        };
        write!(f, "{}{}{query}", self.origin(), if path == "/" { "" } else { path })
    }
}

impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

/// `scheme:` before anything that ends it.
fn has_scheme(text: &str) -> bool {
    let head = text.split(['/', '?', '#']).next().unwrap_or_default();
    head.split_once(':').is_some_and(|(scheme, _)| {
        scheme.starts_with(|c: char| c.is_ascii_alphabetic())
            && scheme.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '+' | '-' | '.'))
    })
}

/// A path without `.` and `..` (RFC 3986, section 5.2.4).
fn without_dots(path: &str) -> String {
    let (path, query) = path.split_once('?').map_or((path, None), |(path, query)| (path, Some(query)));
    let mut kept: Vec<&str> = Vec::new();
    for part in path.split('/').skip(1) {
        match part {
            "." => {}
            ".." => {
                kept.pop();
            }
            part => kept.push(part),
        }
    }
    if path.ends_with("/.") || path.ends_with("/..") {
        kept.push("");
    }
    let query = query.map(|query| format!("?{query}")).unwrap_or_default();
    format!("/{}{query}", kept.join("/"))
}

/// A name as part of a path: everything but letters, digits and `-_.~` is written as `%XX`.
pub(super) fn encoded(part: &str) -> String {
    let mut text = String::with_capacity(part.len());
    for byte in part.bytes() {
        if byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte) {
            text.push(char::from(byte));
        } else {
            text.push_str(&format!("%{byte:02X}"));
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn led(from: &str, location: &str) -> Result<(String, Leads), NoAddress> {
        Address::parse(from).unwrap().led_by(location).map(|(to, leads)| (to.whole(), leads))
    }

    #[test]
    fn h2_only_the_same_scheme_host_and_port_are_home() {
        let from = "https://hub.example/a/resolve/main/f?x=1";
        let home = |path: &str| Ok((format!("https://hub.example{path}"), Leads::Home));
        assert_eq!(led(from, "/api/cache/f"), home("/api/cache/f"));
        assert_eq!(led(from, "g?y=2"), home("/a/resolve/main/g?y=2"));
        assert_eq!(led(from, "../g"), home("/a/resolve/g"));
        assert_eq!(led(from, "/../../etc"), home("/etc"));
        assert_eq!(led(from, "?y=2"), home("/a/resolve/main/f?y=2"));
        assert_eq!(led(from, "https://HUB.example/g"), home("/g"));
        for elsewhere in
            ["https://cdn.example/f", "//cdn.example/f", "https://hub.example:444/f", "https://hub.example.evil/f"]
        {
            assert_eq!(led(from, elsewhere).unwrap().1, Leads::Elsewhere, "{elsewhere}");
        }
        assert_eq!(led("http://hub.example/f", "https://hub.example/f").unwrap().1, Leads::Home);
        assert_eq!(led("http://hub.example:81/f", "https://hub.example/f").unwrap().1, Leads::Elsewhere);
        assert_eq!(led("http://127.0.0.1:81/f", "http://127.0.0.1:82/f").unwrap().1, Leads::Elsewhere);
        assert_eq!(led("http://[::1]:81/f", "/g").unwrap(), ("http://[::1]:81/g".to_owned(), Leads::Home));
    }

    #[test]
    fn h2_what_no_redirect_may_lead_to() {
        let from = "https://hub.example/f";
        assert_eq!(led(from, "http://hub.example/f"), Err(NoAddress::Downgrade));
        assert_eq!(led(from, "https://user:pass@hub.example/f"), Err(NoAddress::Credentials));
        assert_eq!(led(from, "https://hub.example@evil.example/f"), Err(NoAddress::Credentials));
        assert_eq!(led(from, "file:///etc/passwd"), Err(NoAddress::Malformed));
        assert_eq!(led(from, "ftp://hub.example/f"), Err(NoAddress::Scheme));
        assert!(led(from, "https://").is_err());
        assert!(led(from, "https://hub.example:70000/").is_err());
        assert!(led(from, "/a b").is_err());
        assert_eq!(led(from, &"x".repeat(9000)), Err(NoAddress::Long));
    }

    #[test]
    fn r19_a_query_is_not_shown() {
        let address = Address::parse("https://cdn.example/blob?Signature=PASSWORD").unwrap();
        assert_eq!(address.to_string(), "https://cdn.example/blob?***");
        assert_eq!(format!("{address:?}"), "https://cdn.example/blob?***");
    }

    #[test]
    fn names_become_parts_of_paths() {
        assert_eq!(encoded("refs/pr/1"), "refs%2Fpr%2F1");
        assert_eq!(encoded("a b?c#d%é"), "a%20b%3Fc%23d%25%C3%A9");
    }
}
