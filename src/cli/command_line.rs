//! The command line, for records.

use std::ffi::OsString;

/// The command line as records have it: what is no text with replacement characters, and without passwords and tokens.
pub fn command_line() -> Vec<String> {
    std::env::args_os().map(|argument: OsString| crate::hub::redacted(&argument.to_string_lossy())).collect()
}
