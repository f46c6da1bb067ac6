//! Methods: which point of a space is tried next.
//!
//! A method is a file here that implements [`Method`], and a line in [`METHODS`].

mod at_quantiles;
mod definition;
mod random;
mod sobol;
mod tpe;

pub use definition::{Method, Question, Sample};
pub use random::Random;
pub use sobol::Sobol;
pub use tpe::Tpe;

/// All methods.
pub const METHODS: &[&dyn Method] = &[&Random, &Sobol, &Tpe];

/// The method of a name.
pub fn method(name: &str) -> Option<&'static dyn Method> {
    METHODS.iter().copied().find(|method| method.name() == name)
}
