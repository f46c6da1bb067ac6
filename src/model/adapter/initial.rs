//! The values that a new adapter starts from.

use tch::Tensor;

use super::{Adapter, LoraTarget, parameter_shapes};
use crate::model::base::Base;
use crate::model::error::ModelError;
use crate::model::parameters::{Parameter, Parameters};
use crate::model::random::{Key, Purpose};

impl Adapter {
    /// A new adapter: A kaiming-uniform, B zero (PEFT's default), the head from the checkpoint where it has one for
    /// these classes, else normal weights and zero biases (transformers' `_init_weights`).
    pub fn new(base: &Base, targets: Vec<LoraTarget>, seed: u64) -> Result<Self, ModelError> {
        let shapes = parameter_shapes(&base.config.graph, &targets, base.classes);
        let parameters = Parameters::new(shapes, base.device)?;
        let mut adapter = Adapter::over(parameters, targets, &base.config.graph)?;
        adapter.initialize(base, Key::new(seed, Purpose::Initialization))?;
        Ok(adapter)
    }

    fn initialize(&mut self, base: &Base, key: Key) -> Result<(), ModelError> {
        for entry in self.parameters.entries() {
            let from_checkpoint = base.head.iter().find(|(name, _)| *name == entry.name);
            let values = match from_checkpoint {
                Some((_, tensor)) => tensor.shallow_clone(),
                None => Tensor::f_from_slice(&initial_values(entry, key, base.config.initializer_range))?
                    .f_to_device(base.device)?
                    .f_view(entry.shape.as_slice())?,
            };
            self.parameters.value(entry)?.f_copy_(&values)?;
        }
        Ok(())
    }
}

/// A: uniform in +-1/sqrt(in), which is kaiming_uniform(a = sqrt 5); B and biases: zero; head weights: normal.
fn initial_values(entry: &Parameter, key: Key, initializer_range: f64) -> Vec<f32> {
    let key = key.with_name(&entry.name);
    let n = entry.elements() as u64;
    if entry.name.ends_with(".lora_A.weight") {
        let bound = 1.0 / (entry.shape[1] as f64).sqrt();
        (0..n).map(|i| ((2.0 * key.uniform(i) - 1.0) * bound) as f32).collect()
    } else if entry.name.ends_with(".lora_B.weight") || entry.name.ends_with(".bias") {
        vec![0.0; n as usize]
    } else {
        (0..n).map(|i| (key.normal(i) * initializer_range) as f32).collect()
    }
}

#[cfg(test)]
mod tests {
    use statrs::distribution::{ContinuousCDF, Normal, Uniform};

    use super::*;

    /// The initial values of a parameter of this name and shape.
    fn values(name: &str, shape: [i64; 2], seed: u64) -> Vec<f64> {
        let entry = Parameter { name: name.to_string(), shape: shape.to_vec(), offset: 0 };
        let key = Key::new(seed, Purpose::Initialization);
        initial_values(&entry, key, 0.02).into_iter().map(f64::from).collect()
    }

    /// Largest distance between the values' distribution function and another (Kolmogorov and Smirnov), times the root of
    /// their number: above 1.95 in one of a thousand samples of that distribution.
    fn misfit(values: &[f64], expected: &impl ContinuousCDF<f64, f64>) -> f64 {
        let mut sorted = values.to_vec();
        sorted.sort_by(f64::total_cmp);
        let n = sorted.len() as f64;
        let distance = |(index, value): (usize, &f64)| {
            let cdf = expected.cdf(*value);
            (cdf - index as f64 / n).max((index + 1) as f64 / n - cdf)
        };
        n.sqrt() * sorted.iter().enumerate().map(distance).fold(0.0, f64::max)
    }

    /// Correlation of neighbours in a row, of neighbours in a column, and of two samples, each times the root of their
    /// number: beyond 3.3 in one of a thousand samples of independent values.
    fn correlation(a: &[f64], b: &[f64]) -> f64 {
        let (n, square) = (a.len() as f64, |x: &[f64]| x.iter().map(|v| v * v).sum::<f64>());
        n.sqrt() * a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>() / (square(a) * square(b)).sqrt()
    }

    /// `reset_lora_parameters` of PEFT: kaiming_uniform_(a = sqrt 5), whose bound is sqrt(6 / ((1 + 5) fan_in)).
    #[test]
    fn lora_a_is_kaiming_uniform_and_lora_b_is_zero() {
        const MODULE: &str = "roberta.encoder.layer.0.attention.self.query";
        for (rank, input) in [(16, 768), (64, 3072)] {
            let a = values(&format!("{MODULE}.lora_A.weight"), [rank, input], 42);
            let bound = 1.0 / (input as f64).sqrt();
            assert!(a.iter().all(|value| value.abs() <= bound));
            let fit = misfit(&a, &Uniform::new(-bound, bound).unwrap());
            assert!(fit < 1.95, "{rank} x {input}: {fit}");
        }
        assert!(values(&format!("{MODULE}.lora_B.weight"), [768, 16], 42).iter().all(|value| *value == 0.0));
    }

    /// `_init_weights` of transformers: normal with `initializer_range`, biases zero.
    #[test]
    fn heads_are_normal_with_zero_biases() {
        for name in ["classifier.dense.weight", "classifier.out_proj.weight", "pre_classifier.weight"] {
            let fit = misfit(&values(name, [768, 768], 7), &Normal::new(0.0, 0.02).unwrap());
            assert!(fit < 1.95, "{name}: {fit}");
        }
        assert!(values("classifier.dense.bias", [1, 768], 7).iter().all(|value| *value == 0.0));
    }

    #[test]
    fn values_are_independent_of_their_neighbours_and_of_other_parameters_and_seeds() {
        let width = 512;
        let reference = values("classifier.dense.weight", [512, width], 7);
        let others = [
            values("classifier.out_proj.weight", [512, width], 7),
            values("classifier.dense.weight", [512, width], 8),
            reference[1..].to_vec(),
            reference[width as usize..].to_vec(),
        ];
        for other in others {
            let found = correlation(&reference[..other.len()], &other);
            assert!(found.abs() < 3.3, "{found}");
        }
        assert_eq!(reference, values("classifier.dense.weight", [512, width], 7));
    }
}
