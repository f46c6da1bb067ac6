//! The fields of a `config.json`, by the names that most families have for them.

use std::ops::RangeInclusive;

use serde_json::{Map, Value};

use super::error::ConfigError;
use crate::model::graph::Activation;

/// More than any encoder has; what exceeds it is a mistake, or would take all memory.
pub const MOST: i64 = 1 << 27;

/// A family's own name for a field.
#[derive(Clone, Copy, Debug)]
pub struct OwnName {
    pub own: &'static str,
    /// The name by which it is read here.
    pub general: &'static str,
    /// Whether `transformers` takes that name as well.
    pub both: bool,
}

/// The fields of a file.
#[derive(Debug)]
pub struct Fields {
    fields: Map<String, Value>,
    own_names: &'static [OwnName],
}

impl Fields {
    /// # Errors
    /// A text that is no JSON object.
    pub fn parse(text: &str) -> Result<Self, ConfigError> {
        Ok(Fields { fields: serde_json::from_str(text)?, own_names: &[] })
    }

    /// `model_type`, where it is a text.
    pub fn kind(&self) -> Option<&str> {
        self.fields.get("model_type").and_then(Value::as_str)
    }

    /// Goes by a family's own names from now on.
    ///
    /// # Errors
    /// A field that has both of its names, and two values.
    pub fn rename(&mut self, own_names: &'static [OwnName]) -> Result<(), ConfigError> {
        self.own_names = own_names;
        for &OwnName { own, general, both } in own_names {
            let (one, other) = (self.fields.remove(own), self.fields.remove(general).filter(|_| both));
            let value = match (one, other) {
                (Some(one), Some(other)) if one != other => {
                    let (one, other) = (one.to_string(), other.to_string());
                    return Err(ConfigError::TwoValues { own, one, general, other });
                }
                (one, other) => one.or(other),
            };
            if let Some(value) = value {
                self.fields.insert(general.to_string(), value);
            }
        }
        Ok(())
    }

    /// Takes out what `transformers` does not read of the family's models.
    pub fn ignore(&mut self, names: &[&str]) {
        for name in names {
            self.fields.remove(*name);
        }
    }

    /// The name that the file has for a field.
    pub fn named(&self, general: &'static str) -> &'static str {
        self.own_names.iter().find(|name| name.general == general).map_or(general, |name| name.own)
    }

    fn get(&self, name: &str) -> Option<&Value> {
        self.fields.get(name).filter(|value| !value.is_null())
    }

    /// None: it is not there, or null.
    pub fn integer(&self, name: &'static str, range: RangeInclusive<i64>) -> Result<Option<i64>, ConfigError> {
        let Some(value) = self.get(name) else {
            return Ok(None);
        };
        let (field, least, most, value) = (self.named(name), *range.start(), *range.end(), value.clone());
        match value.as_i64() {
            Some(number) if range.contains(&number) => Ok(Some(number)),
            Some(number) if number < least => Err(ConfigError::TooSmall { field, value, least }),
            _ if value.is_u64() || value.is_i64() => Err(ConfigError::TooLarge { field, value, most }),
            _ => Err(ConfigError::Kind { field, value, wanted: "a whole number" }),
        }
    }

    /// A number of at least 1 that must be there.
    pub fn size(&self, name: &'static str, most: i64) -> Result<i64, ConfigError> {
        self.integer(name, 1..=most)?.ok_or_else(|| ConfigError::Missing(self.named(name)))
    }

    pub fn real(&self, name: &'static str, default: f64) -> Result<f64, ConfigError> {
        let Some(value) = self.get(name) else {
            return Ok(default);
        };
        let number = value.as_f64().filter(|number| number.is_finite() && *number >= 0.0);
        let wanted = "a number that is not negative";
        number.ok_or_else(|| ConfigError::Kind { field: name, value: value.clone(), wanted })
    }

    pub fn text(&self, name: &'static str) -> Result<Option<&str>, ConfigError> {
        match self.get(name) {
            None => Ok(None),
            Some(Value::String(text)) => Ok(Some(text)),
            Some(other) => Err(ConfigError::Kind { field: self.named(name), value: other.clone(), wanted: "a text" }),
        }
    }

    pub fn is_true(&self, name: &str) -> bool {
        self.fields.get(name) == Some(&Value::Bool(true))
    }

    pub fn activation(&self) -> Result<Activation, ConfigError> {
        match self.text("hidden_act")?.unwrap_or("gelu") {
            "gelu" => Ok(Activation::Gelu),
            "gelu_new" | "gelu_pytorch_tanh" => Ok(Activation::GeluTanh),
            "relu" => Ok(Activation::Relu),
            other => Err(ConfigError::Unsupported {
                field: self.named("hidden_act"),
                given: other.to_owned(),
                supported: "supported are gelu, gelu_new, relu",
            }),
        }
    }
}
