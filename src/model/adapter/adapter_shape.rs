//! What an adapter consists of, before it has values.

use super::kind::AdapterKind;
use super::registry::{default_kind, kind_of_run};
use super::target::{Target, UpdateSettings};
use crate::model::config::ModelConfig;
use crate::model::declaration::{Declaration, Initial};
use crate::model::error::ModelError;
use crate::model::graph::{Graph, LayerLinear, LinearNode, TensorShape};
use crate::spec::RunSpec;

/// The kind of an adapter and the linear layers that it adapts; the classification head is trained beside them.
#[derive(Clone, Debug)]
pub struct AdapterShape {
    pub kind: &'static dyn AdapterKind,
    pub targets: Vec<Target>,
}

impl AdapterShape {
    /// A head alone.
    pub fn head_only() -> Self {
        AdapterShape { kind: default_kind(), targets: Vec::new() }
    }

    /// Of a run.
    ///
    /// # Errors
    /// A target module that is no linear layer of this encoder.
    pub fn of_run(config: &ModelConfig, run: &RunSpec) -> Result<Self, ModelError> {
        let kind = kind_of_run(run);
        AdapterShape::new(kind, config, &run.target_modules, kind.settings(run))
    }

    /// As [`Self::of_run`]; target modules that the model does not have are left out.
    pub fn of_known_modules(config: &ModelConfig, run: &RunSpec) -> Self {
        let kind = kind_of_run(run);
        let settings = kind.settings(run);
        let targets = run.target_modules.iter().filter_map(|module| target(&config.graph, module, settings));
        AdapterShape { kind, targets: targets.collect() }
    }

    /// Updates with the same settings on modules, which have their full names.
    ///
    /// # Errors
    /// A module that is no linear layer of this encoder.
    pub fn new(
        kind: &'static dyn AdapterKind,
        config: &ModelConfig,
        modules: &[String],
        settings: UpdateSettings,
    ) -> Result<Self, ModelError> {
        let known = |module: &String| target(&config.graph, module, settings).ok_or_else(|| no_target(config, module));
        Ok(AdapterShape { kind, targets: modules.iter().map(known).collect::<Result<_, _>>()? })
    }

    /// A plain LoRA adapter of full module names; its updates are scaled by `alpha / rank`.
    ///
    /// # Errors
    /// As [`Self::new`].
    pub fn lora(config: &ModelConfig, modules: &[String], rank: usize, alpha: f64) -> Result<Self, ModelError> {
        let settings = UpdateSettings { rank: rank as i64, scale: alpha / rank as f64 };
        AdapterShape::new(&super::lora::Kind, config, modules, settings)
    }

    /// Its targets with the linear layers that they are; one that the network does not have is left out.
    fn linears<'a>(&'a self, graph: &'a Graph) -> impl Iterator<Item = (&'a Target, &'a LayerLinear)> {
        self.targets.iter().filter_map(|target| Some((target, target.of(graph).ok()?)))
    }

    /// Everything that a run with this adapter trains: the updates, and the head for so many classes as transformers begins a
    /// new one (`_init_weights`).
    pub fn parameters(&self, config: &ModelConfig, classes: usize) -> Vec<Declaration> {
        let updates = self.linears(&config.graph);
        let updates = updates.flat_map(|(target, own)| self.kind.parameters(&own.linear, &target.settings));
        let head = config.graph.head.nodes(classes);
        updates.chain(head.into_iter().flat_map(|linear| head_parameters(linear, config.initializer_range))).collect()
    }

    /// Numbers that updates leave for the backward pass, for each token.
    pub fn numbers_per_token(&self, graph: &Graph) -> u64 {
        let numbers =
            |(target, own): (&Target, &LayerLinear)| self.kind.numbers_per_token(&own.linear, &target.settings);
        self.linears(graph).map(numbers).sum()
    }
}

fn target(graph: &Graph, module: &str, settings: UpdateSettings) -> Option<Target> {
    let (layer, LayerLinear { role, .. }) = graph.find(module)?;
    Some(Target { layer, linear: *role, settings })
}

fn no_target(config: &ModelConfig, module: &str) -> ModelError {
    let module = module.to_owned();
    match config.family.names().parse(&module) {
        Some((layer, _)) => ModelError::TargetLayer { module, layers: config.layers(), layer },
        None => ModelError::TargetModule { module, encoder: config.graph.encoder },
    }
}

fn head_parameters(LinearNode { weight, bias, .. }: LinearNode, std: f64) -> [Declaration; 2] {
    let declare = |TensorShape { name, shape }, initial, decays| Declaration { name, shape, initial, decays };
    [declare(weight, Initial::Normal { std }, true), declare(bias, Initial::Zeros, false)]
}

/// Trainable parameters, and all parameters as PEFT counts them: encoder, frozen copy of the head, trainable ones.
pub fn count_parameters(config: &ModelConfig, shape: &AdapterShape, classes: usize) -> (usize, usize) {
    let trainable: i64 = shape.parameters(config, classes).iter().map(Declaration::elements).sum();
    let head = config.graph.head.nodes(classes);
    let head: i64 = head.iter().flat_map(LinearNode::tensors).map(TensorShape::elements).sum();
    let frozen: i64 = config.graph.frozen().map(TensorShape::elements).sum::<i64>() + head;
    (trainable as usize, (frozen + trainable) as usize)
}
