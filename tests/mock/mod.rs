//! An executor without tensors: plausible, deterministic learning curves in no time, and faults on demand.
//!
//! It keeps the executor's contract to the letter (places advance together, everything needed to resume is in the
//! checkpoint, a run's numbers depend on nothing but the run), so that scheduling, storing, resuming, reporting and the
//! command line are tested with it. Its figures follow from a model of ability and difficulty in which the size of every
//! effect is known ([`MockSettings::ability`]), so that statistics can be checked against the truth.
//!
//! It is no part of the library, nor of the program `sweep`: tests include it, and the program `sweep-mock` (`program.rs`)
//! is `sweep` with it. Whatever it makes is recorded as the mock's.

// Each test uses a part of it.
#![allow(dead_code, unused_imports)]

mod checkpoint;
mod evaluate;
mod executor;
mod fault;
mod pack;
mod random;
mod run;
mod settings;
mod source;

pub use executor::MockExecutor;
pub use fault::{MockFault, MockFaultKind};
pub use settings::{MockSettings, default_ability};
pub use source::MockSource;
