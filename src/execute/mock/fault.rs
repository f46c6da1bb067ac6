//! Faults on demand.

use std::fs::File;
use std::path::PathBuf;

use crate::event::Outcome;
use crate::spec::RunId;

use super::super::ExecuteError;
use super::run::MockRun;

/// A fault that strikes when a run has done so many optimizer steps.
#[derive(Clone, Debug)]
pub struct MockFault {
    pub run: RunId,
    pub step: usize,
    pub kind: MockFaultKind,
}

/// What happens.
#[derive(Clone, Debug)]
pub enum MockFaultKind {
    /// The loss is NaN: the run diverges.
    NotANumber,
    /// The run alone fails.
    RunFails(String),
    /// The device fails and ends the whole pack.
    Fails(String),
    /// The device's memory is full.
    OutOfMemory,
    /// The program has a bug.
    Panics(String),
    /// The process dies, as of a segmentation fault.
    Aborts,
    /// Another kind, but only the first time: where the file could be created.
    Once { marker: PathBuf, kind: Box<MockFaultKind> },
}

impl MockFaultKind {
    /// Strikes: the run's outcome where the fault is its own, none where nothing happens.
    pub(super) fn strike(&self, run: &MockRun<'_>) -> Result<Option<Outcome>, ExecuteError> {
        match self {
            Self::NotANumber => Ok(Some(Outcome::Diverged { epoch: run.epoch(), step: run.step() + 1 })),
            Self::RunFails(reason) => Ok(Some(Outcome::Failed { reason: reason.clone() })),
            Self::Fails(message) => Err(ExecuteError::Failed(message.clone())),
            Self::OutOfMemory => {
                Err(ExecuteError::OutOfMemory { device: "mock".into(), message: "asked for more than there is".into() })
            }
            Self::Panics(message) => panic!("{message}"),
            Self::Aborts => std::process::abort(),
            Self::Once { marker, kind } => match File::create_new(marker) {
                Ok(_) => kind.strike(run),
                Err(_) => Ok(None),
            },
        }
    }
}
