//! Scheduling, faults, resuming and supervision, with the mock executor.

mod children;
mod faults;
mod forks;
mod generations;
#[path = "../mock/mod.rs"]
mod mock;
mod mock_executor;
#[path = "../store/moments.rs"]
mod moments;
mod planning;
#[path = "../endurance/processes.rs"]
mod processes;
mod requests;
mod resume;
mod signals;
mod supervision;
#[path = "../store/support.rs"]
mod support;
mod torture;
