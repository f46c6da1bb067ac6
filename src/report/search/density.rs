//! Densities over one dimension of a space, as masses of cells.

use crate::spec::{Coordinate, Distribution, Range};

/// Cells of a numeric dimension.
const CELLS: usize = 32;

/// A place on a numeric dimension: 0 and 1 at the ends, where the logarithm counts on its scale. Whole numbers and steps have
/// half a step on each side.
fn share(range: Range, value: f64) -> f64 {
    let half = range.step.unwrap_or(0.0) / 2.0;
    let scaled = |value: f64| if range.log { value.max(f64::MIN_POSITIVE).ln() } else { value };
    let (low, high) = (scaled(range.low - half), scaled(range.high + half));
    let share = (scaled(value) - low) / (high - low);
    if share.is_finite() { share.clamp(0.0, 1.0) } else { 0.5 }
}

/// What one sample adds to a density: a mass for each cell, together 1.
pub(super) type Kernel = Vec<f64>;

/// The kernels of samples of a dimension. Numbers have a normal density, cut off at the ends, whose width follows from the
/// spread of all of them and the number of samples in the smaller density (Scott's rule), the same for both densities that
/// are compared; so a difference between the two is none of their widths. Choices have their own cell.
pub(super) fn kernels(distribution: &Distribution, coordinates: &[Coordinate], smaller: usize) -> Vec<Kernel> {
    let Some(range) = distribution.range() else {
        let of_choice = |coordinate: &Coordinate| match coordinate {
            Coordinate::Choice(choice) => one_hot(*choice, distribution.choices()),
            Coordinate::Number(_) => one_hot(0, 1),
        };
        return coordinates.iter().map(of_choice).collect();
    };
    let place = |coordinate: &Coordinate| match coordinate {
        Coordinate::Number(value) => share(range, *value),
        Coordinate::Choice(_) => 0.5,
    };
    let places: Vec<f64> = coordinates.iter().map(place).collect();
    let width = width(&places, smaller);
    places.iter().map(|place| normal(*place, width)).collect()
}

fn one_hot(choice: usize, choices: usize) -> Kernel {
    let mut kernel = vec![0.0; choices.max(1)];
    if let Some(cell) = kernel.get_mut(choice) {
        *cell = 1.0;
    }
    kernel
}

fn width(places: &[f64], smaller: usize) -> f64 {
    let count = places.len().max(1) as f64;
    let mean = places.iter().sum::<f64>() / count;
    let deviation = (places.iter().map(|place| (place - mean).powi(2)).sum::<f64>() / count).sqrt();
    (1.059 * deviation * (smaller.max(1) as f64).powf(-0.2)).max(1.0 / CELLS as f64)
}

fn normal(place: f64, width: f64) -> Kernel {
    let at = |cell: usize| {
        let distance = ((cell as f64 + 0.5) / CELLS as f64 - place) / width;
        (-0.5 * distance * distance).exp()
    };
    let heights: Vec<f64> = (0..CELLS).map(at).collect();
    let total: f64 = heights.iter().sum();
    heights.iter().map(|height| height / total).collect()
}

/// The density of some samples, with one sample's worth of the uniform density in it, so that no cell is empty.
pub(super) fn density<'a>(kernels: impl Iterator<Item = &'a Kernel>, cells: usize) -> Vec<f64> {
    let mut sums = vec![1.0 / cells.max(1) as f64; cells];
    let mut count = 1.0;
    for kernel in kernels {
        count += 1.0;
        sums.iter_mut().zip(kernel).for_each(|(sum, mass)| *sum += mass);
    }
    sums.iter().map(|sum| sum / count).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_between_the_ends_on_the_scale_of_the_dimension() {
        let rate = Distribution::LogUniform { low: 1e-5, high: 1e-3 }.range().unwrap();
        assert!((share(rate, 1e-4) - 0.5).abs() < 1e-12);
        let epochs = Distribution::Int { low: 1, high: 4 }.range().unwrap();
        assert_eq!([1.0, 4.0].map(|value| share(epochs, value)), [0.125, 0.875]);
    }

    #[test]
    fn densities_are_densities() {
        let rate = Distribution::LogUniform { low: 1e-5, high: 1e-3 };
        let kernels = kernels(&rate, &[1e-5, 3e-4, 1e-3].map(Coordinate::Number), 2);
        let density = density(kernels.iter(), kernels[0].len());
        assert!((density.iter().sum::<f64>() - 1.0).abs() < 1e-12);
        assert!(density.iter().all(|mass| *mass > 0.0));
    }
}
