//! How much a quantity varies within groups whose means differ.

use super::distribution::chi_squared_quantile;
use super::summary::Summary;

/// The standard deviation within groups, such as configurations with several seeds each.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Pooled {
    pub sd: f64,
    pub degrees_of_freedom: usize,
    /// Groups of at least two values, and their values.
    pub groups: usize,
    pub values: usize,
}

impl Pooled {
    /// Groups of a single value tell nothing and are left out, as are those with a value that is not finite. `resolution` is the
    /// step in which values are measured: a variance is never taken as smaller than rounding to it allows (Sheppard's
    /// `resolution^2 / 12`). None where no group is left.
    pub fn of(groups: &[Vec<f64>], resolution: f64) -> Option<Self> {
        let spreads = groups.iter().filter_map(|values| Summary::of(values)).filter(|spread| spread.count > 1);
        let (mut squares, mut degrees_of_freedom, mut counted, mut values) = (0.0, 0, 0, 0);
        for spread in spreads {
            let freedom = spread.count - 1;
            squares += spread.sd.unwrap_or(0.0).powi(2) * freedom as f64;
            (degrees_of_freedom, counted, values) = (degrees_of_freedom + freedom, counted + 1, values + spread.count);
        }
        let least = resolution.powi(2) / 12.0;
        let variance = (degrees_of_freedom > 0).then(|| (squares / degrees_of_freedom as f64).max(least))?;
        Some(Self { sd: variance.sqrt(), degrees_of_freedom, groups: counted, values })
    }

    /// A value that the true standard deviation exceeds with a probability of `1 - confidence` only, of normal values. Plans
    /// should be made with such a bound and not with the deviation itself, which few values underestimate as often as not;
    /// Browne (1995, Statistics in Medicine 14) recommends a confidence of 0.8.
    pub fn upper(&self, confidence: f64) -> f64 {
        let freedom = self.degrees_of_freedom as f64;
        self.sd * (freedom / chi_squared_quantile(1.0 - confidence, freedom)).sqrt()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn means_of_groups_do_not_count() {
        let pooled = Pooled::of(&[vec![0.1, 0.3], vec![5.1, 5.3], vec![7.0], vec![f64::NAN, 1.0]], 0.0).unwrap();
        assert!((pooled.sd - 0.02f64.sqrt()).abs() < 1e-12, "{pooled:?}");
        assert_eq!((pooled.degrees_of_freedom, pooled.groups, pooled.values), (2, 2, 4));
        assert_eq!(Pooled::of(&[vec![1.0], vec![]], 0.0), None);
    }

    #[test]
    fn equal_values_are_as_sure_as_their_resolution() {
        let pooled = Pooled::of(&[vec![0.9, 0.9]], 0.01).unwrap();
        assert!((pooled.sd - 0.01 / 12f64.sqrt()).abs() < 1e-12);
    }

    #[test]
    fn few_values_leave_much_open() {
        // Quantiles of chi squared at 0.2: 0.0642 for one degree of freedom, 6.179 for ten.
        let of = |freedom: usize| Pooled { sd: 1.0, degrees_of_freedom: freedom, groups: 1, values: freedom + 1 };
        assert!((of(1).upper(0.8) - 3.947).abs() < 1e-3, "{}", of(1).upper(0.8));
        assert!((of(10).upper(0.8) - 1.272).abs() < 1e-3, "{}", of(10).upper(0.8));
    }
}
