//! The distributions behind intervals and p-values. `statrs` evaluates them; its quantile of Student's t does not end for
//! some arguments, so that one is solved here.

use statrs::distribution::{Binomial, ChiSquared, Continuous, ContinuousCDF, DiscreteCDF, Normal, StudentsT};

/// Beyond this, `statrs` loses digits of the t distribution and the transformation to a normal one is exact to 1e-9.
const LARGE_DEGREES_OF_FREEDOM: f64 = 1e6;

pub fn normal_cdf(x: f64) -> f64 {
    Normal::standard().cdf(x)
}

/// `probability` lies strictly between 0 and 1.
pub fn normal_quantile(probability: f64) -> f64 {
    Normal::standard().inverse_cdf(probability)
}

/// P(T > x) for x >= 0; a half, which is no evidence, where x is not a number.
pub fn t_tail(x: f64, degrees_of_freedom: f64) -> f64 {
    if !x.is_finite() {
        return if x.is_nan() { 0.5 } else { 0.0 };
    }
    match student(degrees_of_freedom) {
        Some(student) => student.sf(x),
        None => Normal::standard().sf(to_normal(x, degrees_of_freedom).0),
    }
}

fn t_density(x: f64, degrees_of_freedom: f64) -> f64 {
    match student(degrees_of_freedom) {
        Some(student) => student.pdf(x),
        None => {
            let (transformed, slope) = to_normal(x, degrees_of_freedom);
            Normal::standard().pdf(transformed) * slope
        }
    }
}

/// The value at which a normal variable has the tail that t has at `x`, for many degrees of freedom (Abramowitz and Stegun
/// 26.7.8), and its derivative.
fn to_normal(x: f64, degrees_of_freedom: f64) -> (f64, f64) {
    let shrink = 1.0 - 0.25 / degrees_of_freedom;
    let stretch = 1.0 + 0.5 * x * x / degrees_of_freedom;
    (x * shrink / stretch.sqrt(), shrink / stretch.powf(1.5))
}

fn student(degrees_of_freedom: f64) -> Option<StudentsT> {
    if degrees_of_freedom > LARGE_DEGREES_OF_FREEDOM {
        return None;
    }
    StudentsT::new(0.0, 1.0, degrees_of_freedom).ok()
}

/// The smallest tail probability with a critical value: for one degree of freedom that is about 1e99, whose square is
/// still a number.
pub const SMALLEST_TAIL: f64 = 1e-100;

/// The x with P(T > x) = `tail`, for [`SMALLEST_TAIL`] <= `tail` <= 1/2.
///
/// Newton's method on the logarithm of the tail over the logarithm of x: that function is concave and falls, so after
/// one step the iterates come down to the root from above, wherever they start.
pub fn t_critical(tail: f64, degrees_of_freedom: f64) -> f64 {
    if tail >= 0.5 {
        return 0.0;
    }
    let mut x = (-2.0 * (2.0 * tail).ln()).sqrt();
    for _ in 0..100 {
        let current = t_tail(x, degrees_of_freedom);
        let slope = x * t_density(x, degrees_of_freedom) / current;
        let step = (current / tail).ln() / slope;
        x *= step.exp();
        // Convergence is quadratic: what is left is of the order of the square of this.
        if step.abs() < 1e-7 {
            break;
        }
    }
    x
}

/// P(at most `successes` of `trials`) for a fair coin.
pub fn fair_coin_cdf(successes: u64, trials: u64) -> f64 {
    // A half is a valid probability for any number of trials.
    Binomial::new(0.5, trials).map_or(1.0, |binomial| binomial.cdf(successes))
}

/// The value below which a chi-squared variable with so many degrees of freedom (at least 1) falls with `probability`. For
/// many degrees of freedom that of Wilson and Hilferty (1931), because the series of `statrs` then takes too long.
pub fn chi_squared_quantile(probability: f64, degrees_of_freedom: f64) -> f64 {
    if degrees_of_freedom > LARGE_DEGREES_OF_FREEDOM {
        let spread = 2.0 / (9.0 * degrees_of_freedom);
        return degrees_of_freedom * (1.0 - spread + normal_quantile(probability) * spread.sqrt()).powi(3);
    }
    ChiSquared::new(degrees_of_freedom).map_or(0.0, |chi| chi.inverse_cdf(probability))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn critical_values_invert_the_tail(log_tail in -230.0f64..-0.7, log_df in 0.0f64..18.0) {
            let (tail, df) = (log_tail.exp(), log_df.exp());
            let x = t_critical(tail, df);
            prop_assert!((t_tail(x, df) / tail - 1.0).abs() < 1e-9, "{x} at {tail} with {df}");
        }
    }

    #[test]
    fn chi_squared_quantiles_meet_where_the_method_changes() {
        for probability in [0.0025, 0.3, 0.5, 0.9975] {
            let exact = chi_squared_quantile(probability, LARGE_DEGREES_OF_FREEDOM);
            let approximate = chi_squared_quantile(probability, LARGE_DEGREES_OF_FREEDOM + 1.0);
            assert!((approximate / exact - 1.0 - 1e-6).abs() < 1e-8, "{exact} {approximate}");
        }
    }

    #[test]
    fn the_middle_is_zero() {
        assert_eq!(t_critical(0.5, 3.0), 0.0);
        // With one degree of freedom the critical value is the tangent of pi times (1/2 - tail).
        assert!((t_critical(0.5 - 1e-3, 1.0) / (std::f64::consts::PI * 1e-3).tan() - 1.0).abs() < 1e-9);
    }
}
