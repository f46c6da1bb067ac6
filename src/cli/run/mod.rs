//! `sweep run`: trains the runs of a sweep file.

mod asked_seeds;
mod attached;
mod best;
mod chosen;
mod devices;
mod dry_run;
mod duration;
mod extend;
mod extend_error;
mod inputs;
mod launch_option;
mod launched;
mod local;
mod options;
mod plan;
mod prospects;
mod summary;
mod verb;

pub use devices::{DeviceError, Devices};
pub use duration::Work;
pub use extend_error::ExtendError;
pub use options::Run;
pub use summary::counts;
