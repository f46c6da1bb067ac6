//! What to do with a sweep file that was just written.

use std::path::Path;

use crate::words::shell_path;

/// The commands that come next.
pub fn commands(file: &Path, name: &str) -> [String; 3] {
    let file = shell_path(file);
    [
        format!("sweep run {file} --dry-run"),
        format!("sweep run {file}"),
        format!("sweep report {}", shell_path(&Path::new("results").join(name))),
    ]
}
