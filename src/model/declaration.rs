//! What is stated of a trainable parameter where it is declared. Nothing about it is concluded from its name.

use tch::{Device, Tensor};

use super::compute_error::ComputeError;
use super::random::StreamKey;

/// A trainable matrix or vector before it exists.
#[derive(Debug)]
pub struct Declaration {
    /// Hugging Face name (`roberta.encoder.layer.0.attention.self.query.lora_A.weight`, `classifier.dense.bias`).
    pub name: String,
    pub shape: Vec<i64>,
    /// What training begins with.
    pub initial: Initial,
    /// Whether weight decay applies to it: to all but biases and the weights of norms
    /// (`Trainer.get_decay_parameter_names`).
    pub decays: bool,
}

impl Declaration {
    pub fn elements(&self) -> i64 {
        self.shape.iter().product()
    }
}

/// The values that a parameter begins with. Random ones are a function of the seed and the parameter's full name.
#[derive(Debug)]
pub enum Initial {
    Zeros,
    /// Uniform in +-`bound`.
    Uniform {
        bound: f64,
    },
    /// Normal around 0.
    Normal {
        std: f64,
    },
    /// These values, of the parameter's shape, on any device.
    Given(Tensor),
}

impl Initial {
    /// `kaiming_uniform_(a = sqrt 5)` of a matrix with so many inputs: its bound is sqrt(6 / ((1 + 5) input)).
    pub fn kaiming_uniform(input: i64) -> Self {
        Initial::Uniform { bound: 1.0 / (input as f64).sqrt() }
    }
}

impl Declaration {
    /// The values it begins with, in its shape. `key`: of all initial values of the run.
    pub fn values(&self, key: StreamKey, device: Device) -> Result<Tensor, ComputeError> {
        let key = key.with_name(&self.name);
        let indices = 0..self.elements() as u64;
        // Computed in double precision, then rounded.
        let numbers: Vec<f32> = match &self.initial {
            Initial::Given(values) => return Ok(values.f_to_device(device)?),
            Initial::Zeros => return Ok(Tensor::f_zeros(self.shape.as_slice(), (tch::Kind::Float, device))?),
            Initial::Uniform { bound } => indices.map(|i| ((2.0 * key.uniform(i) - 1.0) * bound) as f32).collect(),
            Initial::Normal { std } => indices.map(|i| (key.normal(i) * std) as f32).collect(),
        };
        Ok(Tensor::f_from_slice(&numbers)?.f_to_device(device)?.f_view(self.shape.as_slice())?)
    }
}

#[cfg(test)]
mod tests {
    use statrs::distribution::{ContinuousCDF, Normal, Uniform};

    use super::super::random::Purpose;
    use super::*;

    /// What a parameter begins with.
    fn values(name: &str, shape: [i64; 2], initial: Initial, seed: u64) -> Vec<f64> {
        let declared = Declaration { name: name.to_string(), shape: shape.to_vec(), initial, decays: true };
        let tensor = declared.values(StreamKey::new(seed, Purpose::Initialization), Device::Cpu).unwrap();
        Vec::<f64>::try_from(tensor.reshape([-1])).unwrap()
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

    #[test]
    fn uniform_values_fill_the_bound_of_kaiming() {
        const NAME: &str = "roberta.encoder.layer.0.attention.self.query.lora_A.weight";
        for (rank, input) in [(16, 768), (64, 3072)] {
            let a = values(NAME, [rank, input], Initial::kaiming_uniform(input), 42);
            let bound = 1.0 / (input as f64).sqrt();
            assert!(a.iter().all(|value| value.abs() <= bound));
            let fit = misfit(&a, &Uniform::new(-bound, bound).unwrap());
            assert!(fit < 1.95, "{rank} x {input}: {fit}");
        }
    }

    #[test]
    fn normal_values_have_their_deviation() {
        for name in ["classifier.dense.weight", "classifier.out_proj.weight", "pre_classifier.weight"] {
            let own = values(name, [768, 768], Initial::Normal { std: 0.02 }, 7);
            let fit = misfit(&own, &Normal::new(0.0, 0.02).unwrap());
            assert!(fit < 1.95, "{name}: {fit}");
        }
    }

    #[test]
    fn zeros_and_given_values_are_what_they_say() {
        assert_eq!(values("a", [1, 3], Initial::Zeros, 7), [0.0; 3]);
        let given = Initial::Given(Tensor::from_slice(&[1.0f32, -2.0, 0.5]).view([1, 3]));
        assert_eq!(values("a", [1, 3], given, 7), [1.0, -2.0, 0.5]);
    }

    #[test]
    fn values_are_independent_of_their_neighbours_and_of_other_parameters_and_seeds() {
        let normal = || Initial::Normal { std: 0.02 };
        let width = 512;
        let reference = values("classifier.dense.weight", [512, width], normal(), 7);
        let others = [
            values("classifier.out_proj.weight", [512, width], normal(), 7),
            values("classifier.dense.weight", [512, width], normal(), 8),
            reference[1..].to_vec(),
            reference[width as usize..].to_vec(),
        ];
        for other in others {
            let found = correlation(&reference[..other.len()], &other);
            assert!(found.abs() < 3.3, "{found}");
        }
        assert_eq!(reference, values("classifier.dense.weight", [512, width], normal(), 7));
    }
}
