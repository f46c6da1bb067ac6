//! DistilBERT: names of its own in configuration and weights, no token types, a head of two layers with ReLU.

use super::error::ConfigError;
use super::fields::{Fields, OwnName};
use super::member::{Family, ModelType};
use super::post_norm::{self, Choices, Sizes, WeightNames};
use crate::model::graph::{Graph, HeadActivation, HeadLinear, HeadNode, Pooling};
use crate::spec::{FamilyNames, ResidualDropout};

const FIELDS: [OwnName; 5] = [
    OwnName { own: "dim", general: "hidden_size", both: true },
    OwnName { own: "n_layers", general: "num_hidden_layers", both: true },
    OwnName { own: "n_heads", general: "num_attention_heads", both: true },
    OwnName { own: "hidden_dim", general: "intermediate_size", both: false },
    OwnName { own: "activation", general: "hidden_act", both: false },
];
/// What `transformers` does not read of a DistilBERT model.
const NOT_READ: [&str; 4] = ["layer_norm_eps", "type_vocab_size", "position_embedding_type", "is_decoder"];

const LAYER_PREFIX: &str = "distilbert.transformer.layer.";
const LINEARS: [&str; 6] =
    ["attention.q_lin", "attention.k_lin", "attention.v_lin", "attention.out_lin", "ffn.lin1", "ffn.lin2"];

static NAMES: FamilyNames = FamilyNames {
    title: "DistilBERT",
    word: "distilbert",
    layer_prefix: LAYER_PREFIX,
    modules: &post_norm::modules(LINEARS),
    residual_dropout: ResidualDropout::FeedForwardBlock,
};

const WEIGHTS: WeightNames = WeightNames {
    encoder: "distilbert",
    layer_prefix: LAYER_PREFIX,
    linears: LINEARS,
    norms: ["sa_layer_norm", "output_layer_norm"],
};

pub struct DistilBert;

impl Family for DistilBert {
    fn names(&self) -> &'static FamilyNames {
        &NAMES
    }

    fn model_types(&self) -> &'static [ModelType] {
        &[ModelType {
            name: "distilbert",
            classifier: "DistilBertForSequenceClassification",
            tokenizer: "BertTokenizer",
        }]
    }

    fn graph(&self, fields: &mut Fields) -> Result<Graph, ConfigError> {
        fields.rename(&FIELDS)?;
        fields.ignore(&NOT_READ);
        let sizes = Sizes::read(fields)?;
        let choices = Choices {
            token_types: 0,
            position_offset: 0,
            padding: None,
            pooling: Pooling::FirstToken { pooler: None },
            residual_dropout: NAMES.residual_dropout,
            head: HeadNode {
                modules: &["pre_classifier", "classifier"],
                hidden: vec![(HeadLinear { name: "pre_classifier", dropout: false }, HeadActivation::Relu)],
                output: HeadLinear { name: "classifier", dropout: true },
                width: sizes.width,
            },
        };
        post_norm::graph(&WEIGHTS, &sizes, choices)
    }
}
