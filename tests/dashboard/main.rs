//! The live page's server, over HTTP: who is answered, what is told, what changes.

mod access;
mod axes;
mod changes;
mod many;
mod names;
#[path = "../report_support/mod.rs"]
mod report_support;
mod requests;
mod support;
mod told;
