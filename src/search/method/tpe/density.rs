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
        let points: Vec<&Point> = std::iter::repeat_n([&first, &second], 200).flatten().collect();
        let projection = Projection::new(&dimensions, &[0, 1]);
        let density = Density::fit(&projection, &points, 1.0);
        let mixed = |combined: f64| {
            let mut stream = Stream::new(1, 0);
            let draws = (0..1000).map(|_| density.draw(combined, &mut stream));
            draws.filter(|values| values[0] != values[1]).count()
        };
        assert!(mixed(0.0) < 20, "{} of 1000", mixed(0.0));
        // Each value is of the other point with probability 0.25, so that they differ in 2 x 0.25 x 0.75 of the draws.
        assert!(mixed(0.5) > 250, "{} of 1000", mixed(0.5));
    }

    #[test]
    fn old_points_weigh_less() {
        assert_eq!(weights(3), [1.0; 3]);
        let many = weights(40);
        assert_eq!((many.len(), many[0], many[14], many[39]), (40, 0.025, 1.0, 1.0));
        assert!(many.windows(2).all(|pair| pair[0] <= pair[1]));
    }
}
