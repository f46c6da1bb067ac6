//! `sweep run`: trains the runs of a sweep file.

mod asked_seeds;
mod chosen;
mod devices;
mod dry_run;
mod duration;
mod extend;
mod extend_error;
mod inputs;
mod local;
mod options;
mod plan;
mod prospects;
mod slurm;
mod summary;
mod verb;

pub use devices::{DeviceError, Devices};
pub use duration::Work;
pub use extend_error::ExtendError;
pub use options::Run;
pub use summary::counts;
