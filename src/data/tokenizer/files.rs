//! A tokenizer out of the files that a model folder has of it, with the settings that `transformers` would give it.

use std::path::{Path, PathBuf};

use serde::Deserialize;
use tokenizers::models::ModelWrapper;
use tokenizers::models::bpe::BPE;
use tokenizers::models::wordpiece::WordPiece;
use tokenizers::normalizers::BertNormalizer;
use tokenizers::pre_tokenizers::bert::BertPreTokenizer;
use tokenizers::pre_tokenizers::byte_level::ByteLevel;
use tokenizers::processors::bert::BertProcessing;
use tokenizers::processors::roberta::RobertaProcessing;
use tokenizers::{AddedToken, NormalizerWrapper, PostProcessorWrapper, TruncationDirection};

use super::super::DataError;
use super::super::digest::Digest;
use super::failed;

const TOKENIZER: &str = "tokenizer.json";
const VOCABULARY: &str = "vocab.json";
const MERGES: &str = "merges.txt";
const WORD_PIECES: &str = "vocab.txt";
const TOKENIZER_CONFIG: &str = "tokenizer_config.json";
const MODEL_CONFIG: &str = "config.json";

pub(super) struct Loaded {
    pub tokenizer: tokenizers::Tokenizer,
    /// The main file.
    pub path: PathBuf,
    pub digest: String,
    /// Whether long texts lose their beginning, which a tokenizer may ask for; mostly they lose their end.
    pub cut_left: bool,
}

pub(super) fn load(folder: &Path) -> Result<Loaded, DataError> {
    let config: Config = json_or_default(&folder.join(TOKENIZER_CONFIG))?;
    let family = config.family(folder)?;
    let has = |name: &str| folder.join(name).is_file();
    let (tokenizer, used) = if has(TOKENIZER) {
        (from_tokenizer_json(folder, &config, family)?, vec![TOKENIZER])
    } else if has(VOCABULARY) && has(MERGES) {
        (from_bpe_files(folder, &config)?, vec![VOCABULARY, MERGES])
    } else if has(WORD_PIECES) {
        (from_word_pieces(folder, &config)?, vec![WORD_PIECES])
    } else {
        return Err(DataError::NoTokenizer { folder: folder.to_owned() });
    };
    let mut digest = Digest::new("tokenizer");
    digest.bytes(format!("{family:?}").as_bytes());
    for name in used.iter().chain(has(TOKENIZER_CONFIG).then_some(&TOKENIZER_CONFIG)) {
        digest.bytes(name.as_bytes());
        digest.file(&folder.join(name))?;
    }
    let stored = tokenizer.get_truncation().map(|truncation| truncation.direction);
    let cut_left = match config.truncation_side.as_deref() {
        Some(side) => side == "left",
        None => matches!(stored, Some(TruncationDirection::Left)),
    };
    Ok(Loaded { tokenizer, path: folder.join(used[0]), digest: digest.hex(), cut_left })
}

/// The classes of `transformers` that set up normalizer and pre-tokenizer themselves, from `tokenizer_config.json` and
/// their defaults, whatever `tokenizer.json` says of these.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Family {
    Bert,
    Roberta,
    Other,
}

/// The parts of `tokenizer_config.json` that change token ids. What is left out has the default of its class in
/// `transformers` (`BertTokenizer`, `RobertaTokenizer`).
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Config {
    tokenizer_class: Option<String>,
    do_lower_case: Option<bool>,
    strip_accents: Option<bool>,
    tokenize_chinese_chars: Option<bool>,
    add_prefix_space: Option<bool>,
    truncation_side: Option<String>,
    bos_token: Option<SpecialToken>,
    eos_token: Option<SpecialToken>,
    unk_token: Option<SpecialToken>,
    sep_token: Option<SpecialToken>,
    pad_token: Option<SpecialToken>,
    cls_token: Option<SpecialToken>,
    mask_token: Option<SpecialToken>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(untagged)]
enum SpecialToken {
    Content(String),
    Described {
        content: String,
        #[serde(default)]
        lstrip: bool,
        #[serde(default)]
        rstrip: bool,
    },
}

impl SpecialToken {
    fn content(&self) -> &str {
        match self {
            Self::Content(content) | Self::Described { content, .. } => content,
        }
    }

    fn added(&self) -> AddedToken {
        let token = AddedToken::from(self.content(), true);
        match self {
            Self::Content(_) => token,
            Self::Described { lstrip, rstrip, .. } => token.lstrip(*lstrip).rstrip(*rstrip),
        }
    }
}

impl Config {
    /// By the class named here, or else by the kind of model.
    fn family(&self, folder: &Path) -> Result<Family, DataError> {
        #[derive(Default, Deserialize)]
        #[serde(default)]
        struct Model {
            model_type: Option<String>,
        }
        if let Some(class) = &self.tokenizer_class {
            return Ok(match class.strip_suffix("Fast").unwrap_or(class) {
                "BertTokenizer" | "DistilBertTokenizer" => Family::Bert,
                "RobertaTokenizer" => Family::Roberta,
                _ => Family::Other,
            });
        }
        let model: Model = json_or_default(&folder.join(MODEL_CONFIG))?;
        Ok(match model.model_type.as_deref() {
            Some("bert" | "distilbert") => Family::Bert,
            Some("roberta") => Family::Roberta,
            _ => Family::Other,
        })
    }

    fn normalize_as_bert(&self, tokenizer: &mut tokenizers::Tokenizer) {
        let normalizer = BertNormalizer::new(
            true,
            self.tokenize_chinese_chars.unwrap_or(true),
            self.strip_accents,
            self.do_lower_case.unwrap_or(true),
        );
        tokenizer.with_normalizer(Some(normalizer));
        tokenizer.with_pre_tokenizer(Some(BertPreTokenizer));
    }

    fn split_as_roberta(&self, tokenizer: &mut tokenizers::Tokenizer) {
        tokenizer.with_normalizer(None::<NormalizerWrapper>);
        tokenizer.with_pre_tokenizer(Some(ByteLevel::new(self.prefix_space(), true, true)));
    }

    fn prefix_space(&self) -> bool {
        self.add_prefix_space.unwrap_or(false)
    }
}

fn from_tokenizer_json(folder: &Path, config: &Config, family: Family) -> Result<tokenizers::Tokenizer, DataError> {
    let path = folder.join(TOKENIZER);
    let mut tokenizer = tokenizers::Tokenizer::from_file(&path).map_err(|error| failed(&path, &error))?;
    match (family, tokenizer.get_model()) {
        (Family::Bert, ModelWrapper::WordPiece(_)) => config.normalize_as_bert(&mut tokenizer),
        (Family::Roberta, ModelWrapper::BPE(_)) => config.split_as_roberta(&mut tokenizer),
        _ => {}
    }
    Ok(tokenizer)
}

/// RoBERTa: byte-level BPE between `<s>` and `</s>`.
fn from_bpe_files(folder: &Path, config: &Config) -> Result<tokenizers::Tokenizer, DataError> {
    let (vocabulary, merges) = (folder.join(VOCABULARY), folder.join(MERGES));
    let model = BPE::from_file(&vocabulary.to_string_lossy(), &merges.to_string_lossy()).build();
    let mut tokenizer = tokenizers::Tokenizer::new(model.map_err(|error| failed(&vocabulary, &error))?);
    config.split_as_roberta(&mut tokenizer);
    let special = [
        (&config.bos_token, "<s>"),
        (&config.eos_token, "</s>"),
        (&config.unk_token, "<unk>"),
        (&config.pad_token, "<pad>"),
        (&config.mask_token, "<mask>"),
    ];
    let cls = token(&tokenizer, &config.cls_token, "<s>", &vocabulary)?;
    let sep = token(&tokenizer, &config.sep_token, "</s>", &vocabulary)?;
    add_special_tokens(&mut tokenizer, special, [&config.cls_token, &config.sep_token]);
    let processor = RobertaProcessing::new(sep, cls).trim_offsets(true).add_prefix_space(config.prefix_space());
    tokenizer.with_post_processor(Some(PostProcessorWrapper::from(processor)));
    Ok(tokenizer)
}

/// BERT: word pieces between `[CLS]` and `[SEP]`.
fn from_word_pieces(folder: &Path, config: &Config) -> Result<tokenizers::Tokenizer, DataError> {
    let vocabulary = folder.join(WORD_PIECES);
    let unknown = config.unk_token.as_ref().map_or("[UNK]", SpecialToken::content);
    let model = WordPiece::from_file(&vocabulary.to_string_lossy()).unk_token(unknown.to_owned()).build();
    let mut tokenizer = tokenizers::Tokenizer::new(model.map_err(|error| failed(&vocabulary, &error))?);
    config.normalize_as_bert(&mut tokenizer);
    let special = [
        (&config.unk_token, "[UNK]"),
        (&config.sep_token, "[SEP]"),
        (&config.pad_token, "[PAD]"),
        (&config.cls_token, "[CLS]"),
        (&config.mask_token, "[MASK]"),
    ];
    let cls = token(&tokenizer, &config.cls_token, "[CLS]", &vocabulary)?;
    let sep = token(&tokenizer, &config.sep_token, "[SEP]", &vocabulary)?;
    add_special_tokens(&mut tokenizer, special, [&config.bos_token, &config.eos_token]);
    tokenizer.with_post_processor(Some(PostProcessorWrapper::from(BertProcessing::new(sep, cls))));
    Ok(tokenizer)
}

/// A special token that every sequence gets, with its id.
fn token(
    tokenizer: &tokenizers::Tokenizer,
    configured: &Option<SpecialToken>,
    default: &str,
    vocabulary: &Path,
) -> Result<(String, u32), DataError> {
    let content = configured.as_ref().map_or(default, SpecialToken::content);
    let id = tokenizer.token_to_id(content).ok_or_else(|| DataError::Tokenizer {
        path: vocabulary.to_owned(),
        message: format!("the vocabulary lacks the special token `{content}`"),
    })?;
    Ok((content.to_owned(), id))
}

/// Special tokens are recognised in the text before anything splits it: those of the class, by their names here or by
/// default, and further ones that the configuration names.
fn add_special_tokens(
    tokenizer: &mut tokenizers::Tokenizer,
    of_class: [(&Option<SpecialToken>, &str); 5],
    further: [&Option<SpecialToken>; 2],
) {
    let of_class = of_class.into_iter().map(|(configured, default)| {
        configured.as_ref().map_or_else(|| AddedToken::from(default, true), SpecialToken::added)
    });
    let further = further.into_iter().flatten().map(SpecialToken::added);
    let tokens: Vec<AddedToken> = of_class.chain(further).collect();
    tokenizer.add_special_tokens(&tokens);
}

/// A file that is not there counts as an empty object.
fn json_or_default<T: Default + serde::de::DeserializeOwned>(path: &Path) -> Result<T, DataError> {
    let text = match std::fs::read_to_string(path) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(T::default()),
        Err(error) => return Err(DataError::io(path, "read")(error)),
    };
    serde_json::from_str(&text)
        .map_err(|error| DataError::Tokenizer { path: path.to_owned(), message: error.to_string() })
}
