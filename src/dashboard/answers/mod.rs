//! What pages ask for. Whatever reads files does so on a thread of its own.

mod ask;
mod compare;
mod confusion;
mod evidence;
mod failure;
mod found;
mod log;
mod predictions;
mod reading;
mod run;
mod state;
mod sweep;

pub use ask::ask;
pub use compare::compare;
pub use confusion::confusion;
pub use evidence::evidence;
pub use failure::{Failure, nothing};
pub use log::{run_log, sweep_log};
pub use predictions::predictions;
pub use run::run;
pub use state::{cards, state};
pub use sweep::{curves, sweep};
