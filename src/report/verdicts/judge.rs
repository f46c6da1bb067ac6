//! Judging the hypotheses of a sweep, each at its looks.

use crate::metrics::{self, Assessment, Effect, ExpectedEffect, Improvement, Joint, Look, Verdict};
use crate::report::model::{Configuration, Report};
use crate::report::no_figure::NoFigure;
use crate::report::pairing::{self, Pairs};
use crate::report::planned_seeds::PlannedSeeds;
use crate::report::{caveats, differences, outlook};
use crate::spec::{Hypothesis, HypothesisMetric};
use crate::words::counted;

use super::claim::claim;
use super::judged::Judged;

/// Judges all hypotheses of a sweep, in its order: each at the looks that it has reached, with the correction for looks and
/// for the number of hypotheses.
pub fn judge(report: &Report) -> Vec<Judged> {
    let mut courses: Vec<Course<'_>> =
        report.hypotheses.iter().map(|hypothesis| Course::of(report, hypothesis)).collect();
    let joints =
        |course: &Course<'_>| course.reached.iter().filter_map(|found| Some(found.joint?.assessment)).collect();
    let mut assessments: Vec<Vec<Assessment>> = courses.iter().map(joints).collect();
    let awaited = courses.iter().filter(|course| course.is_awaited()).count();
    metrics::correct_looks(&mut assessments, awaited + report.dropped.len());
    for (course, corrected) in courses.iter_mut().zip(&assessments) {
        let joints = course.reached.iter_mut().filter_map(|found| found.joint.as_mut());
        for (joint, corrected) in joints.zip(corrected) {
            joint.assessment = *corrected;
        }
    }
    courses.into_iter().map(|course| course.judged(report)).collect()
}

/// A hypothesis on its way to a verdict.
struct Course<'a> {
    hypothesis: &'a Hypothesis,
    /// Treatments that can be compared, by name.
    compared: Vec<(&'a str, PlannedSeeds<'a>)>,
    looks: Vec<Look>,
    /// At each look that was reached.
    reached: Vec<Found>,
    /// Why there is nothing to compare.
    lacking: Vec<String>,
}

/// The evidence at a look, or before the first one.
#[derive(Default)]
struct Found {
    joint: Option<Joint>,
    treatments: Vec<(String, Assessment)>,
    /// Of each of `treatments`.
    improvements: Vec<Option<Improvement>>,
    caveats: Vec<String>,
}

impl<'a> Course<'a> {
    fn of(report: &'a Report, hypothesis: &'a Hypothesis) -> Self {
        let mut course =
            Course { hypothesis, compared: Vec::new(), looks: Vec::new(), reached: Vec::new(), lacking: Vec::new() };
        let claim = match claim(hypothesis) {
            Ok(claim) => claim,
            Err(error) => {
                course.lacking.push(error.to_string());
                return course;
            }
        };
        let Some(baseline) = named(report, &hypothesis.vary.baseline) else {
            course.lacking.push(format!("the sweep has no configuration `{}`", hypothesis.vary.baseline));
            return course;
        };
        for name in &hypothesis.vary.treatments {
            match named(report, name) {
                Some(treatment) => course.compared.push((name, PlannedSeeds::of(report, treatment, baseline))),
                None => course.lacking.push(format!("{name}: the sweep has no such configuration")),
            }
        }
        course.looks = metrics::looks(&report.looks, course.planned());
        let reached = course.looks.iter().map_while(|look| course.at(look, claim));
        course.reached = reached.collect();
        course
    }

    /// Seeds of the treatment that has most of them.
    fn planned(&self) -> usize {
        self.compared.iter().map(|(_, seeds)| seeds.planned()).max().unwrap_or(0)
    }

    /// Whether it will be tested, and was not yet.
    fn is_awaited(&self) -> bool {
        self.reached.is_empty() && self.planned() > 1
    }

    /// None before all runs that the look needs have ended.
    fn at(&self, look: &Look, claim: ExpectedEffect) -> Option<Found> {
        let pairs: Option<Vec<Pairs<'_>>> = self.compared.iter().map(|(_, seeds)| seeds.first(look.seeds)).collect();
        Some(self.found(&pairs?, claim, look.share))
    }

    fn found(&self, pairs: &[Pairs<'_>], claim: ExpectedEffect, share: f64) -> Found {
        let mut found = Found { caveats: self.lacking.clone(), ..Found::default() };
        let mut missing = !self.lacking.is_empty();
        for ((name, _), pairs) in self.compared.iter().zip(pairs) {
            match effect(name, pairs, self.hypothesis.metric, &mut found.caveats) {
                Ok(effect) => {
                    found.treatments.push((name.to_string(), metrics::assess_at(&effect, claim, share)));
                    found.improvements.push(differences::improvement(pairs, self.hypothesis.metric));
                }
                Err(reason) => {
                    missing = true;
                    found.caveats.push(format!("{name}: {reason}"));
                }
            }
        }
        let assessments: Vec<Assessment> = found.treatments.iter().map(|(_, assessment)| *assessment).collect();
        found.joint = metrics::all_of(&assessments);
        // A claim about several treatments is refuted by one of them but supported only by all.
        if missing && found.joint.as_ref().is_some_and(|joint| joint.assessment.verdict == Verdict::Supported) {
            found.joint = None;
            found.caveats.push("not every treatment could be compared".to_string());
        }
        found
    }

    /// What the runs say that have ended so far, before a look.
    fn so_far(&self) -> Found {
        let Ok(claim) = claim(self.hypothesis) else {
            return Found { caveats: self.lacking.clone(), ..Found::default() };
        };
        let pairs: Vec<Pairs<'_>> = self.compared.iter().map(|(_, seeds)| seeds.so_far()).collect();
        let mut found = self.found(&pairs, claim, 1.0);
        for assessment in found.treatments.iter_mut().map(|(_, assessment)| assessment) {
            *assessment = assessment.provisional();
        }
        if let Some(joint) = &mut found.joint {
            joint.assessment = joint.assessment.provisional();
        }
        found
    }

    fn judged(mut self, report: &Report) -> Judged {
        let joints: Vec<Assessment> = self.reached.iter().filter_map(|found| Some(found.joint?.assessment)).collect();
        let speaking = metrics::speaking(&joints).and_then(|place| {
            let with_joint = self.reached.iter().enumerate().filter(|(_, found)| found.joint.is_some());
            with_joint.map(|(place, _)| place).nth(place)
        });
        let place = speaking.or_else(|| self.reached.len().checked_sub(1));
        let found = match place {
            Some(place) => std::mem::take(&mut self.reached[place]),
            None => self.so_far(),
        };
        let mut judged = Judged {
            hypothesis: self.hypothesis.clone(),
            improvement: found.joint.and_then(|joint| *found.improvements.get(joint.treatment)?),
            joint: found.joint,
            treatments: found.treatments,
            caveats: found.caveats,
        };
        let is_open = judged.verdict() == Verdict::Inconclusive;
        let standing = self.standing(place, is_open);
        if is_open && standing.is_none() {
            judged.caveats.extend(needs(report, &judged));
        }
        judged.caveats.extend(standing);
        if report.late.contains(&self.hypothesis.id) {
            judged.caveats.push(caveats::LATE.to_string());
        }
        for (name, seeds) in &self.compared {
            judged.caveats.extend(caveats::of_seeds(name, seeds, Some(self.hypothesis.metric)));
        }
        judged
    }

    /// Where the hypothesis stands among its looks. None where all seeds are in and there was no other look.
    fn standing(&self, place: Option<usize>, is_open: bool) -> Option<String> {
        let planned = self.planned();
        let (last, all) = (self.looks.len().saturating_sub(1), counted(planned, "planned seed"));
        if planned < 2 {
            return None;
        }
        let Some(place) = place else {
            let fewest = self.compared.iter().min_by_key(|(_, seeds)| (seeds.ended(), seeds.planned()));
            let ended = fewest.map_or(0, |(_, seeds)| seeds.ended());
            let when = match self.looks.first() {
                Some(look) if last > 0 => format!("the first look at them is at {}", counted(look.seeds, "seed")),
                _ => "the verdict is given when all are".to_string(),
            };
            return Some(caveats::provisional(ended, planned, &when));
        };
        let look = self.looks[place];
        match (is_open, self.looks.get(place + 1)) {
            (true, Some(next)) => Some(format!(
                "the look at {} of {all} decided nothing; the next one is at {}",
                look.seeds,
                counted(next.seeds, "seed")
            )),
            (false, Some(_)) => Some(format!("decided at the look at {} of {all}", look.seeds)),
            _ => None,
        }
    }
}

/// What would settle a hypothesis, by the treatment that decides it.
fn needs(report: &Report, judged: &Judged) -> Option<String> {
    let hypothesis = &judged.hypothesis;
    let (name, _) = judged.treatments.get(judged.joint.as_ref()?.treatment)?;
    let (treatment, baseline) = (named(report, name)?, named(report, &hypothesis.vary.baseline)?);
    let pairs = pairing::by_seed(report.runs_of(treatment), report.runs_of(baseline));
    outlook::of(hypothesis, claim(hypothesis).ok()?, &pairs, report.hypotheses.len())
}

fn effect(name: &str, pairs: &Pairs<'_>, of: HypothesisMetric, caveats: &mut Vec<String>) -> Result<Effect, NoFigure> {
    let effect = pairing::effect(pairs, of)?;
    caveats.extend(caveats::of_pairs(name, pairs, of, &effect));
    Ok(effect)
}

fn named<'a>(report: &'a Report, name: &str) -> Option<&'a Configuration> {
    report.configurations.iter().find(|configuration| configuration.name == name)
}
