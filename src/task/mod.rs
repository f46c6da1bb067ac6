//! What runs are trained to tell: a task has targets, a loss, metrics, and columns in the files of predictions.
//!
//! ```text
//! label column -> targets (32 bits per example) -> loss of a batch, with its gradient
//! logits -> values -> answers, metrics -> predictions.csv, the output of `sweep predict`
//! names of the classes -> outputs of the head, `config.json` of an export
//! ```
//!
//! A task is a [`Task`] in a file of `kind/` and a line of [`TASKS`]. The rest of the program has [`Targets`]: a task with the
//! names of what there is to tell.

mod columns;
mod definition;
mod kind;
mod prediction;
mod targets;

pub use columns::{Columns, LabelAs, OutputColumns, cell};
pub use definition::{BatchLoss, Evaluation, Measurement, Tally, Task, TaskError};
pub use kind::{DEFAULT, SingleLabel, TASKS, named};
pub use prediction::{Answer, Prediction};
pub use targets::Targets;
