//! Points by the quantiles of their coordinates.

use crate::spec::Point;

use crate::search::space::Space;

/// The point whose coordinates are at the quantiles that `quantile` gives for each dimension, 0 <= u < 1.
pub fn at_quantiles(space: &dyn Space, mut quantile: impl FnMut(usize) -> f64) -> Point {
    let dimensions = space.dimensions();
    let mut point = Point(vec![None; dimensions.len()]);
    for (number, dimension) in dimensions.iter().enumerate() {
        // Drawn in any case: what one dimension gets does not depend on whether another applies.
        let u = quantile(number);
        if space.is_active(number, &point) {
            point.0[number] = Some(dimension.distribution.at(u));
        }
    }
    point
}
