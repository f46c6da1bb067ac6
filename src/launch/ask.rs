//! Programs that are asked something.

use std::io;
use std::process::Command;

use super::error::LaunchError;

/// Runs a program and gives what it wrote on its standard output. `advice` is for where it is not there.
///
/// # Errors
/// It is not there, or refuses.
pub fn ask(program: &'static str, command: &mut Command, advice: &'static str) -> Result<String, LaunchError> {
    let output = command.output().map_err(|source| match source.kind() {
        io::ErrorKind::NotFound => LaunchError::Absent { program, advice },
        _ => LaunchError::Run { program, source },
    })?;
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).trim().to_owned();
    if output.status.success() {
        return Ok(text(&output.stdout));
    }
    let message = [text(&output.stderr), text(&output.stdout), output.status.to_string()];
    Err(LaunchError::Refused {
        program,
        message: message.into_iter().find(|text| !text.is_empty()).unwrap_or_default(),
    })
}
