//! Points by the quantiles of their coordinates.

use crate::spec::Point;

use crate::search::space::Space;

/// The point whose coordinates are at the quantiles that `quantile` gives for each dimension, 0 <= u < 1.
pub fn at_quantiles(space: &dyn Space, quantile: impl FnMut(usize) -> f64) -> Point {
    let dimensions = space.dimensions();
    // Drawn in any case: what one dimension gets does not depend on whether another applies.
    let quantiles: Vec<f64> = (0..dimensions.len()).map(quantile).collect();
    let mut point = Point(vec![None; dimensions.len()]);
    for number in space.order() {
        if space.is_active(number, &point) {
            point.0[number] = Some(dimensions[number].distribution.at(quantiles[number]));
        }
    }
    point
}
