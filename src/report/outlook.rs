//! What a new sweep would need to settle a hypothesis that this one leaves open. More seeds for this one would not do: a
//! verdict that is waited for comes too often.

use crate::metrics::{Design, ExpectedEffect, Needs, Prospect};
use crate::spec::{Expectation, Hypothesis};
use crate::words::counted;

use super::pairing::{self, Pairs};
use super::verdicts;

/// A sentence, from the noise that a treatment's runs have shown; none where it is not known.
pub(super) fn of(hypothesis: &Hypothesis, claim: ExpectedEffect, pairs: &Pairs<'_>, claims: usize) -> Option<String> {
    let paired = pairing::paired_examples(pairs, hypothesis.metric).ok()?;
    let tested = !pairing::chosen_on_judged(pairs);
    let design = Design { claims, ..Design::observed(&paired)? };
    let scale = hypothesis.metric.scale();
    let prospect = Prospect::of(&design, claim, hypothesis.vary.treatments.len(), scale);
    let wanted = verdicts::exact_amount(scale, prospect.wanted);
    let what = match hypothesis.expect {
        Expectation::Higher | Expectation::Lower => format!("a difference of {wanted}"),
        _ => format!("that there is no difference of {wanted}"),
    };
    match prospect.needs {
        Needs::Nothing => None,
        Needs::OutOfReach => Some(format!("with the noise seen here, no practical sweep can show {what}")),
        needs => Some(format!(
            "with the noise seen here, a new sweep needs about {}, fixed beforehand, to show {what}",
            needs_words(needs, tested)
        )),
    }
}

/// `5 seeds, or 2,400 evaluation examples`; test examples of `tested` runs.
pub(crate) fn needs_words(needs: Needs, tested: bool) -> String {
    let example = if tested { "test example" } else { "evaluation example" };
    let seeds = |number: usize| counted(number, "seed");
    let examples = |number: usize| counted(two_digits(number), example);
    match needs {
        Needs::Nothing => "enough".to_string(),
        Needs::Either { seeds: Some(number), examples: Some(rows) } => {
            format!("{}, or {}", seeds(number), examples(rows))
        }
        Needs::Either { seeds: Some(number), examples: None } => seeds(number),
        Needs::Either { seeds: None, examples: Some(number) } => examples(number),
        Needs::Both { seeds: number, examples: rows } => format!("{} and {}", seeds(number), examples(rows)),
        Needs::Either { seeds: None, examples: None } | Needs::OutOfReach => "more than is practical".to_string(),
    }
}

/// Rounded up to two significant digits: more would pretend to know more.
fn two_digits(number: usize) -> usize {
    let digits = number.max(1).ilog10();
    let unit = 10_usize.pow(digits.saturating_sub(1));
    number.div_ceil(unit) * unit
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn needs_are_said_in_round_numbers() {
        let either = Needs::Either { seeds: Some(5), examples: Some(2_313) };
        assert_eq!(needs_words(either, false), "5 seeds, or 2,400 evaluation examples");
        let both = Needs::Both { seeds: 10, examples: 990_001 };
        assert_eq!(needs_words(both, true), "10 seeds and 1,000,000 test examples");
        assert_eq!([1, 9, 10, 99, 100, 101].map(two_digits), [1, 9, 10, 99, 100, 110]);
    }
}
