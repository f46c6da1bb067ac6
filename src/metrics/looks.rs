//! Several looks at one comparison while its seeds come in.
//!
//! Whoever tests at 3, 5, 7 and 10 seeds and stops at the first p below 0.05 is wrong in 13 % of the cases where there is no
//! effect. So either the number of seeds is fixed beforehand, or the error level is divided among looks that are declared
//! beforehand. The division here follows a spending function of the power family (Kim and DeMets 1987, Biometrika 74):
//! by a share `t` of the seeds, `t^2` of the level is spent, and a look may spend what came to it since the one before. The
//! levels are added up by the union bound, as if looks excluded each other. Boundaries by the joint distribution of the looks
//! (Lan and DeMets 1983) spend a little less, but that distribution is known for normal statistics of known variance; with
//! Student's t on few seeds, and two sources of noise, only the union bound keeps its promise. It costs little: with these four
//! looks 4.3 of the 5 % are spent (`tests/metrics_calibration.rs`).

use super::holm::holm;
use super::verdict::{Assessment, Verdict};

/// How fast the level is spent. 1 spends it evenly over the seeds (like Pocock's boundary), 3 almost only at the end (like
/// O'Brien and Fleming's).
const EXPONENT: f64 = 2.0;

/// A number of seeds at which a verdict may be given.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Look {
    /// The first so many of the plan's seeds.
    pub seeds: usize,
    /// What it may spend of the error level, above 0 and at most 1.
    pub share: f64,
}

/// The looks at a comparison of so many planned seeds, the last of them at all seeds. Without declared ones that is the only
/// look, with the whole level. `declared` ascends; what lies beyond the planned seeds is left out.
pub fn looks(declared: &[usize], planned: usize) -> Vec<Look> {
    let mut spent = 0.0;
    let earlier = declared.iter().copied().filter(|&seeds| 0 < seeds && seeds < planned);
    let look = |seeds: usize| {
        let total = (seeds as f64 / planned as f64).powf(EXPONENT);
        let share = total - spent;
        spent = total;
        Look { seeds, share }
    };
    earlier.chain((planned > 0).then_some(planned)).map(look).collect()
}

/// Corrects the claims of a sweep, each with its assessments at the looks that were reached, in their order: for the looks
/// (each p-value over the share of its look, of which the smallest is a p-value of the claim) and for their number (Holm).
/// With both, the chance that any verdict is ever wrong stays at [`super::ALPHA`], and no verdict is taken back at a later
/// look. `awaited`: further claims of the sweep, whose first look is still to come; they count as if they had p = 1.
pub fn correct_looks(claims: &mut [Vec<Assessment>], awaited: usize) {
    let smallest = |looks: &Vec<Assessment>| looks.iter().filter_map(Assessment::over_looks).reduce(f64::min);
    let tested: Vec<usize> = (0..claims.len()).filter(|&claim| smallest(&claims[claim]).is_some()).collect();
    let mut family: Vec<f64> = tested.iter().filter_map(|&claim| smallest(&claims[claim])).collect();
    family.resize(tested.len() + awaited, 1.0);
    for (place, &claim) in tested.iter().enumerate() {
        let of_claim = family[place];
        for look in &mut claims[claim] {
            if let Some(p) = look.over_looks() {
                family[place] = p;
                look.settle(holm(&family)[place]);
            }
        }
        family[place] = of_claim;
    }
}

/// The look that speaks for a claim: the first one with a verdict, else the last one. None without any.
pub fn speaking(looks: &[Assessment]) -> Option<usize> {
    let first = looks.iter().position(|look| look.verdict != Verdict::Inconclusive);
    first.or_else(|| looks.len().checked_sub(1))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metrics::{ALPHA, Expectation, ExpectedEffect, PairedSeeds, Scale, assess, assess_at, correct};

    fn assessment(differences: &[f64], share: f64) -> Assessment {
        let effect = PairedSeeds::of(differences, &vec![0.0; differences.len()], 0.0).unwrap().effect();
        assess_at(&effect, ExpectedEffect::new(Expectation::Higher, None, Scale::Loss).unwrap(), share)
    }

    #[test]
    fn the_shares_of_all_looks_are_the_level() {
        for (declared, planned) in [(vec![], 5), (vec![3, 5, 7, 10], 10), (vec![2, 4], 7), (vec![3, 5, 9], 4)] {
            let looks = looks(&declared, planned);
            assert_eq!(looks.last().unwrap().seeds, planned);
            assert!((looks.iter().map(|look| look.share).sum::<f64>() - 1.0).abs() < 1e-12);
            assert!(looks.iter().all(|look| look.share > 0.0));
        }
        assert_eq!(looks(&[], 3), [Look { seeds: 3, share: 1.0 }]);
        let shares: Vec<f64> = looks(&[3, 5, 7, 10], 10).iter().map(|look| (100.0 * look.share).round()).collect();
        assert_eq!(shares, [9.0, 16.0, 24.0, 51.0]);
        assert_eq!(looks(&[3], 0), []);
    }

    #[test]
    fn one_look_each_is_the_usual_correction() {
        let mut alone = [assessment(&[0.4, 0.5, 0.6], 1.0), assessment(&[0.3, 0.5, 0.4], 1.0)];
        let mut claims: Vec<Vec<Assessment>> = alone.iter().map(|&one| vec![one]).collect();
        correct(&mut alone);
        correct_looks(&mut claims, 0);
        assert_eq!(claims.concat(), alone);
    }

    #[test]
    fn a_look_has_its_share_of_the_level() {
        let p = assessment(&[0.4, 0.5, 0.6], 1.0).p_value.unwrap();
        let enough = |share: f64| assessment(&[0.4, 0.5, 0.6], share).verdict == Verdict::Supported;
        assert!(enough(1.01 * p / ALPHA) && !enough(0.99 * p / ALPHA));
        let interval = assessment(&[0.4, 0.5, 0.6], p / ALPHA).interval.unwrap();
        assert!(interval.low.abs() < 1e-9, "the interval at the level of the look just reaches the edge: {interval:?}");
    }

    #[test]
    fn a_verdict_stays_and_an_earlier_one_speaks() {
        let clear = assessment(&[0.5, 0.5001, 0.4999], 0.3);
        let vague = assessment(&[0.5, 0.5, 0.5, -3.0, -2.0], 0.7);
        let mut claims = vec![vec![clear, vague]];
        correct_looks(&mut claims, 3);
        assert_eq!((claims[0][0].verdict, claims[0][1].verdict), (Verdict::Supported, Verdict::Inconclusive));
        assert_eq!((speaking(&claims[0]), speaking(&claims[0][1..]), speaking(&[])), (Some(0), Some(0), None));
    }

    #[test]
    fn claims_that_are_still_to_come_count() {
        let one = assessment(&[0.4, 0.5, 0.6], 1.0);
        let mut claims = vec![vec![one]];
        correct_looks(&mut claims, 3);
        let adjusted = claims[0][0].adjusted_p_value.unwrap();
        assert!((adjusted - 4.0 * one.p_value.unwrap()).abs() < 1e-12);
        let effect = PairedSeeds::of(&[0.5], &[0.4], 0.0).unwrap().effect();
        let never = assess(&effect, one.claim);
        let mut claims = vec![vec![never], vec![one], vec![]];
        correct_looks(&mut claims, 0);
        assert_eq!(claims[1][0].adjusted_p_value, one.p_value, "what can settle nothing is not in the family");
    }
}
