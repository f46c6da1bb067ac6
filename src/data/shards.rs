//! The shards of a split: all of them, or none.

use std::collections::BTreeMap;
use std::path::PathBuf;

use super::DataError;
use super::listing::Listing;

/// The files that the data set card names, if each that is a shard has all its siblings.
pub(super) fn complete(listing: &Listing, files: Vec<PathBuf>, split: &str) -> Result<Vec<PathBuf>, DataError> {
    let mut shards: BTreeMap<(PathBuf, usize), usize> = BTreeMap::new();
    for file in &files {
        let stem = file.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        if let Some((name, of)) = stem.rsplit_once("-of-")
            && let Some((name, _)) = name.rsplit_once('-')
            && let Some(all) = of.split('-').next().and_then(|all| all.parse().ok())
        {
            *shards.entry((file.with_file_name(name), all)).or_default() += 1;
        }
    }
    match shards.into_iter().find(|((_, expected), found)| found < expected) {
        Some(((_, expected), found)) => Err(DataError::MissingShards {
            folder: listing.folder().to_owned(),
            split: split.to_owned(),
            expected,
            found,
        }),
        None => Ok(files),
    }
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
    let shards: BTreeMap<(usize, usize), PathBuf> = shards.map(|((number, all), path)| ((all, number), path)).collect();
    let expected = shards.keys().next().map_or(0, |(all, _)| *all);
    let complete = shards.keys().copied().eq((0..expected).map(|number| (expected, number)));
    if !complete {
        return Err(DataError::MissingShards {
            folder: listing.folder().to_owned(),
            split: name.to_owned(),
            expected,
            found: shards.len(),
        });
    }
    Ok(shards.into_values().collect())
}
