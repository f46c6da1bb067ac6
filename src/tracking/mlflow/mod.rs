//! The runs of an MLflow server, over its REST interface (version 2.0 of it, which servers from 1.0 to 3.x speak).
//!
//! ```text
//! address    where the server is and how we say who we are
//! client     requests and what their failures mean
//! messages   what is sent and read, as JSON
//! tracker    an experiment per sweep, a parent run, a nested run per run; what the server has already
//! artifacts  files of a run
//! ```
//!
//! Runs are found again by tags (`sweep.run`, `sweep.plan`), and a tag of each says how many epochs were sent: so what is
//! sent again after a failure, by another process or afterwards, is only what is missing.

mod address;
mod artifacts;
mod client;
mod messages;
mod tracker;

pub use address::{AddressError, Server};
pub use tracker::Mlflow;
