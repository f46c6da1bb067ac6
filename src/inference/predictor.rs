//! Texts in, answers out.

use tch::Device;

use super::{ClassifierSource, InferenceError};
use crate::data::Tokenizer;
use crate::model::{Adapter, Base, tokenizer_class};
use crate::task::{Answer, Targets};
use crate::train::values;

/// Longest sequence where neither a run nor a person says one.
const DEFAULT_MAX_LENGTH: usize = 512;

/// Characters of a text in an error.
const SHOWN: usize = 60;

/// How much is computed at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Longest sequence in tokens; longer texts are cut. None: as in training, or as the tokenizer's files say
    /// (`model_max_length`), or 512 where that is not known.
    pub max_length: Option<usize>,
    /// Texts in one forward pass.
    pub batch_size: usize,
}

/// A classifier on a device, its adapter merged in.
pub struct Predictor {
    base: Base,
    head: Adapter,
    tokenizer: Tokenizer,
    targets: Targets,
    batch_size: usize,
}

impl Predictor {
    /// Loads a classifier in float32.
    ///
    /// # Errors
    /// Files that cannot be used, a length that the model does not take, or a device without room.
    pub fn load(source: &ClassifierSource, limits: Limits, device: Device) -> Result<Self, InferenceError> {
        let merged = source.merged()?;
        let longest = merged.config.longest_sequence();
        let max_length = match limits.max_length {
            Some(given) if given > longest => return Err(InferenceError::MaxLength { given, longest }),
            Some(given) => given,
            None => source.stated_length()?.unwrap_or(DEFAULT_MAX_LENGTH).min(longest),
        };
        let targets = source.targets(merged.classes)?;
        let rows = merged.config.vocabulary();
        let tokenizer = Tokenizer::load(&source.model, max_length, tokenizer_class)?.for_embeddings(rows)?;
        let (base, head) = merged.load(device)?;
        Ok(Predictor { base, head, tokenizer, targets, batch_size: limits.batch_size })
    }

    pub fn targets(&self) -> &Targets {
        &self.targets
    }

    /// Predicts in batches of texts of similar length; the result is in the texts' order.
    ///
    /// # Errors
    /// A text that the tokenizer refuses, one for which the model gives no number, or a device without room.
    pub fn predict(&self, texts: &[String]) -> Result<Vec<Answer>, InferenceError> {
        let _guard = tch::no_grad_guard();
        let encoded = self.tokenizer.encode(texts)?;
        let tokens: Vec<&[u32]> = encoded.iter().collect();
        let task = self.targets.task();
        let values = values(&self.base, task, &[&self.head], &tokens, self.batch_size, None)?;
        let rows = values.iter().flat_map(|of_adapter| of_adapter.chunks(self.base.classes));
        let rows = texts.iter().zip(rows).map(|(text, row)| match row.iter().any(|value| value.is_nan()) {
            true => Err(InferenceError::NotANumber { text: text.chars().take(SHOWN).collect() }),
            false => Ok(task.answer(row)),
        });
        rows.collect()
    }
}
