//! Trains packs of runs: several runs in one forward and backward pass on one frozen model.

mod data;
mod error;
mod evaluate;
mod frozen_states;
mod member;
mod memory;
mod operations;
mod pack;
mod record;
mod schedule;
mod session;
mod state;

pub use data::{Examples, TrainingData, sample_size};
pub use error::TrainError;
pub use evaluate::{Evaluation, evaluate, values};
pub use frozen_states::{FrozenParts, FrozenStates, KEPT_OF_EVALUATION, KEPT_OF_SAMPLE, KEPT_OF_TEST};
pub use member::{Member, Orders, Update};
pub use memory::{Footprint, frozen_memory};
pub use operations::TokenOperations;
pub use pack::{Pack, PackPlace, ReadLoss, StepOfRun};
pub use record::{AdapterFiles, Checkpoint, RecordError, Recorder, RunFacts, RunResult, TestResult, Tested};
pub use schedule::Schedule;
pub use session::{Job, train};
pub use state::restrict;
