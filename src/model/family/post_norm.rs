//! The network that BERT began and its relatives share: learned positions, full attention, LayerNorm after each residual.

use super::error::ConfigError;
use super::fields::{Fields, MOST};
use crate::model::graph::{
    Activation, AttentionPattern, EmbeddingsNode, Graph, HeadNode, LayerLinear, LayerNode, LayerShape, LinearNode,
    LinearRole, NormNode, NormPlacement, Pooling, PositionTable, Site, TensorShape,
};
use crate::spec::{Module, ResidualDropout};

const MOST_LAYERS: i64 = 1024;
const MOST_PARAMETERS: i128 = 1 << 40;

/// Tensors of pre-training heads, of whatever relative.
const PRETRAINING_HEADS: [&str; 9] = [
    "lm_head.",
    "cls.",
    "vocab_transform.",
    "vocab_layer_norm.",
    "vocab_projector.",
    "discriminator_predictions.",
    "generator_predictions.",
    "qa_outputs.",
    "mlm_head.",
];

/// The modules of a layer by their roles, each with its place among the sites of adapters.
const MODULES: [(LinearRole, Module, u8); 6] = [
    (LinearRole::Query, Module::QUERY, 0),
    (LinearRole::Key, Module::KEY, 1),
    (LinearRole::Value, Module::VALUE, 2),
    (LinearRole::AttentionOutput, Module::ATTENTION_OUTPUT, 3),
    (LinearRole::Intermediate, Module::INTERMEDIATE, 4),
    (LinearRole::Output, Module::OUTPUT, 5),
];

/// The modules of a layer with a family's names for them, which are in the order of [`LinearRole::ALL`].
pub const fn modules(names: [&'static str; 6]) -> [(Module, &'static str); 6] {
    let mut modules = [(Module::QUERY, ""); 6];
    let mut index = 0;
    while index < names.len() {
        modules[index] = (MODULES[index].1, names[index]);
        index += 1;
    }
    modules
}

/// What a family's weights are called.
#[derive(Clone, Copy, Debug)]
pub struct WeightNames {
    /// The attribute that holds the encoder in a classifier.
    pub encoder: &'static str,
    /// What precedes the layer's number.
    pub layer_prefix: &'static str,
    /// Of the linear layers within a layer, in the order of [`LinearRole::ALL`].
    pub linears: [&'static str; 6],
    /// Of the norms within a layer: after the attention block, after the feed-forward block.
    pub norms: [&'static str; 2],
}

/// The sizes of an encoder.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Sizes {
    pub width: i64,
    pub layers: usize,
    pub heads: i64,
    pub inner: i64,
    pub vocabulary: i64,
    /// Rows of the position table.
    pub positions: i64,
    /// Rows of the token type table, where the file says so.
    pub token_types: Option<i64>,
    pub eps: f64,
    pub activation: Activation,
}

impl Sizes {
    /// # Errors
    /// A field that is missing, wrong, or not supported.
    pub fn read(fields: &Fields) -> Result<Self, ConfigError> {
        if let Some(kind) = fields.text("position_embedding_type")?.filter(|kind| *kind != "absolute") {
            let (field, given) = ("position_embedding_type", kind.to_owned());
            return Err(ConfigError::Unsupported { field, given, supported: "only absolute is" });
        }
        if fields.is_true("is_decoder") {
            return Err(ConfigError::Decoder);
        }
        let layers = fields.size("num_hidden_layers", MOST_LAYERS)? as usize;
        let (width, heads) = (fields.size("hidden_size", MOST)?, fields.size("num_attention_heads", MOST)?);
        if width % heads != 0 {
            return Err(ConfigError::Heads { width, heads });
        }
        let positions = fields.integer("max_position_embeddings", 1..=MOST)?.unwrap_or(512);
        let token_types = fields.integer("type_vocab_size", 1..=MOST)?;
        let (inner, vocabulary) = (fields.size("intermediate_size", MOST)?, fields.size("vocab_size", MOST)?);
        let (eps, activation) = (fields.real("layer_norm_eps", 1e-12)?, fields.activation()?);
        Ok(Sizes { width, layers, heads, inner, vocabulary, positions, token_types, eps, activation })
    }

    /// Refuses what no memory holds; `token_types` is how many the network has.
    fn check(&self, token_types: i64) -> Result<(), ConfigError> {
        let [width, inner, vocabulary, positions, types] =
            [self.width, self.inner, self.vocabulary, self.positions, token_types].map(i128::from);
        // Of the matrices, which are nearly all.
        let layer = 4 * width * width + 2 * width * inner;
        let parameters = self.layers as i128 * layer + (vocabulary + positions + types) * width;
        if parameters <= MOST_PARAMETERS {
            return Ok(());
        }
        let Sizes { width, layers, inner, vocabulary, .. } = *self;
        Err(ConfigError::Size { parameters, width, inner, layers, vocabulary, most: MOST_PARAMETERS })
    }
}

/// What the relatives differ in besides names and sizes.
#[derive(Clone, Debug)]
pub struct Choices {
    /// Rows of the token type table; 0: there is none.
    pub token_types: i64,
    /// Position id of the first token.
    pub position_offset: i64,
    /// As in [`PositionTable`].
    pub padding: Option<i64>,
    pub pooling: Pooling,
    pub residual_dropout: ResidualDropout,
    pub head: HeadNode,
}

/// The network of these names, sizes and choices.
///
/// # Errors
/// Sizes that no memory holds.
pub fn graph(names: &WeightNames, sizes: &Sizes, choices: Choices) -> Result<Graph, ConfigError> {
    sizes.check(choices.token_types)?;
    Ok(Graph {
        encoder: names.encoder,
        shape: LayerShape {
            width: sizes.width,
            heads: sizes.heads,
            head_size: sizes.width / sizes.heads,
            inner: sizes.inner,
            activation: sizes.activation,
            norms: NormPlacement::Post,
            residual_dropout: choices.residual_dropout,
        },
        embeddings: embeddings(names.encoder, sizes, &choices),
        layers: (0..sizes.layers).map(|index| layer(names, sizes, index)).collect(),
        pooling: choices.pooling,
        head: choices.head,
        unused: &PRETRAINING_HEADS,
    })
}

fn embeddings(encoder: &str, sizes: &Sizes, choices: &Choices) -> EmbeddingsNode {
    let name = |part: &str| format!("{encoder}.embeddings.{part}");
    let table = |part: &str, rows: i64| TensorShape::new(name(&format!("{part}.weight")), &[rows, sizes.width]);
    EmbeddingsNode {
        word: table("word_embeddings", sizes.vocabulary),
        position: PositionTable {
            table: table("position_embeddings", sizes.positions),
            offset: choices.position_offset,
            padding: choices.padding,
        },
        token_type: (choices.token_types > 0).then(|| table("token_type_embeddings", choices.token_types)),
        norm: NormNode::new(&name("LayerNorm"), sizes.width, sizes.eps),
    }
}

fn layer(names: &WeightNames, sizes: &Sizes, index: usize) -> LayerNode {
    let name = |part: &str| format!("{}{index}.{part}", names.layer_prefix);
    let linear = |role: LinearRole| {
        let (_, module, place) = MODULES[role as usize];
        let (out, input) = match role {
            LinearRole::Intermediate => (sizes.inner, sizes.width),
            LinearRole::Output => (sizes.width, sizes.inner),
            LinearRole::Query | LinearRole::Key | LinearRole::Value | LinearRole::AttentionOutput => {
                (sizes.width, sizes.width)
            }
        };
        let linear = LinearNode::new(name(names.linears[role as usize]), out, input);
        LayerLinear { role, module, site: Site::of_adapter(index, place).number(), linear }
    };
    let norms = names.norms.map(|norm| NormNode::new(&name(norm), sizes.width, sizes.eps));
    LayerNode::new(AttentionPattern::Full, linear, norms)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_of_modules_is_in_the_order_of_roles() {
        assert_eq!(MODULES.map(|(role, ..)| role), LinearRole::ALL);
    }
}
