//! The paired bootstrap over seeds and examples.

use super::interval::{Interval, is_level};
use super::paired::PairedExamples;
use super::random::Stream;

/// How to resample.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Bootstrap {
    pub replicates: usize,
    pub seed: u64,
    pub level: f64,
}

impl Default for Bootstrap {
    /// 2,000 replicates at the 95 % level.
    fn default() -> Self {
        Self { replicates: 2000, seed: 0, level: super::interval::LEVEL }
    }
}

/// Percentile interval of the mean difference. Each replicate draws seeds with replacement and, independently, examples
/// with replacement, the same for all seeds and both sides (Owen 2007, the pigeonhole bootstrap).
///
/// It assumes no distribution, which makes it a check on the interval of [`PairedExamples::effect`] where seeds are many
/// or the question is only about examples. It does not decide verdicts: three seeds resampled show two thirds of their variance, so with
/// few seeds it is too narrow. Percentiles suffice, without bias correction and acceleration, because the mean is linear and
/// unbiased under resampling.
///
/// None for a single seed with a single example, no replicates, or a level not strictly between 0 and 1.
pub fn bootstrap_interval(paired: &PairedExamples, bootstrap: &Bootstrap) -> Option<Interval> {
    let (seeds, examples) = (paired.seeds(), paired.examples());
    if seeds * examples < 2 || bootstrap.replicates == 0 || !is_level(bootstrap.level) {
        return None;
    }
    let rows: Vec<&[f64]> = paired.rows().collect();
    let mut means: Vec<f64> = (0..bootstrap.replicates as u64)
        .map(|replicate| replicate_mean(&rows, seeds, &mut Stream::new(bootstrap.seed, replicate)))
        .collect();
    means.sort_by(f64::total_cmp);
    let tail = (1.0 - bootstrap.level) / 2.0;
    Some(Interval { low: quantile(&means, tail), high: quantile(&means, 1.0 - tail) })
}

fn replicate_mean(rows: &[&[f64]], seeds: usize, random: &mut Stream) -> f64 {
    let mut weights = vec![0.0; seeds];
    for _ in 0..seeds {
        weights[random.below(seeds)] += 1.0;
    }
    let sum: f64 = (0..rows.len())
        .map(|_| rows[random.below(rows.len())].iter().zip(&weights).map(|(value, weight)| value * weight).sum::<f64>())
        .sum();
    sum / (seeds * rows.len()) as f64
}

/// Linear interpolation between order statistics (numpy's default); `sorted` is not empty.
pub(super) fn quantile(sorted: &[f64], share: f64) -> f64 {
    let place = share * (sorted.len() - 1) as f64;
    let (below, above) = (sorted[place.floor() as usize], sorted[place.ceil() as usize]);
    below + (above - below) * place.fract()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn paired() -> PairedExamples {
        let run = |step: usize| (0..50).map(|i| ((i * step) % 17) as f64).collect::<Vec<_>>();
        PairedExamples::of_measurements(&[run(3), run(5)], &[run(7), run(11)]).unwrap()
    }

    #[test]
    fn is_a_function_of_its_seed() {
        let with = |seed| bootstrap_interval(&paired(), &Bootstrap { seed, ..Bootstrap::default() }).unwrap();
        assert_eq!(with(1), with(1));
        assert_ne!(with(1), with(2));
    }

    #[test]
    fn needs_something_to_resample() {
        let single = PairedExamples::of_measurements(&[vec![1.0]], &[vec![0.0]]).unwrap();
        assert_eq!(bootstrap_interval(&single, &Bootstrap::default()), None);
        assert_eq!(bootstrap_interval(&paired(), &Bootstrap { replicates: 0, ..Bootstrap::default() }), None);
        assert_eq!(bootstrap_interval(&paired(), &Bootstrap { level: 1.0, ..Bootstrap::default() }), None);
    }

    #[test]
    fn interpolates_between_order_statistics() {
        let sorted = [1.0, 2.0, 4.0];
        assert_eq!([0.0, 0.25, 0.75, 1.0].map(|share| quantile(&sorted, share)), [1.0, 1.5, 3.0, 4.0]);
    }
}
