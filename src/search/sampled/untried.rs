//! The points that compute something new.

use std::cell::RefCell;
use std::collections::HashSet;

use crate::search::space::Space;
use crate::spec::{Dimension, Point, RunId, SearchDesign};

/// A space without the points whose runs are those of earlier points: runs that come out the same are one run.
pub struct Untried<'a> {
    design: &'a SearchDesign,
    /// Runs of the earlier points.
    tried: HashSet<RunId>,
    /// Points that were found to compute nothing new.
    doubles: RefCell<Vec<Point>>,
}

impl<'a> Untried<'a> {
    pub fn new(design: &'a SearchDesign, tried: HashSet<RunId>) -> Self {
        Untried { design, tried, doubles: RefCell::default() }
    }

    /// A point that is tried now.
    pub fn take(&mut self, point: &Point) {
        self.tried.extend(self.runs(point));
    }

    /// None of a point that cannot be trained, which is told where it is planned.
    fn runs(&self, point: &Point) -> Vec<RunId> {
        let runs = self.design.runs(std::slice::from_ref(point), &self.design.settings().seeds);
        runs.unwrap_or_default().into_iter().map(|run| run.id).collect()
    }

    fn is_double(&self, point: &Point) -> bool {
        if self.doubles.borrow().contains(point) {
            return true;
        }
        let runs = self.runs(point);
        let is_double = !runs.is_empty() && runs.iter().all(|run| self.tried.contains(run));
        if is_double {
            self.doubles.borrow_mut().push(point.clone());
        }
        is_double
    }
}

impl Space for Untried<'_> {
    fn dimensions(&self) -> &[Dimension] {
        self.design.dimensions()
    }

    fn order(&self) -> Vec<usize> {
        self.design.order().to_vec()
    }

    fn is_active(&self, dimension: usize, point: &Point) -> bool {
        self.design.is_active(dimension, point)
    }

    fn is_allowed(&self, point: &Point) -> bool {
        self.design.is_allowed(point) && !self.is_double(point)
    }
}
