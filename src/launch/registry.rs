//! The launchers that there are.

use super::kubernetes::Kubernetes;
use super::launcher::Launcher;
use super::slurm::Slurm;
use super::ssh::Ssh;

/// All of them, in the order in which they are listed.
pub const LAUNCHERS: [&dyn Launcher; 3] = [&Slurm, &Ssh, &Kubernetes];

/// As `--launch` and the folders of their records name them.
pub fn names() -> [&'static str; LAUNCHERS.len()] {
    LAUNCHERS.map(|launcher| launcher.name())
}

/// The launcher of this name.
pub fn launcher(name: &str) -> Option<&'static dyn Launcher> {
    LAUNCHERS.into_iter().find(|launcher| launcher.name() == name)
}
