//! The samples of a search as trials.

use std::collections::HashMap;

use crate::report::model::{Report, Run};
use crate::report::search::{Evidence, Trial as Sample, TrialRun, TrialState};
use crate::spec::{Coordinate, Dimension, Point, RunId};

use super::distribution::OptunaDistribution;
use super::trial::{Parameter, State, Trial, ended, means_by_epoch, started};

/// In the order in which they were chosen.
pub(super) fn trials(report: &Report, evidence: &Evidence) -> Vec<Trial> {
    let runs: HashMap<&RunId, &Run> = report.runs.iter().map(|run| (&run.id, run)).collect();
    evidence.trials.iter().map(|sample| trial(evidence, sample, &runs)).collect()
}

fn trial(evidence: &Evidence, sample: &Sample, known: &HashMap<&RunId, &Run>) -> Trial {
    let runs: Vec<&Run> = sample.runs.iter().filter_map(|run| known.get(&run.id).copied()).collect();
    let summary = sample.summary();
    let state = match (sample.state(), summary) {
        (TrialState::Open, _) => State::of_open(&runs),
        (TrialState::Completed, Some(_)) => State::Complete,
        (TrialState::Stopped, Some(_)) => State::Pruned,
        (TrialState::Failed, _) | (_, None) => State::Fail,
    };
    let ids = |runs: &[TrialRun]| runs.iter().map(|run| run.id.0.clone()).collect::<Vec<_>>();
    let seeds = |runs: &[TrialRun]| runs.iter().map(|run| run.seed).collect::<Vec<_>>();
    let mut attributes = vec![
        ("configuration", sample.configuration.as_str().into()),
        ("generation", sample.generation.into()),
        ("seeds", seeds(&sample.runs).into()),
        ("runs", ids(&sample.runs).into()),
    ];
    attributes.extend(summary.map(|summary| ("standard deviation", summary.sd.into())));
    if let Some(fresh) = sample.fresh_summary() {
        attributes.push(("fresh mean", fresh.mean.into()));
        attributes.push(("fresh standard deviation", fresh.sd.into()));
        attributes.push(("fresh seeds", seeds(&sample.fresh).into()));
        attributes.push(("fresh runs", ids(&sample.fresh).into()));
    }
    Trial {
        state,
        parameters: parameters(&sample.point, &evidence.space),
        value: summary.map(|summary| summary.mean),
        intermediate: means_by_epoch(&runs, evidence.metric()),
        started: started(&runs),
        ended: ended(&runs).filter(|_| state.is_finished()),
        attributes,
    }
}

/// Those that apply at the point.
fn parameters(point: &Point, space: &[Dimension]) -> Vec<Parameter> {
    let parameter = |(dimension, coordinate): (&Dimension, &Option<Coordinate>)| {
        let internal = match (*coordinate)? {
            Coordinate::Number(number) => number,
            Coordinate::Choice(place) => place as f64,
        };
        let distribution = OptunaDistribution::of(&dimension.distribution);
        Some(Parameter { name: dimension.name.clone(), distribution, internal })
    };
    space.iter().zip(&point.0).filter_map(parameter).collect()
}
