//! Who hears of the events of a sweep, where people started it.

use crate::event::FanOut;

use super::progress;

/// Everybody who hears of them: a line for each. `runs` is the number of runs that are going to be trained.
pub fn sinks(sweep: &str, runs: usize) -> FanOut<'static> {
    FanOut::default().with("the progress", progress::sink(sweep, runs))
}
