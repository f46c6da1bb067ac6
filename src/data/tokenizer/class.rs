//! Which class of `transformers` a folder's tokenizer is: the class decides what is read of the files and how it is set up.

use std::path::Path;

use serde::Deserialize;

use crate::model_files::CONFIG;

use super::super::DataError;
use super::settings::json_or_default;

/// The class that `transformers` has for the tokenizer of a `model_type` where the files name none. None: `tokenizer.json` is
/// taken as it is.
pub type TokenizerClasses = fn(&str) -> Option<&'static str>;

/// The classes of `transformers` that set up model, normalizer, pre-tokenizer and post-processor themselves, from the
/// vocabulary and from `tokenizer_config.json`, whatever `tokenizer.json` says of these; and all others.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Class {
    /// `BertTokenizer`
    WordPiece,
    /// `RobertaTokenizer`
    ByteLevel,
    /// `XLMRobertaTokenizer`
    Unigram,
    /// `tokenizer.json` as it is. The name is that of a class which we do not know, where one is given.
    AsSaved(Option<String>),
    /// Neither the tokenizer nor the model says which.
    Unsaid,
}

/// What `transformers` calls the class that takes `tokenizer.json` as it is.
const AS_SAVED: [&str; 3] = ["PreTrainedTokenizerFast", "TokenizersBackend", "PreTrainedTokenizer"];

impl Class {
    /// By the class that `tokenizer_config.json` names, else by the one that the model's `config.json` names, else by the
    /// kind of model, as `AutoTokenizer` chooses.
    pub(super) fn determine(
        folder: &Path,
        configured: Option<&str>,
        by_model_type: TokenizerClasses,
    ) -> Result<Self, DataError> {
        #[derive(Default, Deserialize)]
        #[serde(default)]
        struct Model {
            model_type: Option<String>,
            tokenizer_class: Option<String>,
        }
        let model: Model = json_or_default(&folder.join(CONFIG))?;
        if let Some(name) = configured.or(model.tokenizer_class.as_deref()) {
            return Ok(Class::named(name));
        }
        Ok(match model.model_type.as_deref() {
            Some(model_type) => by_model_type(model_type).map_or(Class::AsSaved(None), Class::named),
            None => Class::Unsaid,
        })
    }

    /// With the further names that `transformers` has for each.
    fn named(name: &str) -> Self {
        if AS_SAVED.contains(&name) {
            return Class::AsSaved(None);
        }
        match name.strip_suffix("Fast").unwrap_or(name) {
            "BertTokenizer"
            | "DistilBertTokenizer"
            | "ElectraTokenizer"
            | "ConvBertTokenizer"
            | "LxmertTokenizer"
            | "MobileBertTokenizer" => Class::WordPiece,
            "RobertaTokenizer" | "BartTokenizer" | "LEDTokenizer" | "LongformerTokenizer" | "MvpTokenizer" => {
                Class::ByteLevel
            }
            "XLMRobertaTokenizer" => Class::Unigram,
            _ => Class::AsSaved(Some(name.to_owned())),
        }
    }

    /// Its name in `transformers`, where there is one.
    pub(super) fn name(&self) -> &str {
        match self {
            Class::WordPiece => "BertTokenizer",
            Class::ByteLevel => "RobertaTokenizer",
            Class::Unigram => "XLMRobertaTokenizer",
            Class::AsSaved(Some(name)) => name,
            Class::AsSaved(None) => AS_SAVED[0],
            Class::Unsaid => "unsaid",
        }
    }

    /// The special tokens that it has unless the files say otherwise, by attribute.
    pub(super) fn default_tokens(&self) -> &'static [(&'static str, &'static str)] {
        match self {
            Class::WordPiece => &[
                ("unk_token", "[UNK]"),
                ("sep_token", "[SEP]"),
                ("pad_token", "[PAD]"),
                ("cls_token", "[CLS]"),
                ("mask_token", "[MASK]"),
            ],
            Class::ByteLevel | Class::Unigram => &[
                ("bos_token", "<s>"),
                ("eos_token", "</s>"),
                ("unk_token", "<unk>"),
                ("sep_token", "</s>"),
                ("pad_token", "<pad>"),
                ("cls_token", "<s>"),
                ("mask_token", "<mask>"),
            ],
            Class::AsSaved(_) | Class::Unsaid => &[],
        }
    }

    /// The attributes of the tokens before and after every text, with the class's own; none where `tokenizer.json` says.
    pub(super) fn framing_pair(&self) -> Option<[(&'static str, &'static str); 2]> {
        match self {
            Class::WordPiece => Some([("cls_token", "[CLS]"), ("sep_token", "[SEP]")]),
            Class::ByteLevel => Some([("cls_token", "<s>"), ("sep_token", "</s>")]),
            Class::Unigram => Some([("bos_token", "<s>"), ("eos_token", "</s>")]),
            Class::AsSaved(_) | Class::Unsaid => None,
        }
    }
}
