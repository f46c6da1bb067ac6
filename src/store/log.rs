//! `log.txt` of a run or a pack: time-stamped lines, appended.

use std::fs::OpenOptions;
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::Path;

use super::StoreError;
use super::durable::read_if_there;
use super::error::failed_to;
use super::records::now;

/// Appends a message. Its further lines are indented, so that an entry begins where a line begins with a time.
pub(super) fn append_log(path: &Path, message: &str) -> Result<(), StoreError> {
    let mut file =
        OpenOptions::new().read(true).append(true).create(true).open(path).map_err(failed_to("open", path))?;
    let torn = ends_torn(&mut file).map_err(failed_to("read", path))?;
    let mut entry = String::new();
    if torn {
        entry.push('\n');
    }
    entry.push_str(&now());
    for (number, line) in message.lines().enumerate() {
        entry.push_str(if number == 0 { " " } else { "    " });
        entry.push_str(line);
        entry.push('\n');
    }
    file.write_all(entry.as_bytes()).map_err(failed_to("write", path))
}

/// Whether the last line has no end, because its writer was killed.
fn ends_torn(file: &mut std::fs::File) -> io::Result<bool> {
    if file.seek(SeekFrom::End(0))? == 0 {
        return Ok(false);
    }
    file.seek(SeekFrom::End(-1))?;
    let mut last = [0];
    file.read_exact(&mut last)?;
    Ok(last != [b'\n'])
}

/// The lines of a log; none where there is no file. A torn last line is given as far as it goes, bytes that are no text
/// as replacement characters.
pub(super) fn read_log(path: &Path) -> Result<Vec<String>, StoreError> {
    let contents = read_if_there(path)?.unwrap_or_default();
    Ok(String::from_utf8_lossy(&contents).lines().map(String::from).collect())
}
