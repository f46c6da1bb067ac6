//! Where an MLflow server is, and how we say who we are.

use std::fmt;
use std::str::FromStr;

use crate::base64::base64;

/// An address that cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AddressError {
    #[error(
        "`{0}` is no address of an MLflow server; give one such as http://127.0.0.1:5000 or https://user:password@host"
    )]
    Malformed(String),
    #[error(
        "`{0}:` is no server: MLflow's folders and databases are written by MLflow itself; start `mlflow server` on it and give the \
         server's address"
    )]
    NoServer(String),
}

/// The address of a server, with what it is to be told about us.
#[derive(Clone, PartialEq, Eq)]
pub struct Server {
    /// Without a slash at the end, without user and password.
    base: String,
    /// `user:password`, as the address has it.
    login: Option<String>,
    authorization: Option<String>,
}

impl FromStr for Server {
    type Err = AddressError;

    fn from_str(text: &str) -> Result<Self, AddressError> {
        let malformed = || AddressError::Malformed(crate::hub::redacted(text));
        let Some((scheme, rest)) = text.split_once("://") else {
            return Err(match text.split_once(':') {
                Some((scheme @ ("file" | "sqlite" | "databricks"), _)) => AddressError::NoServer(scheme.to_owned()),
                _ => malformed(),
            });
        };
        match scheme {
            "http" | "https" => {}
            "file" | "sqlite" | "postgresql" | "mysql" | "mssql" | "databricks" => {
                return Err(AddressError::NoServer(scheme.to_owned()));
            }
            _ => return Err(malformed()),
        }
        let authority = rest.split('/').next().unwrap_or_default();
        let (login, rest) = match authority.rfind('@') {
            Some(at) => (Some(&rest[..at]), &rest[at + 1..]),
            None => (None, rest),
        };
        let base = format!("{scheme}://{}", rest.trim_end_matches('/'));
        let uri: http::Uri = base.parse().map_err(|_| malformed())?;
        if uri.host().is_none_or(str::is_empty) || base.contains(['?', '#']) {
            return Err(malformed());
        }
        let authorization = login.map(basic);
        Ok(Self { base, login: login.map(str::to_owned), authorization })
    }
}

fn basic(login: &str) -> String {
    format!("Basic {}", base64(login.as_bytes()))
}

impl Server {
    /// With what the environment says: `MLFLOW_TRACKING_USERNAME` and `MLFLOW_TRACKING_PASSWORD`, or `MLFLOW_TRACKING_TOKEN`. What
    /// the address says goes before it.
    #[must_use]
    pub fn with_environment(self, variable: &dyn Fn(&str) -> Option<String>) -> Self {
        let set = |name: &str| variable(name).filter(|value| !value.is_empty());
        let named = set("MLFLOW_TRACKING_USERNAME")
            .map(|user| basic(&format!("{user}:{}", set("MLFLOW_TRACKING_PASSWORD").unwrap_or_default())));
        let token = || set("MLFLOW_TRACKING_TOKEN").map(|token| format!("Bearer {token}"));
        let authorization = self.authorization.clone().or(named).or_else(token);
        Self { authorization, ..self }
    }

    /// The address of a path.
    pub(super) fn at(&self, path: &str) -> String {
        format!("{}{path}", self.base)
    }

    pub(super) fn authorization(&self) -> Option<&str> {
        self.authorization.as_deref()
    }

    /// As a command line for this server has it, without what is secret.
    pub fn for_command(&self) -> String {
        match (&self.login, self.base.split_once("://")) {
            (Some(_), Some((scheme, rest))) => format!("{scheme}://USER:PASSWORD@{rest}"),
            _ => self.base.clone(),
        }
    }
}

impl fmt::Display for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.base)
    }
}

impl fmt::Debug for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.base)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_those_of_servers() {
        let server: Server = "http://127.0.0.1:5000/".parse().unwrap();
        assert_eq!(server.at("/api"), "http://127.0.0.1:5000/api");
        for (text, what) in [
            ("sqlite:///mlflow.db", "no server"),
            ("file:///tmp/mlruns", "no server"),
            ("databricks", "no address"),
            ("127.0.0.1:5000", "no address"),
            ("http://", "no address"),
            ("http://u:PASSWORD@", "no address"),
            ("ftp://u:PASSWORD@host", "no address"),
        ] {
            let error = text.parse::<Server>().unwrap_err().to_string();
            assert!(error.contains(what) && !error.contains("PASSWORD"), "{text}: {error}");
        }
    }

    #[test]
    fn who_we_are_is_told_and_never_shown() {
        // RFC 7617, section 2.
        let login = "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==";
        let server: Server = "http://Aladdin:open sesame@host/prefix".parse().unwrap();
        assert_eq!((server.authorization(), server.at("/a")), (Some(login), "http://host/prefix/a".to_owned()));
        assert!(!format!("{server} {server:?}").contains("sesame"));
        assert_eq!(server.for_command(), "http://USER:PASSWORD@host/prefix");
        let set = |names: &'static [(&str, &str)]| {
            let variable =
                move |name: &str| names.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned());
            "http://host".parse::<Server>().unwrap().with_environment(&variable)
        };
        let named = set(&[("MLFLOW_TRACKING_USERNAME", "Aladdin"), ("MLFLOW_TRACKING_PASSWORD", "open sesame")]);
        assert_eq!(named.authorization(), Some(login));
        assert_eq!(set(&[("MLFLOW_TRACKING_TOKEN", "t")]).authorization(), Some("Bearer t"));
        assert_eq!(set(&[]).authorization(), None);
    }
}
