//! From the hub into the cache, whole or not at all.
//!
//! Files come into a folder of their own inside the cache, where a cut download goes on later. A file that is complete
//! and checked moves to its transfer in the usual layout (`blobs/<etag>`, and a link to it in `snapshots/<commit>`), and only
//! when all files are there does `refs/<revision>` name the commit.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::path::{Path, PathBuf};

use super::HubError;
use super::checksum::other_digest;
use super::client::Client;
use super::free_space;
use super::lock::lock;
use super::name::{FileName, Identifier, Repository};
use super::partial_file::{self, PartialFile};
use super::remote::{Facts, Listing, Remote};
use super::wanted::{NotUsable, Wanted, absence};

/// Where incomplete downloads wait, inside the cache.
const STAGING: &str = ".sweep-downloads";
const CARD: &str = "README.md";
/// Longest card, in bytes: it is read into memory.
const LONGEST_CARD: u64 = 16 << 20;

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
    let cache = &absolute(cache)?;
    let staging = repository.folder(&cache.join(STAGING)).join("blobs");
    let blobs = repository.folder(cache).join("blobs");
    let _lock = lock(cache, repository, &[staging.clone(), blobs.clone()], remote.watch.as_ref())?;
    create(&staging)?;
    let client = Client::new(remote.authorization(), remote.patience);
    let listing = remote.listing(&client, repository)?;
    let transfer = Transfer { remote, client: &client, cache, staging, blobs, repository, commit: &listing.commit };
    let card = if wanted.reads_card() { transfer.card(&listing)? } else { None };
    let chosen = wanted.choose(&listing.names, card.as_deref());
    let chosen =
        chosen.map_err(|reason| HubError::Unusable { kind: repository.kind, name: repository.given(), reason })?;
    transfer.obtain(&transfer.missing(transfer.checked(&chosen)?)?)?;
    transfer.note_absent(wanted.optional(), &listing.names)?;
    if wanted.is_whole() {
        transfer.name_commit()?;
    }
    // Empty by now, but for what nobody wants any more; what stays costs nothing. Another download may be at work beside it.
    let _ = fs::remove_dir_all(repository.folder(&cache.join(STAGING)));
    let _ = fs::remove_dir(cache.join(STAGING));
    Ok(transfer.snapshot())
}

/// A snapshot of a repository on its way into the cache.
struct Transfer<'a> {
    remote: &'a Remote,
    client: &'a Client,
    cache: &'a Path,
    staging: PathBuf,
    blobs: PathBuf,
    repository: &'a Repository,
    commit: &'a Identifier,
}

impl Transfer<'_> {
    fn snapshot(&self) -> PathBuf {
        self.repository.folder(self.cache).join("snapshots").join(self.commit.as_str())
    }

    /// The text of the repository's card, where it has one.
    fn card(&self, listing: &Listing) -> Result<Option<String>, HubError> {
        if !listing.names.iter().any(|name| name == CARD) {
            return Ok(None);
        }
        let path = self.snapshot().join(CARD);
        let missing = self.missing(self.checked(&[CARD.to_owned()])?)?;
        let here = || fs::metadata(&path).map_or(0, |metadata| metadata.len());
        let fits = |length: u64| {
            let reason = NotUsable(format!("its README.md has {length} bytes, and a card has {LONGEST_CARD} at most"));
            let (kind, name) = (self.repository.kind, self.repository.given());
            if length > LONGEST_CARD { Err(HubError::Unusable { kind, name, reason }) } else { Ok(()) }
        };
        fits(missing.first().and_then(|(_, facts)| facts.length).unwrap_or_else(here))?;
        self.obtain(&missing)?;
        fits(here())?;
        fs::read_to_string(&path).map(Some).map_err(|source| HubError::Read { path, source })
    }

    /// Names that may become part of a path.
    fn checked(&self, names: &[String]) -> Result<Vec<FileName>, HubError> {
        let bad = |file: &str| {
            let (kind, name) = (self.repository.kind, self.repository.given());
            HubError::BadName { kind, name, file: format!("{file:?}") }
        };
        names.iter().map(|name| FileName::parse(name).ok_or_else(|| bad(name))).collect()
    }

    /// What the hub says about the files that the snapshot does not have.
    fn missing(&self, names: Vec<FileName>) -> Result<Vec<(FileName, Facts)>, HubError> {
        let snapshot = self.snapshot();
        let missing = names.into_iter().filter(|name| !snapshot.join(name.as_str()).is_file());
        missing
            .map(|name| {
                let facts = self.remote.facts(self.client, self.repository, self.commit, &name)?;
                Ok((name, facts))
            })
            .collect()
    }

    /// Puts files into the snapshot.
    fn obtain(&self, missing: &[(FileName, Facts)]) -> Result<(), HubError> {
        let length = |path: &Path| fs::metadata(path).map_or(0, |metadata| metadata.len());
        let mut needed = BTreeMap::new();
        for (_, facts) in missing {
            let here = length(&self.blob(facts)).max(length(&partial_file::path(&self.staging, facts)));
            needed.insert(facts.etag.as_str(), facts.length.unwrap_or(0).saturating_sub(here));
        }
        free_space::check(&self.staging, needed.into_values().fold(0, u64::saturating_add))?;
        missing.iter().try_for_each(|(name, facts)| self.transfer(name, facts))
    }

    fn blob(&self, facts: &Facts) -> PathBuf {
        self.blobs.join(facts.etag.as_str())
    }

    fn transfer(&self, name: &FileName, facts: &Facts) -> Result<(), HubError> {
        let blob = self.blob(facts);
        if !is_whole(&blob, facts)? {
            let file = PartialFile {
                remote: self.remote,
                client: self.client,
                repository: self.repository,
                name,
                address: &self.remote.address(self.repository, self.commit, name),
                facts,
                path: partial_file::path(&self.staging, facts),
            };
            file.bring()?;
            move_durably(&file.path, &blob)?;
        }
        self.link(name, &blob)
    }

    /// The name of a file in the snapshot, pointing at its contents.
    fn link(&self, name: &FileName, blob: &Path) -> Result<(), HubError> {
        let link = self.snapshot().join(name.as_str());
        create(link.parent().unwrap_or(&link))?;
        // Out of `snapshots/<commit>/` and of the folders in the file's own name.
        let up = "../".repeat(2 + name.as_str().matches('/').count());
        let target = Path::new(&up).join("blobs").join(blob.file_name().unwrap_or_default());
        // Made beside and renamed: a link of an earlier time that leads nowhere may be in the way.
        let beside = self.staging.join("link");
        let _ = fs::remove_file(&beside);
        let made = std::os::unix::fs::symlink(target, &beside);
        made.and_then(|()| fs::rename(&beside, &link)).map_err(|source| HubError::Write { path: link, source })
    }

    /// Notes which of these files the repository does not have at this commit.
    fn note_absent(&self, optional: &[&str], names: &[String]) -> Result<(), HubError> {
        let snapshot = self.snapshot();
        let absent = optional.iter().filter(|file| !names.iter().any(|name| name == *file));
        for note in absent.filter_map(|file| absence(&snapshot, file)) {
            create(note.parent().unwrap_or(&note))?;
            fs::write(&note, "").map_err(|source| HubError::Write { path: note, source })?;
        }
        Ok(())
    }

    /// `refs/<revision>`, unless the revision is the commit itself.
    fn name_commit(&self) -> Result<(), HubError> {
        let revision = self.repository.revision();
        if revision == self.commit.as_str() {
            return Ok(());
        }
        let beside = self.staging.join("ref");
        fs::write(&beside, self.commit.as_str()).map_err(|source| HubError::Write { path: beside.clone(), source })?;
        move_durably(&beside, &self.repository.folder(self.cache).join("refs").join(revision))
    }
}

/// Whether the cache has the contents of a file, by its length and, where there is one, its digest.
fn is_whole(blob: &Path, facts: &Facts) -> Result<bool, HubError> {
    let failed = |source| HubError::Read { path: blob.to_path_buf(), source };
    let Ok(metadata) = fs::metadata(blob) else {
        return Ok(false);
    };
    let long = facts.length.is_none_or(|length| length == metadata.len());
    Ok(metadata.is_file() && long && other_digest(blob, &facts.etag).map_err(failed)?.is_none())
}

/// Into its transfer, so that a machine that stops has the whole file there or none.
fn move_durably(from: &Path, to: &Path) -> Result<(), HubError> {
    let failed = |source| HubError::Write { path: to.to_path_buf(), source };
    let folder = to.parent().unwrap_or(to);
    create(folder)?;
    File::open(from).and_then(|file| file.sync_all()).map_err(failed)?;
    fs::rename(from, to).map_err(failed)?;
    File::open(folder).and_then(|folder| folder.sync_all()).map_err(failed)
}

fn absolute(path: &Path) -> Result<PathBuf, HubError> {
    std::path::absolute(path).map_err(|source| HubError::Read { path: path.to_path_buf(), source })
}

fn create(folder: &Path) -> Result<(), HubError> {
    fs::create_dir_all(folder).map_err(|source| HubError::Write { path: folder.to_path_buf(), source })
}
