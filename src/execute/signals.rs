//! Signals that ask to stop.

use std::io;
use std::time::{Duration, Instant};

use signal_hook::consts::{SIGINT, SIGTERM, SIGUSR2};
use signal_hook::iterator::Signals;

use super::Stop;

/// A signal this soon after the first is the same request: `timeout` signals its command and then the command's whole
/// process group, Slurm every process of a step.
const SAME_REQUEST: Duration = Duration::from_millis(250);

/// From now on SIGINT, SIGTERM and SIGUSR2 set `stop`, and the next one after that ends the process at once with
/// 128 + signal.
///
/// # Errors
/// The handlers cannot be installed.
pub fn stop_on_signals(stop: &Stop) -> io::Result<()> {
    let mut signals = Signals::new([SIGINT, SIGTERM, SIGUSR2])?;
    let stop = stop.clone();
    let listen = move || {
        let mut first: Option<Instant> = None;
        for signal in signals.forever() {
            match first {
                None => {
                    first = Some(Instant::now());
                    stop.request(signal.unsigned_abs() as usize);
                }
                Some(first) if first.elapsed() <= SAME_REQUEST => {}
                Some(_) => leave_at_once(signal),
            }
        }
    };
    std::thread::Builder::new().name("signals".into()).spawn(listen)?;
    Ok(())
}

/// Ends the process without any cleaning up; what is durable stays so.
pub(super) fn leave_at_once(signal: i32) -> ! {
    signal_hook::low_level::exit(128 + signal)
}
