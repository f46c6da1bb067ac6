//! The section `search` as it was read, before it is known what models and data sets allow.

use crate::metrics::{Direction, Metric};
use crate::spec::axis::{Axis, Choice, join_labels};
use crate::spec::cursor::shown_number;
use crate::spec::dataset::DatasetSetting;
use crate::spec::exclude::Condition;
use crate::spec::parameter::Parameter;
use crate::spec::problem::Place;
use crate::spec::setting::Setting;

use super::distribution::Coordinate;
use super::distribution::Distribution;
use super::point::{Dimension, Point};
use super::settings::{Confirm, SearchBudget, StopRule};

/// A section whose keys are sound.
#[derive(Clone, Debug)]
pub(in crate::spec) struct SearchDraft {
    pub method: String,
    pub samples: usize,
    pub batch: usize,
    pub seed: u64,
    /// None: base's `metric_for_best`.
    pub metric: Option<Metric>,
    /// As the file says it; the metric has one of its own.
    pub goal: Option<Direction>,
    pub confirm: Option<Confirm>,
    pub stop: Option<StopRule>,
    pub budget: Option<SearchBudget>,
    pub initial: Vec<InitialPoint>,
    pub dimensions: Vec<DimensionDraft>,
    pub places: SearchPlaces,
}

/// A point that the file names, whether or not all of its dimensions apply to it.
#[derive(Clone, Debug)]
pub(in crate::spec) struct InitialPoint {
    pub point: Point,
    pub place: Place,
}

/// Where what may turn out wrong later stands.
#[derive(Clone, Debug)]
pub(in crate::spec) struct SearchPlaces {
    pub whole: Place,
    pub method: Place,
    pub space: Place,
    pub stop: Place,
    pub initial: Place,
    pub goal: Place,
}

/// What is varied, and where it applies.
#[derive(Clone, Debug)]
pub(in crate::spec) struct DimensionDraft {
    pub name: String,
    pub values: Values,
    /// It applies where this holds; none: everywhere.
    pub when: Option<Condition>,
    pub place: Place,
}

#[derive(Clone, Debug)]
pub(in crate::spec) enum Values {
    Numbers(Parameter, Distribution),
    /// A parameter's values, or changes of several.
    Choices(Axis),
}

impl DimensionDraft {
    pub fn dimension(&self) -> Dimension {
        let distribution = match &self.values {
            Values::Numbers(_, distribution) => distribution.clone(),
            Values::Choices(axis) => {
                Distribution::Choice(axis.choices.iter().map(|choice| choice.shown.clone()).collect())
            }
        };
        Dimension { name: self.name.clone(), distribution, when: self.when.as_ref().map(Condition::shown) }
    }

    /// The parameters that it sets.
    pub fn parameters(&self) -> Vec<Parameter> {
        match &self.values {
            Values::Numbers(parameter, _) => vec![*parameter],
            Values::Choices(axis) => {
                axis.choices.iter().flat_map(|choice| &choice.settings).map(Setting::parameter).collect()
            }
        }
    }

    /// Whether a condition depends on its value.
    pub fn decides(&self, condition: &Condition) -> bool {
        let own = self.parameters();
        condition.parameters().any(|asked| own.iter().any(|own| own.decides(asked)))
    }

    /// A value as a choice of the design; none where it is none of this dimension.
    pub fn choice(&self, coordinate: Coordinate) -> Option<Choice> {
        match (&self.values, coordinate) {
            (Values::Choices(axis), Coordinate::Choice(choice)) => axis.choices.get(choice).cloned(),
            (Values::Numbers(parameter, _), Coordinate::Number(number)) => {
                let shown = shown_number(number);
                let label = format!("{}={shown}", self.name);
                Some(Choice { settings: vec![setting(*parameter, number)?], label, shown, place: self.place.clone() })
            }
            _ => None,
        }
    }

    /// The number of choices where runs read other models, data or modules by them.
    pub fn inputs(&self) -> Option<usize> {
        match &self.values {
            Values::Choices(axis) if self.parameters().into_iter().any(is_input) => Some(axis.choices.len()),
            _ => None,
        }
    }
}

/// The choices of a point as one.
pub(super) fn joined(choices: &[Choice], place: &Place) -> Choice {
    let label = join_labels(choices.iter().map(|choice| choice.label.as_str()));
    Choice {
        settings: choices.iter().flat_map(|choice| choice.settings.clone()).collect(),
        shown: label.clone(),
        label,
        place: place.clone(),
    }
}

/// Whether what a run reads depends on it.
pub(super) fn is_input(parameter: Parameter) -> bool {
    use crate::spec::parameter::Count;
    match parameter {
        Parameter::Model
        | Parameter::Dataset
        | Parameter::DatasetField(_)
        | Parameter::InitAdapter
        | Parameter::TargetModules
        | Parameter::SourceSeed(_)
        | Parameter::Count(Count::MaxLength) => true,
        Parameter::Count(_)
        | Parameter::Number(_)
        | Parameter::ClassifierDropout
        | Parameter::LrScheduler
        | Parameter::Precision
        | Parameter::Seed
        | Parameter::MetricForBest
        | Parameter::EarlyStopping => false,
    }
}

/// A number as a value of a parameter; none where it takes no numbers.
pub(super) fn setting(parameter: Parameter, number: f64) -> Option<Setting> {
    Some(match parameter {
        Parameter::Count(count) => Setting::Count(count, number as usize),
        Parameter::Number(of) => Setting::Number(of, number),
        Parameter::ClassifierDropout => Setting::ClassifierDropout(Some(number)),
        Parameter::DatasetField(_) => Setting::DatasetField(DatasetSetting::Limit(number as usize)),
        _ => return None,
    })
}
