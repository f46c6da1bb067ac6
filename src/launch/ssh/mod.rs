//! Hosts that are reached by `ssh`: this process starts a task on each, and looks after them until all have ended.
//!
//! A task holds on to its connection by its standard input. Where that ends (this process is told to stop, or dies, or the
//! network does), the task saves its state and leaves; `sweep cancel` leaves a file that tasks look for. What a host that
//! dies had in work is taken over by another once its claim has expired: tasks wait for each other.

mod attached;
mod command;
mod hosts;
mod launcher;
mod look;
mod record;
mod settings;

pub use launcher::Ssh;
pub use look::Seen;
