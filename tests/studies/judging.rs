//! Claims about A/A comparisons, judged by the program's own report.

use std::path::Path;

use sweep::metrics::Verdict;
use sweep::report::model::Report;
use sweep::report::verdicts::{Judged, judge};
use sweep::spec::{Expectation, Hypothesis, HypothesisMetric, Metric};
use sweep::store::RunState;

use crate::design::{Family, SEEDS, Split, TREATMENTS};

/// The largest difference of accuracies that counts as none.
pub const MARGIN: f64 = 0.05;
/// Numbers of seeds that were fixed beforehand.
pub const FIXED: [usize; 3] = [3, 5, 10];
/// Numbers of seeds after which somebody looks who stops at the first verdict.
pub const PEEKS: [usize; 5] = [2, 4, 6, 8, 10];

/// What is claimed of a difference that is 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Claimed {
    Higher,
    Equivalent,
    NotLower,
}

impl Claimed {
    pub const ALL: [Claimed; 3] = [Claimed::Higher, Claimed::Equivalent, Claimed::NotLower];

    pub fn name(self) -> &'static str {
        self.expectation().0.name()
    }

    fn expectation(self) -> (Expectation, Option<f64>) {
        match self {
            Claimed::Higher => (Expectation::Higher, None),
            Claimed::Equivalent => (Expectation::Equivalent, Some(MARGIN)),
            Claimed::NotLower => (Expectation::NotLower, Some(MARGIN)),
        }
    }

    /// Whether a verdict is wrong: the difference is 0, so it is not above 0, and both other claims are true. That there is no
    /// difference above 0 is right as well, but two-sided tests refute `higher` by a difference below 0.
    pub fn is_wrong(self, verdict: Verdict) -> bool {
        match self {
            Claimed::Higher => verdict != Verdict::Inconclusive,
            Claimed::Equivalent | Claimed::NotLower => verdict == Verdict::Refuted,
        }
    }
}

/// How many claims a verdict is corrected for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Correction {
    /// The claim is the only one of its sweep.
    Alone,
    /// One of a family, with Holm's correction.
    Family,
}

/// When the claim was judged.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum When {
    /// Once, with so many seeds.
    Fixed(usize),
    /// After each of [`PEEKS`], as if that number had been fixed; the first verdict counts.
    Peeking,
    /// After each of [`PEEKS`], declared beforehand as the sweep's `looks`.
    Looks,
}

/// A kind of claim, judged in one way.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Kind {
    pub split: Split,
    pub metric: Metric,
    pub claimed: Claimed,
    pub when: When,
    pub correction: Correction,
}

/// A claim that was judged.
#[derive(Clone, Copy, Debug)]
pub struct Outcome {
    pub family: usize,
    /// Seeds of the family that no other part of it has.
    pub part: usize,
    pub verdict: Verdict,
    /// Whether the 95 % interval contains the true difference, 0; of the first verdict under peeking. None: no interval.
    pub covers: Option<bool>,
}

/// A family's report with some of its claims.
struct Bench {
    report: Report,
    /// Runs by configuration, in the order of seeds.
    runs: Vec<Vec<usize>>,
}

/// Judges everything that the study asks of a family; `folder` has its results.
pub fn judge_family(family: Family, folder: &Path, found: &mut Vec<(Kind, Outcome)>) {
    let report = sweep::report::read(folder).unwrap();
    assert!(report.runs.iter().all(|run| run.state == RunState::Completed), "{}", folder.display());
    assert!(report.damages.is_empty(), "{:?}", report.damages);
    let mut runs: Vec<Vec<usize>> = report.configurations.iter().map(|each| each.runs.clone()).collect();
    assert_eq!(runs.len(), 1 + TREATMENTS);
    for of_configuration in &mut runs {
        of_configuration.sort_by_key(|run| report.runs[*run].spec.seed);
        assert_eq!(of_configuration.len(), SEEDS);
    }
    let whole: Vec<Judged> = report.judged.clone();
    let mut bench = Bench { report, runs };
    bench.agrees_with(&whole);
    // Seeds that a part of the family does not have were never planned there.
    bench.report.deciding.clear();
    for metric in [Metric::ACCURACY, Metric::EVAL_LOSS] {
        for claimed in Claimed::ALL {
            if metric == Metric::EVAL_LOSS && claimed != Claimed::Higher {
                continue;
            }
            for correction in [Correction::Alone, Correction::Family] {
                let kind = |when| Kind { split: family.split, metric, claimed, when, correction };
                for seeds in FIXED {
                    for part in 0..SEEDS / seeds {
                        let judged = bench.judged(metric, claimed, correction, part * seeds..(part + 1) * seeds);
                        let outcome = |(verdict, covers)| Outcome { family: family.number, part, verdict, covers };
                        found.extend(judged.into_iter().map(|one| (kind(When::Fixed(seeds)), outcome(one))));
                    }
                }
                let peeked = bench.peeked(metric, claimed, correction);
                let outcome = |(verdict, covers)| Outcome { family: family.number, part: 0, verdict, covers };
                found.extend(peeked.into_iter().map(|one| (kind(When::Peeking), outcome(one))));
                bench.report.looks = PEEKS.to_vec();
                let looked = bench.judged(metric, claimed, correction, 0..SEEDS);
                bench.report.looks.clear();
                found.extend(looked.into_iter().map(|one| (kind(When::Looks), outcome(one))));
            }
        }
    }
}

impl Bench {
    /// With all seeds and all claims it must give what the program itself gave of the folder.
    fn agrees_with(&mut self, whole: &[Judged]) {
        let found = self.judged(Metric::ACCURACY, Claimed::Higher, Correction::Family, 0..SEEDS);
        assert_eq!(found, whole.iter().map(shown).collect::<Vec<_>>());
    }

    /// The verdicts on all treatments with these of the family's seeds, and whether their intervals contain 0.
    fn judged(
        &mut self,
        metric: Metric,
        claimed: Claimed,
        correction: Correction,
        seeds: std::ops::Range<usize>,
    ) -> Vec<(Verdict, Option<bool>)> {
        for (configuration, runs) in self.report.configurations.iter_mut().zip(&self.runs) {
            configuration.runs = runs[seeds.clone()].to_vec();
        }
        let claims: Vec<Hypothesis> = (1..=TREATMENTS).map(|number| self.claim(number, metric, claimed)).collect();
        let sweeps = match correction {
            Correction::Family => vec![claims],
            Correction::Alone => claims.into_iter().map(|claim| vec![claim]).collect(),
        };
        let judge = |claims| {
            self.report.hypotheses = claims;
            judge(&self.report)
        };
        sweeps.into_iter().flat_map(judge).map(|judged| shown(&judged)).collect()
    }

    /// The first verdict on each treatment while seeds join, and the interval at that time.
    fn peeked(&mut self, metric: Metric, claimed: Claimed, correction: Correction) -> Vec<(Verdict, Option<bool>)> {
        let mut first = vec![None; TREATMENTS];
        for seeds in PEEKS {
            let judged = self.judged(metric, claimed, correction, 0..seeds);
            for (first, judged) in first.iter_mut().zip(judged) {
                if first.is_none() && (judged.0 != Verdict::Inconclusive || seeds == SEEDS) {
                    *first = Some(judged);
                }
            }
        }
        first.into_iter().map(Option::unwrap).collect()
    }

    fn claim(&self, number: usize, metric: Metric, claimed: Claimed) -> Hypothesis {
        let (expect, margin) = claimed.expectation();
        let written = &self.report.judged[number - 1].hypothesis;
        assert_eq!(written.vary.treatments, [Family::treatment(number)]);
        Hypothesis { metric: HypothesisMetric::Best(metric), expect, margin, ..written.clone() }
    }
}

fn shown(judged: &Judged) -> (Verdict, Option<bool>) {
    let interval = judged.joint.as_ref().and_then(|joint| joint.assessment.interval);
    (judged.verdict(), interval.map(|interval| interval.low <= 0.0 && 0.0 <= interval.high))
}
