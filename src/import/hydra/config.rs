//! A YAML configuration with `hydra.sweeper`.

use serde_yaml::{Mapping, Value};

use crate::import::foreign::{ForeignParameter, Values};
use crate::import::scalar::{shown, text};

use super::reader::Reader;

const PARAMS: &str = "hydra.sweeper.params";

pub(super) fn read(entries: &Mapping, reader: &mut Reader) {
    for (key, value) in entries {
        let key = text(key).map_or_else(|| shown(key), str::to_owned);
        match key.as_str() {
            "hydra" => walk("hydra", value, reader),
            "defaults" => read_defaults(value, reader),
            key if key.starts_with("hydra") => walk(key, value, reader),
            key => fixed(key, value, reader),
        }
    }
}

/// Hydra's own settings, whose parameters are overrides.
fn walk(path: &str, value: &Value, reader: &mut Reader) {
    match value {
        Value::Mapping(entries) if path == PARAMS => {
            for (name, value) in entries {
                let name = text(name).map_or_else(|| shown(name), str::to_owned);
                match value {
                    Value::String(word) => reader.set(&name, word),
                    other => reader.set(&name, &shown(other)),
                }
            }
        }
        Value::Mapping(entries) => {
            for (key, value) in entries {
                walk(&format!("{path}.{}", shown(key)), value, reader);
            }
        }
        other => reader.configure(path.trim_start_matches("hydra").trim_start_matches(['.', '/']), other),
    }
}

/// `- override hydra/sweeper: optuna`; the other groups are the script's.
fn read_defaults(value: &Value, reader: &mut Reader) {
    for entry in value.as_sequence().into_iter().flatten() {
        for (key, value) in entry.as_mapping().into_iter().flatten() {
            let key = text(key).unwrap_or_default().trim_start_matches("override").trim();
            match key.strip_prefix("hydra/") {
                Some(setting) => reader.configure(setting, value),
                None => {
                    let line = format!("`defaults: {key}: {}`: groups of the script are not read", shown(value));
                    reader.foreign.left_out.push(line);
                }
            }
        }
    }
}

/// What the script is configured with, the same for all of its runs.
fn fixed(path: &str, value: &Value, reader: &mut Reader) {
    match value {
        Value::Mapping(entries) => {
            for (key, value) in entries {
                fixed(&format!("{path}.{}", shown(key)), value, reader);
            }
        }
        other => {
            let values = Values::Fixed(other.clone());
            reader.base.push(ForeignParameter { name: path.to_owned(), values });
        }
    }
}
