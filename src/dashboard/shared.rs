//! What all answers share.

use std::path::PathBuf;
use std::sync::Arc;

use super::access::Access;
use super::live::{Pulse, Sweeps};
use super::texts::Texts;
use super::weighed::Weighed;

/// What all answers share.
pub struct Shared {
    /// Another one after every start: numbers of versions begin anew.
    pub start: String,
    pub results: PathBuf,
    /// In whose name pages ask for something, for people to read.
    pub who: String,
    pub access: Access,
    pub sweeps: Sweeps,
    pub pulse: Arc<Pulse>,
    pub weighed: Weighed,
    pub texts: Box<dyn Texts>,
}
