//! How long texts are in tokens, also those that are cut.

use std::path::Path;

use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::super::digest::Digest;
use super::super::{DataError, Encoded};
use super::cache;
use super::encode::Tokenizer;

/// How long the texts of a data set are in tokens, special tokens included.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TokenLengths {
    /// How many texts there are.
    pub texts: usize,
    /// Half of the texts are at most so long.
    pub median: usize,
    /// 95 of 100 texts are at most so long.
    pub percentile_95: usize,
    /// The longest text, before it is cut.
    pub longest: usize,
    /// Texts that are cut at `max_length`.
    pub cut: usize,
    pub max_length: usize,
}

impl TokenLengths {
    /// Of texts that have these lengths before they are cut.
    pub fn from_lengths(mut lengths: Vec<usize>, max_length: usize) -> Self {
        lengths.sort_unstable();
        // The nearest rank: the least length that so large a share of the texts does not exceed.
        let percentile = |percent: usize| {
            let rank = (percent * lengths.len()).div_ceil(100).max(1);
            lengths.get(rank - 1).copied().unwrap_or(0)
        };
        Self {
            texts: lengths.len(),
            median: percentile(50),
            percentile_95: percentile(95),
            longest: lengths.last().copied().unwrap_or(0),
            cut: lengths.iter().filter(|&&length| length > max_length).count(),
            max_length,
        }
    }
}

impl Tokenizer {
    /// The lengths of texts before they are cut; `encoded` are their token ids. Only texts that may have been cut are
    /// looked at again; what is found is kept in `cache`, as token ids are.
    ///
    /// # Errors
    ///
    /// As [`Tokenizer::encode`].
    pub fn lengths(&self, texts: &[String], encoded: &Encoded, cache: Option<&Path>) -> Result<Vec<usize>, DataError> {
        let mut lengths: Vec<usize> = (0..encoded.len()).map(|text| encoded.length(text)).collect();
        let full: Vec<usize> = (0..lengths.len()).filter(|&text| lengths[text] >= self.max_length).collect();
        if full.is_empty() {
            return Ok(lengths);
        }
        let of_full: Vec<&String> = full.iter().filter_map(|&text| texts.get(text)).collect();
        for (&text, length) in full.iter().zip(self.whole_lengths(&of_full, cache)?) {
            lengths[text] = length;
        }
        Ok(lengths)
    }

    /// The lengths of whole texts.
    fn whole_lengths(&self, texts: &[&String], cache: Option<&Path>) -> Result<Vec<usize>, DataError> {
        let entry = cache.map(|folder| cache::Entry::new(folder, &self.key_of_lengths(texts), texts.len()));
        if let Some(known) = entry.as_ref().and_then(cache::Entry::read) {
            return Ok(known.iter().map(|length| length.first().copied().unwrap_or(0) as usize).collect());
        }
        let mut whole = self.inner.clone();
        whole.with_truncation(None).map_err(|error| DataError::tokenizer(&self.path, &error))?;
        let length = |text: &&String| {
            let encoding =
                whole.encode_fast(text.as_str(), true).map_err(|error| DataError::tokenizer(&self.path, &error))?;
            Ok(encoding.get_ids().len())
        };
        let lengths: Vec<usize> = texts.par_iter().map(length).collect::<Result<_, DataError>>()?;
        if let Some(entry) = entry {
            // One number per text, as if it were its only token.
            let numbers: Vec<[u32; 1]> =
                lengths.iter().map(|&length| [u32::try_from(length).unwrap_or(u32::MAX)]).collect();
            // Best effort: without it they are counted again next time.
            let _ = entry.write(&numbers.iter().map(<[u32; 1]>::as_slice).collect());
        }
        Ok(lengths)
    }

    fn key_of_lengths(&self, texts: &[&String]) -> String {
        let mut digest = Digest::new("token lengths");
        digest.number(cache::FORMAT_VERSION);
        digest.bytes(self.digest.as_bytes());
        for text in texts {
            digest.bytes(text.as_bytes());
        }
        digest.hex()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::tokenizer_class;

    #[test]
    fn lengths_are_summed_up_by_nearest_ranks() {
        let lengths = TokenLengths::from_lengths((1..=100).rev().collect(), 97);
        assert_eq!(
            lengths,
            TokenLengths { texts: 100, median: 50, percentile_95: 95, longest: 100, cut: 3, max_length: 97 }
        );
        let one = TokenLengths::from_lengths(vec![7], 7);
        assert_eq!((one.median, one.percentile_95, one.longest, one.cut), (7, 7, 7, 0));
        assert_eq!(TokenLengths::from_lengths(Vec::new(), 7).longest, 0);
    }

    /// Texts of exactly the maximal length are not cut; what is cut is told by its whole length, from the cache as well.
    #[test]
    fn what_is_cut_is_measured_whole() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("vocab.txt"), "[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\na\n").unwrap();
        let texts = ["a", "a a", "a a a", "a a a a a"].map(str::to_owned);
        let tokenizer = Tokenizer::load(folder.path(), 4, tokenizer_class).unwrap();
        let encoded = tokenizer.encode(&texts).unwrap();
        let cache = folder.path().join("cache");
        for _ in 0..2 {
            let lengths = tokenizer.lengths(&texts, &encoded, Some(&cache)).unwrap();
            assert_eq!(lengths, [3, 4, 5, 7]);
            assert_eq!(TokenLengths::from_lengths(lengths, 4).cut, 2);
        }
        assert_eq!(std::fs::read_dir(&cache).unwrap().count(), 1);
    }
}
