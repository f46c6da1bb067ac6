//! Handing a sweep to a batch system: Slurm.
//!
//! ```text
//! sweep run FILE --launch slurm --slurm time=4:00:00
//!   SlurmSettings   what was asked for
//!   JobScript       one job array; every task is `sweep task`, a supervised worker on the same results folder
//!   submit          sbatch; the plan stands before
//! sweep task        warned before its time is over: checkpoint, `requeue`, leave
//! sweep status      queue: squeue, and sacct for what squeue has forgotten
//! sweep cancel      cancel: scancel
//! ```
//!
//! Tasks do not know of each other: they claim packs like all workers ([`crate::store::Claim`]). So a task may be killed,
//! requeued, or run on another machine, the array may be submitted twice, and the results are the same. What a task that
//! was killed leaves is taken over by another; a task that finds all that is left in the hands of others that live ends.

mod error;
mod queue;
mod script;
mod settings;
mod slurm;

pub use error::{LaunchError, SettingError, WordError};
pub use queue::{Queue, QueuedTask};
pub use script::{JobScript, Word};
pub use settings::SlurmSettings;
pub use slurm::{SlurmTask, cancel, queue, submit};
