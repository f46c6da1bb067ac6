//! The one list of families.

use super::bert::Bert;
use super::distilbert::DistilBert;
use super::member::{Family, ModelType};
use super::roberta::Roberta;
use crate::spec::FamilyNames;

/// Every family that is supported.
pub const FAMILIES: [&dyn Family; 3] = [&Roberta, &Bert, &DistilBert];

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
