//! Standard output and standard error, which may be full, or read by nobody any more.
//!
//! `println!` and `eprintln!` panic then; nothing in this program uses them (`tests/architecture.rs` looks). What cannot be
//! told ends no training; it shows in the exit code.

use std::fmt::Display;
use std::io::{self, Write};
use std::sync::atomic::{AtomicBool, Ordering};

use super::CliError;

/// Whether something could not be written to standard error. Like that stream itself it belongs to the process.
static LOST: AtomicBool = AtomicBool::new(false);

/// Tells people something: a line, or several, on standard error.
pub fn tell(text: impl Display) {
    // In one write, so that lines of several processes stay whole. The failure is noted by `StandardError`.
    let _ = StandardError.write_all(format!("{text}\n").as_bytes());
}

/// Tells people why a verb could not do its work.
pub fn tell_error(error: &CliError) {
    tell(format_args!("{} {error}", console::style("error:").for_stderr().red().bold()));
}

/// Whether something could not be told.
pub fn lost() -> bool {
    LOST.load(Ordering::Relaxed)
}

/// Standard error; that it cannot be written is noted for [`lost`].
#[derive(Clone, Copy, Debug, Default)]
pub struct StandardError;

impl Write for StandardError {
    fn write(&mut self, buffer: &[u8]) -> io::Result<usize> {
        io::stderr().lock().write(buffer).inspect_err(note)
    }

    fn write_all(&mut self, buffer: &[u8]) -> io::Result<()> {
        io::stderr().lock().write_all(buffer).inspect_err(note)
    }

    fn flush(&mut self) -> io::Result<()> {
        io::stderr().lock().flush().inspect_err(note)
    }
}

fn note(error: &io::Error) {
    if error.kind() != io::ErrorKind::Interrupted {
        LOST.store(true, Ordering::Relaxed);
    }
}

/// Whether somebody still reads standard output.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reader {
    There,
    /// It has seen enough (`| head`), which is no error.
    Gone,
}

/// Writes to standard output.
///
/// # Errors
/// [`CliError::Output`] where it cannot be written, and not because its reader has left.
pub fn write_out(text: &str) -> Result<Reader, CliError> {
    let mut out = io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Ok(()) => Ok(Reader::There),
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(Reader::Gone),
        Err(error) => Err(CliError::Output(error)),
    }
}

/// Writes to standard output. A reader that has seen enough (`| head`) is no error.
///
/// # Errors
/// As [`write_out`].
pub fn print(text: &str) -> Result<(), CliError> {
    write_out(text).map(drop)
}
