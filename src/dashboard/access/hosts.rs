//! The names that the server is called by.

use std::net::{IpAddr, SocketAddr};

/// The names that the server is called by. A page whose own name was made to point here would be one of the same origin for its
/// browser, so every other name is refused; addresses cannot be made to point elsewhere.
#[derive(Clone, Debug)]
pub struct Hosts {
    /// Whether it listens to this machine only.
    is_loopback: bool,
    /// In lower case, without ports.
    names: Vec<String>,
}

impl Hosts {
    /// `names`: further ones, beside addresses and `localhost`.
    pub fn new(listens: &[SocketAddr], names: impl IntoIterator<Item = String>) -> Self {
        let is_loopback = listens.iter().all(|address| address.ip().is_loopback());
        Self { is_loopback, names: names.into_iter().map(|name| name.to_ascii_lowercase()).collect() }
    }

    /// Whether a `Host` header names this server. The port is not looked at: it is another one behind a forwarding.
    pub fn knows(&self, header: &str) -> bool {
        let Some(name) = without_port(header) else {
            return false;
        };
        let name = name.to_ascii_lowercase();
        match name.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>() {
            Ok(address) => !self.is_loopback || address.is_loopback() || self.names.contains(&name),
            Err(_) => name == "localhost" || self.names.contains(&name),
        }
    }
}

/// The host of `host`, `host:port` or `[address]:port`; none where it is none of these.
fn without_port(header: &str) -> Option<&str> {
    let end = match header.find(']') {
        Some(bracket) if header.starts_with('[') => bracket + 1,
        _ => header.find(':').unwrap_or(header.len()),
    };
    let (host, port) = header.split_at(end);
    let is_port = port.is_empty() || port.strip_prefix(':').is_some_and(|port| port.parse::<u16>().is_ok());
    (is_port && !host.is_empty()).then_some(host)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_point_here_are_not_ours() {
        let local = Hosts::new(&["127.0.0.1:8642".parse().unwrap()], ["Hub.Example.org".to_owned()]);
        for ours in ["127.0.0.1:8642", "127.0.0.1", "localhost:9000", "LOCALHOST", "[::1]:8642", "hub.example.org"] {
            assert!(local.knows(ours), "{ours}");
        }
        let foreign = [
            "evil.example",
            "localhost.evil.example:8642",
            "127.0.0.1.evil.example",
            "10.0.0.7:8642",
            "",
            ":8642",
            "localhost:x",
            "localhost:8642:8642",
            "user@localhost",
            "[::1",
        ];
        for foreign in foreign {
            assert!(!local.knows(foreign), "{foreign}");
        }
        let open = Hosts::new(&["0.0.0.0:8642".parse().unwrap()], ["node17".to_owned()]);
        assert!(open.knows("10.0.0.7:8642") && open.knows("node17:8642") && !open.knows("node18:8642"));
    }
}
