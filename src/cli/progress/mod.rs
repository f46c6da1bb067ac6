//! Shows events as they come: bars on a terminal, time-stamped lines elsewhere.

mod bars;
mod board;
mod lines;
mod unhurried;

use std::io::IsTerminal;
use std::time::SystemTime;

use crate::cli::streams::StandardError;
use crate::event::Sink;

use bars::Bars;
use lines::Lines;
use unhurried::Unhurried;

/// Whether standard error is a terminal on which what was drawn can be drawn anew.
pub fn can_draw() -> bool {
    std::io::stderr().is_terminal() && !console::is_dumb()
}

/// The sink that suits standard error: bars where they can be drawn, lines otherwise. Its reader holds up nobody.
///
/// `runs` is the number of runs that are going to be trained, those already completed left out.
pub fn sink(sweep: &str, runs: usize) -> Box<dyn Sink> {
    let name = sweep.to_owned();
    let lines = move || Box::new(Lines::new(StandardError, runs, SystemTime::now));
    let make = move || -> Box<dyn Sink> { if can_draw() { Box::new(Bars::new(&name, runs)) } else { lines() } };
    match Unhurried::new(make) {
        Ok(sink) => Box::new(sink),
        Err(_) => lines(),
    }
}
