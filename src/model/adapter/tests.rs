//! What kinds of adapters promise, of LoRA and of a kind that multiplies outputs instead of adding to them.

use std::path::{Path, PathBuf};

use serde_json::{Map, Value};
use tch::{Device, Kind, Tensor};

use super::*;
use crate::model::backend::BackendRequest;
use crate::model::base::Base;
use crate::model::checkpoint::Weights;
use crate::model::classifier::Classifier;
use crate::model::compute_error::ComputeError;
use crate::model::config::ModelConfig;
use crate::model::declaration::{Declaration, Initial};
use crate::model::graph::LinearNode;
use crate::model::layout::Layout;
use crate::model::parameters::Trainable;
use crate::model::pass::RunPass;
use crate::spec::{Precision, RunSpec};

/// Multiplies what a linear layer is given, or what it gives with its bias, by a trained vector.
#[derive(Debug)]
struct Scaling {
    inputs: bool,
}

#[derive(Debug)]
struct Scale(Trainable);

impl Update for Scale {}

impl AdapterKind for Scaling {
    fn name(&self) -> &'static str {
        if self.inputs { "scaled inputs" } else { "scaled outputs" }
    }

    fn settings(&self, _: &RunSpec) -> UpdateSettings {
        UpdateSettings { rank: 1, scale: 1.0 }
    }

    fn parts(&self) -> &'static [&'static str] {
        &["scaling"]
    }

    fn parameters(&self, linear: &LinearNode, _: &UpdateSettings) -> Vec<Declaration> {
        let width = if self.inputs { linear.input() } else { linear.out() };
        let initial = Initial::Given(Tensor::ones([width], (Kind::Float, Device::Cpu)));
        let name = format!("{}.scaling", linear.name);
        vec![Declaration { name, shape: vec![width], initial, decays: false }]
    }

    fn update(&self, _: &UpdateSettings, parameters: Vec<Trainable>) -> Box<dyn Update> {
        Box::new(Scale(parameters.into_iter().next().unwrap()))
    }

    fn forward<'a>(
        &self,
        linear: Box<dyn AdaptedLinear<'a> + 'a>,
        runs: Vec<UpdateRows<'a>>,
        input: &Tensor,
        output: &Tensor,
    ) -> Result<Box<dyn UpdateTape + 'a>, ComputeError> {
        let bias = linear.bias()?;
        let mut multiplied = Vec::new();
        for run in &runs {
            let (mut rows, scale) = (narrow(output, run), &run.update::<Scale>().0.value);
            if self.inputs {
                let input = narrow(input, run);
                let product = linear.product(&(&input * scale))?;
                rows.copy_(&if linear.contains_bias() { product + &bias } else { product });
                multiplied.push(input.copy());
            } else {
                // Where the bias is added later, that must not be noticed.
                let later = if linear.contains_bias() { bias.zeros_like() } else { bias.copy() };
                let whole = &rows + &later;
                rows.copy_(&(&whole * scale - later));
                multiplied.push(whole);
            }
        }
        Ok(Box::new(Tape { linear, inputs: self.inputs, runs, multiplied }))
    }

    fn merge(
        &self,
        _: &UpdateSettings,
        values: &[Tensor],
        frozen: LinearWeights,
    ) -> Result<LinearWeights, ComputeError> {
        let LinearWeights { weight, bias } = frozen;
        Ok(match self.inputs {
            true => LinearWeights { weight: weight * &values[0], bias },
            false => LinearWeights { weight: weight * values[0].unsqueeze(1), bias: bias * &values[0] },
        })
    }

    fn peft_type(&self) -> &'static str {
        "SCALING"
    }

    fn tensor_prefix(&self) -> &'static str {
        "scaling"
    }

    fn config_file(&self, _: &CommonFields<'_>, _: &[(&str, UpdateSettings)]) -> Result<Value, serde_json::Error> {
        Ok(Value::Null)
    }

    fn read_config(&self, _: &Map<String, Value>) -> Result<SavedSettings, KindError> {
        Err("is never saved".into())
    }
}

struct Tape<'a> {
    linear: Box<dyn AdaptedLinear<'a> + 'a>,
    inputs: bool,
    runs: Vec<UpdateRows<'a>>,
    /// What each run multiplies.
    multiplied: Vec<Tensor>,
}

impl UpdateTape for Tape<'_> {
    fn product_gradient(&self, gradient: &Tensor) -> Result<Option<Tensor>, ComputeError> {
        let product = gradient.copy();
        for run in &self.runs {
            // What goes through scaled inputs is added in `backward`.
            let own = if self.inputs { Tensor::from(0.0f32) } else { run.update::<Scale>().0.value.shallow_clone() };
            let _ = narrow(&product, run).multiply_(&own);
        }
        Ok(Some(product))
    }

    fn backward(&self, gradient: &Tensor, input_gradient: Option<&Tensor>) -> Result<(), ComputeError> {
        for (run, multiplied) in self.runs.iter().zip(&self.multiplied) {
            let (scale, mut own) = (&run.update::<Scale>().0, narrow(gradient, run));
            if self.inputs {
                own = self.linear.product_backward(&own)?;
                if let Some(input_gradient) = input_gradient {
                    let _ = narrow(input_gradient, run).g_add_(&(&own * &scale.value));
                }
            }
            let sums = (own * multiplied).sum_dim_intlist([0i64].as_slice(), false, Kind::Float);
            let _ = scale.gradient.shallow_clone().f_add_(&sums)?;
        }
        Ok(())
    }
}

fn narrow(x: &Tensor, run: &UpdateRows<'_>) -> Tensor {
    x.narrow(0, run.rows.start as i64, run.rows.len() as i64)
}

const CLASSES: usize = 4;
const BACKENDS: [BackendRequest; 2] = [BackendRequest::Fastest, BackendRequest::Plain];

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/reference/bert/model")
}

fn base(request: BackendRequest) -> Base {
    Base::load_on(request, &folder(), CLASSES, Precision::Fp32, Device::Cpu).unwrap()
}

/// An adapter of some linear layers of every role, in the first and in the last layer.
fn adapter(base: &Base, kind: &'static dyn AdapterKind, seed: u64) -> Adapter {
    let layers = &base.config.graph.layers;
    let modules = layers.iter().flat_map(|layer| layer.linears()).map(|own| own.linear.name.clone());
    let settings = UpdateSettings { rank: 4, scale: 1.5 };
    let modules: Vec<String> = modules.collect();
    Adapter::new(base, AdapterShape::new(kind, &base.config, &modules, settings).unwrap(), seed).unwrap()
}

/// Moves all parameters a little, so that an update changes something.
fn disturb(adapter: &Adapter, key: f64) {
    let values = &adapter.parameters.values;
    let moves = Tensor::arange(values.numel() as i64, (Kind::Float, Device::Cpu)) * key;
    let _ = values.shallow_clone().g_add_(&(moves.sin() * 0.1));
}

fn texts() -> [Vec<u32>; 3] {
    [vec![2, 11, 12, 13, 3], vec![2, 21, 3], vec![2, 31, 32, 33, 34, 35, 3]]
}

fn logits(base: &Base, adapters: &[&Adapter]) -> Tensor {
    let texts = texts();
    let batch: Vec<Vec<&[u32]>> = adapters.iter().map(|_| texts.iter().map(Vec::as_slice).collect()).collect();
    let layout = Layout::new(&batch, Device::Cpu).unwrap();
    let passes: Vec<RunPass<'_>> = adapters.iter().map(|adapter| RunPass { adapter, dropout: None }).collect();
    Classifier::new(base, &layout, &passes).evaluate().unwrap()
}

fn distance(a: &Tensor, b: &Tensor) -> f64 {
    (a - b).abs().max().double_value(&[])
}

static KINDS: [&dyn AdapterKind; 3] = [&lora::Kind, &Scaling { inputs: false }, &Scaling { inputs: true }];

/// `adapter` merged into the weights of its model, with its head.
fn merged(adapter: &Adapter) -> Tensor {
    let config = ModelConfig::read(&folder()).unwrap();
    let mut weights = Weights::read(&folder(), &config.graph).unwrap();
    let value = |name: String| adapter.parameters.value(adapter.parameters.find(&name).unwrap()).unwrap();
    for target in &adapter.shape.targets {
        let linear = &target.of(&config.graph).unwrap().linear;
        let parts = adapter.shape.kind.parts().iter().map(|part| value(format!("{}.{part}", linear.name)));
        let frozen = LinearWeights {
            weight: weights.float(&linear.weight).unwrap().unwrap(),
            bias: weights.float(&linear.bias).unwrap().unwrap(),
        };
        let merged = adapter.shape.kind.merge(&target.settings, &parts.collect::<Vec<_>>(), frozen).unwrap();
        weights.insert(&linear.weight.name, &merged.weight);
        weights.insert(&linear.bias.name, &merged.bias);
    }
    for tensor in config.graph.head.nodes(CLASSES).iter().flat_map(LinearNode::tensors) {
        weights.insert(&tensor.name, &value(tensor.name.clone()));
    }
    let (request, precision) = (BackendRequest::Plain, Precision::Fp32);
    let base = Base::from_weights(request, config, weights, CLASSES, precision, Device::Cpu).unwrap();
    logits(&base, &[&Adapter::new(&base, AdapterShape::head_only(), 0).unwrap()])
}

#[test]
fn starting_out_a_kind_changes_nothing_and_what_it_learned_can_be_merged() {
    for request in BACKENDS {
        let base = base(request);
        let head = logits(&base, &[&Adapter::new(&base, AdapterShape::head_only(), 1).unwrap()]);
        for kind in KINDS {
            let adapter = adapter(&base, kind, 1);
            assert!(distance(&logits(&base, &[&adapter]), &head) < 1e-6, "{kind:?} on {request:?}");
            disturb(&adapter, 0.7);
            let own = logits(&base, &[&adapter]);
            assert!(distance(&own, &head) > 1e-2, "{kind:?} on {request:?}: nothing was changed");
            let merged = distance(&own, &merged(&adapter));
            assert!(merged < 2e-5, "{kind:?} on {request:?}: merged, logits differ by {merged}");
        }
    }
}

#[test]
fn runs_of_different_kinds_share_a_pack() {
    for request in BACKENDS {
        let base = base(request);
        let adapters = [0, 1, 0, 2].map(|kind| adapter(&base, KINDS[kind], 1 + kind as u64));
        for (adapter, key) in adapters.iter().zip([0.3, 0.7, 1.1, 1.7]) {
            disturb(adapter, key);
        }
        let together = logits(&base, &adapters.each_ref());
        for (place, adapter) in adapters.iter().enumerate() {
            let alone = logits(&base, &[adapter]);
            let packed = together.narrow(0, 3 * place as i64, 3);
            let apart = distance(&packed, &alone);
            assert!(apart < 1e-5, "run {place} on {request:?}: logits differ by {apart}");
        }
    }
}

/// The derivative along some directions, against differences of the loss. It is right for the parameters of lower layers only
/// where gradients pass through the updates of higher ones.
#[test]
fn gradients_are_those_of_the_forward_pass() {
    const STEP: f64 = 2e-3;
    let _guard = tch::no_grad_guard();
    for request in BACKENDS {
        let base = base(request);
        for kind in KINDS {
            let adapter = adapter(&base, kind, 1);
            disturb(&adapter, 0.7);
            let weights = Tensor::arange(12, (Kind::Float, Device::Cpu)).sin().view([3, 4]);
            let texts = texts();
            let layout = Layout::new(&[texts.iter().map(Vec::as_slice).collect()], Device::Cpu).unwrap();
            let passes = [RunPass { adapter: &adapter, dropout: None }];
            let (_, backward) = Classifier::new(&base, &layout, &passes).forward().unwrap();
            backward.accumulate(&weights).unwrap();
            let loss = || (logits(&base, &[&adapter]) * &weights).sum(Kind::Double).double_value(&[]);
            let parameters = &adapter.parameters;
            for entry in parameters.entries() {
                let (mut value, gradient) = (parameters.value(entry).unwrap(), parameters.gradient_of(entry).unwrap());
                let norm = gradient.norm().double_value(&[]);
                if norm < 1e-3 {
                    continue;
                }
                let direction = &gradient / norm;
                let begun = value.copy();
                let at = |step: f64, value: &mut Tensor| {
                    value.copy_(&(&begun + &direction * step));
                    loss()
                };
                let slope = (at(STEP, &mut value) - at(-STEP, &mut value)) / (2.0 * STEP);
                value.copy_(&begun);
                let error = (slope - norm).abs() / norm;
                assert!(error < 0.02, "{kind:?} on {request:?}, {}: {slope} instead of {norm}", entry.name);
            }
        }
    }
}
