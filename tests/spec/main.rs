//! Sweep files from text to runs, through the public interface.

mod documented;
mod early_stopping;
mod errors;
mod expansion;
mod extends;
mod hypotheses;
mod observations;
mod overrides;
mod properties;
mod rehearsal;
mod search;
mod seeds;
mod selection;
mod shipped;
mod support;
mod test_part;
mod writing;
