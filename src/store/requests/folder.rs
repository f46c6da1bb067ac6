//! The folder of requests: writing, listing and answering them.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use crate::replace_file::unique_token;

use super::super::claim::{Attempt, Claim};
use super::super::durable::{create_folder, remove_file};
use super::super::json::{FORMAT_VERSION, read_json, write_json};
use super::super::records::now;
use super::super::{Store, StoreError};
use super::record::{Answer, AnswerRecord, AnsweredRecord, Request, RequestId, RequestRecord, RequestView};

/// A request that nobody has answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PendingRequest {
    pub id: RequestId,
    /// Why it cannot be read, where it cannot.
    pub record: Result<RequestRecord, String>,
}

impl Store {
    /// Asks for something, durably. It need not be possible: whoever comes to it answers, done or refused with the reason; see
    /// [`Store::refusal`] for what can be said at once. `who`: for people to read.
    ///
    /// # Errors
    /// The folder cannot be written.
    pub fn ask(&self, request: &Request, who: &str) -> Result<RequestId, StoreError> {
        let folder = self.layout().requests();
        create_folder(&folder)?;
        let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        let id = RequestId(format!("{:017}-{}", since.as_micros(), unique_token()));
        let record = RequestRecord {
            format_version: FORMAT_VERSION,
            request: request.clone(),
            who: who.to_owned(),
            when: now(),
        };
        write_json(&file(&folder, &id), &record)?;
        Ok(id)
    }

    /// The requests that nobody has answered, the oldest first.
    ///
    /// # Errors
    /// The folder cannot be read.
    pub fn pending_requests(&self) -> Result<Vec<PendingRequest>, StoreError> {
        let folder = self.layout().requests();
        let mut pending = Vec::new();
        for id in ids(&folder)? {
            let record = match read_json::<RequestRecord>(&file(&folder, &id)) {
                // Somebody answered it meanwhile.
                Ok(None) => continue,
                Ok(Some(record)) => Ok(record),
                Err(error @ StoreError::Io { .. }) => return Err(error),
                Err(error) => Err(error.to_string()),
            };
            // Whoever answered it was killed before it was removed.
            if !file(&self.layout().answered_requests(), &id).exists() {
                pending.push(PendingRequest { id, record });
            }
        }
        Ok(pending)
    }

    /// All requests, the oldest first, with what came of them.
    ///
    /// # Errors
    /// The folder cannot be read.
    pub fn requests(&self) -> Result<Vec<RequestView>, StoreError> {
        let pending = self.pending_requests()?.into_iter();
        let waiting =
            pending.map(|PendingRequest { id, record }| RequestView { id, request: record.ok(), answer: None });
        let mut views: BTreeMap<RequestId, RequestView> = waiting.map(|view| (view.id.clone(), view)).collect();
        let folder = self.layout().answered_requests();
        for id in ids(&folder)? {
            match read_json::<AnsweredRecord>(&file(&folder, &id)) {
                Ok(Some(AnsweredRecord { request, answer, .. })) => {
                    views.insert(id.clone(), RequestView { id, request, answer: Some(answer) });
                }
                Err(error @ StoreError::Io { .. }) => return Err(error),
                // An answer that cannot be read says nothing; what it was about happened.
                Ok(None) | Err(_) => {}
            }
        }
        Ok(views.into_values().collect())
    }

    /// Seeds that were asked for and added, beside those of the sweep file.
    ///
    /// # Errors
    /// The folder cannot be read.
    pub fn added_seeds(&self) -> Result<Vec<u64>, StoreError> {
        let done = |view: &RequestView| view.answer.as_ref().is_some_and(|answer| answer.answer.is_done());
        let seeds = self.requests()?.into_iter().filter(done).flat_map(|view| match view.request {
            Some(RequestRecord { request: Request::AddSeeds { seeds }, .. }) => seeds,
            _ => Vec::new(),
        });
        Ok(seeds.collect())
    }

    /// Records what came of a request, and tells it in the log of its run. False where it was answered already.
    ///
    /// # Errors
    /// The folder cannot be written.
    pub fn answer(&self, pending: &PendingRequest, answer: Answer) -> Result<bool, StoreError> {
        let layout = self.layout();
        let waiting = file(&layout.requests(), &pending.id);
        let answered = file(&layout.answered_requests(), &pending.id);
        let is_new = waiting.exists() && !answered.exists();
        if is_new {
            create_folder(&layout.answered_requests())?;
            let request = pending.record.as_ref().ok().cloned();
            let by = self.claim_options().worker.clone();
            if let Some((record, run)) = request.as_ref().and_then(|record| Some((record, record.request.run()?)))
                && self.entry(run).is_ok()
            {
                let what = if answer.is_done() { "" } else { "refused: " };
                let message = format!("{} asked to {}; {what}{}", record.who, record.request.verb(), answer.text());
                self.append_run_log(run, &message)?;
            }
            let answer = AnswerRecord { answer, by, when: now() };
            write_json(&answered, &AnsweredRecord { format_version: FORMAT_VERSION, request, answer })?;
        }
        remove_file(&waiting)?;
        Ok(is_new)
    }

    /// The right to apply requests; none while somebody else has it, who sees the same ones.
    ///
    /// # Errors
    /// The folder cannot be written.
    pub fn claim_requests(&self) -> Result<Option<Claim>, StoreError> {
        match Claim::take(&self.layout().requests_claim(), self.claim_options())? {
            Attempt::Claimed(claim) => Ok(Some(claim)),
            Attempt::Busy(_) => Ok(None),
        }
    }

    /// Changes whenever a request was answered.
    pub fn last_answer(&self) -> Option<SystemTime> {
        fs::metadata(self.layout().answered_requests()).and_then(|metadata| metadata.modified()).ok()
    }
}

fn file(folder: &Path, id: &RequestId) -> PathBuf {
    folder.join(format!("{id}.json"))
}

/// The ids in a folder, in order.
fn ids(folder: &Path) -> Result<Vec<RequestId>, StoreError> {
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(StoreError::io(folder, "read", error)),
    };
    let mut ids = Vec::new();
    for entry in entries {
        let name = entry.map_err(|error| StoreError::io(folder, "read", error))?.file_name();
        let name = name.to_string_lossy();
        // Those that begin with a dot are being written.
        ids.extend(name.strip_suffix(".json").filter(|id| !id.starts_with('.')).map(|id| RequestId(id.to_owned())));
    }
    ids.sort();
    Ok(ids)
}
