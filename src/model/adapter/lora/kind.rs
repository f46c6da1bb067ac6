//! LoRA as a kind of adapter.

use serde_json::{Map, Value};
use tch::Tensor;

use super::config_file;
use super::saved::SavedLora;
use crate::model::adapter::{
    AdaptedLinear, AdapterKind, CommonFields, KindError, LinearWeights, Lora, LoraTape, SavedSettings, Update,
    UpdateRows, UpdateSettings, UpdateTape,
};
use crate::model::backend::AdaptedRows;
use crate::model::compute_error::ComputeError;
use crate::model::declaration::{Declaration, Initial};
use crate::model::graph::LinearNode;
use crate::model::parameters::Trainable;
use crate::spec::RunSpec;

/// A and B of each linear layer.
#[derive(Debug)]
pub struct Kind;

impl Update for Lora {}

impl AdapterKind for Kind {
    fn name(&self) -> &'static str {
        "lora"
    }

    fn settings(&self, run: &RunSpec) -> UpdateSettings {
        UpdateSettings { rank: run.rank as i64, scale: run.lora_alpha / run.rank as f64 }
    }

    fn parts(&self) -> &'static [&'static str] {
        &["lora_A.weight", "lora_B.weight"]
    }

    /// A is kaiming-uniform and B zero, PEFT's default (`reset_lora_parameters`).
    fn parameters(&self, linear: &LinearNode, settings: &UpdateSettings) -> Vec<Declaration> {
        let (out, input, rank) = (linear.out(), linear.input(), settings.rank);
        let declare = |part: &str, shape: [i64; 2], initial| Declaration {
            name: format!("{}.{part}", linear.name),
            shape: shape.to_vec(),
            initial,
            decays: true,
        };
        vec![
            declare("lora_A.weight", [rank, input], Initial::kaiming_uniform(input)),
            declare("lora_B.weight", [out, rank], Initial::Zeros),
        ]
    }

    fn update(&self, settings: &UpdateSettings, parameters: Vec<Trainable>) -> Box<dyn Update> {
        let Ok([a, b]) = <[Trainable; 2]>::try_from(parameters) else {
            unreachable!("two parameters are declared for each linear layer")
        };
        Box::new(Lora { a, b, scale: settings.scale })
    }

    fn forward<'a>(
        &self,
        linear: Box<dyn AdaptedLinear<'a> + 'a>,
        runs: Vec<UpdateRows<'a>>,
        input: &Tensor,
        output: &Tensor,
    ) -> Result<Box<dyn UpdateTape + 'a>, ComputeError> {
        let adapted = |run: UpdateRows<'a>| AdaptedRows { lora: run.update(), rows: run.rows, dropout: run.dropout };
        let adapted: Vec<AdaptedRows<'a>> = runs.into_iter().map(adapted).collect();
        let tape = linear.lora(&adapted, input, output)?;
        Ok(Box::new(Tape { adapted, tape }))
    }

    fn merge(
        &self,
        settings: &UpdateSettings,
        values: &[Tensor],
        LinearWeights { weight, bias }: LinearWeights,
    ) -> Result<LinearWeights, ComputeError> {
        let [a, b] = values else { unreachable!("a value for each of two parts") };
        Ok(LinearWeights { weight: weight.f_add(&b.f_matmul(a)?.f_mul_scalar(settings.scale)?)?, bias })
    }

    fn peft_type(&self) -> &'static str {
        "LORA"
    }

    fn tensor_prefix(&self) -> &'static str {
        "lora_"
    }

    fn config_file(
        &self,
        common: &CommonFields<'_>,
        targets: &[(&str, UpdateSettings)],
    ) -> Result<Value, serde_json::Error> {
        config_file::content(self.peft_type(), common, targets)
    }

    fn read_config(&self, fields: &Map<String, Value>) -> Result<SavedSettings, KindError> {
        let saved = SavedLora::read(fields)?;
        Ok(SavedSettings { rank: saved.r, alpha: saved.lora_alpha, layers: Box::new(saved) })
    }
}

struct Tape<'a> {
    adapted: Vec<AdaptedRows<'a>>,
    tape: Box<dyn LoraTape + 'a>,
}

impl UpdateTape for Tape<'_> {
    fn backward(&self, gradient: &Tensor, input_gradient: Option<&Tensor>) -> Result<(), ComputeError> {
        self.tape.backward(&self.adapted, gradient, input_gradient)
    }
}
