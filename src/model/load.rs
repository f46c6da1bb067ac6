//! From the weights of a checkpoint to a frozen encoder on a backend.

use tch::{Device, Kind, Tensor};

use super::ModelError;
use super::backend::Backend;
use super::base::head_shapes;
use super::config::ModelConfig;
use super::frozen::{Embeddings, Frozen, Layer, Norm, Projections};
use super::weights::Weights;
use crate::spec::Module;

/// Takes weights, puts them on the device and counts them.
pub struct Source {
    weights: Weights,
    device: Device,
    /// Of products.
    kind: Kind,
    parameters: usize,
}

impl Source {
    pub fn new(weights: Weights, device: Device, kind: Kind) -> Self {
        Source { weights, device, kind, parameters: 0 }
    }

    /// The encoder and its pooler.
    pub fn frozen<B: Backend>(&mut self, backend: &B, config: &ModelConfig) -> Result<Frozen<B>, ModelError> {
        let embeddings = self.embeddings(config)?;
        let layers = (0..config.layers).map(|index| self.layer(backend, config, index)).collect::<Result<_, _>>()?;
        let pooler = match config.architecture.pooler() {
            Some(name) => Some(self.linear(backend, &[name.to_string()], config.hidden_size, config.hidden_size)?),
            None => None,
        };
        Ok(Frozen { embeddings, layers, pooler })
    }

    /// Parameters of what was taken, the head apart.
    ///
    /// # Errors
    /// Weights that nobody took.
    pub fn finish(self, config: &ModelConfig) -> Result<usize, ModelError> {
        self.weights.finish(config.architecture)?;
        Ok(self.parameters)
    }

    fn take(&mut self, name: &str, shape: &[i64]) -> Result<Tensor, ModelError> {
        self.parameters += shape.iter().product::<i64>() as usize;
        Ok(self.weights.take(name, shape)?.f_to_device(self.device)?)
    }

    /// One linear layer, or several with the same input laid side by side.
    fn linear<B: Backend>(
        &mut self,
        backend: &B,
        names: &[String],
        out: i64,
        input: i64,
    ) -> Result<B::Linear, ModelError> {
        let (weight, bias) = self.side_by_side(names, out, input)?;
        Ok(backend.linear(weight, bias)?)
    }

    /// Weight, in the precision of products, and bias.
    fn side_by_side(&mut self, names: &[String], out: i64, input: i64) -> Result<(Tensor, Tensor), ModelError> {
        let mut weights = Vec::new();
        let mut biases = Vec::new();
        for name in names {
            weights.push(self.take(&format!("{name}.weight"), &[out, input])?);
            biases.push(self.take(&format!("{name}.bias"), &[out])?);
        }
        Ok((Tensor::f_cat(&weights, 0)?.f_to_kind(self.kind)?, Tensor::f_cat(&biases, 0)?))
    }

    fn norm(&mut self, name: &str, config: &ModelConfig) -> Result<Norm, ModelError> {
        let width = config.hidden_size;
        let weight = self.take(&format!("{name}.weight"), &[width])?;
        let bias = self.take(&format!("{name}.bias"), &[width])?;
        Ok(Norm { weight, bias, eps: config.layer_norm_eps })
    }

    fn embeddings(&mut self, config: &ModelConfig) -> Result<Embeddings, ModelError> {
        let architecture = config.architecture;
        let width = config.hidden_size;
        let name = |part: &str| format!("{}.weight", architecture.embedding(part));
        let word = self.take(&name("word_embeddings"), &[config.vocab_size, width])?;
        let whole_position = self.take(&name("position_embeddings"), &[config.positions, width])?;
        let padding = config.padding();
        let mut position = whole_position.f_narrow(0, config.position_offset, config.longest_sequence() as i64)?;
        if let Some(padding) = padding {
            position = Tensor::f_cat(&[&position, &whole_position.f_narrow(0, padding, 1)?], 0)?;
        }
        if config.token_types > 0 {
            let types = self.take(&name("token_type_embeddings"), &[config.token_types, width])?;
            position = position.f_add(&types.f_narrow(0, 0, 1)?)?;
        }
        let norm = self.norm(&architecture.embedding("LayerNorm"), config)?;
        Ok(Embeddings { word, position, padding, norm })
    }

    fn layer<B: Backend>(&mut self, backend: &B, config: &ModelConfig, index: usize) -> Result<Layer<B>, ModelError> {
        let architecture = config.architecture;
        let (width, inner) = (config.hidden_size, config.intermediate_size);
        let name = |module| architecture.module_name(index, module);
        let [query, key, value] = [Module::Query, Module::Key, Module::Value].map(name);
        let projections = if index + 1 == config.layers {
            let query = self.linear(backend, &[query], width, width)?;
            let (weight, bias) = self.side_by_side(&[key, value], width, width)?;
            let states = backend.state_projections(&weight, &bias, config.heads)?;
            Projections::Apart { query, key_value: backend.linear(weight, bias)?, states }
        } else {
            Projections::Joined(self.linear(backend, &[query, key, value], width, width)?)
        };
        Ok(Layer {
            projections,
            attention_output: self.linear(backend, &[name(Module::AttentionOutput)], width, width)?,
            attention_norm: self.norm(&architecture.attention_norm(index), config)?,
            intermediate: self.linear(backend, &[name(Module::Intermediate)], inner, width)?,
            output: self.linear(backend, &[name(Module::Output)], width, inner)?,
            output_norm: self.norm(&architecture.output_norm(index), config)?,
        })
    }

    /// Weights and biases of the head by name; none where the checkpoint has no head for this number of classes.
    pub fn head(&mut self, config: &ModelConfig, classes: usize) -> Result<Vec<(String, Tensor)>, ModelError> {
        let shapes = head_shapes(config, classes);
        let mut found = Vec::new();
        for (name, shape) in &shapes {
            if let Some(tensor) = self.weights.take_optional(name, shape)? {
                found.push((name.clone(), tensor.f_to_device(self.device)?));
            }
        }
        // Half a head is another head's.
        Ok(if found.len() == shapes.len() { found } else { Vec::new() })
    }
}
