//! RoBERTa and XLM-RoBERTa: positions are counted behind that of padding, and the head has a layer with tanh.

use super::error::ConfigError;
use super::fields::Fields;
use super::member::{Family, ModelType};
use super::post_norm::{self, Choices, Sizes, WeightNames};
use crate::model::graph::{Graph, HeadActivation, HeadLinear, HeadNode, Pooling};
use crate::spec::{FamilyNames, ResidualDropout};

const LAYER_PREFIX: &str = "roberta.encoder.layer.";
const LINEARS: [&str; 6] = [
    "attention.self.query",
    "attention.self.key",
    "attention.self.value",
    "attention.output.dense",
    "intermediate.dense",
    "output.dense",
];

static NAMES: FamilyNames = FamilyNames {
    title: "RoBERTa",
    word: "roberta",
    layer_prefix: LAYER_PREFIX,
    modules: &post_norm::modules(LINEARS),
    residual_dropout: ResidualDropout::BothBlocks,
};

const WEIGHTS: WeightNames = WeightNames {
    encoder: "roberta",
    layer_prefix: LAYER_PREFIX,
    linears: LINEARS,
    norms: ["attention.output.LayerNorm", "output.LayerNorm"],
};

pub struct Roberta;

impl Family for Roberta {
    fn names(&self) -> &'static FamilyNames {
        &NAMES
    }

    fn model_types(&self) -> &'static [ModelType] {
        &[
            ModelType {
                name: "roberta",
                classifier: "RobertaForSequenceClassification",
                tokenizer: "RobertaTokenizer",
            },
            ModelType {
                name: "xlm-roberta",
                classifier: "XLMRobertaForSequenceClassification",
                tokenizer: "XLMRobertaTokenizer",
            },
        ]
    }

    fn graph(&self, fields: &mut Fields) -> Result<Graph, ConfigError> {
        let sizes = Sizes::read(fields)?;
        let padding = padding(fields, sizes.positions)?;
        let choices = Choices {
            token_types: sizes.token_types.unwrap_or(1),
            position_offset: padding + 1,
            // `create_position_ids_from_input_ids` in transformers.
            padding: Some(padding),
            pooling: Pooling::FirstToken { pooler: None },
            residual_dropout: NAMES.residual_dropout,
            head: HeadNode {
                modules: &["classifier"],
                hidden: vec![(HeadLinear { name: "classifier.dense", dropout: true }, HeadActivation::Tanh)],
                output: HeadLinear { name: "classifier.out_proj", dropout: true },
                width: sizes.width,
            },
        };
        post_norm::graph(&WEIGHTS, &sizes, choices)
    }
}

/// The id of padding. Positions begin behind that of padding, of which there must be one.
fn padding(fields: &Fields, positions: i64) -> Result<i64, ConfigError> {
    let padding = fields.integer("pad_token_id", 0..=positions - 2)?.unwrap_or(1);
    if padding > positions - 2 { Err(ConfigError::Padding { positions, padding }) } else { Ok(padding) }
}
