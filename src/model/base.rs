//! The frozen model: one copy for all runs.

use std::path::Path;

use tch::{Device, Kind, TchError, Tensor};

use super::ModelError;
use super::config::ModelConfig;
use super::cpu::attention::first_tokens::HeadProjections;
use super::cuda::Program;
use super::elementwise::{Compute, Kernels};
use super::layout::Layout;
use super::peft::SavedAdapter;
use super::tf32;
use super::weight::Weight;
use super::weights::Weights;
use crate::spec::Module;
use crate::spec::Precision;

/// A frozen linear layer.
#[derive(Debug)]
pub struct Linear {
    /// `[out, in]`
    pub weight: Weight,
    /// `[out]`
    pub bias: Tensor,
}

/// A frozen LayerNorm.
#[derive(Debug)]
pub struct Norm {
    /// `[width]`
    pub weight: Tensor,
    /// `[width]`
    pub bias: Tensor,
    pub eps: f64,
}

#[derive(Debug)]
pub struct Embeddings {
    /// `[vocab, hidden]`
    pub word: Tensor,
    /// `[positions, hidden]`, token type 0 added, rows before `position_offset` cut off; with `padding`, its row is last.
    pub position: Tensor,
    /// The id of padding, where tokens of that id within a text are not counted (RoBERTa): all have the position of
    /// padding, `create_position_ids_from_input_ids` in transformers.
    pub padding: Option<i64>,
    pub norm: Norm,
}

impl Embeddings {
    /// The position of every token of a batch, a row of [`Self::position`] each, `[rows]` int64.
    ///
    /// # Errors
    /// A token without a row in [`Self::word`], or a sequence that is longer than the table of positions. Kernels read
    /// these tables unchecked.
    pub fn positions(&self, layout: &Layout) -> Result<Tensor, TchError> {
        let (words, longest) = (self.word.size()[0], self.position.size()[0] - i64::from(self.padding.is_some()));
        let ids = layout.tokens();
        if let Some(id) = ids.iter().find(|id| !(0..words).contains(*id)) {
            return Err(TchError::Torch(format!("token id {id}: the model's embeddings have {words} rows")));
        }
        let length = layout.sequences.iter().map(|sequence| sequence.len).max().unwrap_or(0);
        if length as i64 > longest {
            return Err(TchError::Torch(format!("a sequence of {length} tokens: the model takes at most {longest}")));
        }
        match self.padding {
            Some(padding) if ids.contains(&padding) => layout.positions_without(padding, longest),
            _ => Ok(layout.positions.shallow_clone()),
        }
    }
}

/// Query, key and value of a layer.
#[derive(Debug)]
pub enum Projections {
    /// Side by side, `[3 * hidden, hidden]`: every token asks.
    Joined(Linear),
    /// Of the last layer, where only first tokens ask; key and value are `[2 * hidden, hidden]`. `heads` are the same key
    /// and value for attention that does without those of single tokens.
    Apart { query: Linear, key_value: Linear, heads: Option<HeadProjections> },
}

#[derive(Debug)]
pub struct Layer {
    pub projections: Projections,
    pub attention_output: Linear,
    pub attention_norm: Norm,
    pub intermediate: Linear,
    pub output: Linear,
    pub output_norm: Norm,
}

/// A frozen encoder with what its head starts from.
#[derive(Debug)]
pub struct Base {
    pub config: ModelConfig,
    pub precision: Precision,
    pub device: Device,
    kernels: Kernels,
    /// Our own kernels on a GPU.
    program: Option<Program>,
    /// Why libtorch's operations do on a GPU what our own kernels were asked to.
    pub without_kernels: Option<String>,
    pub embeddings: Embeddings,
    pub layers: Vec<Layer>,
    pub pooler: Option<Linear>,
    /// Weights and biases of the head by name, where the checkpoint has a head for this number of classes.
    pub head: Vec<(String, Tensor)>,
    pub classes: usize,
    /// Parameters of encoder, pooler and head.
    pub parameters: usize,
}

impl Base {
    /// Loads a Hugging Face model folder for `classes` classes.
    ///
    /// # Errors
    /// A missing, misshapen or unexpected weight (all of them in one report), an unsupported configuration, or a
    /// device that has no room.
    pub fn load(folder: &Path, classes: usize, precision: Precision, device: Device) -> Result<Self, ModelError> {
        Base::load_for(Kernels::of(device), folder, classes, precision, device)
    }

    /// As [`Self::load`], with kernels chosen by the caller.
    pub fn load_for(
        kernels: Kernels,
        folder: &Path,
        classes: usize,
        precision: Precision,
        device: Device,
    ) -> Result<Self, ModelError> {
        let config = ModelConfig::read(folder)?;
        let weights = Weights::read(folder, config.architecture)?;
        Base::of_weights(kernels, config, weights, classes, precision, device)
    }

    /// Loads the model that `adapter` lies on: with what it trained beside LoRA and head (biases, a pooler) in place.
    ///
    /// # Errors
    /// As [`Self::load`]; also a trained weight that the model does not have.
    pub fn load_beneath(
        adapter: &SavedAdapter,
        folder: &Path,
        classes: usize,
        precision: Precision,
        device: Device,
    ) -> Result<Self, ModelError> {
        let config = ModelConfig::read(folder)?;
        let mut weights = Weights::read(folder, config.architecture)?;
        adapter.replace_beyond(&mut weights)?;
        Base::of_weights(Kernels::of(device), config, weights, classes, precision, device)
    }

    /// The model of these weights.
    ///
    /// # Errors
    /// As [`Self::load`].
    pub(super) fn of_weights(
        kernels: Kernels,
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
        // Before anything is allocated for what the configuration claims.
        weights.check(&config)?;
        let architecture = config.architecture;
        let product = product_kind(precision);
        let (mut kernels, mut program, mut without_kernels) = (kernels, None, None);
        if kernels == Kernels::Fused && matches!(device, Device::Cuda(_)) {
            match Program::compile(device, &config, product) {
                Ok(compiled) => program = Some(compiled),
                // libtorch's operations do the same, slower.
                Err(reason) => (kernels, without_kernels) = (Kernels::Plain, Some(reason)),
            }
        }
        let mut source = Source { weights, device, product, kernels, eps: config.layer_norm_eps, parameters: 0 };
        let embeddings = source.embeddings(&config)?;
        let layers = (0..config.layers).map(|index| source.layer(&config, index)).collect::<Result<Vec<_>, _>>()?;
        let pooler = match architecture.pooler() {
            Some(name) => Some(source.linear(&[name.to_string()], config.hidden_size, config.hidden_size)?),
            None => None,
        };
        let head = source.head(&config, classes)?;
        let (weights, parameters) = (source.weights, source.parameters);
        weights.finish(architecture)?;
        let head_parameters = head_shapes(&config, classes).into_iter().map(|(_, shape)| shape.iter().product::<i64>());
        let parameters = parameters + head_parameters.sum::<i64>() as usize;
        Ok(Base {
            config,
            precision,
            device,
            kernels,
            program,
            without_kernels,
            embeddings,
            layers,
            pooler,
            head,
            classes,
            parameters,
        })
    }

    /// What computes.
    pub fn compute(&self) -> Compute<'_> {
        match (&self.program, self.kernels) {
            (Some(program), _) => Compute::Cuda(program),
            (None, Kernels::Fused) => Compute::Processor,
            (None, Kernels::Plain) => Compute::Plain,
        }
    }

    /// The kind of values between products.
    pub fn kind(&self) -> Kind {
        if self.program.is_some() { product_kind(self.precision) } else { Kind::Float }
    }
}

/// The head's trainable weights and biases by Hugging Face name.
pub fn head_shapes(config: &ModelConfig, classes: usize) -> Vec<(String, Vec<i64>)> {
    let names = config.architecture.head();
    let mut shapes = Vec::new();
    for (index, name) in names.iter().enumerate() {
        let out = if index + 1 == names.len() { classes as i64 } else { config.hidden_size };
        shapes.push((format!("{name}.weight"), vec![out, config.hidden_size]));
        shapes.push((format!("{name}.bias"), vec![out]));
    }
    shapes
}

fn product_kind(precision: Precision) -> Kind {
    match precision {
        Precision::Fp32 | Precision::Tf32 => Kind::Float,
        Precision::Bf16 => Kind::BFloat16,
    }
}

/// Takes weights, puts them on the device and counts them.
struct Source {
    weights: Weights,
    device: Device,
    product: Kind,
    kernels: Kernels,
    eps: f64,
    parameters: usize,
}

impl Source {
    fn take(&mut self, name: &str, shape: &[i64]) -> Result<Tensor, ModelError> {
        self.parameters += shape.iter().product::<i64>() as usize;
        Ok(self.weights.take(name, shape)?.f_to_device(self.device)?)
    }

    /// One linear layer, or several with the same input laid side by side.
    fn linear(&mut self, names: &[String], out: i64, input: i64) -> Result<Linear, ModelError> {
        let (weight, bias) = self.side_by_side(names, out, input)?;
        self.linear_of(weight, bias)
    }

    fn linear_of(&self, weight: Tensor, bias: Tensor) -> Result<Linear, ModelError> {
        let own = self.kernels == Kernels::Fused && self.device != Device::Cpu;
        let weight = if own { Weight::on_device(weight, &bias)? } else { Weight::new(weight, self.kernels)? };
        Ok(Linear { weight, bias })
    }

    /// Weight, in the precision of products, and bias.
    fn side_by_side(&mut self, names: &[String], out: i64, input: i64) -> Result<(Tensor, Tensor), ModelError> {
        let mut weights = Vec::new();
        let mut biases = Vec::new();
        for name in names {
            weights.push(self.take(&format!("{name}.weight"), &[out, input])?);
            biases.push(self.take(&format!("{name}.bias"), &[out])?);
        }
        Ok((Tensor::f_cat(&weights, 0)?.f_to_kind(self.product)?, Tensor::f_cat(&biases, 0)?))
    }

    fn norm(&mut self, name: &str, width: i64) -> Result<Norm, ModelError> {
        let weight = self.take(&format!("{name}.weight"), &[width])?;
        let bias = self.take(&format!("{name}.bias"), &[width])?;
        Ok(Norm { weight, bias, eps: self.eps })
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
        let norm = self.norm(&architecture.embedding("LayerNorm"), width)?;
        Ok(Embeddings { word, position, padding, norm })
    }

    fn layer(&mut self, config: &ModelConfig, index: usize) -> Result<Layer, ModelError> {
        let architecture = config.architecture;
        let (width, inner) = (config.hidden_size, config.intermediate_size);
        let name = |module| architecture.module_name(index, module);
        let [query, key, value] = [Module::Query, Module::Key, Module::Value].map(name);
        let projections = if index + 1 == config.layers {
            let query = self.linear(&[query], width, width)?;
            let (weight, bias) = self.side_by_side(&[key, value], width, width)?;
            let heads = HeadProjections::new(&weight, &bias, config.heads, self.kernels)?;
            Projections::Apart { query, key_value: self.linear_of(weight, bias)?, heads }
        } else {
            Projections::Joined(self.linear(&[query, key, value], width, width)?)
        };
        Ok(Layer {
            projections,
            attention_output: self.linear(&[name(Module::AttentionOutput)], width, width)?,
            attention_norm: self.norm(&architecture.attention_norm(index), width)?,
            intermediate: self.linear(&[name(Module::Intermediate)], inner, width)?,
            output: self.linear(&[name(Module::Output)], width, inner)?,
            output_norm: self.norm(&architecture.output_norm(index), width)?,
        })
    }

    fn head(&mut self, config: &ModelConfig, classes: usize) -> Result<Vec<(String, Tensor)>, ModelError> {
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
