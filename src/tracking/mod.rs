//! What other tools are told of a sweep: TensorBoard's event files, the runs of an MLflow server.
//!
//! ```text
//! subject        a run as its files in the results folder tell it, in the form that trackers pass on
//! tracker        what a tool must be able to be told: one run, the end of the sweep
//! background     a thread that tells a tracker of the runs that have something new, while they are trained
//! tensorboard/   event files; mlflow/ the REST interface
//! ```
//!
//! A tracker is never told what happened, only that a run has something new: what that is stands in the results folder, and
//! whoever is told compares it with what it was told before. So nothing is lost when a server is away, nothing is told
//! twice when a sweep is resumed, and telling afterwards is the same as telling at once.

mod background;
mod error;
pub mod mlflow;
mod subject;
pub mod tensorboard;
mod tracker;

pub use background::{Background, Left};
pub use error::TrackingError;
pub use mlflow::Mlflow;
pub use subject::Subject;
pub use tensorboard::TensorBoard;
pub use tracker::{Tracker, begun_runs, track};
