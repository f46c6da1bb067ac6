//! Whose file it is.

use serde_yaml::Value;

use super::scalar::parse_yaml;

/// The tools whose files are read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dialect {
    Wandb,
    Hydra,
    Optuna,
}

impl Dialect {
    pub const ALL: [Dialect; 3] = [Dialect::Wandb, Dialect::Optuna, Dialect::Hydra];

    /// As `sweep import --from` takes it.
    pub fn name(self) -> &'static str {
        match self {
            Dialect::Wandb => "wandb",
            Dialect::Hydra => "hydra",
            Dialect::Optuna => "optuna",
        }
    }

    /// What a file of it is.
    pub fn what(self) -> &'static str {
        match self {
            Dialect::Wandb => "a W&B sweep",
            Dialect::Hydra => "Hydra's overrides",
            Dialect::Optuna => "a search space of Optuna",
        }
    }

    pub fn named(name: &str) -> Option<Dialect> {
        Dialect::ALL.into_iter().find(|dialect| dialect.name() == name)
    }
}

/// The kind of a text, and by what it was recognised.
pub(super) fn recognise(text: &str) -> Option<(Dialect, &'static str)> {
    if text.lines().next().is_some_and(|line| line.starts_with('{') && line.contains("\"op_code\"")) {
        return Some((Dialect::Optuna, "its lines are operations of a journal"));
    }
    let tree = parse_yaml(text).ok();
    if let Some(Value::Mapping(entries)) = &tree {
        let has = |key: &str| entries.contains_key(key);
        if has("parameters") {
            return Some((Dialect::Wandb, "it has `parameters`"));
        }
        if has("hydra") || has("hydra.sweeper.params") {
            return Some((Dialect::Hydra, "it has `hydra`"));
        }
        let is_distribution = |value: &Value| match value {
            Value::Mapping(value) => value.contains_key("type") || value.contains_key("attributes"),
            Value::String(text) => text.contains("\"attributes\""),
            _ => false,
        };
        if !entries.is_empty() && entries.values().all(is_distribution) {
            return Some((Dialect::Optuna, "its values are distributions with a `type` or `attributes`"));
        }
        return None;
    }
    let is_assignment = |word: &str| {
        let key = word.trim_start_matches(['\'', '"']).split('=').next().unwrap_or_default();
        word.contains('=') && key.chars().all(|c| c.is_alphanumeric() || "_.-/+~@".contains(c)) && !key.is_empty()
    };
    text.split_whitespace().any(is_assignment).then_some((Dialect::Hydra, "it has words of the form `name=value`"))
}
