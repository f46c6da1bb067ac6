//! What a method chooses points from.

use crate::spec::{Dimension, Point, SearchDesign};

/// A space of points: its dimensions, where each applies, and which points are left out.
pub trait Space {
    fn dimensions(&self) -> &[Dimension];

    /// The numbers of the dimensions in the order in which they are decided; as they stand, where that says nothing else.
    fn order(&self) -> Vec<usize> {
        (0..self.dimensions().len()).collect()
    }

    /// Whether a dimension applies at a point, of which the dimensions before it in that order are known.
    fn is_active(&self, dimension: usize, point: &Point) -> bool;

    /// Whether runs of the point may be trained.
    fn is_allowed(&self, point: &Point) -> bool;
}

impl Space for SearchDesign {
    fn dimensions(&self) -> &[Dimension] {
        SearchDesign::dimensions(self)
    }

    fn order(&self) -> Vec<usize> {
        SearchDesign::order(self).to_vec()
    }

    fn is_active(&self, dimension: usize, point: &Point) -> bool {
        SearchDesign::is_active(self, dimension, point)
    }

    fn is_allowed(&self, point: &Point) -> bool {
        SearchDesign::is_allowed(self, point)
    }
}
