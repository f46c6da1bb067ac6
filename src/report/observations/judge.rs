//! Judging the observations of a sweep.

use crate::metrics::{self, Assessment, PairedSeeds};
use crate::report::caveats as qualified;
use crate::report::model::{Report, Run};
use crate::report::no_figure::NoFigure;
use crate::report::planned_seeds::PlannedSeeds;
use crate::spec::{Against, Observation};

use super::claim::claim;
use super::judged::{Judgement, Measured, Observed};
use super::quantity::{Examples, resolution, value};

/// Judges the observations of a sweep, in its order, with Holm's correction across them: each when all planned seeds of its
/// configuration have ended. Those that wait count as if they had p = 1.
pub(crate) fn judge(report: &Report, observations: &[Observation]) -> Vec<Observed> {
    let mut judged: Vec<Observed> = observations.iter().map(|observation| one(report, observation)).collect();
    let mut assessments: Vec<Vec<Assessment>> = judged.iter().filter_map(|one| Some(vec![one.assessment()?])).collect();
    let awaits =
        |one: &&Observed| one.assessment().is_some_and(|found| found.basis.settles() && found.p_value.is_none());
    metrics::correct_looks(&mut assessments, judged.iter().filter(awaits).count());
    let mut corrected = assessments.into_iter().flatten();
    for measured in judged.iter_mut().filter_map(|observed| observed.measured.as_mut()) {
        if let Judgement::Assessed(assessment) = &mut measured.judgement
            && let Some(corrected) = corrected.next()
        {
            *assessment = corrected;
        }
    }
    judged
}

fn one(report: &Report, observation: &Observation) -> Observed {
    let mut caveats = Vec::new();
    let measured = measure(report, observation, &mut caveats);
    let measured = measured.map_err(|reason| caveats.push(reason.to_string())).ok();
    Observed { observation: observation.clone(), measured, caveats }
}

/// # Errors
/// Nothing can be said.
fn measure(report: &Report, observation: &Observation, caveats: &mut Vec<String>) -> Result<Measured, NoFigure> {
    let claim = claim(observation)?;
    let configuration = report.configurations.iter().find(|known| known.name == observation.configuration);
    let configuration =
        configuration.ok_or_else(|| NoFigure::NoConfiguration { name: observation.configuration.clone() })?;
    let seeds = PlannedSeeds::of(report, configuration, configuration);
    let runs: Vec<&Run> = seeds.so_far().runs.into_iter().map(|(run, _)| run).collect();
    if runs.is_empty() {
        return Err(NoFigure::NoCompletedRun);
    }
    let examples = Examples::of(observation);
    let mut values = (Vec::new(), Vec::new());
    for run in &runs {
        values.0.push(value(run, &observation.observe, examples)?);
        values.1.push(match &observation.against {
            Against::Value(number) => *number,
            Against::Quantity(quantity) => value(run, quantity, examples)?,
        });
    }
    let mean = |values: &[f64]| values.iter().sum::<f64>() / values.len() as f64;
    let (observed, against) = (mean(&values.0), mean(&values.1));
    let exact = observation.observe.is_exact()
        && match &observation.against {
            Against::Value(_) => true,
            Against::Quantity(quantity) => quantity.is_exact(),
        };
    if exact {
        let (low, high) = claim.range();
        let difference = observed - against;
        let judgement = Judgement::Exact(low < difference && difference < high);
        return Ok(Measured { observed, against, judgement });
    }
    let resolution = resolution(&runs, &observation.observe, examples);
    let effect = PairedSeeds::of(&values.0, &values.1, resolution)?.effect();
    if effect.seeds == 1 {
        caveats
            .push("one seed does not tell how much this quantity varies; a sweep with at least three can".to_string());
    }
    let mut assessment = metrics::assess(&effect, claim);
    if seeds.ended() < seeds.planned() {
        assessment = assessment.provisional();
        caveats.push(qualified::provisional(seeds.ended(), seeds.planned(), "the verdict is given when all are"));
    }
    caveats.extend(qualified::of_seeds(&observation.configuration, &seeds, None));
    Ok(Measured { observed, against, judgement: Judgement::Assessed(assessment) })
}
