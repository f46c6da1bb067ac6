//! What is known of the model and the data set of the paper without either: enough to list a sweep's runs.

use std::path::Path;

use crate::model::ModelConfig;
use crate::spec::{DatasetSpec, Evaluation};

/// `config.json` of RoBERTa-base, as far as it matters here.
const ROBERTA_BASE: &str = r#"{
    "model_type": "roberta", "vocab_size": 50265, "hidden_size": 768, "num_hidden_layers": 12,
    "num_attention_heads": 12, "intermediate_size": 3072, "max_position_embeddings": 514, "type_vocab_size": 1,
    "pad_token_id": 1, "layer_norm_eps": 1e-5, "hidden_act": "gelu", "initializer_range": 0.02
}"#;

/// Names of models, with their configurations.
const MODELS: [(&str, &str); 2] = [("FacebookAI/roberta-base", ROBERTA_BASE), ("roberta-base", ROBERTA_BASE)];

/// A data set as its card describes it.
#[derive(Debug)]
struct KnownDataset {
    names: [&'static str; 2],
    classes: usize,
    splits: [(&'static str, usize); 2],
    tokens_per_text: f64,
}

/// Its texts have about 52 tokens (51 in the median, counted on 5,000 of them).
const AG_NEWS: KnownDataset = KnownDataset {
    names: ["fancyzhx/ag_news", "ag_news"],
    classes: 4,
    splits: [("train", 120_000), ("test", 7600)],
    tokens_per_text: 52.0,
};

/// How many rows and classes a data set has.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Sizes {
    pub classes: usize,
    pub train: usize,
    /// None: of a file that is not known.
    pub evaluation: Option<usize>,
    /// How long texts are, where it is known without reading them.
    pub tokens_per_text: Option<f64>,
    /// None: there is no test, or it is a file that is not known.
    pub test: Option<usize>,
}

/// The configuration of a model by its name.
pub fn model(name: &str) -> Option<ModelConfig> {
    let (_, config) = MODELS.iter().find(|(known, _)| *known == name)?;
    ModelConfig::parse(config, Path::new(name)).ok()
}

/// The sizes of a data set by its name.
pub fn dataset(spec: &DatasetSpec) -> Option<Sizes> {
    let known = Some(AG_NEWS).filter(|known| known.names.contains(&spec.path.as_str()))?;
    let rows = |split: &str| known.splits.iter().find(|(name, _)| *name == split).map(|(_, rows)| *rows);
    let all = rows(&spec.split)?;
    let kept = spec.limit.map_or(all, |limit| limit.min(all));
    // What a part leaves, and its size where that is known.
    let apart = |kept: usize, part: &Evaluation| match part {
        Evaluation::File(_) => Some((kept, None)),
        Evaluation::Split(split) => Some((kept, Some(rows(split)?))),
        Evaluation::HeldOut { size, seed } => {
            let rows = crate::data::held_out(kept, *size, *seed).ok()?;
            Some((rows.train.len(), Some(rows.evaluation.len())))
        }
    };
    let (kept, test) = spec.test.as_ref().map_or(Some((kept, None)), |test| apart(kept, test))?;
    let (train, evaluation) = apart(kept, &spec.evaluation)?;
    Some(Sizes { classes: known.classes, train, evaluation, test, tokens_per_text: Some(known.tokens_per_text) })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{AdapterShape, count_parameters};
    use crate::spec::HeldOut;

    #[test]
    fn the_papers_model_and_data() {
        let config = model("FacebookAI/roberta-base").unwrap();
        // Encoder and head: what `peft` counts without adapters is the encoder and two copies of the head.
        let (trainable, total) = count_parameters(&config, &AdapterShape::head_only(), 4);
        assert_eq!((trainable, total), (593_668, 125_512_712 - 270_336));
        assert_eq!(config.longest_sequence(), 512);
        let sizes = dataset(&DatasetSpec::at("fancyzhx/ag_news")).unwrap();
        let expected =
            Sizes { classes: 4, train: 119_360, evaluation: Some(640), test: None, tokens_per_text: Some(52.0) };
        assert_eq!(sizes, expected);
        let spec = DatasetSpec {
            limit: Some(1000),
            evaluation: Evaluation::Split("test".to_owned()),
            ..DatasetSpec::at("fancyzhx/ag_news")
        };
        assert_eq!(dataset(&spec), Some(Sizes { train: 1000, evaluation: Some(7600), ..expected }));
        let tested =
            |test: Evaluation| dataset(&DatasetSpec { test: Some(test), ..DatasetSpec::at("ag_news") }).unwrap();
        let expected = Sizes { test: Some(7600), ..expected };
        assert_eq!(tested(Evaluation::Split("test".to_owned())), expected);
        let held_out = tested(Evaluation::HeldOut { size: HeldOut::Examples(360), seed: 1 });
        assert_eq!(held_out, Sizes { train: 119_000, test: Some(360), ..expected });
        assert_eq!(tested(Evaluation::File("more.csv".to_owned())), Sizes { test: None, ..expected });
        assert_eq!(dataset(&DatasetSpec::at("acme/news")), None);
        assert!(model("acme/tiny").is_none());
    }
}
