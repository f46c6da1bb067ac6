//! Git LFS: sending the contents of large files to where the hub says.

use http::Method;

use crate::hub::HubError;
use crate::hub::address::{Address, Leads};
use crate::hub::client::{Answer, Content, Failed, Failure, Sent};

use super::files::LocalFile;
use super::messages::{Action, Actions, Batch, BatchAnswer, Object, ObjectAnswer, Part, Parts, Reference};
use super::push::{LARGE, Push, refusal};

/// Objects in one question.
const MOST: usize = 100;

impl Push<'_> {
    /// Sends what the hub does not have.
    pub(super) fn send_large(&self, files: &[&LocalFile]) -> Result<(), HubError> {
        for files in files.chunks(MOST) {
            let objects = files.iter().map(|file| Object { oid: &file.digest, size: file.size }).collect();
            let batch = Batch {
                operation: "upload",
                transfers: ["basic", "multipart"],
                objects,
                hash_algo: "sha256",
                reference: Reference { name: self.repository.revision() },
            };
            // Texts, numbers and lists: it has a JSON form.
            let body = serde_json::to_vec(&batch).unwrap_or_default();
            let address = self.at(&format!("/{}.git/info/lfs/objects/batch", self.repository.id()));
            let answer = self.send(&address, LARGE, &body)?;
            let answer: BatchAnswer = self.read(answer)?;
            for object in answer.objects {
                let file = files.iter().find(|file| file.digest == object.oid);
                let file = file.ok_or_else(|| self.odd(&address, "answers about files that were not named"))?;
                self.send_object(&address, file, object)?;
            }
        }
        Ok(())
    }

    fn send_object(&self, batch: &Address, file: &LocalFile, object: ObjectAnswer) -> Result<(), HubError> {
        if let Some(error) = object.error {
            let words: String = error.message.chars().take(300).collect();
            return Err(self.odd(batch, &format!("does not take {}: {words}", file.name)));
        }
        let Some(Actions { upload: Some(upload), verify }) = object.actions else {
            return Ok(());
        };
        self.remote.watch.sending(&self.repository.given(), &file.name, file.size);
        let (to, leads) = self.leads(batch, &upload.href)?;
        match upload.header.get("chunk_size") {
            None => self.put(&to, file, 0, file.size).map(drop)?,
            Some(size) => {
                let size = size.as_u64().or_else(|| size.as_str()?.parse().ok()).filter(|size| *size > 0);
                let size = size.ok_or_else(|| self.odd(batch, "names no size of parts"))?;
                self.send_parts(batch, (&to, leads), file, &upload, size)?;
            }
        }
        let Some(verify) = verify else {
            return Ok(());
        };
        let (to, leads) = self.leads(batch, &verify.href)?;
        self.tell(&to, leads, &Object { oid: &file.digest, size: file.size })
    }

    fn send_parts(
        &self,
        batch: &Address,
        (end, leads): (&Address, Leads),
        file: &LocalFile,
        upload: &Action,
        size: u64,
    ) -> Result<(), HubError> {
        let count = file.size.div_ceil(size);
        let mut parts = Vec::new();
        for number in 1..=count {
            // Numbers have leading zeros.
            let named = upload.header.iter().find(|(key, _)| key.parse() == Ok(number));
            let href = named.and_then(|(_, href)| href.as_str());
            let href = href.ok_or_else(|| self.odd(batch, &format!("names no address of part {number} of {count}")))?;
            let (to, _) = self.leads(batch, href)?;
            let from = (number - 1) * size;
            let answer = self.put(&to, file, from, size.min(file.size - from))?;
            let etag = answer.header("etag").map(str::to_owned);
            let etag = etag.ok_or_else(|| self.odd(&to, "does not say what came of a part (no ETag)"))?;
            parts.push(Part { part_number: parts.len() + 1, etag });
        }
        self.tell(end, leads, &Parts { oid: &file.digest, parts })
    }

    /// Sends a piece of a file. The address says who we are, so the token is not shown to it.
    fn put(&self, to: &Address, file: &LocalFile, from: u64, length: u64) -> Result<Answer, HubError> {
        self.patiently(|| {
            let failed = |reason: String| Failed { address: to.clone(), failure: Failure::Odd(reason) };
            let part = file
                .part(from, length)
                .map_err(|error| failed(format!("{}: cannot read: {error}", file.path.display())))?;
            let sent = Sent { method: &Method::PUT, address: to, headers: &[], at_home: false };
            let answer = self.client.send(&sent, Content::Part(part, length))?;
            if matches!(answer.status, 200..=299) { Ok(answer) } else { Err(refusal(answer)) }
        })
    }

    /// Sends what follows from an upload.
    fn tell(&self, to: &Address, leads: Leads, message: &impl serde::Serialize) -> Result<(), HubError> {
        // Texts, numbers and lists: it has a JSON form.
        let body = serde_json::to_vec(message).unwrap_or_default();
        let headers = [("content-type", LARGE), ("accept", LARGE)];
        self.patiently(|| {
            let sent = Sent { method: &Method::POST, address: to, headers: &headers, at_home: leads == Leads::Home };
            let answer = self.client.send(&sent, Content::Bytes(&body))?;
            if matches!(answer.status, 200..=299) { Ok(()) } else { Err(refusal(answer)) }
        })
    }

    /// What an address in an answer means; never from https to http.
    fn leads(&self, batch: &Address, href: &str) -> Result<(Address, Leads), HubError> {
        batch
            .led_by(href)
            .map_err(|reason| self.odd(batch, &format!("leads to an address that is not followed: {reason}")))
    }

    pub(super) fn odd(&self, address: &Address, what: &str) -> HubError {
        self.error(Failed { address: address.clone(), failure: Failure::Odd(what.to_owned()) })
    }
}
