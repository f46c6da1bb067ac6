//! The live page of a results folder: a small server that reads files and tells browsers what changed.
//!
//! ```text
//! live      a thread looks at the files of all sweeps; what changed since the last look is a change with a number
//! events    server-sent events: the changes, from the number on that a page has
//! answers   what pages ask for: the state of a sweep, curves, logs, predictions, evidence
//! access    who may ask: the name that the server is called by, where a page comes from, the token
//! page      the page itself: one document, its style and its scripts
//! ```
//!
//! Nothing here knows a worker: the page of a sweep on a cluster is the page of its folder.

mod access;
mod answers;
mod error;
mod events;
mod live;
mod options;
mod page;
mod routes;
mod server;
mod shared;
mod texts;
mod weighed;

pub use access::{Token, TokenFile};
pub use error::DashboardError;
pub use options::{Options, Port};
pub use server::Server;
pub use texts::{NoTexts, Texts};
