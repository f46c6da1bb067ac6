//! The names that checkpoints have for weights.

use crate::model::graph::Graph;

/// Whether a classifier has no use for a weight that checkpoints carry.
pub fn is_unused(name: &str, graph: &Graph) -> bool {
    match unused(name, graph) {
        Unused::Always => true,
        Unused::Pooler => graph.pooler().is_none(),
        Unused::No => false,
    }
}

/// Whether checkpoints may carry a weight that the classifier did not take.
pub fn is_known(name: &str, graph: &Graph) -> bool {
    unused(name, graph) != Unused::No
}

/// Whether a classifier does without a weight that checkpoints carry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Unused {
    No,
    /// Where the classifier has none.
    Pooler,
    Always,
}

fn unused(name: &str, graph: &Graph) -> Unused {
    let of_pooler = || name.strip_prefix(graph.encoder).is_some_and(|rest| rest.starts_with(".pooler."));
    if graph.unused.iter().any(|prefix| name.starts_with(prefix)) || name.ends_with(".position_ids") {
        Unused::Always
    } else if of_pooler() {
        Unused::Pooler
    } else {
        Unused::No
    }
}

/// Undoes what older or headless checkpoints name otherwise: `gamma`/`beta`, and a missing `bert.` in front.
pub fn canonical_name(name: &str, graph: &Graph) -> String {
    let name = match name.rsplit_once('.') {
        Some((stem, "gamma")) => format!("{stem}.weight"),
        Some((stem, "beta")) => format!("{stem}.bias"),
        _ => name.to_string(),
    };
    let part = name.split('.').next();
    if part == Some("pooler") || graph.parts().any(|own| part == Some(own)) {
        format!("{}.{name}", graph.encoder)
    } else {
        name
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::model::ModelConfig;

    #[test]
    fn old_and_headless_names_become_canonical() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/reference");
        let name = |model: &str, name| {
            canonical_name(name, &ModelConfig::read(&folder.join(model).join("model")).unwrap().graph)
        };
        assert_eq!(name("bert", "bert.embeddings.LayerNorm.gamma"), "bert.embeddings.LayerNorm.weight");
        assert_eq!(name("bert", "encoder.layer.0.output.LayerNorm.beta"), "bert.encoder.layer.0.output.LayerNorm.bias");
        assert_eq!(name("bert", "pooler.dense.weight"), "bert.pooler.dense.weight");
        assert_eq!(name("bert", "classifier.weight"), "classifier.weight");
        assert_eq!(name("roberta", "pooler.dense.bias"), "roberta.pooler.dense.bias");
        assert_eq!(
            name("distilbert", "transformer.layer.1.ffn.lin1.bias"),
            "distilbert.transformer.layer.1.ffn.lin1.bias"
        );
        assert_eq!(name("distilbert", "pre_classifier.weight"), "pre_classifier.weight");
    }
}
