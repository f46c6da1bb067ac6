//! What the evidence says about statements on the runs of one configuration.

mod claim;
mod judge;
mod judged;
mod quantity;
mod words;

pub(crate) use claim::scale;
pub(crate) use judge::judge;
pub use judged::{Judgement, Measured, Observed};
pub(crate) use words::{against_words, amount, caption, claimed, p_words, tally, words};
