//! How long the texts of a data set are, and the model whose tokens they are counted in.

use crate::cli::CliError;
use crate::cli::known;
use crate::data::{self, Dataset, Tokenizer};
use crate::hub::{Hub, MINILM, ModelPart};
use crate::model::{ModelConfig, tokenizer_class};

/// Taken where nothing smaller is at hand and none is named.
const USUAL: &str = "FacebookAI/roberta-base";
/// Of 100 texts, so many are not to be cut.
const COVERED: usize = 99;
/// Tokens of a word where no tokenizer is at hand: more than in English.
const TOKENS_PER_WORD: f64 = 1.5;

/// The lengths, in tokens of a model or in words.
pub struct Lengths {
    pub model: String,
    /// Whether somebody named the model.
    pub is_named: bool,
    pub config: ModelConfig,
    /// Whether they were counted; otherwise they are guessed from the number of words.
    pub is_counted: bool,
    /// So many tokens cover 99 of 100 texts.
    pub covering: usize,
    pub longest: usize,
}

impl Lengths {
    /// # Errors
    /// The model that was named cannot be found, or its tokenizer cannot be used.
    pub fn of(hub: &Hub, named: Option<&str>, dataset: &Dataset) -> Result<Lengths, CliError> {
        let small = || hub.model_at_hand(MINILM, ModelPart::Text).map(|_| MINILM);
        let model = named.or_else(small).unwrap_or(USUAL).to_owned();
        // Of a model that everybody knows, the shape is enough.
        let folder = match (hub.model_part(&model, ModelPart::Text), known::model(&model)) {
            (Ok(folder), _) => Ok(folder),
            (Err(_), Some(config)) => Err(config),
            (Err(error), None) => return Err(error.into()),
        };
        let parts = [Some(&dataset.train), Some(&dataset.evaluation), dataset.test.as_ref()];
        let texts = parts.into_iter().flatten().flat_map(|part| &part.texts);
        let (config, is_counted, mut lengths) = match folder {
            Ok(folder) => {
                let config = ModelConfig::read(&folder)?;
                let tokenizer = Tokenizer::load(&folder, config.longest_sequence(), tokenizer_class)?;
                let tokenizer = tokenizer.for_embeddings(config.vocabulary())?;
                let cache = data::default_cache_folder();
                let texts: Vec<String> = texts.cloned().collect();
                let (encoded, _) = tokenizer.encode_cached(&texts, cache.as_deref())?;
                let lengths = tokenizer.lengths(&texts, &encoded, cache.as_deref())?;
                (config, true, lengths)
            }
            Err(config) => {
                let guess = |text: &String| (TOKENS_PER_WORD * text.split_whitespace().count() as f64) as usize + 2;
                (config, false, texts.map(guess).collect())
            }
        };
        lengths.sort_unstable();
        let rank = (COVERED * lengths.len()).div_ceil(100).max(1);
        Ok(Lengths {
            model,
            is_named: named.is_some(),
            config,
            is_counted,
            covering: lengths.get(rank - 1).copied().unwrap_or(0),
            longest: lengths.last().copied().unwrap_or(0),
        })
    }
}
