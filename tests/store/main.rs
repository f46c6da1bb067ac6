//! The results folder, from outside.

mod attempts;
mod claims;
mod damage;
mod deciding;
mod durable;
mod extended;
mod generations;
mod layout;
#[path = "../mock/mod.rs"]
mod mock;
#[path = "../needs/mod.rs"]
mod needs;
mod opening;
mod samples;
mod soundness;
mod stopped;
mod support;
