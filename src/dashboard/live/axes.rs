//! What a sweep varies, for pages that draw its samples as lines through the values that they have.

use std::collections::HashMap;

use serde::Serialize;

use crate::report::factors_of;
use crate::spec::{Coordinate, Dimension, Distribution, Point, RunSpec, SearchRecord};
use crate::store::{RunView, SweepRecord};

use super::cell::Cell;

/// More than this cannot be told apart.
const MOST_AXES: usize = 24;

/// A parameter, or several that the sweep changes together, with its value in every configuration.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Axis {
    name: String,
    #[serde(flatten)]
    scale: Scale,
    /// By the number of the configuration: the value, or the number of the level. None where the parameter does not apply.
    of: Vec<Cell>,
}

/// Where values stand on an axis.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(untagged)]
enum Scale {
    /// Each in a place of its own, in this order.
    Levels { levels: Vec<String> },
    /// Numbers.
    Range { low: f64, high: f64, log: bool, whole: bool },
}

/// The axes of a sweep: those of a search's space, or the parameters in which the configurations of a fixed design differ.
pub fn of(record: &SweepRecord, views: &[RunView], configurations: &[String]) -> Vec<Axis> {
    let mut axes = match &record.search {
        Some(search) => of_space(search, record, configurations),
        None => of_design(record, views, configurations),
    };
    axes.truncate(MOST_AXES);
    axes
}

fn of_space(search: &SearchRecord, record: &SweepRecord, configurations: &[String]) -> Vec<Axis> {
    let tried = record.generations.iter().flat_map(|generation| &generation.points);
    // The plan was checked when it was read; a point of another space has no place here.
    let points: HashMap<&str, Point> = tried
        .filter_map(|tried| Some((tried.configuration.as_str(), Point::read(&tried.point, &search.space)?)))
        .collect();
    let axis = |(place, dimension): (usize, &Dimension)| {
        let value = |configuration: &String| match points.get(configuration.as_str()).and_then(|point| point.0[place]) {
            Some(Coordinate::Number(value)) => Cell::of(value),
            Some(Coordinate::Choice(choice)) => Cell::count(choice),
            None => Cell::NONE,
        };
        Axis {
            name: dimension.name.clone(),
            scale: scale(&dimension.distribution),
            of: configurations.iter().map(value).collect(),
        }
    };
    search.space.iter().enumerate().map(axis).collect()
}

fn scale(distribution: &Distribution) -> Scale {
    match (distribution, distribution.range()) {
        (Distribution::Choice(levels), _) => Scale::Levels { levels: levels.clone() },
        (_, Some(range)) => {
            Scale::Range { low: range.low, high: range.high, log: range.log, whole: range.step == Some(1.0) }
        }
        // Every other distribution has a range.
        (_, None) => Scale::Levels { levels: Vec::new() },
    }
}

fn of_design(record: &SweepRecord, views: &[RunView], configurations: &[String]) -> Vec<Axis> {
    let mut specs: HashMap<&str, &RunSpec> = HashMap::new();
    for view in views {
        specs.entry(view.run.configuration.as_str()).or_insert(&view.run.spec);
    }
    let (labels, specs): (Vec<&str>, Vec<&RunSpec>) =
        configurations.iter().filter_map(|label| Some((label.as_str(), *specs.get(label.as_str())?))).unzip();
    let factors = factors_of(&specs, &labels, &record.changes).into_iter();
    factors
        .map(|factor| Axis {
            name: factor.name,
            scale: Scale::Levels { levels: factor.levels },
            of: factor.of.into_iter().map(Cell::count).collect(),
        })
        .collect()
}
