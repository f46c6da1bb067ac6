//! In what two runs, or two sweeps, differ: settings, data, model, programs, machines. Not in their results, which
//! [`super::compare()`] weighs.

mod aspect;
mod fields;
mod named;
mod runs;
mod sweeps;

use std::path::Path;

use super::ReportError;
use named::Named;

pub use aspect::{Aspect, Difference, Row};

/// Compares the settings of two runs, or of two sweeps. A run is named by its label, the beginning of its id or its folder, a
/// sweep by the name of its folder or by a path to it; `SWEEP/RUN` looks in one sweep only.
///
/// # Errors
/// A name that nothing or several things have; a run and a sweep; what cannot be read.
pub fn diff(results: &Path, a: &str, b: &str) -> Result<Difference, ReportError> {
    let (left, right) = (Named::find(results, a)?, Named::find(results, b)?);
    match (&left, &right) {
        (Named::Run(a), Named::Run(b)) => runs::diff(a, b),
        (Named::Sweep(a), Named::Sweep(b)) => Ok(sweeps::diff(a, b)),
        _ => Err(ReportError::Incomparable {
            a: left.title(),
            b: right.title(),
            reason: "one is a run, the other a sweep".to_owned(),
        }),
    }
}
