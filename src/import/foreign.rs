//! What a file of another tool says, before it is translated.

use serde_yaml::Value;

/// A file of another tool.
#[derive(Clone, Debug, Default)]
pub(super) struct Foreign {
    pub name: Option<String>,
    pub description: Option<String>,
    pub parameters: Vec<ForeignParameter>,
    pub method: Option<Method>,
    /// Configurations to try, where the file says.
    pub samples: Option<usize>,
    pub seed: Option<u64>,
    pub metric: Option<String>,
    /// Whether the metric is to be large.
    pub maximize: Option<bool>,
    pub stop: Option<Halving>,
    pub left_out: Vec<String>,
    pub remarks: Vec<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Method {
    Grid,
    Random,
    Tpe,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Halving {
    pub min_resource: usize,
    pub reduction_factor: usize,
}

#[derive(Clone, Debug)]
pub(super) struct ForeignParameter {
    /// As it stands there, with dots between nested ones.
    pub name: String,
    pub values: Values,
}

#[derive(Clone, Debug, PartialEq)]
pub(super) enum Values {
    Fixed(Value),
    Choices(Vec<Value>),
    Range(Range),
}

/// Numbers from `low` to `high`, both included.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Range {
    pub low: f64,
    pub high: f64,
    pub log: bool,
    pub step: Option<f64>,
    pub whole: bool,
}
