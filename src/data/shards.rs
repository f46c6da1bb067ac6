//! The shards of a split: all of them, or none.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::DataError;
use super::listing::Listing;

/// The files that the data set card names, if each that is a shard has all its siblings.
pub(super) fn complete(listing: &Listing, files: Vec<PathBuf>, split: &str) -> Result<Vec<PathBuf>, DataError> {
    // By the name before the number and the number of all shards.
    let mut shards: BTreeMap<(PathBuf, usize), BTreeMap<usize, &PathBuf>> = BTreeMap::new();
    for file in &files {
        let stem = file.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        if let Some((name, of)) = stem.rsplit_once("-of-")
            && let Some((name, number)) = name.rsplit_once('-')
            && let (Ok(number), Some(all)) = (number.parse(), of.split('-').next().and_then(|all| all.parse().ok()))
            && let Some(other) = shards.entry((file.with_file_name(name), all)).or_default().insert(number, file)
        {
            return Err(double(listing, split, other, file));
        }
    }
    let lacking = shards.iter().find(|((_, expected), found)| found.len() < *expected);
    if let Some(((_, expected), found)) = lacking {
        return Err(DataError::MissingShards {
            folder: listing.folder().to_owned(),
            split: split.to_owned(),
            expected: *expected,
            found: found.len(),
        });
    }
    Ok(files)
}

/// The number of a shard and of all shards: `train-00001-of-00004` gives (1, 4).
pub(super) fn shard(stem: &str, name: &str) -> Option<(usize, usize)> {
    let (number, all) = stem.strip_prefix(name)?.strip_prefix('-')?.split_once("-of-")?;
    Some((number.parse().ok()?, all.split('-').next()?.parse().ok()?))
}

/// The files of numbered shards ([`shard`]) in their order, if all are there.
pub(super) fn all_in_order(
    listing: &Listing,
    shards: impl Iterator<Item = ((usize, usize), PathBuf)>,
    name: &str,
) -> Result<Vec<PathBuf>, DataError> {
    let mut found: BTreeMap<(usize, usize), PathBuf> = BTreeMap::new();
    for ((number, all), path) in shards {
        if let Some(other) = found.insert((all, number), path.clone()) {
            return Err(double(listing, name, &other, &path));
        }
    }
    let expected = found.keys().next().map_or(0, |(all, _)| *all);
    let complete = found.keys().copied().eq((0..expected).map(|number| (expected, number)));
    if !complete {
        return Err(DataError::MissingShards {
            folder: listing.folder().to_owned(),
            split: name.to_owned(),
            expected,
            found: found.len(),
        });
    }
    Ok(found.into_values().collect())
}

/// Two files with the same number: one of an earlier writing, or both of one.
fn double(listing: &Listing, split: &str, one: &Path, other: &Path) -> DataError {
    DataError::DoubleShard {
        folder: listing.folder().to_owned(),
        split: split.to_owned(),
        files: [one.to_owned(), other.to_owned()],
    }
}
