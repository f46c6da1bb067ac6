//! The linear modules of an encoder layer by the names that sweep files have for them.

use std::fmt;

/// Short names, in the order of the forward pass, each with the names within a layer that checkpoints have for the module.
/// The order of rows decides that of labels and of a run's modules: new rows come last.
const VOCABULARY: [(&str, &[&str]); 6] = [
    ("query", &["attention.self.query", "attention.q_lin"]),
    ("key", &["attention.self.key", "attention.k_lin"]),
    ("value", &["attention.self.value", "attention.v_lin"]),
    ("attention.output.dense", &["attention.output.dense", "attention.out_lin"]),
    ("intermediate.dense", &["intermediate.dense", "ffn.lin1"]),
    ("output.dense", &["output.dense", "ffn.lin2"]),
];

/// A linear module of an encoder layer, whatever a family of models calls it. Ordered as the vocabulary.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Module(usize);

impl Module {
    pub const QUERY: Module = Module::known("query");
    pub const KEY: Module = Module::known("key");
    pub const VALUE: Module = Module::known("value");
    pub const ATTENTION_OUTPUT: Module = Module::known("attention.output.dense");
    pub const INTERMEDIATE: Module = Module::known("intermediate.dense");
    pub const OUTPUT: Module = Module::known("output.dense");

    /// The modules that labels write out for `all`; a change of them would rename configurations.
    pub(super) const WRITTEN_OUT: [Module; 6] =
        [Module::QUERY, Module::KEY, Module::VALUE, Module::ATTENTION_OUTPUT, Module::INTERMEDIATE, Module::OUTPUT];

    /// The module of a short name; for constants, where a name that the vocabulary lacks is an error of the compiler.
    pub const fn known(name: &str) -> Module {
        let mut index = 0;
        while index < VOCABULARY.len() {
            if equal(VOCABULARY[index].0.as_bytes(), name.as_bytes()) {
                return Module(index);
            }
            index += 1;
        }
        panic!("the vocabulary has no module of this name")
    }

    /// The module of a short name.
    pub fn named(name: &str) -> Option<Module> {
        Module::all().find(|module| module.name() == name)
    }

    /// Every module that some family has.
    pub fn all() -> impl Iterator<Item = Module> + Clone {
        (0..VOCABULARY.len()).map(Module)
    }

    /// The name in sweep files, for every family.
    pub fn name(self) -> &'static str {
        VOCABULARY[self.0].0
    }

    /// The names within a layer that checkpoints have for it.
    pub fn checkpoint_names(self) -> &'static [&'static str] {
        VOCABULARY[self.0].1
    }

    /// The module that some checkpoints call so: `q_lin`, `attention.self.query`.
    pub(super) fn from_checkpoint_name(name: &str) -> Option<Module> {
        let is_meant = |own: &&str| *own == name || own.rsplit('.').next() == Some(name) && name != "dense";
        Module::all().find(|module| module.checkpoint_names().iter().any(&is_meant))
    }

    /// The layer and the module of a full name, whatever the family: `roberta.encoder.layer.0.attention.self.query`.
    pub fn parse(full_name: &str) -> Option<(usize, Module)> {
        let (layer, rest) = layer_and_rest(full_name)?;
        let module = Module::all().find(|module| module.checkpoint_names().contains(&rest))?;
        Some((layer, module))
    }
}

impl fmt::Debug for Module {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// The layer that a module's full name tells: its first number.
pub fn layer_of(full_name: &str) -> Option<usize> {
    layer_and_rest(full_name).map(|(layer, _)| layer)
}

fn layer_and_rest(full_name: &str) -> Option<(usize, &str)> {
    let numbered = |(dot, _): (usize, &str)| {
        let (number, rest) = full_name[dot + 1..].split_once('.')?;
        layer_number(number).map(|layer| (layer, rest))
    };
    full_name.match_indices('.').find_map(numbered)
}

/// A layer's number in its one spelling: no sign, no leading zero.
pub(super) fn layer_number(text: &str) -> Option<usize> {
    text.parse().ok().filter(|number: &usize| number.to_string() == text)
}

const fn equal(one: &[u8], other: &[u8]) -> bool {
    if one.len() != other.len() {
        return false;
    }
    let mut index = 0;
    while index < one.len() {
        if one[index] != other[index] {
            return false;
        }
        index += 1;
    }
    true
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn no_name_has_two_meanings() {
        let names = || VOCABULARY.iter().flat_map(|(_, checkpoints)| checkpoints.iter());
        assert_eq!(names().collect::<BTreeSet<_>>().len(), names().count());
        let short: BTreeSet<&str> = Module::all().map(Module::name).collect();
        assert_eq!(short.len(), Module::all().count());
        for module in Module::all() {
            assert_eq!(Module::named(module.name()), Some(module));
        }
    }

    /// The order of modules is part of a run's id.
    #[test]
    fn modules_are_ordered_as_the_forward_pass() {
        assert!(Module::WRITTEN_OUT.is_sorted());
        assert_eq!(Module::all().take(6).collect::<Vec<_>>(), Module::WRITTEN_OUT);
    }

    #[test]
    fn full_names_tell_layer_and_module() {
        for (name, layer, module) in [
            ("roberta.encoder.layer.11.attention.self.query", 11, Module::QUERY),
            ("bert.encoder.layer.3.attention.output.dense", 3, Module::ATTENTION_OUTPUT),
            ("bert.encoder.layer.3.output.dense", 3, Module::OUTPUT),
            ("distilbert.transformer.layer.0.ffn.lin1", 0, Module::INTERMEDIATE),
        ] {
            assert_eq!((Module::parse(name), layer_of(name)), (Some((layer, module)), Some(layer)), "{name}");
        }
        assert_eq!((Module::parse("x.layer.2.mixer.in"), layer_of("x.layer.2.mixer.in")), (None, Some(2)));
        for name in ["roberta.encoder.layer.01.output.dense", "roberta.encoder.layer.+1.output.dense", "query", "", "3"]
        {
            assert_eq!((Module::parse(name), layer_of(name)), (None, None), "{name}");
        }
    }

    #[test]
    fn names_of_checkpoints_hint_at_modules() {
        assert_eq!(Module::from_checkpoint_name("q_lin"), Some(Module::QUERY));
        assert_eq!(Module::from_checkpoint_name("attention.self.key"), Some(Module::KEY));
        assert_eq!(Module::from_checkpoint_name("ffn.lin2"), Some(Module::OUTPUT));
        assert_eq!(Module::from_checkpoint_name("dense"), None);
    }
}
