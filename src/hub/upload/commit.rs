//! Which files are kept how, and the commit that makes all of them visible.

use std::io::Read;

use serde::de::DeserializeOwned;
use serde_json::json;

use crate::base64::base64;
use crate::hub::HubError;
use crate::hub::client::{Answer, Failed, Failure};

use super::files::LocalFile;
use super::messages::{Committed, Preupload, PreuploadAnswer, PreuploadFile};
use super::push::{Push, refusal};

/// Files in one question.
const MOST: usize = 256;
/// Longest answer, in bytes.
const LONGEST: u64 = 16 << 20;

impl Push<'_> {
    /// The files that are to be in the repository, each with whether it is kept as a large one.
    pub(super) fn ask_how<'f>(&self, files: &'f [LocalFile]) -> Result<Vec<(&'f LocalFile, bool)>, HubError> {
        let mut kept = Vec::new();
        for files in files.chunks(MOST) {
            let named = files.iter().map(|file| PreuploadFile {
                path: &file.name,
                sample: base64(&file.sample),
                size: file.size,
            });
            let path = self.api("preupload");
            let answer = self.post(&path, &Preupload { files: named.collect() })?;
            let answer: PreuploadAnswer = self.read(answer)?;
            for file in files {
                let said = answer.files.iter().find(|said| said.path == file.name);
                let said =
                    said.ok_or_else(|| self.odd(&self.at(&path), &format!("does not say how it keeps {}", file.name)))?;
                if !said.should_ignore {
                    kept.push((file, said.upload_mode == "lfs"));
                }
            }
        }
        Ok(kept)
    }

    /// Returns the commit's name.
    pub(super) fn commit(&self, files: &[(&LocalFile, bool)], message: &str) -> Result<String, HubError> {
        let mut lines = vec![json!({"key": "header", "value": {"summary": message, "description": ""}})];
        for (file, is_large) in files {
            lines.push(if *is_large {
                json!({"key": "lfsFile", "value": {
                    "path": file.name, "algo": "sha256", "oid": file.digest, "size": file.size,
                }})
            } else {
                json!({"key": "file", "value": {
                    "content": base64(&file.contents()?), "path": file.name, "encoding": "base64",
                }})
            });
        }
        let body: String = lines.iter().map(|line| format!("{line}\n")).collect();
        let answer = self.send(&self.at(&self.api("commit")), "application/x-ndjson", body.as_bytes())?;
        let committed: Committed = self.read(answer)?;
        Ok(committed.commit_oid.chars().take(64).collect())
    }

    /// An answer as JSON.
    pub(super) fn read<T: DeserializeOwned>(&self, answer: Answer) -> Result<T, HubError> {
        if !matches!(answer.status, 200..=299) {
            return Err(self.error(refusal(answer)));
        }
        let (address, body) = self.client.body(answer);
        let mut text = Vec::new();
        let read = body.take(LONGEST).read_to_end(&mut text).map_err(|error| self.client.cut(error));
        read.map_err(|failure| self.error(Failed { address: address.clone(), failure }))?;
        serde_json::from_slice(&text).map_err(|error| {
            let failure = Failure::Odd(format!("answers with something else than expected ({error})"));
            self.error(Failed { address, failure })
        })
    }
}
