//! Faults on demand.

use std::path::PathBuf;

use sweep::spec::RunId;

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
