//! `adapter_config.json` of a LoRA adapter.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::{Number, Value};

use crate::model::adapter::{CommonFields, UpdateSettings};

/// The fields that we write; PEFT fills in the rest.
#[derive(Serialize)]
struct ConfigFile<'a> {
    peft_type: &'static str,
    task_type: &'static str,
    base_model_name_or_path: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    revision: Option<&'a str>,
    r: i64,
    lora_alpha: Number,
    lora_dropout: f64,
    target_modules: &'a [String],
    modules_to_save: &'a [String],
    bias: &'a str,
    fan_in_fan_out: bool,
    inference_mode: bool,
    init_lora_weights: bool,
    use_rslora: bool,
    use_dora: bool,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    rank_pattern: BTreeMap<&'a str, i64>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    alpha_pattern: BTreeMap<&'a str, Number>,
}

/// Targets whose rank or scale are not those that all have in common get an entry in `rank_pattern` or `alpha_pattern`.
pub fn content(
    peft_type: &'static str,
    common: &CommonFields<'_>,
    targets: &[(&str, UpdateSettings)],
) -> Result<Value, serde_json::Error> {
    let (mut rank_pattern, mut alpha_pattern) = (BTreeMap::new(), BTreeMap::new());
    for (module, UpdateSettings { rank, scale }) in targets {
        let alpha = scale * *rank as f64;
        if *rank != common.rank {
            rank_pattern.insert(*module, *rank);
        }
        if (alpha - common.alpha).abs() > 1e-9 * common.alpha {
            alpha_pattern.insert(*module, number(alpha));
        }
    }
    serde_json::to_value(ConfigFile {
        peft_type,
        task_type: common.task_type,
        base_model_name_or_path: common.base_model,
        revision: common.revision,
        r: common.rank,
        lora_alpha: number(common.alpha),
        lora_dropout: common.dropout,
        target_modules: common.target_modules,
        modules_to_save: &common.modules_to_save,
        bias: common.bias,
        fan_in_fan_out: false,
        inference_mode: true,
        init_lora_weights: true,
        use_rslora: false,
        use_dora: false,
        rank_pattern,
        alpha_pattern,
    })
}

/// A whole number as an integer, which PEFT declares `lora_alpha` to be.
fn number(value: f64) -> Number {
    match value.fract() {
        0.0 => Number::from(value as i64),
        _ => Number::from_f64(value).unwrap_or_else(|| 0.into()),
    }
}
