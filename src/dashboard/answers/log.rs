//! Logs, as they come: from where a page has read to.

use std::fs::File;
use std::io::{ErrorKind, Read, Seek, SeekFrom};
use std::path::PathBuf;
use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, Query, State};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::dashboard::shared::Shared;
use crate::store::StoreError;

use super::failure::Failure;
use super::found;
use super::reading::reading;

/// The most that is told at once: of a longer log the end.
const MOST: u64 = 256 << 10;

/// How far a page has read.
#[derive(Debug, Deserialize)]
pub struct From {
    /// In bytes; none: nothing.
    #[serde(default)]
    from: u64,
}

/// `GET /api/sweeps/{sweep}/log?from=BYTES`
pub async fn sweep_log(
    State(shared): State<Arc<Shared>>,
    Path(name): Path<String>,
    Query(From { from }): Query<From>,
) -> Result<Json<Value>, Failure> {
    let path = found::sweep(&shared, &name)?.store.layout().log();
    reading(move || tail(path, from)).await
}

/// `GET /api/sweeps/{sweep}/runs/{run}/log?from=BYTES`
pub async fn run_log(
    State(shared): State<Arc<Shared>>,
    Path((name, run)): Path<(String, String)>,
    Query(From { from }): Query<From>,
) -> Result<Json<Value>, Failure> {
    let (sweep, id) = found::run(&shared, &name, &run)?;
    let path = sweep.store.layout().run(&id).log();
    reading(move || tail(path, from)).await
}

/// What stands behind the first `from` bytes, up to the last end of a line; and where that is. `from` is 0 again where the log is
/// another one, which `restarted` says, and where something was left out, which `skipped` says.
fn tail(path: PathBuf, from: u64) -> Result<Json<Value>, Failure> {
    let failed = |source| StoreError::Io { path: path.clone(), action: "read", source };
    let mut file = match File::open(&path) {
        Ok(file) => file,
        Err(error) if error.kind() == ErrorKind::NotFound => {
            return Ok(Json(json!({ "text": "", "next": 0, "restarted": from > 0, "skipped": false })));
        }
        Err(error) => return Err(failed(error).into()),
    };
    let length = file.metadata().map_err(failed)?.len();
    let restarted = from > length;
    let begin = if restarted { 0 } else { from };
    let start = begin.max(length.saturating_sub(MOST));
    file.seek(SeekFrom::Start(start)).map_err(failed)?;
    let mut bytes = Vec::new();
    file.take(MOST).read_to_end(&mut bytes).map_err(failed)?;
    // A line that is being written is told when it is whole; so no character is cut, either.
    bytes.truncate(bytes.iter().rposition(|byte| *byte == b'\n').map_or(0, |end| end + 1));
    let next = start + bytes.len() as u64;
    let skipped = start > begin;
    let whole = if skipped { bytes.iter().position(|byte| *byte == b'\n').map_or(0, |end| end + 1) } else { 0 };
    let text = String::from_utf8_lossy(&bytes[whole..]);
    Ok(Json(json!({ "text": text, "next": next, "restarted": restarted, "skipped": skipped })))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_log_is_told_by_whole_lines_from_where_it_was_read_to() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("log.txt");
        let told = |from| tail(path.clone(), from).unwrap().0;
        assert_eq!(told(7), json!({ "text": "", "next": 0, "restarted": true, "skipped": false }));
        std::fs::write(&path, "one\ntwo – is bei").unwrap();
        assert_eq!(told(0), json!({ "text": "one\n", "next": 4, "restarted": false, "skipped": false }));
        std::fs::write(&path, "one\ntwo – is\n").unwrap();
        assert_eq!(told(4)["text"], "two – is\n");
        assert_eq!(told(500), json!({ "text": "one\ntwo – is\n", "next": 15, "restarted": true, "skipped": false }));
        std::fs::write(&path, "a line of the log\n".repeat(40_000)).unwrap();
        let long = told(0);
        assert_eq!((long["skipped"].as_bool(), long["next"].as_u64()), (Some(true), Some(720_000)));
        assert!(long["text"].as_str().unwrap().starts_with("a line of the log\n"));
    }
}
