//! The tokenizer: texts to token ids.

use std::path::{Path, PathBuf};

use rayon::prelude::*;
use tokenizers::{PostProcessor, TruncationDirection, TruncationParams, TruncationStrategy};

use super::super::digest::Digest;
use super::super::{DataError, Encoded};
use super::cache::{self, CacheUse};
use super::class::TokenizerClasses;
use super::{files, guard};

/// Texts that a thread encodes in one go.
const CHUNK: usize = 256;
/// For reserving room only.
const TOKENS_PER_TEXT: usize = 64;

/// A model's tokenizer, bound to the longest sequence it may give.
pub struct Tokenizer {
    pub(super) inner: tokenizers::Tokenizer,
    pub(super) max_length: usize,
    /// The file that errors name.
    pub(super) path: PathBuf,
    pub(super) digest: String,
    /// The token with the highest id, among those that the files name.
    last: (String, u32),
    model_max_length: Option<usize>,
    note: Option<String>,
    /// Rows of the embeddings of the model that the ids are for, where it is known.
    rows: Option<u32>,
}

impl Tokenizer {
    /// Loads the tokenizer of a model folder: `tokenizer.json`, or `vocab.json` and `merges.txt` (RoBERTa), or `vocab.txt`
    /// (BERT), with the special and added tokens of `tokenizer_config.json`, `special_tokens_map.json` and
    /// `added_tokens.json`, as `AutoTokenizer` of `transformers` reads them. Sequences are cut to `max_length` tokens,
    /// special tokens included, as `transformers` cuts with `truncation=True`; padding that `tokenizer.json` asks for is
    /// not done. `by_model_type` says what kind of tokenizer a model has where its files do not.
    ///
    /// # Errors
    ///
    /// When there is no tokenizer or it cannot be read, its files disagree, or `max_length` leaves no room beside the
    /// special tokens.
    pub fn load(folder: &Path, max_length: usize, by_model_type: TokenizerClasses) -> Result<Self, DataError> {
        let loaded = files::load(folder, by_model_type)?;
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
        inner.with_truncation(Some(truncation)).map_err(|error| DataError::tokenizer(&path, &error))?;
        Ok(Self {
            inner,
            max_length,
            path,
            digest: loaded.digest,
            last: loaded.last,
            model_max_length: loaded.model_max_length,
            note: loaded.note,
            rows: None,
        })
    }

    /// The same tokenizer for a model with so many rows of word embeddings (`vocab_size`): an id beyond them is an error
    /// here, where a model would read past its table.
    ///
    /// # Errors
    ///
    /// The tokenizer has tokens that the model has no row for.
    pub fn for_embeddings(self, rows: usize) -> Result<Self, DataError> {
        let (token, id) = &self.last;
        if *id as usize >= rows {
            let (path, token, tokens) = (self.path, token.clone(), *id as usize + 1);
            return Err(DataError::MoreTokensThanRows { path, token, tokens, rows });
        }
        Ok(Self { rows: Some(u32::try_from(rows).unwrap_or(u32::MAX)), ..self })
    }

    /// What `model_max_length` of the tokenizer's configuration says, where it says a length.
    pub fn model_max_length(&self) -> Option<usize> {
        self.model_max_length
    }

    /// What is doubtful about the tokenizer, as a sentence.
    pub fn note(&self) -> Option<&str> {
        self.note.as_deref()
    }

    /// blake3 of the tokenizer's files, as hexadecimal digits.
    pub fn digest(&self) -> &str {
        &self.digest
    }

    /// Encodes texts on all threads. The result does not depend on how many there are.
    ///
    /// # Errors
    ///
    /// When the tokenizer refuses a text (one that needs an unknown token and has none), makes no token of it, or one that
    /// the model has no embedding of.
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
            // Perhaps made for a model with more embeddings.
            for (text, ids) in texts.iter().zip(encoded.iter()) {
                self.check(text, ids)?;
            }
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
            let encoding = guard::guarded(|| self.inner.encode_fast(text.as_str(), true));
            let encoding = encoding.map_err(|message| self.text_error(text, format!("fails: {message}")))?;
            let encoding = encoding.map_err(|error| self.text_error(text, format!("fails: {error}")))?;
            self.check(text, encoding.get_ids())?;
            encoded.push(encoding.get_ids());
        }
        Ok(encoded)
    }

    /// Whether a model can read these ids.
    fn check(&self, text: &str, ids: &[u32]) -> Result<(), DataError> {
        let Some(&largest) = ids.iter().max() else {
            let problem = "makes no tokens of it, and a model needs at least one".to_owned();
            return Err(self.text_error(text, problem));
        };
        match self.rows {
            Some(rows) if largest >= rows => {
                let token = self.inner.id_to_token(largest).unwrap_or_default();
                let problem = format!(
                    "gives the token `{token}` (id {largest}), but the model's embeddings have {rows} rows (`vocab_size`)"
                );
                Err(self.text_error(text, problem))
            }
            _ => Ok(()),
        }
    }

    fn text_error(&self, text: &str, problem: String) -> DataError {
        const SHOWN: usize = 60;
        let mut beginning: String = text.chars().take(SHOWN).collect();
        if beginning.len() < text.len() {
            beginning.push('…');
        }
        DataError::Untokenized { path: self.path.clone(), text: beginning, problem }
    }
}
