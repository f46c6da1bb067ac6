//! What `tokenizer_config.json`, `special_tokens_map.json`, `added_tokens.json` and the added tokens of `tokenizer.json` say
//! together, as `from_pretrained` of `transformers` 5 puts it together.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use serde::Deserialize;
use serde_json::{Map, Value};
use tokenizers::AddedToken;

use crate::model_files::{ADDED_TOKENS, SPECIAL_TOKENS, TOKENIZER, TOKENIZER_CONFIG};

use super::super::DataError;
use super::unfit::Unfit;

/// The attributes that every tokenizer has, in the order in which their tokens are added.
const ATTRIBUTES: [&str; 7] =
    ["bos_token", "eos_token", "unk_token", "sep_token", "pad_token", "cls_token", "mask_token"];
const EXTRA: &str = "extra_special_tokens";
const ADDITIONAL: &str = "additional_special_tokens";

/// A special token as the files have it.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Special {
    Plain(String),
    Described(Described),
}

/// The fields of `AddedToken`; what is left out follows from `special`.
#[derive(Clone, Debug, PartialEq, Deserialize)]
pub(super) struct Described {
    pub content: String,
    #[serde(default)]
    single_word: bool,
    #[serde(default)]
    lstrip: bool,
    #[serde(default)]
    rstrip: bool,
    #[serde(default)]
    normalized: Option<bool>,
    #[serde(default)]
    special: bool,
}

impl Described {
    fn added(&self, special: bool) -> AddedToken {
        AddedToken::from(self.content.as_str(), special)
            .single_word(self.single_word)
            .lstrip(self.lstrip)
            .rstrip(self.rstrip)
            .normalized(self.normalized.unwrap_or(!special))
    }
}

impl Special {
    pub(super) fn content(&self) -> &str {
        match self {
            Self::Plain(content) | Self::Described(Described { content, .. }) => content,
        }
    }

    /// `named`: the contents of the tokens that have an attribute, which are special whatever they say.
    fn added(&self, named: &BTreeSet<&str>) -> AddedToken {
        match self {
            Self::Plain(content) => AddedToken::from(content.as_str(), true),
            Self::Described(token) => token.added(token.special || named.contains(token.content.as_str())),
        }
    }
}

/// A token with the id that a file gives it.
#[derive(Clone, Debug)]
pub(super) struct Declared {
    pub token: Described,
    /// The file that says so.
    pub file: &'static str,
}

/// What the files say besides the vocabulary.
#[derive(Debug, Default)]
pub(super) struct Settings {
    /// Fields of `tokenizer_config.json`.
    pub fields: Map<String, Value>,
    /// By attribute; None: the attribute is set to null.
    named: BTreeMap<String, Option<Special>>,
    /// The attributes beyond the usual ones, as they come.
    further: Vec<String>,
    extra: Vec<Special>,
    pub declared: BTreeMap<u64, Declared>,
    /// The files that were read.
    pub files: Vec<&'static str>,
}

#[derive(Default, Deserialize)]
struct Saved {
    #[serde(default)]
    added_tokens: Vec<SavedToken>,
}

#[derive(Deserialize)]
struct SavedToken {
    id: u64,
    #[serde(flatten)]
    token: Described,
}

impl Settings {
    pub(super) fn read(folder: &Path) -> Result<Self, DataError> {
        let has = |name: &str| folder.join(name).is_file();
        let mut settings = Settings {
            fields: json_or_default(&folder.join(TOKENIZER_CONFIG))?,
            files: [TOKENIZER_CONFIG].into_iter().filter(|name| has(name)).collect(),
            ..Settings::default()
        };
        let mut extra = settings.take_fields().map_err(|message| failed(folder, TOKENIZER_CONFIG, message))?;
        match settings.fields.remove("added_tokens_decoder") {
            Some(decoder) => {
                let decoder = declared(&decoder).map_err(|message| failed(folder, TOKENIZER_CONFIG, message))?;
                let all = decoder.into_iter().map(|(id, token)| (id, Declared { token, file: TOKENIZER_CONFIG }));
                settings.declared.extend(all);
            }
            None => {
                settings.read_special_tokens(folder, &mut extra)?;
                settings.read_added_tokens(folder, extra.as_deref().unwrap_or_default())?;
                let saved: Saved = json_or_default(&folder.join(TOKENIZER))?;
                for SavedToken { id, token } in saved.added_tokens {
                    settings.declared.insert(id, Declared { token, file: TOKENIZER });
                }
            }
        }
        // The description that comes with an id counts for the tokens that have an attribute.
        let described: BTreeMap<&str, &Described> =
            settings.declared.values().map(|declared| (declared.token.content.as_str(), &declared.token)).collect();
        for attribute in ATTRIBUTES {
            if let Some(Some(token)) = settings.named.get_mut(attribute)
                && let Some(known) = described.get(token.content())
            {
                *token = Special::Described((*known).clone());
            }
        }
        settings.extra = extra.unwrap_or_default();
        Ok(settings)
    }

    /// Takes the special tokens out of the fields of `tokenizer_config.json`; gives the extra ones.
    fn take_fields(&mut self) -> Result<Option<Vec<Special>>, Unfit> {
        let empty = |value: &Value| value.is_null() || value.as_array().is_some_and(Vec::is_empty) || is_empty(value);
        if self.fields.get(EXTRA).is_none_or(empty)
            && let Some(additional) = self.fields.remove(ADDITIONAL)
        {
            self.fields.insert(EXTRA.to_owned(), additional);
        }
        let extra = match self.fields.remove(EXTRA) {
            None | Some(Value::Null) => None,
            Some(Value::Object(named)) => {
                self.name_all(named)?;
                None
            }
            Some(list) => Some(specials(EXTRA, &list)?),
        };
        let fields = std::mem::take(&mut self.fields);
        for (key, value) in fields {
            let usual = ATTRIBUTES.contains(&key.as_str());
            if usual || (key.ends_with("_token") && (value.is_string() || value.is_object())) {
                self.name(key, &value)?;
            } else {
                self.fields.insert(key, value);
            }
        }
        Ok(extra)
    }

    fn name_all(&mut self, named: Map<String, Value>) -> Result<(), Unfit> {
        named.into_iter().try_for_each(|(key, value)| self.name(key, &value))
    }

    fn name(&mut self, key: String, value: &Value) -> Result<(), Unfit> {
        let token = if value.is_null() { None } else { Some(special(&key, value)?) };
        if !ATTRIBUTES.contains(&key.as_str()) && !self.further.contains(&key) {
            self.further.push(key.clone());
        }
        self.named.insert(key, token);
        Ok(())
    }

    /// `special_tokens_map.json` goes before `tokenizer_config.json`, but not with the additional tokens.
    fn read_special_tokens(&mut self, folder: &Path, extra: &mut Option<Vec<Special>>) -> Result<(), DataError> {
        let map: Map<String, Value> = json_or_default(&folder.join(SPECIAL_TOKENS))?;
        if folder.join(SPECIAL_TOKENS).is_file() {
            self.files.push(SPECIAL_TOKENS);
        }
        let merge = || -> Result<(), Unfit> {
            let mut additional = None;
            for (key, value) in map {
                match (key.as_str(), value) {
                    (EXTRA, Value::Object(named)) => self.name_all(named)?,
                    (EXTRA, list) => {
                        let known = extra.get_or_insert_default();
                        for token in specials(EXTRA, &list)? {
                            if !known.contains(&token) {
                                known.push(token);
                            }
                        }
                    }
                    (ADDITIONAL, list) => additional = Some(specials(ADDITIONAL, &list)?),
                    (_, value) => self.name(key, &value)?,
                }
            }
            if extra.is_none() {
                *extra = additional;
            }
            Ok(())
        };
        merge().map_err(|message| failed(folder, SPECIAL_TOKENS, message))
    }

    fn read_added_tokens(&mut self, folder: &Path, extra: &[Special]) -> Result<(), DataError> {
        let tokens: BTreeMap<String, u64> = json_or_default(&folder.join(ADDED_TOKENS))?;
        if folder.join(ADDED_TOKENS).is_file() {
            self.files.push(ADDED_TOKENS);
        }
        let attributes = ATTRIBUTES.iter().filter_map(|attribute| self.named.get(*attribute)?.as_ref());
        let specials: BTreeSet<&str> = attributes.chain(extra).map(Special::content).collect();
        let described = tokens.into_iter().map(|(content, id)| {
            let special = specials.contains(content.as_str());
            let (single_word, lstrip, rstrip, normalized) = (false, false, false, Some(!special));
            let token = Described { content, single_word, lstrip, rstrip, normalized, special };
            (id, Declared { token, file: ADDED_TOKENS })
        });
        let described: Vec<_> = described.collect();
        self.declared.extend(described);
        Ok(())
    }

    /// A special token by its attribute, or else the class's.
    ///
    /// # Errors
    /// The attribute is set to null.
    pub(super) fn token(&self, attribute: &str, default: &str) -> Result<String, Unfit> {
        match self.named.get(attribute) {
            None => Ok(default.to_owned()),
            Some(Some(token)) => Ok(token.content().to_owned()),
            Some(None) => Err(Unfit(format!("{attribute} is null, but this tokenizer cannot do without it"))),
        }
    }

    /// What is added to a tokenizer that has the tokens `present` added, in order; `defaults` are the class's own tokens.
    pub(super) fn tokens(&self, defaults: &[(&str, &str)], present: &[AddedToken]) -> Vec<AddedToken> {
        let mut specials: Vec<Special> = Vec::new();
        for attribute in ATTRIBUTES.into_iter().chain(self.further.iter().map(String::as_str)) {
            let default = || defaults.iter().find(|(name, _)| *name == attribute);
            match self.named.get(attribute) {
                Some(token) => specials.extend(token.clone()),
                None => specials.extend(default().map(|(_, content)| Special::Plain((*content).to_owned()))),
            }
        }
        let named: BTreeSet<&str> = specials.iter().map(Special::content).collect();
        let mut chosen: Vec<Special> = self
            .declared
            .values()
            .map(|declared| &declared.token)
            .filter(|token| !present.contains(&token.added(token.special)))
            .map(|token| Special::Described(token.clone()))
            .collect();
        let known: BTreeSet<String> = present
            .iter()
            .map(|token| token.content.clone())
            .chain(chosen.iter().map(|token| token.content().to_owned()))
            .collect();
        for token in specials.iter().chain(&self.extra) {
            if !known.contains(token.content()) && !chosen.contains(token) {
                chosen.push(token.clone());
            }
        }
        chosen.iter().map(|token| token.added(&named)).collect()
    }

    /// The contents of all tokens that the files name, without the class's own.
    pub(super) fn contents(&self) -> BTreeSet<&str> {
        let named = self.named.values().flatten().chain(&self.extra).map(Special::content);
        named.chain(self.declared.values().map(|declared| declared.token.content.as_str())).collect()
    }

    /// A switch of `tokenizer_config.json`; null counts as left out.
    pub(super) fn switch(&self, name: &str) -> Result<Option<bool>, Unfit> {
        match self.fields.get(name) {
            None | Some(Value::Null) => Ok(None),
            Some(Value::Bool(value)) => Ok(Some(*value)),
            Some(other) => Err(Unfit(format!("{name} is {other}; it must be true or false"))),
        }
    }

    pub(super) fn text(&self, name: &str) -> Option<&str> {
        self.fields.get(name).and_then(Value::as_str)
    }

    /// The longest sequence that the tokenizer says its model takes; none where it is left out or meant to be endless.
    pub(super) fn model_max_length(&self) -> Option<usize> {
        /// `transformers` writes 1e30 where nothing is known.
        const ENDLESS: f64 = 1e9;
        let given = self.fields.get("model_max_length").or_else(|| self.fields.get("max_len"))?.as_f64()?;
        (1.0..ENDLESS).contains(&given).then_some(given as usize)
    }
}

fn is_empty(value: &Value) -> bool {
    value.as_object().is_some_and(Map::is_empty)
}

fn special(name: &str, value: &Value) -> Result<Special, Unfit> {
    match value {
        Value::String(content) => Ok(Special::Plain(content.clone())),
        Value::Object(fields) => {
            let token: Described =
                serde_json::from_value(value.clone()).map_err(|error| Unfit(format!("{name} is {value}: {error}")))?;
            // Only tokens that were saved with their type are told apart from special ones.
            let special = token.special || !fields.contains_key("__type");
            Ok(Special::Described(Described { special, ..token }))
        }
        other => Err(Unfit(format!("{name} is {other}; it must be a text, or an object with `content`"))),
    }
}

fn specials(name: &str, value: &Value) -> Result<Vec<Special>, Unfit> {
    match value {
        Value::Null => Ok(Vec::new()),
        Value::Array(items) => items.iter().map(|item| special(name, item)).collect(),
        other => Err(Unfit(format!("{name} is {other}; it must be a list of texts"))),
    }
}

/// `added_tokens_decoder`: tokens by id.
fn declared(decoder: &Value) -> Result<BTreeMap<u64, Described>, Unfit> {
    let Value::Object(decoder) = decoder else {
        return Err(Unfit(format!("added_tokens_decoder is {decoder}; it must be an object of tokens by id")));
    };
    let token = |(id, token): (&String, &Value)| {
        let id = id.parse().map_err(|_| Unfit(format!("added_tokens_decoder: `{id}` is no id")))?;
        let token = serde_json::from_value(token.clone())
            .map_err(|error| Unfit(format!("added_tokens_decoder: {id} is {token}: {error}")))?;
        Ok((id, token))
    };
    decoder.iter().map(token).collect()
}

fn failed(folder: &Path, file: &str, Unfit(message): Unfit) -> DataError {
    DataError::Tokenizer { path: folder.join(file), message }
}

/// A file that is not there counts as an empty object.
pub(super) fn json_or_default<T: Default + serde::de::DeserializeOwned>(path: &Path) -> Result<T, DataError> {
    let text = match std::fs::read_to_string(path) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(T::default()),
        Err(error) => return Err(DataError::io(path, "read")(error)),
    };
    serde_json::from_str(&text)
        .map_err(|error| DataError::Tokenizer { path: path.to_owned(), message: error.to_string() })
}
