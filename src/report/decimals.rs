//! How many decimals a number has that somebody chose.

/// More than this a rounded sum has, not a number that was chosen.
const MOST: usize = 12;

/// As many decimals as write the number itself and no other one near it; at most 12.
pub(crate) fn decimals(value: f64) -> usize {
    let is_whole = |decimals: &usize| {
        let scaled = value.abs() * 10f64.powi(*decimals as i32);
        (scaled - scaled.round()).abs() <= 1e-9 * scaled
    };
    (0..MOST).find(is_whole).unwrap_or(MOST)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_has_the_decimals_that_it_was_written_with() {
        let written = [0.0, 5.0, 2.5, 0.75, -0.025, 0.1 + 0.2, 1.0 / 3.0, 4e-7, 1e-20];
        assert_eq!(written.map(decimals), [0, 0, 1, 2, 3, 1, 9, 7, 12]);
        assert_eq!([f64::NAN, f64::INFINITY].map(decimals), [12, 12]);
    }
}
