//! The program with the real trainer, against what happens to sweeps that run for hours: kills, changed inputs, full
//! disks, batch systems. What it leaves must be what an undisturbed sweep leaves.

mod adapter;
#[path = "../store/comparing.rs"]
mod comparing;
mod contents;
mod memory;
#[path = "../store/moments.rs"]
mod moments;
#[path = "../needs/mod.rs"]
mod needs;
mod place;
mod processes;
mod search_torture;
mod slurm;
mod surroundings;
mod taken_out;
mod torture;
