//! One file, from the hub into the staging folder: what came before is kept, and what came whole is checked.

use std::fs::{self, File};
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use http::Method;

use super::HubError;
use super::address::Address;
use super::checksum::{can_check, other_digest};
use super::client::{Answer, Client, Failed, Failure, Purpose};
use super::free_space;
use super::name::{FileName, Repository};
use super::remote::{Facts, Remote};
use super::retry::Retries;

/// An attempt that brings so many more bytes than any before it was worth it, and others follow.
const GAIN: u64 = 1 << 20;
/// Longest file whose length nobody says.
const LONGEST_UNSTATED: u64 = 64 << 20;
const CHUNK: usize = 256 << 10;

/// A file of a repository, on its way.
pub(super) struct PartialFile<'a> {
    pub remote: &'a Remote,
    pub client: &'a Client,
    pub repository: &'a Repository,
    pub name: &'a FileName,
    pub address: &'a Address,
    pub facts: &'a Facts,
    /// Named by us, after the checked identifier of the contents: contents that changed have another one.
    pub path: PathBuf,
}

/// Why an attempt did not bring the file.
enum Stopped {
    /// The hub, or the way to it.
    Remote(Failed),
    /// This machine.
    Here(HubError),
}

impl From<Failed> for Stopped {
    fn from(failed: Failed) -> Self {
        Stopped::Remote(failed)
    }
}

impl PartialFile<'_> {
    /// Brings the file, whole and checked.
    ///
    /// # Errors
    /// Whatever keeps it from coming. A beginning stays, where it may be one.
    pub fn bring(&self) -> Result<(), HubError> {
        let mut expected = self.facts.length;
        let mut retries = Retries::new(self.remote.patience.pause);
        let mut best = self.came();
        // Of what was requested here, as opposed to what had come before.
        let (mut requested, mut damaged) = (false, false);
        loop {
            let came = self.came();
            if expected.is_none_or(|expected| came > expected) {
                self.throw_away()?;
            } else if self.path.is_file() && expected == Some(came) {
                let Some(found) = self.damage()? else {
                    return Ok(());
                };
                self.throw_away()?;
                if damaged {
                    return Err(self.damaged(&found));
                }
                damaged = requested;
            }
            requested = true;
            let failed = match self.attempt(expected) {
                Ok(whole) => {
                    let unstated = || can_check(&self.facts.etag).then(|| self.came());
                    expected = expected.or(whole).or_else(unstated);
                    let Some(expected) = expected else {
                        return Err(self.unknown_length());
                    };
                    if self.came() == expected {
                        continue;
                    }
                    Failed { address: self.address.clone(), failure: Failure::Short { found: self.came(), expected } }
                }
                // Cut after the last byte.
                Err(Stopped::Remote(_)) if expected == Some(self.came()) && self.came() > 0 => continue,
                Err(Stopped::Remote(failed)) => failed,
                Err(Stopped::Here(error)) => return Err(error),
            };
            if self.came() >= best + GAIN {
                retries.gained();
            }
            best = best.max(self.came());
            match retries.wait(&failed) {
                Some(wait) => {
                    self.remote.retrying(self.repository, &failed, wait);
                    std::thread::sleep(wait);
                }
                None => return Err(self.given_up(failed)),
            }
        }
    }

    /// Bytes that are here.
    pub fn came(&self) -> u64 {
        fs::metadata(&self.path).map_or(0, |metadata| metadata.len())
    }

    /// Asks for what is missing. Returns the length of the whole file, where the answer says it.
    fn attempt(&self, expected: Option<u64>) -> Result<Option<u64>, Stopped> {
        let came = self.came();
        let range = (came > 0).then(|| format!("bytes={came}-"));
        let answer = self.client.ask(Purpose::Contents, &Method::GET, self.address, range.as_deref())?;
        let (start, whole) = self.extent(&answer, came)?;
        let end = expected.or(whole);
        if let Some(end) = end {
            let folder = self.path.parent().unwrap_or(&self.path);
            free_space::check(folder, end.saturating_sub(start)).map_err(Stopped::Here)?;
            self.remote.watch.begin(&self.repository.given(), self.name.as_str(), end);
            self.remote.watch.advance(start);
        }
        // One byte too many is enough to know.
        let most = end.unwrap_or(LONGEST_UNSTATED).saturating_sub(start).saturating_add(1);
        let (address, body) = self.client.body(answer);
        let count = self.append(start, body.take(most), &address)?;
        if end.is_none() && count == most {
            let failure = Failure::Odd("does not say how long the file is, and it does not end".to_owned());
            return Err(Failed { address, failure }.into());
        }
        if end == Some(start + count) {
            self.remote.watch.end();
        }
        Ok(whole)
    }

    /// Where the body begins in the file, and the length of the whole file.
    fn extent(&self, answer: &Answer, came: u64) -> Result<(u64, Option<u64>), Stopped> {
        match answer.status {
            200 => Ok((0, answer.length())),
            206 => match answer.range() {
                Some((start, whole)) if start <= came => Ok((start, whole)),
                _ => {
                    self.throw_away().map_err(Stopped::Here)?;
                    Err(answer.odd("sends another part of the file than was requested for".to_owned()).into())
                }
            },
            // What is here is no beginning of the file.
            416 => {
                self.throw_away().map_err(Stopped::Here)?;
                let reason = "it has no such part of the file (status 416)".to_owned();
                Err(Failed { address: answer.address.clone(), failure: Failure::Cut(reason) }.into())
            }
            _ => Err(answer.refusal().into()),
        }
    }

    /// Writes a body to the file, from `start` on, and returns how many bytes came.
    fn append(&self, start: u64, mut body: impl Read, address: &Address) -> Result<u64, Stopped> {
        let here = |source| Stopped::Here(HubError::Write { path: self.path.clone(), source });
        let mut file = File::options().create(true).truncate(false).write(true).open(&self.path).map_err(here)?;
        file.set_len(start).map_err(here)?;
        file.seek(SeekFrom::Start(start)).map_err(here)?;
        let mut chunk = vec![0; CHUNK];
        let mut count = 0;
        loop {
            match body.read(&mut chunk) {
                Ok(0) => return Ok(count),
                Ok(more) => {
                    file.write_all(&chunk[..more]).map_err(here)?;
                    count += more as u64;
                    self.remote.watch.advance(more as u64);
                }
                Err(error) => {
                    return Err(Failed { address: address.clone(), failure: self.client.cut(error) }.into());
                }
            }
        }
    }

    /// The digest of a file that came whole and is not the one that was promised.
    fn damage(&self) -> Result<Option<String>, HubError> {
        other_digest(&self.path, &self.facts.etag).map_err(|source| HubError::Read { path: self.path.clone(), source })
    }

    fn throw_away(&self) -> Result<(), HubError> {
        match fs::remove_file(&self.path) {
            Err(source) if source.kind() != std::io::ErrorKind::NotFound => {
                Err(HubError::Write { path: self.path.clone(), source })
            }
            _ => Ok(()),
        }
    }

    /// The last failure, as an error. What came stays where it may be a beginning.
    fn given_up(&self, mut failed: Failed) -> HubError {
        match failed.failure {
            Failure::Cut(reason) if self.came() == 0 => failed.failure = Failure::Unreachable(reason),
            Failure::Short { .. } => {
                // Where it cannot be removed, the next attempt finds that it is no beginning.
                let _ = self.throw_away();
            }
            _ => {}
        }
        self.remote.error(self.repository, Some(self.name), failed)
    }

    fn damaged(&self, found: &str) -> HubError {
        HubError::Damaged {
            kind: self.repository.kind,
            name: self.repository.given(),
            file: self.name.as_str().to_owned(),
            address: Box::new(self.address.clone()),
            difference: format!("digest {found} instead of {}", self.facts.etag),
        }
    }

    fn unknown_length(&self) -> HubError {
        let failure = Failure::Odd("says neither how long the file is nor what its digest is".to_owned());
        self.remote.error(self.repository, Some(self.name), Failed { address: self.address.clone(), failure })
    }
}

/// Where a file waits until it is whole.
pub(super) fn path(staging: &Path, facts: &Facts) -> PathBuf {
    staging.join(format!("{}.part", facts.etag))
}
