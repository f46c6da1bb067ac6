//! A density over the dimensions of a group: a mixture with one product of kernels for each point, and one that covers the
//! whole space.

use crate::metrics::Stream;
use crate::spec::{Distribution, Point};

use super::groups::Projection;
use super::kernel::{self, Kernel};
use super::width::Width;

pub struct Density<'s> {
    distributions: Vec<&'s Distribution>,
    /// By component, then by dimension.
    components: Vec<Vec<Kernel>>,
    /// Of the components; they sum to 1.
    weights: Vec<f64>,
    log_weights: Vec<f64>,
}

impl<'s> Density<'s> {
    /// A density of those points that have the dimensions, with the weights of their components.
    pub fn fit(dimensions: &Projection<'s>, points: &[(&Point, f64)], width: Width) -> Self {
        let distributions: Vec<&Distribution> = dimensions.distributions().collect();
        let there = points.iter().filter_map(|(point, weight)| Some((dimensions.values(point)?, *weight)));
        let (values, mut weights): (Vec<Vec<f64>>, Vec<f64>) = there.unzip();
        let mut components: Vec<Vec<Kernel>> = values.iter().map(|_| Vec::with_capacity(distributions.len())).collect();
        for (place, distribution) in distributions.iter().enumerate() {
            let of_dimension: Vec<f64> = values.iter().map(|point| point[place]).collect();
            let kernels = Kernel::around(distribution, &of_dimension, (width, distributions.len()));
            for (component, kernel) in components.iter_mut().zip(kernels) {
                component.push(kernel);
            }
        }
        components.push(distributions.iter().map(|of| Kernel::everywhere(of)).collect());
        weights.push(1.0);
        let sum: f64 = weights.iter().sum();
        weights.iter_mut().for_each(|weight| *weight /= sum);
        let log_weights = weights.iter().map(|weight| weight.ln()).collect();
        Density { distributions, components, weights, log_weights }
    }

    /// Values as they would be tried: rounded. They are drawn around one point, each with the probability `combined` around
    /// another one instead.
    pub fn draw(&self, combined: f64, stream: &mut Stream) -> Vec<f64> {
        let one = self.component(stream);
        let mut values = Vec::with_capacity(self.distributions.len());
        for (place, of) in self.distributions.iter().enumerate() {
            let other = combined > 0.0 && stream.uniform() < combined;
            let kernel = if other { &self.component(stream)[place] } else { &one[place] };
            values.push(kernel::value(of, kernel::coordinate(of, kernel.draw(stream.uniform()))));
        }
        values
    }

    fn component(&self, stream: &mut Stream) -> &[Kernel] {
        &self.components[kernel::drawn(&self.weights, stream.uniform())]
    }

    pub fn log_density(&self, values: &[f64]) -> f64 {
        let logs: Vec<f64> = (self.components.iter().zip(&self.log_weights))
            .map(|(component, weight)| {
                let parts = component.iter().zip(values);
                weight + parts.map(|(kernel, value)| kernel.log_density(*value)).sum::<f64>()
            })
            .collect();
        let largest = logs.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        largest + logs.iter().map(|log| (log - largest).exp()).sum::<f64>().ln()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::spec::{Coordinate, Dimension};

    #[test]
    fn values_of_several_points_are_combined_where_that_is_asked_for() {
        let dimension = |name: &str| Dimension {
            name: name.to_owned(),
            distribution: Distribution::Choice(vec!["a".to_owned(), "b".to_owned()]),
            when: None,
        };
        let dimensions = [dimension("x"), dimension("y")];
        let point = |choice: usize| Point(vec![Some(Coordinate::Choice(choice)); 2]);
        let (first, second) = (point(0), point(1));
        // So many points that the part of every other choice is small.
        let points: Vec<(&Point, f64)> = std::iter::repeat_n([(&first, 1.0), (&second, 1.0)], 200).flatten().collect();
        let projection = Projection::new(&dimensions, &[0, 1]);
        let density = Density::fit(&projection, &points, Width::Neighbours { narrowness: 1.0 });
        let mixed = |combined: f64| {
            let mut stream = Stream::new(1, 0);
            let draws = (0..1000).map(|_| density.draw(combined, &mut stream));
            draws.filter(|values| values[0] != values[1]).count()
        };
        assert!(mixed(0.0) < 20, "{} of 1000", mixed(0.0));
        // Each value is of the other point with probability 0.25, so that they differ in 2 x 0.25 x 0.75 of the draws.
        assert!(mixed(0.5) > 250, "{} of 1000", mixed(0.5));
    }
}
