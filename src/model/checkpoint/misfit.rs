//! A tensor that cannot take the place of a weight.

/// Said of a tensor by name.
pub const NOT_FINITE: &str = "has values that are no finite numbers (NaN or infinity)";

/// Why not.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Misfit {
    #[error("`{name}` has shape {found:?}, in the model {expected:?}")]
    Shape { name: String, found: Vec<i64>, expected: Vec<i64> },
    #[error("`{0}` is no weight of the model")]
    NoWeight(String),
}
