//! Token ids on disk, found by the contents they were made from.
//!
//! An entry is `MAGIC`, the number of texts and of tokens (u64), each text's length (u32), all ids (u32), and the blake3
//! hash of everything before; numbers are little-endian.

use std::io;
use std::path::{Path, PathBuf};

use crate::own_cache;
use crate::replace_file::{Durability, replace_file};

use super::super::Encoded;

/// Part of the key: entries of another version are not found.
pub(super) const FORMAT_VERSION: u64 = 2;

const MAGIC: [u8; 8] = *b"swptokn1";
const HEADER: usize = MAGIC.len() + 2 * size_of::<u64>();
const EXTENSION: &str = "tokens";

/// What the cache did.
#[derive(Debug)]
pub enum CacheUse {
    /// No folder was given.
    Off,
    /// The ids came from the cache.
    Read,
    /// The ids were made and are now in the cache.
    Written,
    /// The ids were made; the cache could not take them.
    Failed(io::Error),
}

/// Where token ids are kept when nobody says otherwise: `tokens` in [our own cache](own_cache::folder).
pub fn default_cache_folder() -> Option<PathBuf> {
    own_cache::folder().map(|own| own.join("tokens"))
}

/// An entry that may be there or not.
pub(super) struct Entry {
    path: PathBuf,
    texts: usize,
}

impl Entry {
    pub(super) fn new(folder: &Path, key: &str, texts: usize) -> Self {
        Self { path: folder.join(key).with_extension(EXTENSION), texts }
    }

    /// None where there is no sound entry.
    pub(super) fn read(&self) -> Option<Encoded> {
        decode(&std::fs::read(&self.path).ok()?, self.texts)
    }

    /// Replaces the entry, whole or not at all.
    pub(super) fn write(&self, encoded: &Encoded) -> io::Result<()> {
        let folder = self.path.parent().unwrap_or(Path::new("."));
        std::fs::create_dir_all(folder)?;
        replace_file(&self.path, &encode(encoded)?, Durability::Cached)
    }
}

fn encode(encoded: &Encoded) -> io::Result<Vec<u8>> {
    let words = encoded.len() + encoded.ids().len();
    let mut bytes = Vec::with_capacity(HEADER + words * size_of::<u32>() + blake3::OUT_LEN);
    bytes.extend(MAGIC);
    bytes.extend((encoded.len() as u64).to_le_bytes());
    bytes.extend((encoded.ids().len() as u64).to_le_bytes());
    for ids in encoded.iter() {
        let length = u32::try_from(ids.len()).map_err(io::Error::other)?;
        bytes.extend(length.to_le_bytes());
    }
    for id in encoded.ids() {
        bytes.extend(id.to_le_bytes());
    }
    let hash = blake3::hash(&bytes);
    bytes.extend(hash.as_bytes());
    Ok(bytes)
}

fn decode(bytes: &[u8], texts: usize) -> Option<Encoded> {
    let (contents, hash) = bytes.split_last_chunk::<{ blake3::OUT_LEN }>()?;
    if blake3::hash(contents) != blake3::Hash::from_bytes(*hash) {
        return None;
    }
    let (header, words) = contents.split_at_checked(HEADER)?;
    let (magic, counts) = header.split_at(MAGIC.len());
    let counts: Vec<usize> = counts
        .chunks_exact(size_of::<u64>())
        .map(|count| usize::try_from(u64::from_le_bytes(count.try_into().ok()?)).ok())
        .collect::<Option<_>>()?;
    let words: Vec<u32> = words
        .chunks_exact(size_of::<u32>())
        .map(|word| u32::from_le_bytes([word[0], word[1], word[2], word[3]]))
        .collect();
    let (lengths, ids) = words.split_at_checked(texts)?;
    if magic != MAGIC || counts != [texts, ids.len()] {
        return None;
    }
    let mut encoded = Encoded::with_capacity(texts, ids.len());
    let mut rest = ids;
    for &length in lengths {
        let (text, after) = rest.split_at_checked(length as usize)?;
        encoded.push(text);
        rest = after;
    }
    rest.is_empty().then_some(encoded)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn encoded(texts: &[Vec<u32>]) -> Encoded {
        texts.iter().map(Vec::as_slice).collect()
    }

    proptest! {
        #[test]
        fn entries_come_back(texts in prop::collection::vec(prop::collection::vec(any::<u32>(), 0..9), 0..20)) {
            let encoded = encoded(&texts);
            prop_assert_eq!(decode(&encode(&encoded).unwrap(), texts.len()), Some(encoded));
        }

        #[test]
        fn damage_is_noticed(at in 0.0f64..1.0, bit in 0u8..8, cut: bool) {
            let mut bytes = encode(&encoded(&[vec![1, 2, 3], vec![], vec![4]])).unwrap();
            let at = (at * bytes.len() as f64) as usize;
            if cut {
                bytes.truncate(at);
            } else {
                bytes[at] ^= 1 << bit;
            }
            prop_assert_eq!(decode(&bytes, 3), None);
        }
    }

    #[test]
    fn an_entry_for_other_texts_is_refused() {
        let bytes = encode(&encoded(&[vec![1], vec![2]])).unwrap();
        assert_eq!(decode(&bytes, 1), None);
        assert_eq!(decode(&bytes, 3), None);
    }

    #[test]
    fn a_folder_that_cannot_be_made_is_an_error_and_leaves_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let blocked = folder.path().join("file");
        std::fs::write(&blocked, "").unwrap();
        let entry = Entry::new(&blocked.join("tokens"), "key", 1);
        assert!(entry.write(&encoded(&[vec![1]])).is_err());
        assert!(entry.read().is_none());
    }
}
