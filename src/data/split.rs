//! Holding out evaluation rows as Hugging Face `train_test_split` does.

use crate::spec::HeldOut;

use super::DataError;
use super::numpy::permutation;

/// Which rows are trained on and which are held out; together every row once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HeldOutRows {
    pub train: Vec<usize>,
    pub evaluation: Vec<usize>,
}

/// The rows that `datasets.Dataset.train_test_split(test_size=size, seed=seed)` holds out of `rows` rows, and those it
/// trains on, both in its order: the first rows of numpy's permutation are held out. A fraction is rounded up.
///
/// # Errors
///
/// [`DataError::HeldOut`] when either side would be empty or the fraction does not lie between 0 and 1.
pub fn held_out(rows: usize, size: HeldOut, seed: u64) -> Result<HeldOutRows, DataError> {
    held_out_for("evaluation", rows, size, seed)
}

/// The same for a part (`evaluation`, `test`) that errors name.
pub(super) fn held_out_for(
    part: &'static str,
    rows: usize,
    size: HeldOut,
    seed: u64,
) -> Result<HeldOutRows, DataError> {
    let count = match size {
        HeldOut::Examples(count) => count,
        HeldOut::Fraction(fraction) if fraction > 0.0 && fraction < 1.0 => (fraction * rows as f64).ceil() as usize,
        HeldOut::Fraction(_) => 0,
    };
    if count == 0 || count >= rows {
        let size = match size {
            HeldOut::Examples(count) => count.to_string(),
            HeldOut::Fraction(fraction) => format!("the fraction {fraction}"),
        };
        return Err(DataError::HeldOut { size, rows, part });
    }
    let mut evaluation = permutation(seed, rows);
    let train = evaluation.split_off(count);
    Ok(HeldOutRows { train, evaluation })
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::*;

    #[derive(Deserialize)]
    struct Case {
        rows: usize,
        seed: u64,
        size: HeldOut,
        evaluation: Vec<usize>,
        train: Vec<usize>,
    }

    #[test]
    fn splits_equal_those_of_hugging_face() {
        let text = include_str!("../../tests/fixtures/data/train_test_split.json");
        let cases: Vec<Case> = serde_json::from_str(text).unwrap();
        assert!(cases.iter().any(|case| matches!(case.size, HeldOut::Fraction(_))));
        for case in cases {
            let found = held_out(case.rows, case.size, case.seed).unwrap();
            assert_eq!(found.evaluation, case.evaluation, "{:?}", case.size);
            assert_eq!(found.train, case.train, "{:?}", case.size);
        }
    }

    #[test]
    fn sizes_that_leave_a_side_empty_are_refused() {
        let sizes = [
            HeldOut::Examples(0),
            HeldOut::Examples(10),
            HeldOut::Examples(11),
            HeldOut::Fraction(0.0),
            HeldOut::Fraction(1.0),
            HeldOut::Fraction(-0.5),
            HeldOut::Fraction(0.99),
            HeldOut::Fraction(f64::NAN),
        ];
        for size in sizes {
            assert!(held_out(10, size, 0).is_err(), "{size:?}");
        }
        assert!(held_out(0, HeldOut::Examples(1), 0).is_err());
        let message = held_out(10, HeldOut::Examples(640), 0).unwrap_err().to_string();
        insta::assert_snapshot!(message, @"cannot hold out 640 of 10 rows for the evaluation: give a count from 1 to 9, or a fraction between 0 and 1 that leaves some rows");
    }
}
