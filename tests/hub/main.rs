//! Models and data sets from a hub that speaks the real one's protocol.

mod failures;
mod names;
mod server;
mod support;
