//! Searches: which points methods choose, and what a plan makes of them.

mod functions;
mod methods;
mod regret;
