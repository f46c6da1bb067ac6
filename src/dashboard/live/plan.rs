//! What of a sweep stays while it runs: its runs with their parameters.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::{Value, json};

use crate::metrics::{Metric, Scale};
use crate::report::ranking_metric;
use crate::spec::RunId;
use crate::store::{RunState, RunView, SweepRecord, parameters};

use super::axes::{self, Axis};
use super::row;
use super::texts::Interned;

/// More columns of parameters than this are no table any more.
const MOST_PARAMETERS: usize = 24;
/// Values longer than this are shortened, in the middle.
const LONGEST_VALUE: usize = 80;

/// What of a sweep stays while it runs.
#[derive(Clone, Debug, Serialize)]
pub struct Plan {
    name: String,
    description: String,
    rehearsal: bool,
    /// Nothing was trained: a mock invented all figures.
    invented: bool,
    search: bool,
    created: String,
    baseline: Option<String>,
    /// By number, as rows have them.
    states: Vec<&'static str>,
    /// Of rows.
    columns: Vec<String>,
    /// That a page can show as curves.
    curves: Vec<Curve>,
    /// The metric that ranks runs.
    ranking: &'static str,
    configurations: Vec<String>,
    /// That differ between runs, the seed apart.
    parameters: Vec<Parameter>,
    /// What the sweep file varies.
    axes: Vec<Axis>,
    runs: Vec<PlannedRun>,
    #[serde(skip)]
    pub ids: BTreeMap<RunId, usize>,
    #[serde(skip)]
    pub metric: Metric,
    #[serde(skip)]
    pub tested: bool,
}

/// A curve that can be shown.
#[derive(Clone, Debug, Serialize)]
struct Curve {
    name: &'static str,
    title: &'static str,
    /// `share`, `loss` or `other`.
    scale: &'static str,
    lower_is_better: bool,
}

/// A parameter that differs between runs.
#[derive(Clone, Debug, Serialize)]
struct Parameter {
    name: String,
    values: Vec<String>,
}

/// A run: id, label (none: the configuration with the seed), configuration, seed, epochs, whether it is no longer in the sweep,
/// values of the parameters.
#[derive(Clone, Debug, Serialize)]
struct PlannedRun(String, Option<String>, usize, String, usize, u8, Vec<usize>);

impl Plan {
    pub fn new(record: &SweepRecord, invented: bool, views: &[RunView]) -> Self {
        let metric = ranking_metric(views);
        let tested = views.iter().any(|view| view.run.spec.dataset.test.is_some());
        let mut configurations = Interned::default();
        let (parameters, values) = varied(views);
        let runs = views.iter().zip(values).map(|(view, values)| {
            let run = &view.run;
            let usual = format!("{}, seed={}", run.configuration, run.spec.seed);
            PlannedRun(
                run.id.to_string(),
                Some(run.label.clone()).filter(|label| *label != usual),
                configurations.place(&run.configuration),
                run.spec.seed.to_string(),
                run.spec.epochs,
                u8::from(view.removed),
                values,
            )
        });
        let runs: Vec<PlannedRun> = runs.collect();
        Self {
            name: record.name.clone(),
            description: record.description.clone(),
            rehearsal: record.rehearsal,
            invented,
            search: record.search.is_some(),
            created: record.created.clone(),
            baseline: record.baseline.clone(),
            states: states(),
            columns: row::columns(metric, tested),
            curves: curves(),
            ranking: metric.name(),
            axes: axes::of(record, views, configurations.list()),
            configurations: configurations.list().to_vec(),
            parameters,
            runs,
            ids: views.iter().enumerate().map(|(place, view)| (view.run.id.clone(), place)).collect(),
            metric,
            tested,
        }
    }
}

impl Plan {
    /// What a list of sweeps says of it.
    pub fn card(&self) -> Value {
        json!({
            "name": self.name,
            "description": self.description,
            "rehearsal": self.rehearsal,
            "invented": self.invented,
            "search": self.search,
            "created": self.created,
            "configurations": self.configurations.len(),
            "states": self.states,
            "ranking": self.curves.iter().find(|curve| curve.name == self.ranking),
        })
    }
}

/// The names of states by their numbers.
pub fn states() -> Vec<&'static str> {
    const STATES: [RunState; 8] = [
        RunState::Pending,
        RunState::Running,
        RunState::Interrupted,
        RunState::Waiting,
        RunState::Completed,
        RunState::Diverged,
        RunState::Failed,
        RunState::Stopped,
    ];
    let mut names = vec![""; STATES.len()];
    for state in STATES {
        names[state as usize] = state.name();
    }
    names
}

fn curves() -> Vec<Curve> {
    let of = |name: &'static str| match (Metric::named(name), name) {
        (Some(metric), _) => Curve {
            name,
            title: metric.title(),
            scale: match metric.scale() {
                Scale::Share => "share",
                Scale::Loss => "loss",
                Scale::Correlation | Scale::Epochs => "other",
            },
            lower_is_better: metric.lower_is_better(),
        },
        (None, "train_eval_loss") => {
            Curve { name, title: "Training loss without dropout", scale: "loss", lower_is_better: true }
        }
        (None, "learning_rate") => Curve { name, title: "Learning rate", scale: "other", lower_is_better: false },
        (None, "seconds") => Curve { name, title: "Seconds per epoch", scale: "other", lower_is_better: true },
        (None, "examples_per_second") => {
            Curve { name, title: "Examples per second", scale: "other", lower_is_better: false }
        }
        (None, name) => Curve { name, title: "Tokens per second", scale: "other", lower_is_better: false },
    };
    row::curves().into_iter().map(of).collect()
}

/// The parameters that differ, and for every run the numbers of their values.
fn varied(views: &[RunView]) -> (Vec<Parameter>, Vec<Vec<usize>>) {
    let mut names: Vec<String> = Vec::new();
    let mut by_name: BTreeMap<String, (Interned, Vec<usize>)> = BTreeMap::new();
    for (place, view) in views.iter().enumerate() {
        for (name, value) in parameters(&view.run.spec).into_iter().filter(|(name, _)| name != "seed") {
            let (values, of_runs) = by_name.entry(name.clone()).or_insert_with(|| {
                names.push(name);
                (Interned::default(), Vec::new())
            });
            // A parameter that earlier runs lack is the same as one without a value.
            while of_runs.len() < place {
                of_runs.push(values.place("–"));
            }
            of_runs.push(values.place(&text(&value)));
        }
        for (values, of_runs) in by_name.values_mut().filter(|(_, of_runs)| of_runs.len() <= place) {
            of_runs.push(values.place("–"));
        }
    }
    let differs = |name: &String| by_name.get(name).is_some_and(|(values, _)| values.list().len() > 1);
    let names: Vec<String> = names.into_iter().filter(differs).take(MOST_PARAMETERS).collect();
    let of_runs = (0..views.len()).map(|place| names.iter().map(|name| by_name[name].1[place]).collect()).collect();
    let parameters = names.iter().map(|name| {
        let values = by_name[name].0.list().iter().map(|value| shortened(value)).collect();
        Parameter { name: name.clone(), values }
    });
    (parameters.collect(), of_runs)
}

/// A value for people.
pub fn text(value: &Value) -> String {
    match value {
        Value::Null => "–".to_owned(),
        Value::String(text) => text.clone(),
        Value::Array(items) => items.iter().map(text).collect::<Vec<_>>().join(", "),
        other => other.to_string(),
    }
}

fn shortened(value: &str) -> String {
    let length = value.chars().count();
    if length <= LONGEST_VALUE {
        return value.to_owned();
    }
    let half = LONGEST_VALUE / 2;
    let (start, end): (String, String) =
        (value.chars().take(half).collect(), value.chars().skip(length - half).collect());
    format!("{start} … {end}")
}
