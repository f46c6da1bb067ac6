//! Models and data sets from a hub that speaks the real one's protocol.

mod failures;
mod hostile;
mod names;
mod server;
mod slow;
mod support;
