//! The sweeps as they stand: looked at by a thread, published whole, with what changed since.

mod asked;
mod axes;
mod cell;
mod change;
mod memory;
mod plan;
mod pulse;
mod row;
mod sweep;
mod sweeps;
mod texts;
mod totals;
mod watcher;

pub use cell::Cell;
pub use plan::text as value_text;
pub use pulse::{Listening, Pulse};
pub use row::curves;
pub use sweep::LiveSweep;
pub use sweeps::{Sweeps, SweepsNow};
pub use watcher::watch;
