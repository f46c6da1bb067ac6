//! Hugging Face names of the parts of each architecture.

/// The encoders that one implementation carries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Architecture {
    /// RoBERTa and XLM-RoBERTa, which differ in vocabulary only.
    Roberta,
    Bert,
    DistilBert,
}

/// A linear layer of an encoder layer that LoRA can adapt. In forward order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum EncoderLinear {
    Query,
    Key,
    Value,
    AttentionOutput,
    Intermediate,
    Output,
}

impl EncoderLinear {
    pub const ALL: [EncoderLinear; 6] = [
        EncoderLinear::Query,
        EncoderLinear::Key,
        EncoderLinear::Value,
        EncoderLinear::AttentionOutput,
        EncoderLinear::Intermediate,
        EncoderLinear::Output,
    ];
}

impl Architecture {
    /// The attribute that holds the encoder in `*ForSequenceClassification`.
    pub fn prefix(self) -> &'static str {
        match self {
            Architecture::Roberta => "roberta",
            Architecture::Bert => "bert",
            Architecture::DistilBert => "distilbert",
        }
    }

    /// `roberta.encoder.layer.3`
    pub fn layer(self, index: usize) -> String {
        match self {
            Architecture::Roberta | Architecture::Bert => format!("{}.encoder.layer.{index}", self.prefix()),
            Architecture::DistilBert => format!("distilbert.transformer.layer.{index}"),
        }
    }

    /// `roberta.encoder.layer.3.attention.self.query`
    pub fn linear(self, layer: usize, linear: EncoderLinear) -> String {
        let name = match (self, linear) {
            (Architecture::DistilBert, EncoderLinear::Query) => "attention.q_lin",
            (Architecture::DistilBert, EncoderLinear::Key) => "attention.k_lin",
            (Architecture::DistilBert, EncoderLinear::Value) => "attention.v_lin",
            (Architecture::DistilBert, EncoderLinear::AttentionOutput) => "attention.out_lin",
            (Architecture::DistilBert, EncoderLinear::Intermediate) => "ffn.lin1",
            (Architecture::DistilBert, EncoderLinear::Output) => "ffn.lin2",
            (_, EncoderLinear::Query) => "attention.self.query",
            (_, EncoderLinear::Key) => "attention.self.key",
            (_, EncoderLinear::Value) => "attention.self.value",
            (_, EncoderLinear::AttentionOutput) => "attention.output.dense",
            (_, EncoderLinear::Intermediate) => "intermediate.dense",
            (_, EncoderLinear::Output) => "output.dense",
        };
        format!("{}.{name}", self.layer(layer))
    }

    /// The LayerNorm after the attention block.
    pub fn attention_norm(self, layer: usize) -> String {
        match self {
            Architecture::DistilBert => format!("{}.sa_layer_norm", self.layer(layer)),
            _ => format!("{}.attention.output.LayerNorm", self.layer(layer)),
        }
    }

    /// The LayerNorm after the feed-forward block.
    pub fn output_norm(self, layer: usize) -> String {
        match self {
            Architecture::DistilBert => format!("{}.output_layer_norm", self.layer(layer)),
            _ => format!("{}.output.LayerNorm", self.layer(layer)),
        }
    }

    /// `roberta.embeddings.word_embeddings` and its siblings.
    pub fn embedding(self, part: &str) -> String {
        format!("{}.embeddings.{part}", self.prefix())
    }

    /// A frozen linear layer with tanh between the first token and the head (BERT's pooler).
    pub fn pooler(self) -> Option<String> {
        (self == Architecture::Bert).then(|| "bert.pooler.dense".to_string())
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
            _ => &["classifier"],
        }
    }

    /// The encoder layer and linear layer of a full module name, where it is one.
    pub fn find_linear(self, module: &str) -> Option<(usize, EncoderLinear)> {
        let layer = module.split('.').find_map(|part| part.parse::<usize>().ok())?;
        let linear = EncoderLinear::ALL.into_iter().find(|&linear| self.linear(layer, linear) == module)?;
        Some((layer, linear))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_linear_is_found_by_its_name() {
        for architecture in [Architecture::Roberta, Architecture::Bert, Architecture::DistilBert] {
            for linear in EncoderLinear::ALL {
                let name = architecture.linear(11, linear);
                assert_eq!(architecture.find_linear(&name), Some((11, linear)));
            }
        }
        assert_eq!(Architecture::Bert.find_linear("roberta.encoder.layer.0.attention.self.query"), None);
        assert_eq!(Architecture::Bert.find_linear("bert.encoder.layer.0.attention.self"), None);
        assert_eq!(Architecture::Roberta.find_linear("classifier.dense"), None);
    }
}
