//! The families of encoders that are supported, one file each: from `config.json` to the network as data.
//!
//! A new family is a file here and its name below, twice; a linear module that is called as in no checkpoint so far is
//! an entry in the vocabulary of `spec` as well.

mod error;
mod fields;
mod member;
mod post_norm;

mod bert;
mod distilbert;
mod roberta;

#[cfg(test)]
mod tests;

pub use error::ConfigError;
pub use fields::Fields;
pub use member::{Family, ModelType};

use crate::spec::FamilyNames;

/// Every family that is supported.
pub const FAMILIES: [&dyn Family; 3] = [&roberta::Roberta, &bert::Bert, &distilbert::DistilBert];

/// The family and the type that a `model_type` of `config.json` names.
pub fn by_model_type(name: &str) -> Option<(&'static dyn Family, &'static ModelType)> {
    FAMILIES.into_iter().find_map(|family| {
        let model_type = family.model_types().iter().find(|model_type| model_type.name == name)?;
        Some((family, model_type))
    })
}

/// The class of the tokenizer that `transformers` has for a `model_type`, where nothing else names one.
pub fn tokenizer_class(model_type: &str) -> Option<&'static str> {
    by_model_type(model_type).map(|(_, model_type)| model_type.tokenizer)
}

/// What the family of a `model_type` is called.
pub fn family_named(model_type: &str) -> Option<&'static FamilyNames> {
    by_model_type(model_type).map(|(family, _)| family.names())
}

/// What every family is called.
pub fn family_names() -> Vec<&'static FamilyNames> {
    FAMILIES.iter().map(|family| family.names()).collect()
}
