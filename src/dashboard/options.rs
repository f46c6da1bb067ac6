//! What is served, and to whom.

use std::path::PathBuf;
use std::time::Duration;

use super::access::Token;

/// What is served, and to whom.
#[derive(Clone, Debug)]
pub struct Options {
    /// A results folder, or the folder of a sweep.
    pub results: PathBuf,
    /// The address or name to listen at.
    pub host: String,
    pub port: Port,
    /// Without one everybody who reaches the server may read, and nobody may change anything.
    pub token: Option<Token>,
    /// Further names that the server is called by: of a proxy before it, or of the machine.
    pub names: Vec<String>,
    /// In whose name pages ask for something, for people to read.
    pub who: String,
    /// Between two looks at the files while somebody watches.
    pub look: Duration,
}

/// The port to listen at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Port {
    /// This one, or one of the next if it is taken.
    From(u16),
    /// This one; 0: any that is free.
    Exactly(u16),
}

impl Port {
    /// Where nothing else is said.
    pub const USUAL: Port = Port::From(8642);
}
