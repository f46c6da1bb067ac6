//! The families of encoders that are supported, one file each: from `config.json` to the network as data.
//!
//! A new family is a file here and a line in [`FAMILIES`]; a linear module that no family had, or that is called as in no
//! checkpoint so far, is a line in the vocabulary of `spec` as well.

mod bert;
mod distilbert;
mod error;
mod fields;
mod member;
mod post_norm;
mod registry;
mod roberta;

pub use error::ConfigError;
pub use fields::Fields;
pub use member::{Family, ModelType};
pub use registry::{FAMILIES, by_model_type, family_named, family_names, tokenizer_class};

#[cfg(test)]
mod tests;
