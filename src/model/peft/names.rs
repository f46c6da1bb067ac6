//! Names of tensors: in PEFT's files and in the model.

use super::error::PeftError;
use super::files::PREFIX;

/// The parameter's name in the model: without what PEFT wraps around modules, in any of its versions. None: the frozen
/// original of a module that was trained whole. `parts`: of the kind of adapter.
pub fn name_in_model(key: &str, parts: &[&str]) -> Result<Option<String>, PeftError> {
    let Some(name) = key.strip_prefix(PREFIX) else {
        return Err(PeftError::Prefix(key.to_owned()));
    };
    let is_part = |segment: &str| parts.iter().any(|part| part.split('.').next() == Some(segment));
    let mut kept = Vec::new();
    let mut segments = name.split('.').peekable();
    while let Some(segment) = segments.next() {
        let named_after_adapter = match segment {
            "original_module" => return Ok(None),
            "base_layer" => false,
            "modules_to_save" => true,
            other => {
                kept.push(other);
                is_part(other)
            }
        };
        if named_after_adapter {
            segments.next_if_eq(&"default");
        }
    }
    Ok(Some(kept.join(".")))
}

/// The module that a name ends in one of the parts of.
pub fn module_of<'a>(name: &'a str, part: &str) -> Option<&'a str> {
    name.strip_suffix(part)?.strip_suffix('.')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_lose_what_peft_wraps_around_them() {
        let parts = ["lora_A.weight", "lora_B.weight"];
        let name = |key: &str| name_in_model(&format!("base_model.model.{key}"), &parts).unwrap();
        for (key, expected) in [
            ("classifier.dense.weight", "classifier.dense.weight"),
            ("classifier.modules_to_save.dense.weight", "classifier.dense.weight"),
            ("classifier.modules_to_save.default.dense.weight", "classifier.dense.weight"),
            ("bert.x.query.lora_A.default.weight", "bert.x.query.lora_A.weight"),
            ("bert.x.query.lora_B.weight", "bert.x.query.lora_B.weight"),
            ("bert.x.query.base_layer.bias", "bert.x.query.bias"),
        ] {
            assert_eq!(name(key).as_deref(), Some(expected), "{key}");
        }
        assert_eq!(name("classifier.original_module.dense.weight"), None);
        let without = name_in_model("roberta.x", &parts).unwrap_err().to_string();
        assert!(without.contains("base_model.model."), "{without}");
        assert_eq!(module_of("bert.x.query.lora_A.weight", "lora_A.weight"), Some("bert.x.query"));
        assert_eq!(module_of("bert.x.query.xlora_A.weight", "lora_A.weight"), None);
    }
}
