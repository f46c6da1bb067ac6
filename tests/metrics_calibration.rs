//! Verdicts keep their promise: simulated sweeps of whose true effect we know.

use sweep::metrics::{
    ALPHA, Assessment, Bootstrap, Design, Direction, Effect, Expectation, ExpectedEffect, Improvement, LEVEL,
    PairedExamples, PairedSeeds, Scale, Verdict, assess, assess_at, bootstrap_interval, correct, correct_looks, looks,
    share_interval,
};

/// SplitMix64 with the few distributions that the simulations need.
struct Random(u64);

impl Random {
    fn draw(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    fn uniform(&mut self) -> f64 {
        (self.draw() >> 11) as f64 / (1u64 << 53) as f64
    }

    fn normal(&mut self) -> f64 {
        // Box and Muller; 1 - u avoids the logarithm of 0.
        (-2.0 * (1.0 - self.uniform()).ln()).sqrt() * (std::f64::consts::TAU * self.uniform()).cos()
    }
}

/// How two configurations with one true effect differ on one evaluation set.
#[derive(Clone, Copy)]
struct World {
    seeds: usize,
    examples: usize,
    effect: f64,
    /// Of a seed's difference.
    seed_sd: f64,
    /// Share of examples that exactly one side gets right.
    discordance: f64,
    /// Share of the disagreements that all seeds have in common.
    shared: f64,
}

impl World {
    /// Examples are drawn anew, each with its own inclination; seeds shift the odds of their own disagreements.
    fn study(&self, random: &mut Random) -> PairedExamples {
        let pairs = self.rows(random);
        PairedExamples::of_correctness(&pairs.0, &pairs.1).unwrap()
    }

    /// What each side gets right, by seed and example.
    fn rows(&self, random: &mut Random) -> (Vec<Vec<bool>>, Vec<Vec<bool>>) {
        let own = 1.0 - self.shared;
        let inclinations: Vec<f64> = (0..self.examples).map(|_| self.common(random)).collect();
        (0..self.seeds)
            .map(|_| {
                let shift = self.seed_sd * random.normal();
                // Common disagreements carry the effect only.
                let odds = 0.5 * (1.0 + (self.effect * own + shift) / (self.discordance * own).max(1e-9));
                inclinations.iter().map(|&common| sides(self.difference(common, odds, random))).unzip()
            })
            .unzip()
    }

    fn common(&self, random: &mut Random) -> f64 {
        if random.uniform() >= self.discordance * self.shared {
            return 0.0;
        }
        if random.uniform() < 0.5 * (1.0 + self.effect / self.discordance) { 1.0 } else { -1.0 }
    }

    fn difference(&self, common: f64, odds: f64, random: &mut Random) -> f64 {
        let own = self.discordance * (1.0 - self.shared) / (1.0 - self.discordance * self.shared);
        if common != 0.0 || random.uniform() >= own {
            common
        } else if random.uniform() < odds {
            1.0
        } else {
            -1.0
        }
    }

    fn design(&self) -> Design {
        Design {
            seeds: self.seeds,
            examples: Some(self.examples),
            seed_sd: self.seed_sd,
            example_variance: self.discordance - self.effect.powi(2),
            shared: self.shared,
            claims: 1,
            last_look: 1.0,
        }
    }
}

fn sides(difference: f64) -> (bool, bool) {
    (difference >= 0.0, difference <= 0.0)
}

fn claim(expectation: Expectation, margin: Option<f64>) -> ExpectedEffect {
    ExpectedEffect::new(expectation, margin, Scale::Share).unwrap()
}

fn share(studies: usize, mut holds: impl FnMut(&mut Random) -> bool) -> f64 {
    let mut random = Random(42);
    (0..studies).filter(|_| holds(&mut random)).count() as f64 / studies as f64
}

/// Four standard errors of a simulated share.
fn simulation_error(share: f64, studies: usize) -> f64 {
    4.0 * (share * (1.0 - share) / studies as f64).sqrt()
}

const STUDIES: usize = 1000;

fn null_worlds() -> Vec<World> {
    let mut worlds = Vec::new();
    for seeds in [2, 3, 5] {
        for (examples, seed_sd) in [(200, 0.0), (200, 0.02), (640, 0.01), (640, 0.03)] {
            for shared in [0.0, 0.5] {
                worlds.push(World { seeds, examples, effect: 0.0, seed_sd, discordance: 0.15, shared });
            }
        }
    }
    worlds
}

#[test]
fn without_an_effect_verdicts_are_wrong_no_oftener_than_they_say() {
    let higher = claim(Expectation::Higher, None);
    // Both directions share the error level.
    let allowed = ALPHA / 2.0 + simulation_error(ALPHA / 2.0, STUDIES);
    for world in null_worlds() {
        let mut refuted = 0;
        let supported = share(STUDIES, |random| {
            let verdict = assess(&world.study(random).effect(), higher).verdict;
            refuted += usize::from(verdict == Verdict::Refuted);
            verdict == Verdict::Supported
        });
        let World { seeds, examples, seed_sd, shared, .. } = world;
        for rate in [supported, refuted as f64 / STUDIES as f64] {
            assert!(
                rate <= allowed,
                "wrong in {rate}: {seeds} seeds, {examples} examples, seed sd {seed_sd}, shared {shared}"
            );
        }
    }
}

#[test]
fn with_an_effect_support_comes_as_often_as_predicted() {
    for (seeds, examples, effect, seed_sd) in [(3, 640, 0.03, 0.005), (5, 640, 0.03, 0.01), (2, 400, 0.05, 0.002)] {
        for shared in [0.2, 0.6] {
            let world = World { seeds, examples, effect, seed_sd, discordance: 0.15, shared };
            let predicted = world.design().power(claim(Expectation::Higher, None), effect);
            let found = share(STUDIES, |random| {
                assess(&world.study(random).effect(), claim(Expectation::Higher, None)).verdict == Verdict::Supported
            });
            let difference = (found - predicted).abs();
            assert!(
                difference <= 0.02 + simulation_error(predicted, STUDIES),
                "{seeds} seeds, shared {shared}: predicted {predicted}, found {found}"
            );
        }
    }
}

#[test]
fn claims_with_margins_hold_their_level_at_the_edge_and_their_power_inside() {
    let margin = 0.03;
    let world = |effect| World { seeds: 3, examples: 1000, effect, seed_sd: 0.002, discordance: 0.1, shared: 0.3 };
    for expectation in [Expectation::NotHigher, Expectation::Equivalent] {
        let claim = claim(expectation, Some(margin));
        let supported = |effect: f64| {
            share(STUDIES, |random| assess(&world(effect).study(random).effect(), claim).verdict == Verdict::Supported)
        };
        let at_the_edge = supported(margin);
        assert!(at_the_edge <= ALPHA / 2.0 + simulation_error(ALPHA / 2.0, STUDIES), "{expectation:?}: {at_the_edge}");
        let (predicted, found) = (world(0.0).design().power(claim, 0.0), supported(0.0));
        assert!(predicted > 0.3, "the test says nothing without power: {predicted}");
        assert!((found - predicted).abs() <= 0.02 + simulation_error(predicted, STUDIES), "{predicted} {found}");
    }
}

/// Why the bootstrap does not decide: it knows too little of the seeds.
#[test]
fn resampling_three_seeds_errs_more_often_than_it_says() {
    let world = World { seeds: 3, examples: 500, effect: 0.0, seed_sd: 0.12, discordance: 0.5, shared: 0.0 };
    let studies = 300;
    let misses = |interval: fn(&PairedExamples) -> bool| share(studies, |random| !interval(&world.study(random)));
    let ours = misses(|paired| paired.effect().interval(LEVEL).unwrap().contains(0.0));
    let resampled = misses(|paired| {
        let bootstrap = Bootstrap { replicates: 200, ..Bootstrap::default() };
        bootstrap_interval(paired, &bootstrap).unwrap().contains(0.0)
    });
    assert!(ours <= ALPHA + simulation_error(ALPHA, studies), "{ours}");
    assert!(resampled > 2.0 * ALPHA, "{resampled}");
}

/// With many seeds both see the same.
#[test]
fn with_many_seeds_the_bootstrap_agrees() {
    let world = World { seeds: 60, examples: 300, effect: 0.02, seed_sd: 0.02, discordance: 0.15, shared: 0.4 };
    let paired = world.study(&mut Random(7));
    let ours = paired.effect().interval(LEVEL).unwrap();
    let resampled = bootstrap_interval(&paired, &Bootstrap::default()).unwrap();
    assert!((ours.low - resampled.low).abs() < 0.1 * ours.width(), "{ours:?} {resampled:?}");
    assert!((ours.high - resampled.high).abs() < 0.1 * ours.width(), "{ours:?} {resampled:?}");
}

/// Whole epochs until a goal is reached, where both configurations are the same.
#[test]
fn whole_epochs_do_not_feign_certainty() {
    let studies = 4000;
    for seeds in [2, 3, 5] {
        for spread in [0.3, 0.6, 1.5] {
            let rate = share(studies, |random| {
                let mut epochs =
                    || -> Vec<f64> { (0..seeds).map(|_| (5.4 + spread * random.normal()).ceil()).collect() };
                let effect: Effect = PairedSeeds::of(&epochs(), &epochs(), 1.0).unwrap().effect();
                assess(&effect, claim(Expectation::Higher, None)).verdict == Verdict::Supported
            });
            assert!(
                rate <= ALPHA / 2.0 + simulation_error(ALPHA / 2.0, studies),
                "{seeds} seeds, spread {spread}: supported in {rate}"
            );
        }
    }
}

/// One seed on each side, half a point of noise from seed to seed, no effect. Its exact test finds a difference between
/// the two models in 8 % of the studies on 640 examples and in 40 % on 7,600, which says nothing of their configurations.
#[test]
fn one_seed_never_decides_however_many_the_examples() {
    let studies = 200;
    for examples in [640, 7600] {
        let world =
            World { seeds: 1, examples, effect: 0.0, seed_sd: 0.005 * 2f64.sqrt(), discordance: 0.04, shared: 0.0 };
        let mut clear = 0;
        let decided = share(studies, |random| {
            let assessment = assess(&world.study(random).effect(), claim(Expectation::Higher, None));
            clear += usize::from(assessment.p_value.unwrap() <= ALPHA);
            assessment.verdict != Verdict::Inconclusive
        });
        assert_eq!(decided, 0.0);
        assert!(
            examples == 640 || clear > studies / 5,
            "the two models differ often enough for the test to say something"
        );
    }
}

/// Shares come in steps of one example, so that two seeds now and then show the very same difference. Where nothing but seeds
/// tells of the noise (seeds disagree on other examples each), taking that for certainty gave a wrong verdict in 12 to 22 % of
/// these sweeps.
#[test]
fn seeds_that_agree_by_chance_settle_none_of_many_claims() {
    let sweeps = 250;
    for (accuracy, claims, seed_sd) in [(0.928, 12, 0.003), (0.928, 24, 0.003), (0.985, 24, 0.005)] {
        let discordance = 2.0 * accuracy * (1.0 - accuracy) * 0.3;
        let world = World { seeds: 2, examples: 640, effect: 0.0, seed_sd, discordance, shared: 0.0 };
        let wrong = share(sweeps, |random| {
            let mut assessments: Vec<_> =
                (0..claims).map(|_| assess(&world.study(random).effect(), claim(Expectation::Higher, None))).collect();
            correct(&mut assessments);
            assessments.iter().any(|assessment| assessment.verdict != Verdict::Inconclusive)
        });
        assert!(wrong <= ALPHA + simulation_error(ALPHA, sweeps), "{wrong} of sweeps of {claims} claims about nothing");
    }
}

/// A share that is known per seed only is as coarse as one with predictions.
#[test]
fn one_example_better_with_both_seeds_is_no_evidence() {
    let one_example = 1.0 / 640.0;
    let paired = PairedSeeds::of(&[0.9 + one_example; 2], &[0.9; 2], one_example).unwrap();
    let assessment = assess(&paired.effect(), claim(Expectation::Higher, None));
    assert_eq!(assessment.verdict, Verdict::Inconclusive);
    assert!(assessment.p_value.unwrap() > 0.1, "{assessment:?}");
}

/// Numbers of seeds at which people look at a sweep while it goes on.
const PEEKS: [usize; 4] = [3, 5, 7, 10];

/// Differences of ten seeds in a metric without values per example, where nothing differs.
fn ten_seeds(random: &mut Random) -> Vec<f64> {
    (0..10).map(|_| random.normal()).collect()
}

fn at_look(differences: &[f64], seeds: usize, share: f64) -> Assessment {
    let effect = PairedSeeds::of(&differences[..seeds], &vec![0.0; seeds], 0.0).unwrap().effect();
    assess_at(&effect, claim(Expectation::Higher, None), share)
}

/// Whether any claim of a sweep of claims about nothing gets a verdict while seeds are added until one does.
fn wrong_by_adding_seeds(claims: &[Vec<f64>]) -> bool {
    PEEKS.iter().any(|&seeds| {
        let mut assessments: Vec<_> = claims.iter().map(|differences| at_look(differences, seeds, 1.0)).collect();
        correct(&mut assessments);
        assessments.iter().any(|assessment| assessment.verdict != Verdict::Inconclusive)
    })
}

/// The same with looks that are declared.
fn wrong_with_looks(claims: &[Vec<f64>]) -> bool {
    let looks = looks(&PEEKS, 10);
    let mut assessments: Vec<Vec<Assessment>> = claims
        .iter()
        .map(|differences| looks.iter().map(|look| at_look(differences, look.seeds, look.share)).collect())
        .collect();
    correct_looks(&mut assessments, 0);
    assessments.iter().flatten().any(|assessment| assessment.verdict != Verdict::Inconclusive)
}

#[test]
fn adding_seeds_until_a_claim_is_clear_errs_twice_as_often_and_declared_looks_do_not() {
    for (claims, sweeps) in [(1, 12_000), (12, 3_000), (24, 2_000)] {
        let mut by_adding = 0;
        let with_looks = share(sweeps, |random| {
            let claims: Vec<Vec<f64>> = (0..claims).map(|_| ten_seeds(random)).collect();
            by_adding += usize::from(wrong_by_adding_seeds(&claims));
            wrong_with_looks(&claims)
        });
        let by_adding = by_adding as f64 / sweeps as f64;
        eprintln!("{claims} claims about nothing: {by_adding:.3} wrong by adding seeds, {with_looks:.3} with looks");
        assert!(with_looks <= ALPHA + simulation_error(ALPHA, sweeps), "{claims} claims: {with_looks}");
        assert!(by_adding > 1.5 * ALPHA, "{claims} claims: {by_adding}");
    }
}

/// With values per example: the union bound holds for them as well, and a clear effect is found at an early look.
#[test]
fn looks_hold_their_level_by_example_and_find_clear_effects_early() {
    let studies = 300;
    let looks = looks(&PEEKS, 10);
    let first_verdict = |world: World, random: &mut Random| {
        let paired = world.rows(random);
        let assessments = looks.iter().map(|look| {
            let first = |side: &[Vec<bool>]| side[..look.seeds].to_vec();
            let effect = PairedExamples::of_correctness(&first(&paired.0), &first(&paired.1)).unwrap().effect();
            assess_at(&effect, claim(Expectation::Higher, None), look.share)
        });
        assessments.map(|assessment| assessment.verdict).position(|verdict| verdict != Verdict::Inconclusive)
    };
    let world = |effect| World { seeds: 10, examples: 400, effect, seed_sd: 0.01, discordance: 0.15, shared: 0.3 };
    let wrong = share(studies, |random| first_verdict(world(0.0), random).is_some());
    assert!(wrong <= ALPHA + simulation_error(ALPHA, studies), "{wrong}");
    let early = share(100, |random| first_verdict(world(0.1), random).is_some_and(|look| look < 3));
    assert!(early > 0.8, "{early}");
}

/// Accuracies of few seeds close to 1, in steps of one example.
#[test]
fn intervals_of_shares_near_their_end_hold_what_they_say() {
    let studies = 4000;
    for (mean, sd, examples) in [(0.985, 0.004, 640.0), (0.995, 0.002, 640.0), (0.93, 0.01, 200.0)] {
        for seeds in [2, 3, 5] {
            let covered = share(studies, |random| {
                let mut accuracy = || ((mean + sd * random.normal()) * examples).round() / examples;
                let accuracies: Vec<f64> = (0..seeds).map(|_| accuracy().min(1.0)).collect();
                let interval = share_interval(&accuracies, 1.0 / examples, LEVEL).unwrap();
                interval.high <= 1.0 && interval.contains(mean)
            });
            assert!(covered >= LEVEL - simulation_error(LEVEL, studies), "{seeds} seeds at {mean}: {covered}");
        }
    }
}

/// Of normal runs that differ by so many of their standard deviations.
#[test]
fn the_probability_of_improvement_has_an_interval_that_holds() {
    let studies = 2000;
    for seeds in [2, 3, 5, 10] {
        // The true probabilities of normal runs with these differences.
        for (difference, truth) in [(0.0, 0.5), (0.7416, 0.7), (1.8124, 0.9), (2.9, 0.979_850)] {
            let covered = share(studies, |random| {
                let mut runs = |shift: f64| -> Vec<f64> { (0..seeds).map(|_| shift + random.normal()).collect() };
                let found = Improvement::of(&runs(difference), &runs(0.0), Direction::HigherIsBetter, LEVEL).unwrap();
                found.interval.unwrap().contains(truth)
            });
            eprintln!("{seeds} seeds, {truth}: covered in {covered}");
            assert!(covered >= LEVEL - simulation_error(LEVEL, studies), "{seeds} seeds, {truth}: {covered}");
        }
    }
}
