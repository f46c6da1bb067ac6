//! The command line: one thin file per verb, named in `verbs.rs`.

mod again;
mod array_search;
mod array_task;
mod cancel;
mod command_line;
mod compare;
mod context;
mod cost;
mod doctor;
mod downloads;
mod error;
mod export;
mod facts;
mod fetch;
mod known;
mod logs;
mod machine;
mod numbers;
mod packing;
mod predict;
mod preflight;
mod program;
mod progress;
mod rehearsal;
mod report;
mod run;
mod sinks;
mod status;
mod streams;
mod text;
mod verbs;
mod versions;
mod worker;
mod workers;

pub use error::CliError;
pub use program::main;
