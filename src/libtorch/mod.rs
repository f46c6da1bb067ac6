//! libtorch, opened when it is first needed: most verbs make no tensor and start without it.
//!
//! `tch` calls C functions in front of libtorch. Those of this program (`functions.rs`) open `libsweep_tch.so`, which build.rs
//! makes and which depends on libtorch, and go on to its function of the same name. [`open`] does the same where an error can
//! be told; verbs that are going to train or predict begin with it.

mod error;
mod functions;
mod library;
mod opened;
mod table;

pub use error::{LibtorchError, VERSION};
pub use library::{Library, LibraryError};
pub use opened::{Libtorch, has_driver, open, open_cuda, opened, symbol};
