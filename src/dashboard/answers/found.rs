//! The sweep and the run that an address names. Names are looked up among those that are known; no path is made of them.

use std::sync::Arc;

use crate::dashboard::live::LiveSweep;
use crate::dashboard::shared::Shared;
use crate::spec::RunId;

use super::failure::Failure;

/// # Errors
/// There is none of that name.
pub fn sweep(shared: &Shared, name: &str) -> Result<Arc<LiveSweep>, Failure> {
    shared.sweeps.sweep(name).ok_or_else(|| Failure::NoSweep(name.to_owned()))
}

/// # Errors
/// There is none.
pub fn run(shared: &Shared, name: &str, run: &str) -> Result<(Arc<LiveSweep>, RunId), Failure> {
    let sweep = sweep(shared, name)?;
    let id = RunId(run.to_owned());
    if sweep.plan.ids.contains_key(&id) { Ok((sweep, id)) } else { Err(Failure::NoRun(run.to_owned())) }
}
