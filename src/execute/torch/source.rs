//! Executors that train with libtorch.

use std::ffi::OsString;

use crate::execute::{DeviceError, Executor, ExecutorSource};
use crate::hub::Hub;
use crate::store::{ExecutorKind, Store};

use super::executor::TorchExecutor;

/// What the program `sweep` trains with.
#[derive(Clone, Copy, Debug)]
pub struct TorchSource;

impl ExecutorSource for TorchSource {
    fn kind(&self) -> ExecutorKind {
        ExecutorKind::Torch
    }

    fn arguments(&self) -> Vec<OsString> {
        Vec::new()
    }

    fn check(&self) -> Result<(), DeviceError> {
        crate::libtorch::open()?;
        Ok(())
    }

    fn open(&self, device: &str, threads: Option<usize>, _store: &Store) -> Result<Box<dyn Executor>, DeviceError> {
        Ok(Box::new(TorchExecutor::new(device, threads, Hub::from_environment())?))
    }
}
