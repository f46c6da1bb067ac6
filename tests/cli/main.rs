//! The program itself: verbs, options, exit codes, what is printed. Training is the mock executor's.

mod clean;
mod diff;
mod dry_run;
mod help;
mod hosts;
mod import;
mod init;
mod input;
mod inputs;
mod invented;
mod kubernetes;
mod mlflow;
#[path = "../needs/mod.rs"]
mod needs;
mod notify;
mod odd;
mod requests;
mod results;
mod running;
mod schema;
mod search_repeatable;
mod search_shared;
mod search_told;
mod several;
mod slurm;
mod start;
mod streams;
mod support;
mod terminal;
