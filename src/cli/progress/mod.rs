//! Shows events as they come: bars on a terminal, time-stamped lines elsewhere.

mod bars;
mod board;
mod lines;

use std::io::IsTerminal;
use std::time::SystemTime;

use crate::event::Sink;

use bars::Bars;
use lines::Lines;

/// The sink that suits standard error: bars where it is a terminal, lines otherwise.
///
/// `runs` is the number of runs that are going to be trained, those already completed left out.
pub fn sink(sweep: &str, runs: usize) -> Box<dyn Sink> {
    if std::io::stderr().is_terminal() {
        Box::new(Bars::new(sweep, runs))
    } else {
        Box::new(Lines::new(std::io::stderr(), runs, SystemTime::now))
    }
}
