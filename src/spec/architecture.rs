//! How the linear modules of an encoder layer are called in each architecture.

use serde::{Deserialize, Serialize};

use super::problem::{did_you_mean, listed, quoted};

/// A family of encoders whose checkpoints share module names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Architecture {
    /// RoBERTa and XLM-RoBERTa.
    Roberta,
    Bert,
    DistilBert,
}

/// A linear module of an encoder layer, in the order of the forward pass.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Module {
    Query,
    Key,
    Value,
    AttentionOutput,
    Intermediate,
    Output,
}

impl Module {
    pub const ALL: [Module; 6] =
        [Module::Query, Module::Key, Module::Value, Module::AttentionOutput, Module::Intermediate, Module::Output];

    /// The name in sweep files, for every architecture.
    pub fn name(self) -> &'static str {
        match self {
            Module::Query => "query",
            Module::Key => "key",
            Module::Value => "value",
            Module::AttentionOutput => "attention.output.dense",
            Module::Intermediate => "intermediate.dense",
            Module::Output => "output.dense",
        }
    }

    /// The module that some architecture's checkpoints call so: `q_lin`, `attention.self.query`.
    pub(super) fn from_checkpoint_name(name: &str) -> Option<Module> {
        Module::ALL.into_iter().find(|module| {
            let suffixes = Architecture::ALL.map(|architecture| architecture.suffix(*module));
            suffixes.iter().any(|suffix| *suffix == name || suffix.rsplit('.').next() == Some(name) && name != "dense")
        })
    }
}

impl Architecture {
    pub const ALL: [Architecture; 3] = [Architecture::Roberta, Architecture::Bert, Architecture::DistilBert];

    /// The architecture of a Hugging Face `model_type`.
    pub fn from_model_type(model_type: &str) -> Option<Architecture> {
        match model_type {
            "roberta" | "xlm-roberta" => Some(Architecture::Roberta),
            "bert" => Some(Architecture::Bert),
            "distilbert" => Some(Architecture::DistilBert),
            _ => None,
        }
    }

    /// What a person calls it.
    pub fn title(self) -> &'static str {
        match self {
            Architecture::Roberta => "RoBERTa",
            Architecture::Bert => "BERT",
            Architecture::DistilBert => "DistilBERT",
        }
    }

    /// What precedes the layer's number in a full name.
    fn prefix(self) -> &'static str {
        match self {
            Architecture::Roberta => "roberta.encoder.layer.",
            Architecture::Bert => "bert.encoder.layer.",
            Architecture::DistilBert => "distilbert.transformer.layer.",
        }
    }

    /// A module's name within its layer, as the checkpoint has it.
    fn suffix(self, module: Module) -> &'static str {
        match (self, module) {
            (Architecture::DistilBert, Module::Query) => "attention.q_lin",
            (Architecture::DistilBert, Module::Key) => "attention.k_lin",
            (Architecture::DistilBert, Module::Value) => "attention.v_lin",
            (Architecture::DistilBert, Module::AttentionOutput) => "attention.out_lin",
            (Architecture::DistilBert, Module::Intermediate) => "ffn.lin1",
            (Architecture::DistilBert, Module::Output) => "ffn.lin2",
            (_, Module::Query) => "attention.self.query",
            (_, Module::Key) => "attention.self.key",
            (_, Module::Value) => "attention.self.value",
            (_, Module::AttentionOutput) => "attention.output.dense",
            (_, Module::Intermediate) => "intermediate.dense",
            (_, Module::Output) => "output.dense",
        }
    }

    /// A module's full name as PEFT has it: `roberta.encoder.layer.0.attention.self.query`.
    pub fn module_name(self, layer: usize, module: Module) -> String {
        format!("{}{layer}.{}", self.prefix(), self.suffix(module))
    }

    /// The layer and module of a full name of this architecture.
    pub fn parse(self, name: &str) -> Option<(usize, Module)> {
        let (layer, suffix) = name.strip_prefix(self.prefix())?.split_once('.')?;
        // One spelling per module: no signs, no leading zeros.
        let number = layer.parse().ok().filter(|number: &usize| number.to_string() == layer)?;
        Module::ALL.into_iter().find(|module| self.suffix(*module) == suffix).map(|module| (number, module))
    }

    /// The layer and module of a full name of any architecture.
    pub fn parse_any(name: &str) -> Option<(Architecture, usize, Module)> {
        Self::ALL
            .into_iter()
            .find_map(|architecture| architecture.parse(name).map(|(layer, module)| (architecture, layer, module)))
    }

    /// Why `name` is no module of this architecture, for a message.
    pub(super) fn why_not(self, name: &str) -> String {
        let title = self.title();
        if let Some((other, layer, module)) = Self::parse_any(name) {
            let ours = self.module_name(layer, module);
            return format!("{} is a module of {}, but the model is a {title}: `{ours}`", quoted(name), other.title());
        }
        if let Some(module) = Module::ALL.into_iter().find(|module| module.name() == name) {
            let name = module.name();
            return format!("`{name}` needs its layers: {{layers: all, modules: [{name}]}}");
        }
        let suffixes = Module::ALL.map(|module| self.suffix(module));
        let Some((layer, suffix)) = name.strip_prefix(self.prefix()).and_then(|rest| rest.split_once('.')) else {
            let example = self.module_name(0, Module::Query);
            return format!("{} is no module of a {title} layer; full names look like `{example}`", quoted(name));
        };
        if layer.parse::<usize>().is_err() {
            return format!("{} is no layer number", quoted(layer));
        }
        let hint = did_you_mean(suffix, suffixes);
        format!("a {title} layer has no module {} (it has {}){hint}", quoted(suffix), listed(suffixes))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_parsed_back() {
        for architecture in Architecture::ALL {
            for module in Module::ALL {
                let name = architecture.module_name(11, module);
                assert_eq!(architecture.parse(&name), Some((11, module)));
                assert_eq!(Architecture::parse_any(&name), Some((architecture, 11, module)));
            }
        }
    }

    #[test]
    fn foreign_spellings_are_refused() {
        for name in ["roberta.encoder.layer.01.output.dense", "roberta.encoder.layer.+1.output.dense", "query", ""] {
            assert_eq!(Architecture::parse_any(name), None, "{name}");
        }
    }

    #[test]
    fn the_output_of_attention_is_not_the_output_of_the_layer() {
        assert_eq!(
            Architecture::Bert.module_name(3, Module::AttentionOutput),
            "bert.encoder.layer.3.attention.output.dense"
        );
        assert_eq!(Architecture::Bert.module_name(3, Module::Output), "bert.encoder.layer.3.output.dense");
    }
}
