//! What every family must hold to, and what the networks of the supported ones are.

use std::collections::BTreeSet;
use std::path::Path;

use super::*;
use crate::model::ModelConfig;
use crate::model::graph::{Graph, HeadActivation, LinearNode};
use crate::spec::FamilyNames;

fn config(model_type: &str) -> ModelConfig {
    let text = format!(
        r#"{{"model_type": "{model_type}", "vocab_size": 90, "hidden_size": 32, "num_hidden_layers": 2,
            "num_attention_heads": 4, "intermediate_size": 64, "hidden_dim": 64, "max_position_embeddings": 40}}"#
    );
    ModelConfig::parse(&text, Path::new("config.json")).unwrap()
}

/// The model types of all families, each with the network of a small configuration.
fn networks() -> Vec<(&'static FamilyNames, Graph)> {
    let types = FAMILIES.iter().flat_map(|family| family.model_types().iter().map(|kind| (family.names(), kind.name)));
    types.map(|(names, model_type)| (names, config(model_type).graph)).collect()
}

/// What a sweep file resolves to is what the network has, in the vocabulary's names.
#[test]
fn names_and_network_agree() {
    for (names, graph) in networks() {
        for (index, layer) in graph.layers.iter().enumerate() {
            let own: BTreeSet<_> =
                layer.linears().iter().map(|linear| (linear.module, linear.linear.name.clone())).collect();
            let named = names.modules.iter().map(|(module, _)| (*module, names.full_name(index, *module).unwrap()));
            assert_eq!(own, named.collect(), "{}", names.title);
        }
        for (module, name) in names.modules {
            assert!(
                module.checkpoint_names().contains(name),
                "the vocabulary of spec lacks `{name}`, of {}",
                names.title
            );
        }
    }
}

#[test]
fn no_two_families_are_called_alike() {
    let types = FAMILIES.iter().flat_map(|family| family.model_types()).map(|kind| kind.name);
    assert_eq!(types.clone().collect::<BTreeSet<_>>().len(), types.count());
    for part in [|names: &FamilyNames| names.title, |names: &FamilyNames| names.word] {
        let parts = family_names().into_iter().map(part);
        assert_eq!(parts.collect::<BTreeSet<_>>().len(), FAMILIES.len());
    }
    let prefixes = family_names().into_iter().map(|names| names.layer_prefix);
    assert_eq!(prefixes.collect::<BTreeSet<_>>().len(), FAMILIES.len());
}

/// No tensor twice, none outside the encoder but the head, sites without a collision.
#[test]
fn networks_are_sound() {
    for (names, graph) in networks() {
        let graph = graph.checked().unwrap();
        let tensors: Vec<&str> = graph.frozen().map(|tensor| tensor.name.as_str()).collect();
        assert_eq!(tensors.iter().collect::<BTreeSet<_>>().len(), tensors.len(), "{}", names.title);
        let inside = format!("{}.", graph.encoder);
        assert!(tensors.iter().all(|name| name.starts_with(&inside)), "{}", names.title);
        assert!(graph.head.nodes(3).iter().all(|linear| !linear.name.starts_with(&inside)));
        assert_eq!(graph.head.nodes(3).last().map(LinearNode::out), Some(3));
    }
}

fn shapes(graph: &Graph) -> Vec<String> {
    let head = graph.head.nodes(5);
    let tensors = graph.frozen().chain(head.iter().flat_map(LinearNode::tensors));
    tensors.map(|tensor| format!("{} {:?}", tensor.name, tensor.shape)).collect()
}

/// As the checkpoints have them.
#[test]
fn networks_have_the_names_and_shapes_of_checkpoints() {
    let text = |model_type: &str| shapes(&config(model_type).graph).join("\n");
    insta::assert_snapshot!("bert", text("bert"));
    insta::assert_snapshot!("roberta", text("roberta"));
    insta::assert_snapshot!("distilbert", text("distilbert"));
    assert_eq!(text("xlm-roberta"), text("roberta"));
}

#[test]
fn families_differ_in_positions_and_heads() {
    let of = |model_type: &str| {
        let ModelConfig { graph, .. } = config(model_type);
        let position = graph.embeddings.position;
        let head: Vec<_> = graph.head.linears().map(|linear| (linear.name, linear.dropout)).collect();
        (position.offset, position.padding, head, graph.head.activation(0), graph.head.modules)
    };
    let two = vec![("classifier.dense", true), ("classifier.out_proj", true)];
    assert_eq!(of("roberta"), (2, Some(1), two, Some(HeadActivation::Tanh), &["classifier"][..]));
    assert_eq!(of("bert"), (0, None, vec![("classifier", true)], None, &["classifier"][..]));
    let two = vec![("pre_classifier", false), ("classifier", true)];
    let modules = &["pre_classifier", "classifier"][..];
    assert_eq!(of("distilbert"), (0, None, two, Some(HeadActivation::Relu), modules));
    assert_eq!(config("roberta").longest_sequence(), 38);
    assert_eq!(config("bert").longest_sequence(), 40);
}

#[test]
fn other_types_are_refused_with_those_that_are_supported() {
    let error = ModelConfig::parse(r#"{"model_type": "gpt2"}"#, Path::new("config.json")).unwrap_err();
    let types = FAMILIES.iter().flat_map(|family| family.model_types()).map(|kind| kind.name);
    let supported = types.collect::<Vec<_>>().join(", ");
    assert_eq!(
        error.to_string(),
        format!("config.json: model_type `gpt2` is not supported; supported are {supported}")
    );
    assert!(supported.starts_with("roberta, xlm-roberta, bert, distilbert"), "{supported}");
}
