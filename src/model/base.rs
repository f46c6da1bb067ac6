//! The frozen model: one copy for all runs.

use std::path::Path;

use tch::{Device, Tensor};

use super::backend::{self, Backend, BackendChoice, BackendRequest, MemoryFormula, WithBackend};
use super::checkpoint::Weights;
use super::compute_error::ComputeError;
use super::config::ModelConfig;
use super::error::ModelError;
use super::graph::Graph;
use super::load;
use super::network::{Loaded, Network};
use super::optimizer::{Moments, OptimizerStep};
use super::parameters::Parameters;
use super::precision::product_kind;
use super::tf32;
use crate::spec::Precision;

/// A frozen encoder with what its head starts from.
#[derive(Debug)]
pub struct Base {
    pub config: ModelConfig,
    pub precision: Precision,
    pub device: Device,
    /// What computes, and why.
    pub backend: BackendChoice,
    /// What it keeps in memory.
    pub memory: MemoryFormula,
    network: Box<dyn Network>,
    /// Weights and biases of the head by name, where the checkpoint has a head for this number of classes.
    pub head: Vec<(String, Tensor)>,
    pub classes: usize,
    /// Parameters of encoder, pooler and head.
    pub parameters: usize,
}

impl Base {
    /// Loads a Hugging Face model folder for `classes` classes, on the fastest backend of the device.
    ///
    /// # Errors
    /// A missing, misshapen or unexpected weight (all of them in one report), an unsupported configuration, or a
    /// device that has no room.
    pub fn load(folder: &Path, classes: usize, precision: Precision, device: Device) -> Result<Self, ModelError> {
        Base::load_on(BackendRequest::Fastest, folder, classes, precision, device)
    }

    /// As [`Self::load`], with the backend chosen by the caller.
    pub fn load_on(
        request: BackendRequest,
        folder: &Path,
        classes: usize,
        precision: Precision,
        device: Device,
    ) -> Result<Self, ModelError> {
        let config = ModelConfig::read(folder)?;
        let weights = Weights::read(folder, &config.graph)?;
        Base::from_weights(request, config, weights, classes, precision, device)
    }

    /// The model of these weights.
    ///
    /// # Errors
    /// As [`Self::load`].
    pub(super) fn from_weights(
        request: BackendRequest,
        config: ModelConfig,
        weights: Weights,
        classes: usize,
        precision: Precision,
        device: Device,
    ) -> Result<Self, ModelError> {
        if matches!(device, Device::Cuda(_))
            && !tf32::allow(precision == Precision::Tf32)
            && precision == Precision::Tf32
        {
            return Err(ModelError::NoTf32);
        }
        backend::check_instruction_set()?;
        // Before anything is allocated for what the configuration claims.
        weights.check(&config.graph)?;
        let source = load::WeightLoader::new(weights, device, product_kind(precision));
        let loading = Loading { source, graph: &config.graph, classes };
        let (content, backend) = backend::open(request, device, (&config, precision), loading);
        let Content { network, memory, head, parameters } = content?;
        Ok(Base { config, precision, device, backend, memory, network, head, classes, parameters })
    }

    /// Encoder and heads.
    pub(super) fn network(&self) -> &dyn Network {
        &*self.network
    }

    /// Clips the gradient of a run's parameters, takes a step of AdamW, and clears the gradient. Returns the gradient's norm
    /// before clipping, `[]`.
    pub fn adamw(
        &self,
        parameters: &Parameters,
        moments: &mut Moments,
        step: &OptimizerStep,
    ) -> Result<Tensor, ComputeError> {
        self.network.adamw(parameters, moments, step)
    }
}

/// What was made of a model's weights.
struct Content {
    network: Box<dyn Network>,
    memory: MemoryFormula,
    head: Vec<(String, Tensor)>,
    /// Of encoder, pooler and head.
    parameters: usize,
}

/// Lays weights out for a backend.
struct Loading<'a> {
    source: load::WeightLoader,
    graph: &'a Graph,
    classes: usize,
}

impl WithBackend for Loading<'_> {
    type Output = Result<Content, ModelError>;

    fn with<B: Backend>(self, backend: B) -> Self::Output {
        let Loading { mut source, graph, classes } = self;
        let frozen = source.frozen(&backend, graph)?;
        let head = source.head(graph, classes)?;
        let parameters = source.finish(graph)?;
        let memory = backend.memory();
        Ok(Content { network: Box::new(Loaded { backend, frozen }), memory, head, parameters })
    }
}
