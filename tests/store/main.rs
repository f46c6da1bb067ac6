//! The results folder, from outside.

mod claims;
mod damage;
mod deciding;
mod durable;
mod layout;
mod opening;
mod samples;
mod soundness;
mod support;
