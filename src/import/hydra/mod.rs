//! Hydra's overrides: a command line with several values, or `hydra.sweeper.params` of a configuration.
//!
//! ```text
//! words    a command line -> words
//! config   a YAML configuration -> overrides
//! value    an override's value -> what it may be
//! reader   overrides -> parameters and settings
//! ```

mod config;
mod reader;
mod value;
mod words;

use serde_yaml::Value;

use super::error::ImportError;
use super::foreign::Foreign;
use super::scalar::parse_yaml;
use reader::Reader;

pub(super) fn read(source: &str) -> Result<Foreign, ImportError> {
    let mut reader = Reader::default();
    match parse_yaml(source) {
        Ok(Value::Mapping(entries)) => config::read(&entries, &mut reader),
        _ => read_words(source, &mut reader),
    }
    Ok(reader.finish())
}

fn read_words(source: &str, reader: &mut Reader) {
    let mut program = Vec::new();
    for word in words::split(source) {
        match word.split_once('=') {
            Some((name, value)) if !name.starts_with("--") => reader.set(name, value),
            None if word.starts_with('~') => reader.leave_out_deletion(&word),
            _ if ["-m", "--multirun"].contains(&word.as_str()) => {}
            _ => program.push(word),
        }
    }
    if !program.is_empty() {
        let program = program.join(" ");
        reader.foreign.left_out.push(format!("`{program}`: training is done by `sweep` itself, not by a script"));
    }
}
