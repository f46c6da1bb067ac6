//! Why the live page cannot be served.

use std::io;
use std::path::PathBuf;

/// The server cannot begin.
#[derive(Debug, thiserror::Error)]
pub enum DashboardError {
    #[error("{path}: no results here yet, and no such folder: give a results folder, or the folder of a sweep in it")]
    NoResults { path: PathBuf },
    #[error("--host {host}: cannot listen there: {source}")]
    Host { host: String, source: io::Error },
    #[error("--host {host}: others can reach this address, so the page needs a token; leave out --no-token")]
    OpenToOthers { host: String },
    #[error("--port {port}: cannot listen there: {source}; another --port, or none, may be free")]
    Port { port: u16, source: io::Error },
    #[error("--token: {0}")]
    Token(&'static str),
    #[error("{path}: cannot {action} the token: {source}")]
    TokenFile {
        path: PathBuf,
        /// `read`, `write` ...
        action: &'static str,
        source: io::Error,
    },
    #[error("cannot draw a random token: {0}")]
    Random(getrandom::Error),
    #[error("cannot serve: {0}")]
    Serve(io::Error),
}
