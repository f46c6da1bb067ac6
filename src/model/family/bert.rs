//! BERT: a pooler before the head, which is one layer.

use super::error::ConfigError;
use super::fields::Fields;
use super::member::{Family, ModelType};
use super::post_norm::{self, Choices, Sizes, WeightNames};
use crate::model::graph::{Graph, HeadLinear, HeadNode, LinearNode, Pooling};
use crate::spec::{FamilyNames, ResidualDropout};

const LAYER_PREFIX: &str = "bert.encoder.layer.";
const LINEARS: [&str; 6] = [
    "attention.self.query",
    "attention.self.key",
    "attention.self.value",
    "attention.output.dense",
    "intermediate.dense",
    "output.dense",
];

static NAMES: FamilyNames = FamilyNames {
    title: "BERT",
    word: "bert",
    layer_prefix: LAYER_PREFIX,
    modules: &post_norm::modules(LINEARS),
    residual_dropout: ResidualDropout::BothBlocks,
};

const WEIGHTS: WeightNames = WeightNames {
    encoder: "bert",
    layer_prefix: LAYER_PREFIX,
    linears: LINEARS,
    norms: ["attention.output.LayerNorm", "output.LayerNorm"],
};

pub struct Bert;

impl Family for Bert {
    fn names(&self) -> &'static FamilyNames {
        &NAMES
    }

    fn model_types(&self) -> &'static [ModelType] {
        &[ModelType { name: "bert", classifier: "BertForSequenceClassification", tokenizer: "BertTokenizer" }]
    }

    fn graph(&self, fields: &mut Fields) -> Result<Graph, ConfigError> {
        let sizes = Sizes::read(fields)?;
        let pooler = LinearNode::new("bert.pooler.dense".to_owned(), sizes.width, sizes.width);
        let choices = Choices {
            token_types: sizes.token_types.unwrap_or(2),
            position_offset: 0,
            padding: None,
            pooling: Pooling::FirstToken { pooler: Some(pooler) },
            residual_dropout: NAMES.residual_dropout,
            head: HeadNode {
                modules: &["classifier"],
                hidden: Vec::new(),
                output: HeadLinear { name: "classifier", dropout: true },
                width: sizes.width,
            },
        };
        post_norm::graph(&WEIGHTS, &sizes, choices)
    }
}
