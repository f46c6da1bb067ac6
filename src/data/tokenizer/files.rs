//! A tokenizer out of the files that a model folder has of it, set up as `AutoTokenizer` of `transformers` 5 does.

use std::path::{Path, PathBuf};

use serde::Deserialize;
use serde_json::{Value, json};
use tokenizers::models::ModelWrapper;
use tokenizers::models::bpe::BPE;
use tokenizers::models::unigram::Unigram;
use tokenizers::models::wordpiece::WordPiece;
use tokenizers::normalizers::BertNormalizer;
use tokenizers::pre_tokenizers::PreTokenizerWrapper;
use tokenizers::pre_tokenizers::bert::BertPreTokenizer;
use tokenizers::pre_tokenizers::byte_level::ByteLevel;
use tokenizers::pre_tokenizers::metaspace::{Metaspace, PrependScheme};
use tokenizers::pre_tokenizers::sequence::Sequence;
use tokenizers::pre_tokenizers::whitespace::WhitespaceSplit;
use tokenizers::processors::bert::BertProcessing;
use tokenizers::processors::roberta::RobertaProcessing;
use tokenizers::{AddedToken, Model, NormalizerWrapper, PostProcessorWrapper, TruncationDirection};

use crate::model_files::{MERGES, TOKENIZER, VOCABULARY, WORD_PIECES};

use super::super::DataError;
use super::super::digest::Digest;
use super::class::{Class, TokenizerClasses};
use super::settings::{Settings, json_or_default};
use super::unfit::Unfit;

/// The longest word that `WordPiece` of `transformers` takes apart, in characters.
const LONGEST_WORD: usize = 100;
/// The id of the unknown token in every vocabulary of XLM-RoBERTa.
const XLM_UNKNOWN: usize = 3;

pub(super) struct Loaded {
    pub tokenizer: tokenizers::Tokenizer,
    /// The main file.
    pub path: PathBuf,
    pub digest: String,
    /// Whether long texts lose their beginning, which a tokenizer may ask for; mostly they lose their end.
    pub cut_left: bool,
    /// The longest sequence that the tokenizer says its model takes.
    pub model_max_length: Option<usize>,
    /// The token with the highest id, among those that the files name.
    pub last: (String, u32),
    /// What is doubtful about it.
    pub note: Option<String>,
}

pub(super) fn load(folder: &Path, by_model_type: TokenizerClasses) -> Result<Loaded, DataError> {
    let settings = Settings::read(folder)?;
    let class = Class::determine(folder, settings.text("tokenizer_class"), by_model_type)?;
    let (saved, files) = read(folder, &class)?;
    let path = folder.join(files[0]);
    let invalid = |Unfit(message): Unfit| DataError::Tokenizer { path: path.clone(), message };
    let stored = saved.get_truncation().map(|truncation| truncation.direction);
    let class = match class {
        Class::Unsaid => by_model(saved.get_model()),
        said => said,
    };
    let mut tokenizer = set_up(&class, saved, &settings, folder).map_err(&invalid)?;
    add_tokens(&mut tokenizer, &class, &settings, &path)?;
    frame(&mut tokenizer, &class, &settings).map_err(&invalid)?;
    tokenizer.set_encode_special_tokens(settings.switch("split_special_tokens").map_err(&invalid)?.unwrap_or(false));
    declared_ids(folder, &tokenizer, &settings)?;
    let cut_left = match settings.text("truncation_side") {
        None => matches!(stored, Some(TruncationDirection::Left)),
        Some("left") => true,
        Some("right") => false,
        Some(other) => return Err(invalid(Unfit(format!("truncation_side is `{other}`; it must be left or right")))),
    };
    let last = last_token(&tokenizer, &settings);
    Ok(Loaded {
        digest: digest(folder, &class, &files, &settings)?,
        tokenizer,
        path,
        cut_left,
        model_max_length: settings.model_max_length(),
        last: last.unwrap_or_default(),
        note: note(&class),
    })
}

fn digest(folder: &Path, class: &Class, files: &[&str], settings: &Settings) -> Result<String, DataError> {
    let mut digest = Digest::new("tokenizer");
    digest.bytes(class.name().as_bytes());
    for name in files.iter().chain(&settings.files) {
        digest.bytes(name.as_bytes());
        digest.file(&folder.join(name))?;
    }
    Ok(digest.hex())
}

fn note(class: &Class) -> Option<String> {
    match class {
        Class::AsSaved(Some(name)) => Some(format!(
            "tokenizer class `{name}` is not known here: tokenizer.json is used as it is, though that class of \
             transformers may set up parts of it otherwise"
        )),
        _ => None,
    }
}

fn from_json(path: &Path) -> Result<tokenizers::Tokenizer, DataError> {
    let bytes = std::fs::read(path).map_err(|error| DataError::tokenizer(path, &error.into()))?;
    // What is no JSON is found here: the tokenizers crate panics where a file is cut off in its decoder.
    serde_json::from_slice::<serde::de::IgnoredAny>(&bytes)
        .map_err(|error| DataError::tokenizer(path, &error.into()))?;
    tokenizers::Tokenizer::from_bytes(&bytes).map_err(|error| DataError::tokenizer(path, &error))
}

/// The tokenizer's vocabulary, with all that `tokenizer.json` says where there is one; and the files that it came from.
fn read(folder: &Path, class: &Class) -> Result<(tokenizers::Tokenizer, Vec<&'static str>), DataError> {
    let has = |name: &str| folder.join(name).is_file();
    let path = |name: &str| folder.join(name);
    if has(TOKENIZER) {
        return Ok((from_json(&path(TOKENIZER))?, vec![TOKENIZER]));
    }
    let (byte_level, pieces) = (has(VOCABULARY) && has(MERGES), has(WORD_PIECES));
    match class {
        Class::ByteLevel | Class::Unsaid if byte_level => {
            let model = BPE::from_file(&path(VOCABULARY).to_string_lossy(), &path(MERGES).to_string_lossy()).build();
            let model = model.map_err(|error| DataError::tokenizer(&path(VOCABULARY), &error))?;
            Ok((tokenizers::Tokenizer::new(model), vec![VOCABULARY, MERGES]))
        }
        Class::WordPiece | Class::Unsaid if pieces => {
            let model = WordPiece::from_file(&path(WORD_PIECES).to_string_lossy()).build();
            let model = model.map_err(|error| DataError::tokenizer(&path(WORD_PIECES), &error))?;
            Ok((tokenizers::Tokenizer::new(model), vec![WORD_PIECES]))
        }
        Class::WordPiece | Class::ByteLevel | Class::Unsaid if !byte_level && !pieces => {
            Err(DataError::NoTokenizer { folder: folder.to_owned() })
        }
        _ => Err(DataError::TokenizerFiles { folder: folder.to_owned(), class: class.name().to_owned() }),
    }
}

/// What a vocabulary is for where nothing else says so.
fn by_model(model: &ModelWrapper) -> Class {
    match model {
        ModelWrapper::WordPiece(_) => Class::WordPiece,
        ModelWrapper::BPE(_) => Class::ByteLevel,
        _ => Class::AsSaved(None),
    }
}

/// The saved tokenizer as it is, or a new one over its vocabulary, without added tokens.
fn set_up(
    class: &Class,
    saved: tokenizers::Tokenizer,
    settings: &Settings,
    folder: &Path,
) -> Result<tokenizers::Tokenizer, Unfit> {
    match (class, saved.get_model().clone()) {
        (Class::WordPiece, ModelWrapper::WordPiece(model)) => word_piece(model, settings),
        (Class::ByteLevel, ModelWrapper::BPE(model)) => byte_level(model, settings),
        (Class::Unigram, ModelWrapper::Unigram(model)) => unigram(&model, settings, folder),
        (Class::AsSaved(_) | Class::Unsaid, _) => Ok(saved),
        (class, model) => Err(Unfit(format!(
            "holds a {} vocabulary, which the tokenizer class {} cannot use; if the file is right, name the class \
             PreTrainedTokenizerFast in tokenizer_config.json (`tokenizer_class`), which takes it as it is",
            model_name(&model),
            class.name()
        ))),
    }
}

fn model_name(model: &ModelWrapper) -> &'static str {
    match model {
        ModelWrapper::BPE(_) => "BPE",
        ModelWrapper::WordPiece(_) => "WordPiece",
        ModelWrapper::WordLevel(_) => "WordLevel",
        ModelWrapper::Unigram(_) => "Unigram",
    }
}

fn word_piece(model: WordPiece, settings: &Settings) -> Result<tokenizers::Tokenizer, Unfit> {
    let mut model = model;
    model.unk_token = settings.token("unk_token", "[UNK]")?;
    model.max_input_chars_per_word = LONGEST_WORD;
    model.continuing_subword_prefix = "##".to_owned();
    let mut tokenizer = tokenizers::Tokenizer::new(model);
    tokenizer.with_normalizer(Some(BertNormalizer::new(
        true,
        settings.switch("tokenize_chinese_chars")?.unwrap_or(true),
        settings.switch("strip_accents")?,
        settings.switch("do_lower_case")?.unwrap_or(true),
    )));
    tokenizer.with_pre_tokenizer(Some(BertPreTokenizer));
    Ok(tokenizer)
}

fn byte_level(model: BPE, settings: &Settings) -> Result<tokenizers::Tokenizer, Unfit> {
    let parts = [&model.continuing_subword_prefix, &model.end_of_word_suffix];
    if parts.into_iter().flatten().any(|part| !part.is_empty()) {
        return Err(Unfit(
            "marks parts of words by a prefix or suffix, which RobertaTokenizer does not know".to_owned(),
        ));
    }
    let mut model = model;
    (model.dropout, model.unk_token) = (None, None);
    (model.fuse_unk, model.byte_fallback, model.ignore_merges) = (false, false, false);
    let mut tokenizer = tokenizers::Tokenizer::new(model);
    tokenizer.with_pre_tokenizer(Some(ByteLevel::new(prefix_space(settings, false)?, true, true)));
    Ok(tokenizer)
}

fn unigram(model: &Unigram, settings: &Settings, folder: &Path) -> Result<tokenizers::Tokenizer, Unfit> {
    let vocabulary = model.iter().cloned().collect();
    let model = Unigram::from(vocabulary, Some(XLM_UNKNOWN), false).map_err(|error| Unfit(error.to_string()))?;
    let mut tokenizer = tokenizers::Tokenizer::new(model);
    let normalizer = characters(folder).map_err(|error| Unfit(error.to_string()))?;
    tokenizer.with_normalizer(normalizer);
    let prepend = if prefix_space(settings, true)? { PrependScheme::Always } else { PrependScheme::Never };
    tokenizer.with_pre_tokenizer(Some(Sequence::new(vec![
        PreTokenizerWrapper::WhitespaceSplit(WhitespaceSplit),
        PreTokenizerWrapper::Metaspace(Metaspace::new('▁', prepend, true)),
    ])));
    Ok(tokenizer)
}

/// The table of characters that `tokenizer.json` took over from SentencePiece, alone or in a sequence.
fn characters(folder: &Path) -> Result<Option<NormalizerWrapper>, DataError> {
    #[derive(Default, Deserialize)]
    #[serde(default)]
    struct Saved {
        normalizer: Value,
    }
    let path = folder.join(TOKENIZER);
    let Saved { normalizer } = json_or_default(&path)?;
    let single = std::slice::from_ref(&normalizer);
    let all = normalizer.get("normalizers").and_then(Value::as_array).map_or(single, Vec::as_slice);
    let Some(table) = all.iter().find_map(|normalizer| normalizer.get("precompiled_charsmap")) else {
        return Ok(None);
    };
    let precompiled = serde_json::from_value(json!({"type": "Precompiled", "precompiled_charsmap": table}));
    precompiled.map(Some).map_err(|error| DataError::Tokenizer { path, message: error.to_string() })
}

fn prefix_space(settings: &Settings, default: bool) -> Result<bool, Unfit> {
    Ok(settings.switch("add_prefix_space")?.unwrap_or(default))
}

fn add_tokens(
    tokenizer: &mut tokenizers::Tokenizer,
    class: &Class,
    settings: &Settings,
    path: &Path,
) -> Result<(), DataError> {
    let named = settings.contents();
    for (attribute, default) in class.framing_pair().into_iter().flatten() {
        let content = settings
            .token(attribute, default)
            .map_err(|Unfit(message)| DataError::Tokenizer { path: path.to_owned(), message })?;
        if !named.contains(content.as_str()) && tokenizer.get_model().token_to_id(&content).is_none() {
            let message = format!("the vocabulary lacks the special token `{content}`");
            return Err(DataError::Tokenizer { path: path.to_owned(), message });
        }
    }
    let present: Vec<AddedToken> = tokenizer.get_added_tokens_decoder().into_values().collect();
    let tokens = settings.tokens(class.default_tokens(), &present);
    tokenizer.add_tokens(&tokens);
    Ok(())
}

/// The tokens around every text, where the class says them.
fn frame(tokenizer: &mut tokenizers::Tokenizer, class: &Class, settings: &Settings) -> Result<(), Unfit> {
    let token = |(attribute, default): (&str, &str)| {
        let content = settings.token(attribute, default)?;
        let id = tokenizer.token_to_id(&content);
        id.map(|id| (content.clone(), id))
            .ok_or_else(|| Unfit(format!("the vocabulary lacks the special token `{content}`")))
    };
    let Some([first, last]) = class.framing_pair() else { return Ok(()) };
    let (first, last) = (token(first)?, token(last)?);
    let processor = match class {
        Class::ByteLevel => {
            let trim = settings.switch("trim_offsets")?.unwrap_or(true);
            let processing = RobertaProcessing::new(last, first).trim_offsets(trim);
            PostProcessorWrapper::from(processing.add_prefix_space(prefix_space(settings, false)?))
        }
        _ => PostProcessorWrapper::from(BertProcessing::new(last, first)),
    };
    tokenizer.with_post_processor(Some(processor));
    Ok(())
}

/// Fails where a token does not get the id that a file gives it.
fn declared_ids(folder: &Path, tokenizer: &tokenizers::Tokenizer, settings: &Settings) -> Result<(), DataError> {
    for (&declared, entry) in &settings.declared {
        let content = &entry.token.content;
        if let Some(id) = tokenizer.token_to_id(content).filter(|&id| u64::from(id) != declared) {
            let message = format!(
                "gives the token `{content}` the id {declared}, but it has the id {id} in the vocabulary, or as the next \
                 new token there: the files disagree; take them all from one `save_pretrained`"
            );
            return Err(DataError::Tokenizer { path: folder.join(entry.file), message });
        }
    }
    Ok(())
}

/// Tokens that a class adds by itself where the vocabulary lacks them do not count: no text need have them.
fn last_token(tokenizer: &tokenizers::Tokenizer, settings: &Settings) -> Option<(String, u32)> {
    let named = settings.contents();
    let of_model = tokenizer.get_vocab(false).into_iter().max_by_key(|(_, id)| *id);
    let added = tokenizer.get_added_tokens_decoder().into_iter().map(|(id, token)| (token.content, id));
    let added = added.filter(|(content, _)| named.contains(content.as_str()));
    added.chain(of_model).max_by_key(|(_, id)| *id)
}
