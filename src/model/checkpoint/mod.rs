//! The weights of a model folder: their files, their names, whether they fit the network.

mod files;
mod fit;
mod header;
mod names;
mod weights;

pub use fit::check_weights;
pub use header::{Stored, header};
pub use weights::{NOT_FINITE, Weights, is_finite};
