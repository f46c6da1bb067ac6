//! What a method chooses points from.

use crate::spec::{Dimension, Point, SearchDesign};

/// A space of points: its dimensions, where each applies, and which points are left out.
pub trait Space {
    fn dimensions(&self) -> &[Dimension];

    /// Whether a dimension applies at a point, of which the dimensions before it are known.
    fn is_active(&self, dimension: usize, point: &Point) -> bool;

    /// Whether runs of the point may be trained.
    fn is_allowed(&self, point: &Point) -> bool;
}

impl Space for SearchDesign {
    fn dimensions(&self) -> &[Dimension] {
        SearchDesign::dimensions(self)
    }

    fn is_active(&self, dimension: usize, point: &Point) -> bool {
        SearchDesign::is_active(self, dimension, point)
    }

    fn is_allowed(&self, point: &Point) -> bool {
        SearchDesign::is_allowed(self, point)
    }
}
