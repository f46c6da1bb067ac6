//! Texts to token ids, as the model's own tokenizer files say.

mod cache;
mod files;
mod lengths;

use std::path::{Path, PathBuf};

use rayon::prelude::*;
use tokenizers::{PostProcessor, TruncationDirection, TruncationParams, TruncationStrategy};

use super::digest::Digest;
use super::{DataError, Encoded};

pub use cache::{CacheUse, default_cache_folder};
pub use lengths::TokenLengths;

/// Texts that a thread encodes in one go.
const CHUNK: usize = 256;
/// For reserving room only.
const TOKENS_PER_TEXT: usize = 64;

/// A model's tokenizer, bound to the longest sequence it may give.
pub struct Tokenizer {
    inner: tokenizers::Tokenizer,
    max_length: usize,
    /// The file that errors name.
    path: PathBuf,
    digest: String,
}

impl Tokenizer {
    /// Loads the tokenizer of a model folder: `tokenizer.json`, or `vocab.json` and `merges.txt` (RoBERTa), or `vocab.txt`
    /// (BERT). Sequences are cut to `max_length` tokens, special tokens included, as `transformers` cuts with
    /// `truncation=True`; padding that `tokenizer.json` asks for is not done.
    ///
    /// # Errors
    ///
    /// When there is no tokenizer or it cannot be read, or `max_length` leaves no room beside the special tokens.
    pub fn load(folder: &Path, max_length: usize) -> Result<Self, DataError> {
        let loaded = files::load(folder)?;
        let mut inner = loaded.tokenizer;
        let special = inner.get_post_processor().map_or(0, |processor| processor.added_tokens(false));
        if max_length <= special {
            return Err(DataError::MaxLength { max_length, special });
        }
        inner.with_padding(None);
        let truncation = TruncationParams {
            direction: if loaded.cut_left { TruncationDirection::Left } else { TruncationDirection::Right },
            max_length,
            strategy: TruncationStrategy::LongestFirst,
            stride: 0,
        };
        let path = loaded.path;
        inner.with_truncation(Some(truncation)).map_err(|error| failed(&path, &error))?;
        Ok(Self { inner, max_length, path, digest: loaded.digest })
    }

    /// blake3 of the tokenizer's files, as hexadecimal digits.
    pub fn digest(&self) -> &str {
        &self.digest
    }

    /// Number of token ids, added tokens included: the model needs at least as many embeddings.
    pub fn vocabulary_size(&self) -> usize {
        self.inner.get_vocab_size(true)
    }

    /// Encodes texts on all threads. The result does not depend on how many there are.
    ///
    /// # Errors
    ///
    /// When the tokenizer refuses a text (one that needs an unknown token and has none).
    pub fn encode(&self, texts: &[String]) -> Result<Encoded, DataError> {
        let chunks: Vec<Encoded> =
            texts.par_chunks(CHUNK).map(|chunk| self.encode_chunk(chunk)).collect::<Result<_, _>>()?;
        let tokens = chunks.iter().map(|chunk| chunk.ids().len()).sum();
        let mut all = Encoded::with_capacity(texts.len(), tokens);
        for chunk in &chunks {
            all.append(chunk);
        }
        Ok(all)
    }

    /// As [`Tokenizer::encode`], but takes the ids from `cache` where they are known, and leaves them there where they
    /// are not. An entry is found by the contents of texts and tokenizer files and by `max_length`; a damaged one is written
    /// anew. That a cache cannot be written is no error, but reported.
    ///
    /// # Errors
    ///
    /// As [`Tokenizer::encode`].
    pub fn encode_cached(&self, texts: &[String], cache: Option<&Path>) -> Result<(Encoded, CacheUse), DataError> {
        let Some(folder) = cache else {
            return Ok((self.encode(texts)?, CacheUse::Off));
        };
        let entry = cache::Entry::new(folder, &self.key(texts), texts.len());
        if let Some(encoded) = entry.read() {
            return Ok((encoded, CacheUse::Read));
        }
        let encoded = self.encode(texts)?;
        let usage = match entry.write(&encoded) {
            Ok(()) => CacheUse::Written,
            Err(error) => CacheUse::Failed(error),
        };
        Ok((encoded, usage))
    }

    fn key(&self, texts: &[String]) -> String {
        let mut digest = Digest::new("tokens");
        digest.number(cache::FORMAT_VERSION);
        digest.bytes(self.digest.as_bytes());
        digest.number(self.max_length as u64);
        for text in texts {
            digest.bytes(text.as_bytes());
        }
        digest.hex()
    }

    fn encode_chunk(&self, texts: &[String]) -> Result<Encoded, DataError> {
        let mut encoded = Encoded::with_capacity(texts.len(), texts.len() * TOKENS_PER_TEXT);
        for text in texts {
            let encoding = self.inner.encode_fast(text.as_str(), true);
            encoded.push(encoding.map_err(|error| failed(&self.path, &error))?.get_ids());
        }
        Ok(encoded)
    }
}

fn failed(path: &Path, error: &tokenizers::Error) -> DataError {
    DataError::Tokenizer { path: path.to_owned(), message: error.to_string() }
}
