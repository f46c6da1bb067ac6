//! Hugging Face names of the parts around an encoder's linear layers, which `spec` names.

use crate::spec::Architecture;

impl Architecture {
    /// The attribute that holds the encoder in `*ForSequenceClassification`.
    pub fn encoder(self) -> &'static str {
        match self {
            Architecture::Roberta => "roberta",
            Architecture::Bert => "bert",
            Architecture::DistilBert => "distilbert",
        }
    }

    /// `roberta.embeddings.word_embeddings` and its siblings.
    pub fn embedding(self, part: &str) -> String {
        format!("{}.embeddings.{part}", self.encoder())
    }

    /// The LayerNorm after the attention block.
    pub fn attention_norm(self, layer: usize) -> String {
        match self {
            Architecture::Roberta => format!("roberta.encoder.layer.{layer}.attention.output.LayerNorm"),
            Architecture::Bert => format!("bert.encoder.layer.{layer}.attention.output.LayerNorm"),
            Architecture::DistilBert => format!("distilbert.transformer.layer.{layer}.sa_layer_norm"),
        }
    }

    /// The LayerNorm after the feed-forward block.
    pub fn output_norm(self, layer: usize) -> String {
        match self {
            Architecture::Roberta => format!("roberta.encoder.layer.{layer}.output.LayerNorm"),
            Architecture::Bert => format!("bert.encoder.layer.{layer}.output.LayerNorm"),
            Architecture::DistilBert => format!("distilbert.transformer.layer.{layer}.output_layer_norm"),
        }
    }

    /// A frozen linear layer with tanh between the first token and the head (BERT's pooler).
    pub fn pooler(self) -> Option<&'static str> {
        (self == Architecture::Bert).then_some("bert.pooler.dense")
    }

    /// The trained linear layers of the classification head, in forward order.
    pub fn head(self) -> &'static [&'static str] {
        match self {
            Architecture::Roberta => &["classifier.dense", "classifier.out_proj"],
            Architecture::Bert => &["classifier"],
            Architecture::DistilBert => &["pre_classifier", "classifier"],
        }
    }

    /// The modules that hold the head, as PEFT's `modules_to_save` names them.
    pub fn head_modules(self) -> &'static [&'static str] {
        match self {
            Architecture::DistilBert => &["pre_classifier", "classifier"],
            Architecture::Roberta | Architecture::Bert => &["classifier"],
        }
    }
}
