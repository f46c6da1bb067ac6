//! Who trains what where: the executor trait (torch or mock), the planning of packs, the worker loop, stopping.

mod executor;
mod stop;

pub use executor::{ExecuteError, Executor, PackEnd, PackJob};
pub use stop::Stop;
