//! A density over the dimensions of a group: a mixture with one product of kernels for each point, and one that covers the
//! whole space.

use crate::metrics::Stream;
use crate::spec::{Distribution, Point};

use super::groups::Projection;
use super::kernel::{self, Kernel};

/// Of many points the newest have full weight; the weights of the others grow from almost nothing in their order.
const FULL_WEIGHT: usize = 25;

pub struct Density<'s> {
    distributions: Vec<&'s Distribution>,
    /// By component, then by dimension.
    components: Vec<Vec<Kernel>>,
    /// Of the components; they sum to 1.
    weights: Vec<f64>,
}

impl<'s> Density<'s> {
    /// A density of those points that have the dimensions. A kernel is at most `narrowness` times as narrow as the range divided
    /// by the number of points.
    pub fn fit(dimensions: &Projection<'s>, points: &[&Point], narrowness: f64) -> Self {
        let distributions: Vec<&Distribution> = dimensions.distributions().collect();
        let values: Vec<Vec<f64>> = points.iter().filter_map(|point| dimensions.values(point)).collect();
        let count = values.len();
        let mut components: Vec<Vec<Kernel>> = values.iter().map(|_| Vec::with_capacity(distributions.len())).collect();
        for (place, distribution) in distributions.iter().enumerate() {
            let of_dimension: Vec<f64> = values.iter().map(|point| point[place]).collect();
            for (component, kernel) in
                components.iter_mut().zip(Kernel::around(distribution, &of_dimension, narrowness))
            {
                component.push(kernel);
            }
        }
        components.push(distributions.iter().map(|of| Kernel::everywhere(of)).collect());
        let mut weights = weights(count);
        weights.push(1.0);
        let sum: f64 = weights.iter().sum();
        weights.iter_mut().for_each(|weight| *weight /= sum);
        Density { distributions, components, weights }
    }

    /// Values as they would be tried: rounded.
    pub fn draw(&self, stream: &mut Stream) -> Vec<f64> {
        let component = &self.components[kernel::drawn(&self.weights, stream.uniform())];
        let rounded = |(of, kernel): (&&Distribution, &Kernel)| {
            kernel::value(of, kernel::coordinate(of, kernel.draw(stream.uniform())))
        };
        self.distributions.iter().zip(component).map(rounded).collect()
    }

    pub fn log_density(&self, values: &[f64]) -> f64 {
        let logs: Vec<f64> = (self.components.iter().zip(&self.weights))
            .map(|(component, weight)| {
                let parts = component.iter().zip(values);
                weight.ln() + parts.map(|(kernel, value)| kernel.log_density(*value)).sum::<f64>()
            })
            .collect();
        let largest = logs.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        largest + logs.iter().map(|log| (log - largest).exp()).sum::<f64>().ln()
    }
}

/// Of points in their order.
fn weights(count: usize) -> Vec<f64> {
    let ramp = count.saturating_sub(FULL_WEIGHT);
    let lowest = 1.0 / count.max(1) as f64;
    let rising = (0..ramp).map(|place| match ramp {
        1 => lowest,
        _ => lowest + (1.0 - lowest) * place as f64 / (ramp - 1) as f64,
    });
    rising.chain(std::iter::repeat_n(1.0, count - ramp)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn old_points_weigh_less() {
        assert_eq!(weights(3), [1.0; 3]);
        let many = weights(40);
        assert_eq!((many.len(), many[0], many[14], many[39]), (40, 0.025, 1.0, 1.0));
        assert!(many.windows(2).all(|pair| pair[0] <= pair[1]));
    }
}
