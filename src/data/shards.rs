//! The shards of a split that the data set card names: all of them, or none.

use std::collections::BTreeMap;
use std::path::PathBuf;

use super::DataError;
use super::listing::Listing;

/// The files, if each that is a shard has all its siblings.
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
