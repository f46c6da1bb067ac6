//! Where a program's executors come from.

use std::ffi::OsString;

use crate::store::{ExecutorKind, Store};

use super::{DeviceError, Executor};

/// What a program trains with. The command line knows nothing else about it, so a program with another executor is this
/// trait and a `main` of a line.
pub trait ExecutorSource {
    /// Recorded with whatever its executors make.
    fn kind(&self) -> ExecutorKind;

    /// Options of the command line that are the source's own, for workers that are started as processes.
    fn arguments(&self) -> Vec<OsString>;

    /// Checks that what the executors need is there, before anything is planned.
    ///
    /// # Errors
    /// What is missing.
    fn check(&self) -> Result<(), DeviceError>;

    /// The executor for a device. `threads` is for the processor.
    ///
    /// # Errors
    /// The device cannot be used.
    fn open(&self, device: &str, threads: Option<usize>, store: &Store) -> Result<Box<dyn Executor>, DeviceError>;
}
