//! Files as they should not be: whatever is read, there is an answer or an error; no panic, no endless loop, no more memory
//! than the size of the file explains.
//!
//! `cargo test --test fuzz` tries what has failed before (`regressions/`) and some variations of sound files;
//! `make fuzz MINUTES=10` tries new variations of each kind for so long.

mod driver;
mod files;
mod hub;
#[path = "../mock/mod.rs"]
mod mock;
mod results;
mod variation;
