//! Which class of `transformers` a folder's tokenizer is: the class decides what is read of the files and how it is set up.

use std::path::Path;

use serde::Deserialize;

use crate::model_files::CONFIG;

use super::super::DataError;
use super::settings::json_or_default;

/// The classes of `transformers` that set up model, normalizer, pre-tokenizer and post-processor themselves, from the
/// vocabulary and from `tokenizer_config.json`, whatever `tokenizer.json` says of these; and all others.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Class {
    Bert,
    Roberta,
    XlmRoberta,
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
    pub(super) fn determine(folder: &Path, configured: Option<&str>) -> Result<Self, DataError> {
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
            Some("bert" | "distilbert") => Class::Bert,
            Some("roberta") => Class::Roberta,
            Some("xlm-roberta") => Class::XlmRoberta,
            Some(_) => Class::AsSaved(None),
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
            | "MobileBertTokenizer" => Class::Bert,
            "RobertaTokenizer" | "BartTokenizer" | "LEDTokenizer" | "LongformerTokenizer" | "MvpTokenizer" => {
                Class::Roberta
            }
            "XLMRobertaTokenizer" => Class::XlmRoberta,
            _ => Class::AsSaved(Some(name.to_owned())),
        }
    }

    /// Its name in `transformers`, where there is one.
    pub(super) fn name(&self) -> &str {
        match self {
            Class::Bert => "BertTokenizer",
            Class::Roberta => "RobertaTokenizer",
            Class::XlmRoberta => "XLMRobertaTokenizer",
            Class::AsSaved(Some(name)) => name,
            Class::AsSaved(None) => AS_SAVED[0],
            Class::Unsaid => "unsaid",
        }
    }

    /// The special tokens that it has unless the files say otherwise, by attribute.
    pub(super) fn default_tokens(&self) -> &'static [(&'static str, &'static str)] {
        match self {
            Class::Bert => &[
                ("unk_token", "[UNK]"),
                ("sep_token", "[SEP]"),
                ("pad_token", "[PAD]"),
                ("cls_token", "[CLS]"),
                ("mask_token", "[MASK]"),
            ],
            Class::Roberta | Class::XlmRoberta => &[
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
            Class::Bert => Some([("cls_token", "[CLS]"), ("sep_token", "[SEP]")]),
            Class::Roberta => Some([("cls_token", "<s>"), ("sep_token", "</s>")]),
            Class::XlmRoberta => Some([("bos_token", "<s>"), ("eos_token", "</s>")]),
            Class::AsSaved(_) | Class::Unsaid => None,
        }
    }
}
