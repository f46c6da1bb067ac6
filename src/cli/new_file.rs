//! Files that are written and replace none.

use std::io::{ErrorKind, Write};
use std::path::Path;

use super::CliError;

/// Writes a file that is not there yet.
///
/// # Errors
/// It is there, or cannot be written.
pub fn write_new(path: &Path, content: &[u8]) -> Result<(), CliError> {
    let file = std::fs::File::create_new(path);
    file.and_then(|mut file| file.write_all(content)).map_err(|source| match source.kind() {
        ErrorKind::AlreadyExists => CliError::Exists { path: path.to_owned() },
        _ => CliError::Write { path: path.to_owned(), source },
    })
}
