//! From the hub into the cache, whole or not at all.
//!
//! Files come into a folder of their own inside the cache, where a cut download goes on later. A file that is complete
//! moves to its place in the usual layout (`blobs/<etag>`, and a link to it in `snapshots/<commit>`), and only when all
//! files are there does `refs/<revision>` name the commit.

use std::cell::Cell;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::time::Duration;

use hf_hub::api::Progress;
use hf_hub::api::sync::{Api, ApiError};
use rustix::fs::{FlockOperation, flock};

use super::HubError;
use super::name::Repository;
use super::remote::{Listing, Remote, Watch, at};
use super::wanted::Wanted;

/// Where incomplete downloads wait, inside the cache.
const STAGING: &str = ".sweep-downloads";
/// Where huggingface_hub has its locks, too.
const LOCKS: &str = ".locks";
const CARD: &str = "README.md";
/// Waiting times between attempts that gain nothing.
const WAITS: [Duration; 2] = [Duration::from_millis(300), Duration::from_millis(1500)];

/// Downloads what is wanted of a repository and returns its snapshot folder. What the cache has already is not asked for.
///
/// # Errors
/// Whatever keeps a file from coming; what is in the cache stays sound.
pub(super) fn download(
    remote: &Remote,
    cache: &Path,
    repository: &Repository,
    wanted: &dyn Wanted,
) -> Result<PathBuf, HubError> {
    let cache = absolute(cache)?;
    let staging = cache.join(STAGING);
    create(&staging)?;
    let _lock = lock(&cache, repository, remote.watch.as_ref())?;
    let api = remote.api(staging.clone(), repository)?;
    let listing = remote.listing(&api, repository)?;
    let place = Place { remote, cache: &cache, staging: &staging, repository, commit: &listing.commit };
    let card = if wanted.reads_card() { place.card(&api, &listing)? } else { None };
    let chosen = wanted.choose(&listing.names, card.as_deref());
    let chosen =
        chosen.map_err(|reason| HubError::Unusable { kind: repository.kind, name: repository.given(), reason })?;
    for name in &chosen {
        place.obtain(&api, name)?;
    }
    if wanted.is_whole() {
        place.name_commit()?;
    }
    // Empty by now; what is left there costs nothing. Another download may be at work beside it.
    let _ = fs::remove_dir_all(repository.folder(&staging));
    let _ = fs::remove_dir(&staging);
    Ok(place.snapshot())
}

struct Place<'a> {
    remote: &'a Remote,
    cache: &'a Path,
    staging: &'a Path,
    repository: &'a Repository,
    commit: &'a str,
}

impl Place<'_> {
    fn snapshot(&self) -> PathBuf {
        self.repository.folder(self.cache).join("snapshots").join(self.commit)
    }

    /// The text of the repository's card, where it has one.
    fn card(&self, api: &Api, listing: &Listing) -> Result<Option<String>, HubError> {
        if !listing.names.iter().any(|name| name == CARD) {
            return Ok(None);
        }
        self.obtain(api, CARD)?;
        let path = self.snapshot().join(CARD);
        fs::read_to_string(&path).map(Some).map_err(|source| HubError::Read { path, source })
    }

    /// Puts a file into the snapshot, unless it is there.
    fn obtain(&self, api: &Api, name: &str) -> Result<(), HubError> {
        let link = self.snapshot().join(name);
        if link.is_file() {
            return Ok(());
        }
        let staged = self.fetch(api, name)?;
        let blob = fs::canonicalize(&staged).map_err(|source| HubError::Read { path: staged.clone(), source })?;
        let etag = blob.file_name().unwrap_or_default();
        let blobs = self.repository.folder(self.cache).join("blobs");
        create(&blobs)?;
        create(link.parent().unwrap_or(&link))?;
        rename(&blob, &blobs.join(etag))?;
        // Out of `snapshots/<commit>/` and of the folders in the file's own name.
        let up = "../".repeat(2 + name.matches('/').count());
        // A dangling link of an earlier time is in the way.
        let _ = fs::remove_file(&link);
        let target = Path::new(&up).join("blobs").join(etag);
        std::os::unix::fs::symlink(target, &link).map_err(|source| HubError::Write { path: link, source })
    }

    /// Downloads into the staging folder; attempts that gain something do not count.
    fn fetch(&self, api: &Api, name: &str) -> Result<PathBuf, HubError> {
        let mut waits = WAITS.iter();
        let mut came = self.part();
        loop {
            let error = match self.attempt(api, name) {
                Ok(path) => return Ok(path),
                Err(error) => error,
            };
            let now = self.part();
            if now > came {
                waits = WAITS.iter();
            }
            came = now;
            match waits.next().filter(|_| may_pass(&error)) {
                Some(wait) => std::thread::sleep(*wait),
                None => return Err(error),
            }
        }
    }

    fn attempt(&self, api: &Api, name: &str) -> Result<PathBuf, HubError> {
        let expected = Cell::new(0);
        let given = self.repository.given();
        let watch = self.remote.watch.as_ref();
        let progress = Reporter { watch, repository: &given, expected: &expected, begun: false };
        let repo = api.repo(at(self.repository, self.commit));
        let path = match repo.download_with_progress(name, progress) {
            Ok(path) => path,
            Err(ApiError::InvalidResume) => return Err(self.thrown_away(name, self.part(), expected.get())),
            Err(ApiError::IoError(source)) if is_local(&source) => {
                return Err(HubError::Write { path: self.staging.to_path_buf(), source });
            }
            Err(error) => return Err(self.remote.failed(self.repository, name, error)),
        };
        let found = fs::metadata(&path).map_err(|source| HubError::Read { path: path.clone(), source })?.len();
        if found == expected.get() { Ok(path) } else { Err(self.thrown_away(name, found, expected.get())) }
    }

    /// Removes what came, which is no beginning of the file.
    fn thrown_away(&self, file: &str, found: u64, expected: u64) -> HubError {
        let _ = fs::remove_dir_all(self.repository.folder(self.staging));
        let (kind, name) = (self.repository.kind, self.repository.given());
        HubError::Truncated { kind, name, file: file.to_owned(), found, expected }
    }

    /// Bytes of the incomplete file.
    fn part(&self) -> u64 {
        let blobs = fs::read_dir(self.repository.folder(self.staging).join("blobs"));
        let files = blobs.into_iter().flatten().flatten().map(|entry| entry.path());
        let parts = files.filter(|path| path.extension().is_some_and(|extension| extension == "part"));
        parts.filter_map(|path| fs::metadata(path).ok()).map(|metadata| metadata.len()).sum()
    }

    /// `refs/<revision>`, unless the revision is the commit itself.
    fn name_commit(&self) -> Result<(), HubError> {
        let revision = self.repository.revision();
        if revision == self.commit {
            return Ok(());
        }
        let path = self.repository.folder(self.cache).join("refs").join(revision);
        create(path.parent().unwrap_or(&path))?;
        let beside = path.with_extension(format!("{}.tmp", std::process::id()));
        fs::write(&beside, self.commit).map_err(|source| HubError::Write { path: beside.clone(), source })?;
        rename(&beside, &path)
    }
}

/// Another attempt may do better.
fn may_pass(error: &HubError) -> bool {
    matches!(error, HubError::Cut { .. } | HubError::Truncated { .. } | HubError::Unreachable { .. })
}

/// Of this machine's disk rather than of the connection.
fn is_local(error: &std::io::Error) -> bool {
    use std::io::ErrorKind::{
        NotADirectory, NotFound, PermissionDenied, QuotaExceeded, ReadOnlyFilesystem, StorageFull,
    };
    let local = [NotADirectory, NotFound, PermissionDenied, QuotaExceeded, ReadOnlyFilesystem, StorageFull];
    local.contains(&error.kind())
}

/// One process at a time downloads a repository.
fn lock(cache: &Path, repository: &Repository, watch: &dyn Watch) -> Result<File, HubError> {
    let folder = cache.join(LOCKS);
    create(&folder)?;
    let path = repository.folder(&folder).join("sweep.lock");
    create(path.parent().unwrap_or(&folder))?;
    let failed = |source: std::io::Error| HubError::Write { path: path.clone(), source };
    let file = File::create(&path).map_err(failed)?;
    if flock(&file, FlockOperation::NonBlockingLockExclusive).is_err() {
        watch.waiting(&repository.given());
        flock(&file, FlockOperation::LockExclusive).map_err(|error| failed(error.into()))?;
    }
    Ok(file)
}

/// Tells the watch, and learns how long the file is.
struct Reporter<'a> {
    watch: &'a dyn Watch,
    repository: &'a str,
    expected: &'a Cell<u64>,
    /// The client announces a file more than once.
    begun: bool,
}

impl Progress for Reporter<'_> {
    fn init(&mut self, size: usize, filename: &str) {
        self.expected.set(size as u64);
        if !self.begun {
            self.begun = true;
            self.watch.begin(self.repository, filename, size as u64);
        }
    }

    fn update(&mut self, size: usize) {
        self.watch.advance(size as u64);
    }

    fn finish(&mut self) {
        self.watch.end();
    }
}

fn absolute(path: &Path) -> Result<PathBuf, HubError> {
    std::path::absolute(path).map_err(|source| HubError::Read { path: path.to_path_buf(), source })
}

fn create(folder: &Path) -> Result<(), HubError> {
    fs::create_dir_all(folder).map_err(|source| HubError::Write { path: folder.to_path_buf(), source })
}

fn rename(from: &Path, to: &Path) -> Result<(), HubError> {
    fs::rename(from, to).map_err(|source| HubError::Write { path: to.to_path_buf(), source })
}
