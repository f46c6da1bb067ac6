//! All that one run trains.

use std::collections::BTreeMap;

use super::adapter_shape::AdapterShape;
use super::kind::Update;
use super::trained_head::HeadLinear;
use crate::model::error::ModelError;
use crate::model::graph::{self, Graph, LinearRole};
use crate::model::parameters::{Parameters, Trainable};

/// The update of one linear layer.
#[derive(Debug)]
pub struct LayerUpdate {
    pub update: Box<dyn Update>,
    /// The number of its stream of dropout.
    pub site: u64,
}

/// All that one run trains.
#[derive(Debug)]
pub struct Adapter {
    pub parameters: Parameters,
    pub shape: AdapterShape,
    updates: BTreeMap<(usize, LinearRole), LayerUpdate>,
    /// In forward order.
    pub head: Vec<HeadLinear>,
}

impl Adapter {
    /// Over parameters that were made from what `shape` declares.
    pub(super) fn over(parameters: Parameters, shape: AdapterShape, graph: &Graph) -> Result<Self, ModelError> {
        let trainable = |name: String| -> Result<Trainable, ModelError> {
            match parameters.find(&name) {
                Some(entry) => Ok(parameters.trainable(entry)?),
                None => Err(ModelError::NoParameter(name)),
            }
        };
        let mut updates = BTreeMap::new();
        for target in &shape.targets {
            let own = target.of(graph)?;
            let parts = shape.kind.parts().iter().map(|part| trainable(format!("{}.{part}", own.linear.name)));
            let update = shape.kind.update(&target.settings, parts.collect::<Result<_, _>>()?);
            updates.insert((target.layer, target.linear), LayerUpdate { update, site: own.site });
        }
        let linear = |linear: graph::HeadLinear| -> Result<HeadLinear, ModelError> {
            let weight = trainable(format!("{}.weight", linear.name))?;
            Ok(HeadLinear { weight, bias: trainable(format!("{}.bias", linear.name))? })
        };
        let head = graph.head.linears().map(linear).collect::<Result<_, _>>()?;
        Ok(Adapter { parameters, shape, updates, head })
    }

    pub fn update(&self, layer: usize, linear: LinearRole) -> Option<&LayerUpdate> {
        self.updates.get(&(layer, linear))
    }

    /// The adapted linear layer nearest to the embeddings; no gradient is needed below it.
    pub fn lowest(&self) -> Option<(usize, LinearRole)> {
        self.updates.keys().next().copied()
    }
}
