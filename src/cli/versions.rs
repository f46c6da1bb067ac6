//! The programs behind a run, recorded with it.

use std::process::Command;

use crate::libtorch;
use crate::store::{Machine, Versions};

use super::machine;

/// Of this program, of libtorch, and the commit of the folder that this is started in; with the machine for training on a
/// device with so many threads (all where none are given).
pub fn versions(device: &str, threads: Option<usize>) -> Versions {
    Versions {
        sweep: env!("CARGO_PKG_VERSION").to_string(),
        git_commit: git_commit(),
        // Of the one that trains: a program that makes no tensors has none.
        libtorch: libtorch::opened().and_then(|libtorch| libtorch.version().map(str::to_owned)),
        machine: Some(this_machine(device, threads)),
    }
}

fn this_machine(device: &str, threads: Option<usize>) -> Machine {
    let cpuinfo = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let processors = || std::thread::available_parallelism().ok().map(usize::from);
    let gpu = device.strip_prefix("cuda:").and_then(|index| index.parse().ok());
    Machine {
        processor: machine::processor(&cpuinfo).map(str::to_owned),
        instructions: machine::vectors(&cpuinfo).map(str::to_owned),
        threads: threads.or_else(processors),
        gpu: gpu
            .and_then(|index| gpu_name(index, &machine::nvidia(), std::env::var_os("CUDA_VISIBLE_DEVICES").is_some())),
    }
}

/// The name of a GPU by its number. Where the driver's numbers are not those of libtorch, it is known only if all GPUs are
/// the same.
fn gpu_name(index: usize, listed: &[machine::NvidiaDevice], renumbered: bool) -> Option<String> {
    let first = listed.first()?;
    let same = listed.iter().all(|gpu| gpu.name == first.name);
    let found = if same { Some(first) } else { listed.get(index).filter(|_| !renumbered) };
    found.map(|gpu| gpu.name.clone())
}

fn git_commit() -> Option<String> {
    let output = Command::new("git").args(["rev-parse", "HEAD"]).output().ok()?;
    let commit = String::from_utf8(output.stdout).ok()?.trim().to_string();
    (output.status.success() && !commit.is_empty()).then_some(commit)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_gpu_is_named_where_its_number_tells_which_it_is() {
        let gpu = |name: &str| machine::NvidiaDevice { name: name.to_owned(), total: 1, free: 1 };
        let (same, mixed) = ([gpu("A"), gpu("A")], [gpu("A"), gpu("B")]);
        assert_eq!(gpu_name(1, &same, true).as_deref(), Some("A"));
        assert_eq!(gpu_name(1, &mixed, false).as_deref(), Some("B"));
        assert_eq!(gpu_name(1, &mixed, true), None);
        assert_eq!(gpu_name(0, &[], false), None);
    }
}
