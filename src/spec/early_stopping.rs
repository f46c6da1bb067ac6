//! `early_stopping`: a run ends when its metric improves no more.

use serde::{Deserialize, Serialize};

use super::cursor::{Context, Cursor, shown_number};
use super::fields::{self, Field};
use super::problem::{did_you_mean, quoted};
use super::yaml::Value;

/// When a run ends before its last epoch, as transformers' `EarlyStoppingCallback` has it.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EarlyStopping {
    /// An evaluation that is no improvement on the best one before it by more than this does not count as one.
    pub min_delta: f64,
    /// The run ends after so many evaluations in a row that are no improvement; at least 1.
    pub patience: usize,
}

impl EarlyStopping {
    /// Largest value of `patience`, as of `epochs`.
    pub(super) const MOST: usize = 10_000;

    /// Whether a run ends after these evaluations: the values of its metric, epoch after epoch. One that is no number is no
    /// improvement.
    pub fn stops(self, values: impl IntoIterator<Item = f64>, lower_is_better: bool) -> bool {
        let mut best: Option<f64> = None;
        let mut in_vain = 0;
        for value in values {
            let score = if lower_is_better { -value } else { value };
            let gained = match best {
                None => !score.is_nan(),
                Some(best) => score - best > self.min_delta,
            };
            in_vain = if gained { 0 } else { in_vain + 1 };
            if in_vain >= self.patience {
                return true;
            }
            // Small gains count for the next comparison all the same.
            best = if score.is_nan() { best } else { Some(best.map_or(score, |best| best.max(score))) };
        }
        false
    }
}

/// Reads `{patience: 2, min_delta: 0.001}` or null; the outer none: it is wrong.
pub(super) fn read(cursor: &Cursor<'_>, context: &mut Context<'_>) -> Option<Option<EarlyStopping>> {
    const KEYS: [Field; 2] = fields::EARLY_STOPPING;
    if cursor.node.value == Value::Null {
        return Some(None);
    }
    let entries = cursor.entries(context, "a mapping of patience and min_delta, or null")?;
    for (name, value) in entries.iter().filter(|(name, _)| !fields::has(&KEYS, name)) {
        value.problem(context, format!("unknown key {}{}", quoted(name), did_you_mean(name, fields::names(&KEYS))));
    }
    let get = |name: &str| entries.iter().find(|(key, _)| *key == name).map(|(_, value)| value);
    let Some(patience) = get(KEYS[0].name) else {
        cursor.problem(context, "lacks `patience`: after how many evaluations without a gain does a run end?");
        return None;
    };
    let patience = patience.count(context, 1, EarlyStopping::MOST);
    let min_delta = match get(KEYS[1].name) {
        None => Some(0.0),
        Some(given) => given.number(context).filter(|least| {
            if *least < 0.0 {
                given.problem(context, format!("must be at least 0, found {}", given.found()));
            }
            *least >= 0.0
        }),
    };
    let known = entries.iter().all(|(name, _)| fields::has(&KEYS, name));
    Some(Some(EarlyStopping { min_delta: min_delta?, patience: patience? })).filter(|_| known)
}

/// In a short form for labels.
pub(super) fn shown(rule: Option<EarlyStopping>) -> String {
    match rule {
        None => "off".to_owned(),
        Some(EarlyStopping { patience, min_delta: 0.0 }) => patience.to_string(),
        Some(EarlyStopping { patience, min_delta }) => format!("{patience} (min_delta {})", shown_number(min_delta)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The epoch after which a run with these accuracies ends.
    fn end(patience: usize, min_delta: f64, values: &[f64]) -> Option<usize> {
        let rule = EarlyStopping { min_delta, patience };
        (1..=values.len()).find(|&epochs| rule.stops(values[..epochs].iter().copied(), false))
    }

    #[test]
    fn a_run_ends_after_so_many_evaluations_without_a_gain() {
        assert_eq!(end(1, 0.0, &[0.5, 0.6, 0.6, 0.9]), Some(3), "as good as before is no gain");
        assert_eq!(end(2, 0.0, &[0.5, 0.6, 0.5, 0.7, 0.7, 0.6]), Some(6), "a gain begins the count anew");
        assert_eq!(end(3, 0.0, &[0.5, 0.4, 0.3]), None);
        assert_eq!(end(2, 0.0, &[f64::NAN, f64::NAN, 0.9]), Some(2));
        assert_eq!(end(2, 0.0, &[0.5, f64::NAN, 0.6, 0.7]), None);
    }

    /// As in transformers 5: small gains move the mark without counting as gains.
    #[test]
    fn gains_of_no_more_than_the_least_do_not_count() {
        assert_eq!(end(2, 0.125, &[0.5, 0.625, 0.75, 0.875]), Some(3), "each is compared with the best before it");
        assert_eq!(end(2, 0.125, &[0.5, 0.625, 0.875, 0.875]), None);
    }

    #[test]
    fn a_loss_gains_by_falling() {
        let rule = EarlyStopping { min_delta: 0.0, patience: 2 };
        assert!(!rule.stops([0.9, 0.8, 0.7], true) && rule.stops([0.7, 0.8, 0.9], true));
    }

    /// Going on can only be decided by what was seen so far: whoever has more epochs sees the same end.
    #[test]
    fn what_ends_stays_ended() {
        let rule = EarlyStopping { min_delta: 0.0, patience: 1 };
        assert!(rule.stops([0.5, 0.4, 0.9], false));
    }
}
