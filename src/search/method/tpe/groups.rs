//! Dimensions that apply together are modelled together.

use crate::search::method::definition::Question;
use crate::spec::{Dimension, Distribution, Point};

/// A partition of the dimensions that some sample has: those of one group apply in the same samples.
pub struct Groups(Vec<Vec<usize>>);

impl Groups {
    pub fn of(question: &Question<'_>) -> Self {
        let points: Vec<&Point> =
            question.finished.iter().map(|sample| &sample.point).chain(question.pending).collect();
        let mut groups: Vec<(Vec<bool>, Vec<usize>)> = Vec::new();
        for dimension in 0..question.space.dimensions().len() {
            let pattern: Vec<bool> = points.iter().map(|point| point.0[dimension].is_some()).collect();
            if !pattern.contains(&true) {
                continue;
            }
            match groups.iter_mut().find(|(known, _)| *known == pattern) {
                Some((_, members)) => members.push(dimension),
                None => groups.push((pattern, vec![dimension])),
            }
        }
        Groups(groups.into_iter().map(|(_, members)| members).collect())
    }

    /// Every dimension in a group of its own.
    pub fn separate(self) -> Self {
        Groups(self.0.into_iter().flatten().map(|dimension| vec![dimension]).collect())
    }

    pub fn iter(&self) -> impl Iterator<Item = &[usize]> {
        self.0.iter().map(Vec::as_slice)
    }

    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// The group of a dimension and its place there.
    pub fn place(&self, dimension: usize) -> Option<(usize, usize)> {
        self.0
            .iter()
            .enumerate()
            .find_map(|(group, members)| Some((group, members.iter().position(|member| *member == dimension)?)))
    }
}

/// The dimensions of a group out of all.
pub struct Projection<'s> {
    members: &'s [usize],
    dimensions: &'s [Dimension],
}

impl<'s> Projection<'s> {
    pub fn new(dimensions: &'s [Dimension], members: &'s [usize]) -> Self {
        Projection { members, dimensions }
    }

    pub fn distributions(&self) -> impl Iterator<Item = &'s Distribution> {
        self.members.iter().map(|member| &self.dimensions[*member].distribution)
    }

    /// The coordinates of a point; none where the group does not apply to it.
    pub fn values(&self, point: &Point) -> Option<Vec<f64>> {
        let value =
            |member: &usize| Some(super::kernel::value(&self.dimensions[*member].distribution, point.0[*member]?));
        self.members.iter().map(value).collect()
    }
}
