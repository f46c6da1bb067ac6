//! Adapters that PEFT saved, with each of its options: merged, and trained on from, they give PEFT's logits. Those of other
//! kinds are refused by name. `tests/fixtures/reference/generate.py` made the folders.

use std::path::{Path, PathBuf};

use sweep::data::Tokenizer;
use sweep::model::{
    Adapter, Base, Classifier, Layout, MergedClassifier, ModelConfig, RunPass, SavedAdapter, peft, tokenizer_class,
};
use sweep::spec::Precision;
use tch::{Device, Tensor};

/// Single precision, summed in another order.
const TOLERANCE: f64 = 1e-5;
const CLASSES: usize = 4;

/// An adapter's folder with the folder of its model.
struct Case {
    model: PathBuf,
    adapter: PathBuf,
    logits: Vec<Vec<f32>>,
    texts: Vec<String>,
    max_length: usize,
}

fn cases(kind: &str) -> Vec<Case> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/reference");
    let json =
        |path: &Path| -> serde_json::Value { serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap() };
    let mut cases = Vec::new();
    for reference in ["bert", "distilbert"].map(|name| root.join(name)) {
        let batches = json(&reference.join("batches.json"));
        let texts: Vec<String> = serde_json::from_value(batches["texts"].clone()).unwrap();
        let Ok(entries) = std::fs::read_dir(reference.join(kind)) else { continue };
        for adapter in entries.map(|entry| entry.unwrap().path()) {
            cases.push(Case {
                model: reference.join("model"),
                logits: serde_json::from_value(json(&adapter.join("logits.json"))["logits"].clone()).unwrap(),
                adapter,
                texts: texts[..8].to_vec(),
                max_length: batches["max_length"].as_u64().unwrap() as usize,
            });
        }
    }
    cases.sort_by(|a, b| a.adapter.cmp(&b.adapter));
    assert!(cases.len() > 3, "{kind}");
    cases
}

impl Case {
    fn saved(&self, folder: &Path) -> Result<SavedAdapter, sweep::model::ModelError> {
        SavedAdapter::read(folder, &ModelConfig::read(&self.model).unwrap())
    }

    fn assert_logits(&self, how: &str, base: &Base, adapter: &Adapter) {
        let tokens =
            Tokenizer::load(&self.model, self.max_length, tokenizer_class).unwrap().encode(&self.texts).unwrap();
        let layout = Layout::new(&[tokens.iter().collect()], Device::Cpu).unwrap();
        let passes = [RunPass { adapter, dropout: None }];
        let logits = Classifier::new(base, &layout, &passes).evaluate().unwrap();
        let difference = (logits - Tensor::from_slice2(&self.logits)).abs().max().double_value(&[]);
        assert!(difference < TOLERANCE, "{} {how}: logits differ by {difference}", self.adapter.display());
    }
}

#[test]
fn merged_adapters_give_the_logits_of_peft() {
    for case in cases("adapters") {
        let saved = case.saved(&case.adapter).unwrap();
        let (base, head) = MergedClassifier::read(&case.model, Some(&saved)).unwrap().load(Device::Cpu).unwrap();
        assert!(head.shape.targets.is_empty());
        case.assert_logits("merged", &base, &head);
    }
}

#[test]
fn training_begins_where_the_adapter_stands_and_keeps_what_it_does_not_train() {
    for case in cases("adapters") {
        let saved = case.saved(&case.adapter).unwrap();
        let base = Base::load_for_adapter(&saved, &case.model, CLASSES, Precision::Fp32, Device::Cpu).unwrap();
        let adapter = saved.adapter(&base, 1).unwrap();
        case.assert_logits("as the beginning", &base, &adapter);

        // Written out again, as a run would do, and read back.
        let folder = tempfile::tempdir().unwrap();
        let graph = &base.config.graph;
        let modules: Vec<String> =
            saved.shape.targets.iter().map(|target| target.of(graph).unwrap().linear.name.clone()).collect();
        let config = peft::PeftConfig {
            base_model: "model",
            rank: saved.config.r as usize,
            lora_alpha: saved.config.lora_alpha,
            lora_dropout: 0.1,
            target_modules: &modules,
            began_with: Some(&saved),
        };
        let text = peft::config_file(graph, &config, &adapter.shape).unwrap();
        let values = &adapter.parameters.values;
        let weights = peft::weights_file(&adapter, values, graph, Some(&saved)).unwrap();
        std::fs::write(folder.path().join(peft::CONFIG_FILE), text).unwrap();
        std::fs::write(folder.path().join(peft::WEIGHTS_FILE), weights).unwrap();
        let again = case.saved(folder.path()).unwrap();
        assert_eq!(again.config.bias, saved.config.bias);
        assert_eq!(again.beyond().keys().collect::<Vec<_>>(), saved.beyond().keys().collect::<Vec<_>>());
        let (base, head) = MergedClassifier::read(&case.model, Some(&again)).unwrap().load(Device::Cpu).unwrap();
        case.assert_logits("written and merged", &base, &head);
    }
}

#[test]
fn a_revision_of_the_base_model_has_a_field_of_its_own() {
    let case = &cases("adapters")[0];
    let model = ModelConfig::read(&case.model).unwrap();
    let saved = case.saved(&case.adapter).unwrap();
    let written = |base_model: &str| -> serde_json::Value {
        let config = peft::PeftConfig {
            base_model,
            rank: saved.config.r as usize,
            lora_alpha: saved.config.lora_alpha,
            lora_dropout: 0.1,
            target_modules: &[],
            began_with: None,
        };
        serde_json::from_str(&peft::config_file(&model.graph, &config, &saved.shape).unwrap()).unwrap()
    };
    let at = written("acme/tiny@v2");
    assert_eq!((&at["base_model_name_or_path"], &at["revision"]), (&"acme/tiny".into(), &"v2".into()));
    for name in ["acme/tiny", "/models/tiny@v2"] {
        let plain = written(name);
        assert_eq!(plain["base_model_name_or_path"], name);
        assert!(plain.get("revision").is_none(), "{plain}");
    }
}

#[test]
fn other_kinds_are_refused_by_name() {
    let mut named = Vec::new();
    for case in cases("refused") {
        let error = case.saved(&case.adapter).unwrap_err().to_string();
        let kind = case.adapter.file_name().unwrap().to_str().unwrap().to_string();
        let name = match kind.as_str() {
            "dora" => "DoRA",
            "ia3" => "IA3",
            "lora_bias" => "lora_bias",
            "all_linear" => "bert.pooler.dense",
            other => panic!("no expectation for {other}"),
        };
        assert!(error.contains(name), "{kind}: {error}");
        named.push(kind);
    }
    assert_eq!(named.len(), 4);
}

#[test]
fn what_does_not_fit_is_named() {
    let case = &cases("adapters")[0];
    let saved = case.saved(&case.adapter).unwrap();
    // An adapter of another model: layers that are not there.
    let distilled = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/reference/distilbert/model");
    let error = SavedAdapter::read(&case.adapter, &ModelConfig::read(&distilled).unwrap()).unwrap_err().to_string();
    assert!(error.contains("no linear layer of this model's encoder"), "{error}");
    // Another number of classes.
    let base = Base::load_for_adapter(&saved, &case.model, 3, Precision::Fp32, Device::Cpu).unwrap();
    let error = saved.adapter(&base, 1).unwrap_err().to_string();
    assert!(error.contains("`classifier.weight` has shape [4, 32] instead of [3, 32]"), "{error}");
    // A model without a head, and nothing that brings one.
    let error = MergedClassifier::read(&case.model, None).unwrap_err().to_string();
    assert!(error.contains("classification head"), "{error}");
}
