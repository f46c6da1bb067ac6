//! Claims: one owner at a time of a pack, or of the plan.
//!
//! A claim is a file that comes into being with its contents (written under another name and linked, which fails where
//! the name is taken) and names its owner. The owner's heartbeat keeps the file's time fresh. A claim is *dead* when its
//! owner is: a process of this machine, boot and process namespace is looked up; of another only the heartbeat tells,
//! whose age is read off the file system's own clock. A dead claim is withdrawn under an advisory lock (`flock`), by
//! renaming it and looking at what was renamed, and then whoever creates the file anew has it.
//!
//! An owner may lose its claim without knowing (its machine slept longer than claims live), so it looks before each
//! durable write ([`Claim::verify`]).

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant, SystemTime};

use serde::{Deserialize, Serialize};

use super::StoreError;
use super::durable::{file_system_time, read_if_there, sync_folder, write_temporary};
use super::heartbeat::Heartbeat;
use super::json::{FORMAT_VERSION, to_json};
use super::owner::{Liveness, Owner};
use super::records::now;
use crate::replace_file::{discard, unique_token};

/// Claims come and go in a moment, but not this often while one is to be had.
const MOST_LOOKS: usize = 1000;

/// How claims are kept and judged. All workers on a results folder should have the same.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClaimOptions {
    /// How the worker is called in messages and in `sweep status`.
    pub worker: String,
    /// The device it works on, where it has one.
    pub device: Option<String>,
    /// Time between heartbeats.
    pub beat: Duration,
    /// A claim of another machine is dead when its last heartbeat is older than this.
    pub expiry: Duration,
}

/// The worker that is named by claims which are held for a moment, to change something and not to train.
const FOR_A_MOMENT: &str = "a change of the plan";

impl ClaimOptions {
    /// For a claim that is given up in a moment: who finds it does well to look again.
    pub(super) fn for_a_moment(&self) -> Self {
        Self { worker: FOR_A_MOMENT.to_owned(), ..self.clone() }
    }
}

impl Default for ClaimOptions {
    fn default() -> Self {
        Self { worker: "sweep".into(), device: None, beat: Duration::from_secs(5), expiry: Duration::from_secs(90) }
    }
}

/// The contents of a claim.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClaimRecord {
    pub format_version: u32,
    /// Different for every claim ever made.
    pub token: String,
    pub worker: String,
    pub device: Option<String>,
    #[serde(flatten)]
    pub owner: Owner,
    /// When the claim was made (RFC 3339, UTC).
    pub since: String,
}

impl std::fmt::Display for ClaimRecord {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} (process {} on {}, since {})", self.worker, self.owner.pid, self.owner.host, self.since)
    }
}

/// A claim as found. Its record is missing where the file cannot be read as one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    pub record: Option<ClaimRecord>,
    pub live: bool,
    /// The last heartbeat, where that is all by which the owner can be judged; none where the owner was looked up.
    pub heartbeat: Option<SystemTime>,
}

impl Found {
    /// Whether the claim is given up in a moment: its owner trains nothing.
    pub fn is_for_a_moment(&self) -> bool {
        self.record.as_ref().is_some_and(|record| record.worker == FOR_A_MOMENT)
    }

    /// Who holds the claim, for people to read.
    pub fn holder(&self) -> String {
        self.record.as_ref().map_or_else(|| "an unknown owner".to_owned(), ToString::to_string)
    }
}

/// What became of an attempt to claim.
#[derive(Debug)]
pub enum Attempt {
    Claimed(Claim),
    /// Somebody who lives has it.
    Busy(Found),
}

/// A claim that is ours until it is dropped.
#[derive(Debug)]
pub struct Claim {
    path: PathBuf,
    record: ClaimRecord,
    /// Who had the claim before us, where a dead owner left it.
    inherited_from: Option<String>,
    heartbeat: Option<Heartbeat>,
}

impl Claim {
    /// Claims `path`, whose folder must exist, unless a live owner has it.
    ///
    /// # Errors
    /// The folder cannot be read or written.
    pub fn take(path: &Path, options: &ClaimOptions) -> Result<Attempt, StoreError> {
        let record = ClaimRecord {
            format_version: FORMAT_VERSION,
            token: unique_token(),
            worker: options.worker.clone(),
            device: options.device.clone(),
            owner: Owner::current(),
            since: now(),
        };
        let mut inherited_from = None;
        for _ in 0..MOST_LOOKS {
            if create(path, &record)? {
                let heartbeat = Heartbeat::start(path, options.beat).inspect_err(|_| discard(path))?;
                let heartbeat = Some(heartbeat);
                return Ok(Attempt::Claimed(Self { path: path.to_owned(), record, inherited_from, heartbeat }));
            }
            // Absent again: its owner released it meanwhile.
            let Some((found, contents)) = look(path, options.expiry)? else {
                continue;
            };
            if found.live {
                return Ok(Attempt::Busy(found));
            }
            if withdraw(path, &contents)? {
                inherited_from = Some(found.holder());
            }
        }
        let neither = "it can neither be created nor read (is it a symbolic link that leads nowhere?)";
        Err(StoreError::io(path, "create", io::Error::other(neither)))
    }

    pub fn record(&self) -> &ClaimRecord {
        &self.record
    }

    /// Who had the claim before us, where a dead owner left it.
    pub fn inherited_from(&self) -> Option<&str> {
        self.inherited_from.as_deref()
    }

    /// Whether the claim is still ours: one small read.
    ///
    /// # Errors
    /// [`StoreError::ClaimLost`] when somebody else has it, [`StoreError::Io`] when the folder cannot be read any more.
    pub fn verify(&self) -> Result<(), StoreError> {
        let lost = |holder| StoreError::ClaimLost { path: self.path.clone(), holder };
        match fs::read(&self.path) {
            Ok(contents) => match parse(&contents) {
                Some(record) if record.token == self.record.token => Ok(()),
                Some(record) => Err(lost(record.to_string())),
                None => Err(lost("an unknown owner".into())),
            },
            Err(error) if error.kind() == io::ErrorKind::NotFound && folder_of(&self.path).is_dir() => {
                Err(lost("somebody who is done with it already".into()))
            }
            Err(error) => Err(StoreError::io(&self.path, "read", error)),
        }
    }

    /// Gives the claim up.
    ///
    /// # Errors
    /// The claim was lost before, or the file cannot be removed.
    pub fn release(mut self) -> Result<(), StoreError> {
        self.let_go()
    }

    fn let_go(&mut self) -> Result<(), StoreError> {
        let Some(heartbeat) = self.heartbeat.take() else {
            return Ok(());
        };
        drop(heartbeat);
        self.verify()?;
        withdraw(&self.path, &to_json(&self.path, &self.record)?).map(drop)
    }
}

impl Drop for Claim {
    fn drop(&mut self) {
        // A claim that cannot be removed is dead as soon as this process is.
        self.let_go().ok();
    }
}

/// Looks at a claim without touching it; none where nobody has it.
///
/// # Errors
/// The folder cannot be read.
pub fn inspect(path: &Path, expiry: Duration) -> Result<Option<Found>, StoreError> {
    Ok(look(path, expiry)?.map(|(found, _)| found))
}

/// Creates the claim with its contents unless the name is taken.
fn create(path: &Path, record: &ClaimRecord) -> Result<bool, StoreError> {
    let contents = to_json(path, record)?;
    let temporary = write_temporary(path, |file| io::Write::write_all(file, &contents))?;
    let linked = fs::hard_link(&temporary, path);
    discard(&temporary);
    match linked {
        Ok(()) => sync_folder(folder_of(path)).map(|()| true),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
            // On NFS an answer can get lost: the link is there, and the repeated request fails. Then it is ours.
            Ok(read_if_there(path)?.is_some_and(|there| there == contents))
        }
        Err(error) if lacks_links(&error) => create_without_link(path, &contents),
        // Somebody who cleans the folder took the temporary file for a leftover.
        Err(error) if error.kind() == io::ErrorKind::NotFound && folder_of(path).is_dir() => create(path, record),
        Err(error) => Err(StoreError::io(path, "create", error)),
    }
}

fn lacks_links(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::Unsupported | io::ErrorKind::PermissionDenied | io::ErrorKind::TooManyLinks)
}

/// For file systems without hard links. A reader may see the file before its contents, and takes it as held by an
/// unknown owner then.
fn create_without_link(path: &Path, contents: &[u8]) -> Result<bool, StoreError> {
    let created = File::create_new(path).and_then(|mut file| {
        io::Write::write_all(&mut file, contents)?;
        file.sync_all()
    });
    match created {
        Ok(()) => sync_folder(folder_of(path)).map(|()| true),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(false),
        Err(error) => Err(StoreError::io(path, "create", error)),
    }
}

/// The claim at `path` and its exact contents.
fn look(path: &Path, expiry: Duration) -> Result<Option<(Found, Vec<u8>)>, StoreError> {
    let Some(contents) = read_if_there(path)? else {
        return Ok(None);
    };
    let record = parse(&contents);
    let liveness = record.as_ref().map_or(Liveness::Elsewhere, |record| record.owner.liveness(&Owner::current()));
    let (live, heartbeat) = match liveness {
        Liveness::Alive => (true, None),
        Liveness::Dead => (false, None),
        Liveness::Elsewhere => match last_heartbeat(path)? {
            Some((beaten, age)) => (age <= expiry, Some(beaten)),
            None => return Ok(None),
        },
    };
    Ok(Some((Found { record, live, heartbeat }, contents)))
}

/// The last heartbeat and the time since; none where the claim is gone.
fn last_heartbeat(path: &Path) -> Result<Option<(SystemTime, Duration)>, StoreError> {
    let beaten = match fs::metadata(path).and_then(|metadata| metadata.modified()) {
        Ok(time) => time,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(StoreError::io(path, "read", error)),
    };
    let age = match file_system_time(folder_of(path)) {
        // A time to come was told by a clock that has been set back since. Its distance counts like an age: by a heart that
        // beats it is set right with the next beat, and of the dead it must not seem alive until then.
        Ok(now) => now.duration_since(beaten).unwrap_or_else(|ahead| ahead.duration()),
        // Who may only read the folder cannot ask its clock, and has to make do with ours.
        Err(_) => SystemTime::now().duration_since(beaten).unwrap_or_default(),
    };
    Ok(Some((beaten, age)))
}

/// Removes the claim with exactly these contents; false where another was there. The name never points to a claim that
/// was judged by somebody else's contents: what was renamed is looked at, and put back where it is another.
fn withdraw(path: &Path, contents: &[u8]) -> Result<bool, StoreError> {
    let _lock = advisory_lock(path);
    if read_if_there(path)?.as_deref() != Some(contents) {
        return Ok(false);
    }
    put_aside_and_look(path, contents)
}

/// Renames the claim, and removes it where it has these contents. Another's is put back; where its name is taken by
/// then, its owner finds that out before the next write.
fn put_aside_and_look(path: &Path, contents: &[u8]) -> Result<bool, StoreError> {
    let aside = path.with_file_name(format!(".withdrawn.{}.tmp", unique_token()));
    match fs::rename(path, &aside) {
        Ok(()) => {}
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(false),
        Err(error) => return Err(StoreError::io(path, "rename", error)),
    }
    let ours = read_if_there(&aside)?.as_deref() == Some(contents);
    if !ours {
        fs::hard_link(&aside, path).ok();
    }
    discard(&aside);
    sync_folder(folder_of(path))?;
    Ok(ours)
}

/// Keeps others from withdrawing the claim at the same time. The lock dies with its holder; its file stays, because
/// removing it would let two hold it. Where the file system has no such locks, looking at what was renamed has to do.
fn advisory_lock(path: &Path) -> Option<File> {
    const PATIENCE: Duration = Duration::from_secs(5);
    // NFS locks only what is open for writing.
    let file = File::options().write(true).create(true).truncate(false).open(path.with_extension("lock")).ok()?;
    let since = Instant::now();
    loop {
        match file.try_lock() {
            Ok(()) => return Some(file),
            Err(fs::TryLockError::WouldBlock) if since.elapsed() < PATIENCE => {
                std::thread::sleep(Duration::from_millis(5));
            }
            Err(_) => return None,
        }
    }
}

fn parse(contents: &[u8]) -> Option<ClaimRecord> {
    serde_json::from_slice(contents).ok()
}

fn folder_of(path: &Path) -> &Path {
    path.parent().unwrap_or(Path::new("."))
}

#[cfg(test)]
mod tests;
