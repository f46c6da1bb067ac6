//! What a kind of adapter says.

use std::any::Any;
use std::fmt::Debug;
use std::ops::Range;

use serde_json::{Map, Value};
use tch::Tensor;

use super::adapted_linear::AdaptedLinear;
use super::peft_fields::{CommonFields, KindError, SavedSettings};
use super::target::UpdateSettings;
use crate::model::compute_error::ComputeError;
use crate::model::declaration::Declaration;
use crate::model::dropout::Dropout;
use crate::model::graph::LinearNode;
use crate::model::parameters::Trainable;
use crate::spec::RunSpec;

/// A kind of adapter: what is trained at a linear layer of the encoder, and what it does to the layer's output.
///
/// What begins as no change of the model, merges to what its forward pass computes, and has the gradients of that, holds in a
/// pack with runs of any kind.
pub trait AdapterKind: Debug + Sync {
    /// What messages and sweep files call it.
    fn name(&self) -> &'static str;

    /// What a run says of its updates; the same for all its target modules.
    fn settings(&self, run: &RunSpec) -> UpdateSettings;

    /// The ends of its parameters' names behind the linear layer's: `lora_A.weight`. PEFT calls them so.
    fn parts(&self) -> &'static [&'static str];

    /// Its parameters at a linear layer, one for each of [`Self::parts`] and in that order.
    fn parameters(&self, linear: &LinearNode, settings: &UpdateSettings) -> Vec<Declaration>;

    /// Numbers for each token that the forward pass of a linear layer leaves for the backward pass, as far as they matter
    /// beside those of the frozen layers.
    fn numbers_per_token(&self, _linear: &LinearNode, _settings: &UpdateSettings) -> u64 {
        0
    }

    /// The parameters of a linear layer as passes want them, from those of [`Self::parameters`].
    fn update(&self, settings: &UpdateSettings, parameters: Vec<Trainable>) -> Box<dyn Update>;

    /// Changes the rows of `runs`, all of this kind, in the output of a linear layer (`[rows, out]`, a view is fine), in place.
    /// `input`: `[rows, in]`.
    fn forward<'a>(
        &self,
        linear: Box<dyn AdaptedLinear<'a> + 'a>,
        runs: Vec<UpdateRows<'a>>,
        input: &Tensor,
        output: &Tensor,
    ) -> Result<Box<dyn UpdateTape + 'a>, ComputeError>;

    /// The weights of a linear layer with the update merged in; `values` are those of [`Self::parts`].
    fn merge(
        &self,
        settings: &UpdateSettings,
        values: &[Tensor],
        linear: LinearWeights,
    ) -> Result<LinearWeights, ComputeError>;

    /// `peft_type` of `adapter_config.json`.
    fn peft_type(&self) -> &'static str;

    /// How the names of PEFT's tensors of this kind begin: `lora_`.
    fn tensor_prefix(&self) -> &'static str;

    /// The content of `adapter_config.json` for targets with full module names. PEFT fills in what is left out.
    fn config_file(
        &self,
        common: &CommonFields<'_>,
        targets: &[(&str, UpdateSettings)],
    ) -> Result<Value, serde_json::Error>;

    /// What an `adapter_config.json` of this kind says.
    ///
    /// # Errors
    /// A variant that is not supported, by its name, or a value that PEFT would not take either.
    fn read_config(&self, fields: &Map<String, Value>) -> Result<SavedSettings, KindError>;
}

/// The parameters of one linear layer of a run, in a type of its kind's own.
pub trait Update: Any + Debug + Send {}

/// A run that adapts a linear layer: its update, its rows in the layer's input and output, and its dropout of the input.
#[derive(Clone, Debug)]
pub struct UpdateRows<'a> {
    pub update: &'a dyn Update,
    pub rows: Range<usize>,
    pub dropout: Option<Dropout>,
}

impl<'a> UpdateRows<'a> {
    /// The update, in the type that its kind made.
    pub fn update<U: Update>(&self) -> &'a U {
        let update: &dyn Any = self.update;
        update.downcast_ref().unwrap_or_else(|| unreachable!("a kind is given the updates that it made itself"))
    }
}

/// What the backward pass of a kind needs at one linear layer.
pub trait UpdateTape {
    /// The gradient of the frozen product, from that of the adapted output; none where they are equal, because the update is
    /// added to the product. Rows of other runs stay as they are.
    fn product_gradient(&self, _gradient: &Tensor) -> Result<Option<Tensor>, ComputeError> {
        Ok(None)
    }

    /// Accumulates the gradients of the parameters from that of the adapted output. Adds to the gradient of the layer's input,
    /// where one is given, what does not go through the frozen product.
    fn backward(&self, gradient: &Tensor, input_gradient: Option<&Tensor>) -> Result<(), ComputeError>;
}

/// Weights of a linear layer in float32.
#[derive(Debug)]
pub struct LinearWeights {
    /// `[out, in]`
    pub weight: Tensor,
    /// `[out]`
    pub bias: Tensor,
}
