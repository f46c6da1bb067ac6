//! How a family of models is called, and its modules: what `spec` knows of one.

use super::module::{Module, layer_number};
use super::problem::{did_you_mean, listed, quoted};

/// Which blocks of a layer drop elements of their output before the residual is added, with the probability `hidden_dropout`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ResidualDropout {
    BothBlocks,
    /// Attention's output is added as it is.
    FeedForwardBlock,
}

/// What a family's checkpoints are called.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FamilyNames {
    /// What a person calls it: `RoBERTa`.
    pub title: &'static str,
    /// What the usual names of its checkpoints contain, in lower case.
    pub word: &'static str,
    /// What precedes the layer's number in a module's full name: `roberta.encoder.layer.`.
    pub layer_prefix: &'static str,
    /// Each linear module of a layer with its name there, in the order of the forward pass.
    pub modules: &'static [(Module, &'static str)],
    pub residual_dropout: ResidualDropout,
}

impl FamilyNames {
    /// A module's full name as PEFT has it: `roberta.encoder.layer.0.attention.self.query`. None: the family has no such
    /// module.
    pub fn full_name(&self, layer: usize, module: Module) -> Option<String> {
        let (_, name) = self.modules.iter().find(|(own, _)| *own == module)?;
        Some(self.written(layer, name))
    }

    /// The layer and the module of a full name of this family.
    pub fn parse(&self, full_name: &str) -> Option<(usize, Module)> {
        let (layer, name) = full_name.strip_prefix(self.layer_prefix)?.split_once('.')?;
        let (module, _) = self.modules.iter().find(|(_, own)| *own == name)?;
        Some((layer_number(layer)?, *module))
    }

    /// Why `name` is no module of this family, for a message; `families` are all that are known.
    pub(super) fn why_not(&self, name: &str, families: &[&FamilyNames]) -> String {
        let title = self.title;
        if let Some((other, (layer, module))) = families.iter().find_map(|other| Some((other, other.parse(name)?))) {
            let foreign = format!("{} is a module of {}, but the model is a {title}", quoted(name), other.title);
            let own = self.full_name(layer, module);
            return own.map_or_else(|| foreign.clone(), |own| format!("{foreign}: `{own}`"));
        }
        if let Some(module) = Module::named(name) {
            let name = module.name();
            return format!("`{name}` needs its layers: {{layers: all, modules: [{name}]}}");
        }
        let names = self.modules.iter().map(|(_, name)| *name);
        let Some((layer, inner)) = name.strip_prefix(self.layer_prefix).and_then(|rest| rest.split_once('.')) else {
            let example = names.map(|name| self.written(0, name)).next().unwrap_or_default();
            return format!("{} is no module of a {title} layer; full names look like `{example}`", quoted(name));
        };
        if layer.parse::<usize>().is_err() {
            return format!("{} is no layer number", quoted(layer));
        }
        let hint = did_you_mean(inner, names.clone());
        format!("a {title} layer has no module {} (it has {}){hint}", quoted(inner), listed(names))
    }

    /// Why a layer of this family has no module of a short name, for a message.
    pub(super) fn lacks(&self, module: Module) -> String {
        let own = listed(self.modules.iter().map(|(own, _)| own.name()));
        format!("a {} layer has no module `{}` (it has {own})", self.title, module.name())
    }

    fn written(&self, layer: usize, name: &str) -> String {
        format!("{}{layer}.{name}", self.layer_prefix)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const OURS: FamilyNames = FamilyNames {
        title: "Ours",
        word: "ours",
        layer_prefix: "ours.blocks.",
        modules: &[(Module::QUERY, "mixer.query"), (Module::OUTPUT, "out")],
        residual_dropout: ResidualDropout::BothBlocks,
    };
    const THEIRS: FamilyNames = FamilyNames {
        title: "Theirs",
        word: "theirs",
        layer_prefix: "theirs.layer.",
        modules: &[(Module::QUERY, "q"), (Module::KEY, "k")],
        residual_dropout: ResidualDropout::BothBlocks,
    };

    #[test]
    fn names_are_parsed_back() {
        assert_eq!(OURS.full_name(11, Module::QUERY).as_deref(), Some("ours.blocks.11.mixer.query"));
        assert_eq!(OURS.parse("ours.blocks.11.mixer.query"), Some((11, Module::QUERY)));
        assert_eq!(OURS.full_name(0, Module::KEY), None);
        for name in ["ours.blocks.01.out", "ours.blocks.+1.out", "ours.blocks.1.q", "theirs.layer.1.out", "query", ""] {
            assert_eq!(OURS.parse(name), None, "{name}");
        }
    }

    #[test]
    fn what_is_no_module_is_explained() {
        let why = |name| OURS.why_not(name, &[&OURS, &THEIRS]);
        assert_eq!(
            why("theirs.layer.2.q"),
            "`theirs.layer.2.q` is a module of Theirs, but the model is a Ours: `ours.blocks.2.mixer.query`"
        );
        assert_eq!(why("theirs.layer.2.k"), "`theirs.layer.2.k` is a module of Theirs, but the model is a Ours");
        assert_eq!(why("key"), "`key` needs its layers: {layers: all, modules: [key]}");
        assert!(why("pooler").ends_with("full names look like `ours.blocks.0.mixer.query`"), "{}", why("pooler"));
        assert_eq!(why("ours.blocks.x.out"), "`x` is no layer number");
        assert_eq!(
            why("ours.blocks.1.outt"),
            "a Ours layer has no module `outt` (it has `mixer.query`, `out`); did you mean `out`?"
        );
        assert_eq!(OURS.lacks(Module::KEY), "a Ours layer has no module `key` (it has `query`, `output.dense`)");
    }
}
