//! Slurm: a sweep as a job array.

mod launcher;
mod programs;
mod queue;
mod script;
mod settings;

pub use launcher::Slurm;
pub use programs::SlurmTask;
