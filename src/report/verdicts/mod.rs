//! What the evidence says about each hypothesis of a sweep.

mod claim;
mod judge;
mod judged;
mod words;

pub(crate) use claim::claim;
pub use judge::judge;
pub use judged::Judged;
pub(crate) use words::{
    amount, basis_words, claim_words, compared_words, difference, effect_words, exact_amount, expectation_words,
    found_words, interval_at_level, interval_words, metric_words, p_words, tally, tally_of, word,
};
