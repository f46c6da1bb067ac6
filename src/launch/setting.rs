//! `key=value`: what is asked of a launcher.

use super::error::SettingError;

/// One setting, taken apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Setting<'a> {
    whole: &'a str,
    /// Without `--` before it, with `-` for `_`.
    pub key: String,
    /// None where there is no `=`.
    pub value: Option<&'a str>,
}

impl<'a> Setting<'a> {
    /// # Errors
    /// The setting is more than a line.
    pub fn new(setting: &'a str) -> Result<Self, SettingError> {
        let (key, value) = match setting.split_once('=') {
            Some((key, value)) => (key, Some(value.trim())),
            None => (setting, None),
        };
        let key = key.trim().trim_start_matches("--").replace('_', "-");
        let parts = Self { whole: setting, key, value };
        if setting.contains(['\n', '\r', '\0']) {
            return Err(parts.wrong("it must be one line"));
        }
        if setting.contains(|c: char| c.is_control() && c != '\t') {
            return Err(parts.wrong("it holds a control character"));
        }
        Ok(parts)
    }

    pub fn wrong(&self, reason: impl Into<String>) -> SettingError {
        SettingError::Value { setting: self.whole.to_owned(), reason: reason.into() }
    }

    pub fn ours(&self, instead: &'static str) -> SettingError {
        SettingError::Ours { setting: self.whole.to_owned(), key: self.key.clone(), instead }
    }

    /// There is no such setting. `more` says what else there is.
    pub fn unknown(&self, known: &[&str], more: &str) -> SettingError {
        let nearest = known.iter().map(|name| (*name, strsim::damerau_levenshtein(name, &self.key)));
        let (nearest, distance) = nearest.min_by_key(|(_, distance)| *distance).unwrap_or_default();
        let hint = if distance <= 3 { format!(" (do you mean `{nearest}`?)") } else { String::new() };
        SettingError::Unknown { setting: self.whole.to_owned(), key: self.key.clone(), hint, more: more.to_owned() }
    }

    /// The value.
    ///
    /// # Errors
    /// There is none.
    pub fn text(&self) -> Result<&'a str, SettingError> {
        self.value.filter(|value| !value.is_empty()).ok_or_else(|| self.wrong("the value is missing"))
    }

    /// `NAME=VALUE` behind the key.
    ///
    /// # Errors
    /// There is no such pair.
    pub fn pair(&self) -> Result<(String, String), SettingError> {
        let pair = self.text()?.split_once('=').filter(|(name, _)| !name.is_empty());
        let (name, value) = pair.ok_or_else(|| self.wrong(format!("{} is NAME=VALUE", self.key)))?;
        Ok((name.to_owned(), value.to_owned()))
    }

    /// A whole number.
    ///
    /// # Errors
    /// It is none, or outside of this range.
    pub fn number(&self, least: usize, most: usize) -> Result<usize, SettingError> {
        let number = self.value.and_then(|value| value.parse().ok()).filter(|number| (least..=most).contains(number));
        number.ok_or_else(|| self.wrong(format!("{} is a whole number of at least {least}, at most {most}", self.key)))
    }
}
