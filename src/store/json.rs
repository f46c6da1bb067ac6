//! JSON records with a format version.

use std::path::Path;

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::StoreError;
use super::durable::{read_if_there, write_atomically};

/// The version of every JSON record in a results folder. Raised when a reader of the old version would go wrong.
pub const FORMAT_VERSION: u32 = 1;

#[derive(serde::Deserialize)]
struct Versioned {
    format_version: u64,
}

/// Writes a record durably.
pub(super) fn write_json<T: Serialize>(path: &Path, record: &T) -> Result<(), StoreError> {
    write_atomically(path, &to_json(path, record)?)
}

/// A record as it is written.
pub(super) fn to_json<T: Serialize>(path: &Path, record: &T) -> Result<Vec<u8>, StoreError> {
    let mut contents =
        serde_json::to_vec_pretty(record).map_err(|error| StoreError::io(path, "encode", error.into()))?;
    contents.push(b'\n');
    Ok(contents)
}

/// Reads a record; none where there is no file.
pub(super) fn read_json<T: DeserializeOwned>(path: &Path) -> Result<Option<T>, StoreError> {
    let Some(contents) = read_if_there(path)? else {
        return Ok(None);
    };
    let versioned: Versioned = serde_json::from_slice(&contents).map_err(|error| StoreError::damaged(path, error))?;
    if versioned.format_version != u64::from(FORMAT_VERSION) {
        return Err(StoreError::Version {
            path: path.to_owned(),
            found: versioned.format_version,
            supported: FORMAT_VERSION,
        });
    }
    serde_json::from_slice(&contents).map(Some).map_err(|error| {
        let text = error.to_string();
        let unknown = text.starts_with("unknown field") || text.starts_with("unknown variant");
        let hint = if unknown { "; a newer version of sweep may have written it" } else { "" };
        StoreError::damaged(path, format!("{text}{hint}"))
    })
}
