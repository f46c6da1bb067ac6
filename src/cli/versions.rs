//! The programs behind a run, recorded with it.

use std::process::Command;

use crate::store::Versions;

use super::machine;

/// Of this program, of libtorch, and the commit of the folder that this is started in.
pub fn versions() -> Versions {
    let maps = std::fs::read_to_string("/proc/self/maps").unwrap_or_default();
    Versions {
        sweep: env!("CARGO_PKG_VERSION").to_string(),
        git_commit: git_commit(),
        libtorch: machine::libtorch(&maps).and_then(|folder| machine::libtorch_version(&folder)),
    }
}

fn git_commit() -> Option<String> {
    let output = Command::new("git").args(["rev-parse", "HEAD"]).output().ok()?;
    let commit = String::from_utf8(output.stdout).ok()?.trim().to_string();
    (output.status.success() && !commit.is_empty()).then_some(commit)
}
