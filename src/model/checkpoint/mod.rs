//! The weights of a model folder: their files, their names, whether they fit the network.

mod files;
mod fit;
mod header;
mod misfit;
mod names;
mod weights;

pub use fit::check_weights;
pub use header::{Stored, header};
pub use misfit::{Misfit, NOT_FINITE};
pub use weights::{Weights, is_finite};
