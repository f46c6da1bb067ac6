//! What becomes the sweep file.

use super::foreign::{Halving, Method};

/// A sweep in our own terms.
#[derive(Clone, Debug)]
pub(super) struct Draft {
    pub name: Option<String>,
    pub description: Option<String>,
    pub fixed: Vec<Line>,
    pub seeds: Vec<u64>,
    pub varied: Vec<Line>,
    pub search: Option<Search>,
    pub left_out: Vec<String>,
    pub remarks: Vec<String>,
}

/// A parameter's line.
#[derive(Clone, Debug)]
pub(super) struct Line {
    /// Our name.
    pub name: &'static str,
    /// As the file has it.
    pub value: String,
    /// What it is called there, where that is another name.
    pub called: Option<String>,
}

/// None of it: a grid.
#[derive(Clone, Debug)]
pub(super) struct Search {
    pub method: Method,
    pub samples: usize,
    pub seed: Option<u64>,
    /// None: that of the best epoch.
    pub metric: Option<&'static str>,
    pub stop: Option<Halving>,
}
