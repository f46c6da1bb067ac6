//! Which event file a run has, and how it is brought up to date.

use std::fs::{self, OpenOptions};
use std::io::{Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use crate::tracking::{Subject, TrackingError};

/// TensorBoard reads files with `tfevents` in their names.
pub const FILE_NAME: &str = "events.out.tfevents.sweep";
/// Longest label in a name, in bytes: names of folders may have 255.
const LONGEST_LABEL: usize = 200;

/// The name of a run's folder, which TensorBoard shows as the run: `rank=8, seed=1 [0123456789ab]`.
pub fn folder_name(subject: &Subject) -> String {
    let plain = |c: char| if c == '/' || c == '\\' || c.is_control() { '_' } else { c };
    let mut label: String = subject.label.chars().map(plain).collect();
    while label.len() > LONGEST_LABEL {
        label.pop();
    }
    format!("{label} {}", ending(subject))
}

fn ending(subject: &Subject) -> String {
    format!("[{}]", subject.id)
}

/// Makes a run's file in the folder of a sweep hold these bytes. What is right of it already stays as it is, so that who reads it
/// as it grows goes on reading.
pub(super) fn bring_up_to_date(sweep: &Path, subject: &Subject, contents: &[u8]) -> Result<(), TrackingError> {
    let folder = run_folder(sweep, subject);
    fs::create_dir_all(&folder).map_err(TrackingError::io(&folder, "create"))?;
    let path = folder.join(FILE_NAME);
    let write = || -> std::io::Result<()> {
        let old = match fs::read(&path) {
            Ok(old) => old,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Vec::new(),
            Err(error) => return Err(error),
        };
        let same = old.iter().zip(contents).take_while(|(old, new)| old == new).count();
        if same == contents.len() && same == old.len() {
            return Ok(());
        }
        let mut file = OpenOptions::new().write(true).create(true).truncate(false).open(&path)?;
        file.seek(SeekFrom::Start(same as u64))?;
        file.write_all(&contents[same..])?;
        file.set_len(contents.len() as u64)
    };
    write().map_err(TrackingError::io(&path, "write"))
}

/// The folder that the run has, under whatever label it was when it was made, or the one that it gets.
fn run_folder(sweep: &Path, subject: &Subject) -> PathBuf {
    let own = sweep.join(folder_name(subject));
    if own.is_dir() {
        return own;
    }
    let ending = ending(subject);
    let entries = fs::read_dir(sweep).into_iter().flatten().flatten().map(|entry| entry.path());
    let mut known =
        entries.filter(|path| path.file_name().is_some_and(|name| name.to_string_lossy().ends_with(&ending)));
    known.next().unwrap_or(own)
}
