//! What every verb is given.

use crate::execute::ExecutorSource;

/// What a verb may use of the program that it is a verb of.
pub struct Context<'a> {
    /// What the program trains with.
    pub executors: &'a dyn ExecutorSource,
    /// The command line as it is defined, for what is made of it.
    pub command: fn() -> clap::Command,
}
