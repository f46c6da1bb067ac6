//! Where the hub is, and how we say who we are.

use super::HubError;
use super::address::{Address, NoAddress};
use super::secret::{Secret, redacted};
use crate::base64::base64;

/// The address of a hub, with the user and password that its `HF_ENDPOINT` holds.
#[derive(Clone, Debug)]
pub(super) struct Endpoint {
    pub address: Address,
    /// `Basic ...`
    login: Option<Secret>,
}

impl Endpoint {
    /// `https://host`, `http://user:password@host:port/path`
    ///
    /// # Errors
    /// What is no address.
    pub fn parse(text: &str) -> Result<Self, HubError> {
        // What lacks `http://` may hold a password as well.
        let shown = if text.contains("://") { redacted(text) } else { redacted(&format!("://{text}"))[3..].to_owned() };
        let unsound = |reason: NoAddress| HubError::Setting {
            name: "HF_ENDPOINT",
            reason: format!("`{shown}` is not used because {reason}; an address is written like https://hub.example"),
        };
        let (scheme, rest) = text.split_once("://").ok_or_else(|| unsound(NoAddress::Scheme))?;
        let authority = rest.split('/').next().unwrap_or_default();
        let (login, rest) = match authority.rfind('@') {
            Some(at) => (Some(basic(&rest[..at])), &rest[at + 1..]),
            None => (None, rest),
        };
        let address = Address::parse(&format!("{scheme}://{rest}")).map_err(unsound)?;
        if rest.contains(['?', '#']) {
            return Err(unsound(NoAddress::Malformed));
        }
        Ok(Endpoint { address, login })
    }

    /// The header `Authorization`. As in Python, what the address says goes before the token.
    pub fn authorization(&self, token: Option<&Secret>) -> Option<Secret> {
        self.login.clone().or_else(|| token.map(|token| Secret::new(format!("Bearer {}", token.expose()))))
    }
}

/// `user:password`, with its `%XX`, as RFC 7617 sends it.
fn basic(login: &str) -> Secret {
    let (user, password) = login.split_once(':').unwrap_or((login, ""));
    let mut whole = decoded(user);
    whole.push(b':');
    whole.extend(decoded(password));
    Secret::new(format!("Basic {}", base64(&whole)))
}

/// `%XX` as the byte that it stands for.
fn decoded(text: &str) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, after @ ..] = rest {
        let digit = |at: usize| after.get(at).and_then(|byte| char::from(*byte).to_digit(16));
        match (first, digit(0), digit(1)) {
            // Two hexadecimal digits make a byte.
            (b'%', Some(high), Some(low)) => {
                bytes.push((high * 16 + low) as u8);
                rest = &after[2..];
            }
            _ => {
                bytes.push(*first);
                rest = after;
            }
        }
    }
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn r19_an_endpoint_never_shows_its_password() {
        let endpoint = Endpoint::parse("http://Aladdin:open%20sesame@hub.example:81/mirror/").unwrap();
        assert_eq!(endpoint.address.at("/api").to_string(), "http://hub.example:81/mirror/api");
        assert!(!format!("{endpoint:?}").contains("sesame"));
        let token = Secret::new("t");
        // RFC 7617, section 2.
        let said = endpoint.authorization(Some(&token)).unwrap();
        assert_eq!(said.expose(), "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==");
        let plain = Endpoint::parse("https://hub.example").unwrap();
        assert_eq!(plain.authorization(Some(&token)).unwrap().expose(), "Bearer t");
        assert_eq!(plain.authorization(None), None);
        for wrong in [
            "u:PASSWORD@hub.example",
            "hub.example",
            "ftp://u:PASSWORD@h",
            "http://u:PASSWORD@",
            "http://u:PASS@WORD@h:x",
            "http://u:PASSWORD@h?a",
        ] {
            let error = Endpoint::parse(wrong).unwrap_err().to_string();
            assert!(error.contains("HF_ENDPOINT") && !error.contains("PASS"), "{error}");
        }
    }
}
