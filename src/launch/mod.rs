//! Handing a sweep to other machines: Slurm, hosts that are reached by `ssh`, Kubernetes.
//!
//! ```text
//! sweep run FILE --launch slurm --slurm time=4:00:00
//!   Launcher        a member of LAUNCHERS by its name; reads what was asked for
//!   Launch          what was asked for: hardware, a script that can be read, and that handed over
//!   Work            what all tasks do: `sweep task`, a supervised worker on the same results folder
//! sweep task        leaves with everything saved when it is told to
//! sweep status      Launcher::queue
//! sweep cancel      Launcher::cancel
//! ```
//!
//! Tasks do not know of each other: they claim packs like all workers ([`crate::store::Claim`]). So a task may be killed,
//! started again, or run on another machine, a sweep may be handed over twice, and the results are the same. What a task that
//! was killed leaves is taken over by another; a task that finds all that is left in the hands of others that live ends, or
//! waits where nobody would start it again.
//!
//! To add a launcher: its folder with a [`Launcher`], and its line in `LAUNCHERS`.

mod ask;
mod error;
mod kubernetes;
mod launcher;
mod queue;
mod registry;
mod setting;
mod slurm;
mod ssh;
mod task;
mod word;

pub use error::{LaunchError, SettingError, WordError};
pub use launcher::{Attached, Handed, Hardware, Launch, Launcher, Script, Submitted, Work};
pub use queue::{Queue, QueuedTask};
pub use registry::{LAUNCHERS, launcher, names};
pub use slurm::SlurmTask;
pub use ssh::Seen;
pub use task::{TASK_VARIABLE, task_name};
