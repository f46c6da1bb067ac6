//! A parameter with a valid value.

use std::sync::Arc;

use super::cursor::{Context, Cursor, shown_number};
use super::dataset::{self, DatasetSetting, read_seed};
use super::early_stopping::{self, EarlyStopping};
use super::parameter::{Count, Domain, Number, Parameter};
use super::source_seed::{SourceSeed, VariationSource};
use super::targets::Targets;
use super::yaml::Value;
use super::{DatasetSpec, LrScheduler, Metric, Precision};

/// One parameter set to one value. What is large is shared.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Setting {
    Model(Arc<str>),
    Dataset(Arc<DatasetSpec>),
    DatasetField(DatasetSetting),
    /// None: a new adapter.
    InitAdapter(Option<Arc<str>>),
    TargetModules(Arc<Targets>),
    Count(Count, usize),
    Number(Number, f64),
    /// None: as `hidden_dropout`.
    ClassifierDropout(Option<f64>),
    LrScheduler(LrScheduler),
    Precision(Precision),
    Seed(u64),
    SourceSeed(VariationSource, SourceSeed),
    MetricForBest(Metric),
    /// None: it is off.
    EarlyStopping(Option<EarlyStopping>),
}

impl Setting {
    /// Reads a parameter's value; a wrong one is a problem and gives none.
    pub fn read(parameter: Parameter, cursor: &Cursor<'_>, context: &mut Context<'_>) -> Option<Setting> {
        Some(match parameter {
            Parameter::Model => {
                let name = cursor.text(context, "a model folder or a hub name")?;
                Setting::Model(context.located(name, cursor.node).into())
            }
            Parameter::Dataset => Setting::Dataset(dataset::read(cursor, context)?.into()),
            Parameter::DatasetField(field) => Setting::DatasetField(field.read(cursor, context)?),
            Parameter::InitAdapter if cursor.node.value == Value::Null => Setting::InitAdapter(None),
            Parameter::InitAdapter => {
                let name = cursor.text(context, "the folder of an adapter, a hub name, or null")?;
                Setting::InitAdapter(Some(context.located(name, cursor.node).into()))
            }
            Parameter::TargetModules => Setting::TargetModules(Targets::read(cursor, context)?.into()),
            Parameter::Count(count) => {
                let (low, high) = count.bounds();
                Setting::Count(count, cursor.count(context, low, high)?)
            }
            Parameter::Number(number) => Setting::Number(number, read_number(cursor, context, number.domain())?),
            Parameter::ClassifierDropout if cursor.node.value == Value::Null => Setting::ClassifierDropout(None),
            Parameter::ClassifierDropout => {
                Setting::ClassifierDropout(Some(read_number(cursor, context, Domain::Dropout)?))
            }
            Parameter::LrScheduler => Setting::LrScheduler(cursor.one_of(context, &LrScheduler::NAMES)?),
            Parameter::Precision => Setting::Precision(cursor.one_of(context, &Precision::NAMES)?),
            Parameter::Seed => Setting::Seed(read_seed(cursor, context)?),
            Parameter::SourceSeed(source) => Setting::SourceSeed(source, SourceSeed::read(source, cursor, context)?),
            Parameter::MetricForBest => Setting::MetricForBest(cursor.one_of(context, &Metric::by_name())?),
            Parameter::EarlyStopping => Setting::EarlyStopping(early_stopping::read(cursor, context)?),
        })
    }

    pub fn parameter(&self) -> Parameter {
        match self {
            Setting::Model(_) => Parameter::Model,
            Setting::Dataset(_) => Parameter::Dataset,
            Setting::DatasetField(field) => Parameter::DatasetField(field.field()),
            Setting::InitAdapter(_) => Parameter::InitAdapter,
            Setting::TargetModules(_) => Parameter::TargetModules,
            Setting::Count(count, _) => Parameter::Count(*count),
            Setting::Number(number, _) => Parameter::Number(*number),
            Setting::ClassifierDropout(_) => Parameter::ClassifierDropout,
            Setting::LrScheduler(_) => Parameter::LrScheduler,
            Setting::Precision(_) => Parameter::Precision,
            Setting::Seed(_) => Parameter::Seed,
            Setting::SourceSeed(source, _) => Parameter::SourceSeed(*source),
            Setting::MetricForBest(_) => Parameter::MetricForBest,
            Setting::EarlyStopping(_) => Parameter::EarlyStopping,
        }
    }

    /// The value in a short form for labels, with paths as the sweep file has them.
    pub fn shown_as_written(&self, cursor: &Cursor<'_>) -> String {
        match (self, &cursor.node.value) {
            (
                Setting::Model(_) | Setting::Dataset(_) | Setting::DatasetField(_) | Setting::InitAdapter(_),
                Value::Text(text),
            ) => text.clone(),
            (Setting::Dataset(dataset), Value::Map(entries)) => {
                let path = entries.iter().find_map(|(key, value)| match (&key.value, &value.value) {
                    (Value::Text(key), Value::Text(path)) if key == "path" => Some(path.as_str()),
                    _ => None,
                });
                dataset::shown(dataset, path.unwrap_or(&dataset.path))
            }
            _ => self.shown(),
        }
    }

    /// The value in a short form.
    pub fn shown(&self) -> String {
        match self {
            Setting::Model(name) => name.to_string(),
            Setting::Dataset(dataset) => dataset::shown(dataset, &dataset.path),
            Setting::DatasetField(field) => field.shown(),
            Setting::InitAdapter(Some(name)) => name.to_string(),
            Setting::InitAdapter(None) => "new".to_owned(),
            Setting::TargetModules(targets) => targets.shown(),
            Setting::Count(_, value) => value.to_string(),
            Setting::Number(_, value) | Setting::ClassifierDropout(Some(value)) => shown_number(*value),
            Setting::ClassifierDropout(None) => "hidden_dropout".to_owned(),
            Setting::LrScheduler(value) => value.name().to_owned(),
            Setting::Precision(value) => value.name().to_owned(),
            Setting::Seed(value) => value.to_string(),
            Setting::SourceSeed(_, rule) => rule.to_string(),
            Setting::MetricForBest(value) => value.name().to_owned(),
            Setting::EarlyStopping(rule) => early_stopping::shown(*rule),
        }
    }

    /// Whether it leaves nothing of the value that a parameter had before.
    pub fn replaces(&self, parameter: Parameter) -> bool {
        let whole = matches!((self, parameter), (Setting::Dataset(_), Parameter::DatasetField(_)));
        whole || self.parameter() == parameter
    }

    /// The value as a number, where it is one.
    pub fn as_number(&self) -> Option<f64> {
        match self {
            Setting::Count(_, value) | Setting::DatasetField(DatasetSetting::Limit(value)) => Some(*value as f64),
            Setting::Number(_, value) => Some(*value),
            Setting::ClassifierDropout(value) => *value,
            Setting::Seed(value) | Setting::SourceSeed(_, SourceSeed::Number(value)) => Some(*value as f64),
            _ => None,
        }
    }

    /// Whether a run of this seed has what is asked for here, `value` being what it has.
    pub fn is_met_by(&self, value: &Setting, seed: u64) -> bool {
        match (self, value) {
            (
                Setting::SourceSeed(source, rule @ SourceSeed::AfterSeed(_)),
                Setting::SourceSeed(of, SourceSeed::Number(number)),
            ) => source == of && rule.at(seed) == Some(*number),
            _ => self == value,
        }
    }
}

fn read_number(cursor: &Cursor<'_>, context: &mut Context<'_>, domain: Domain) -> Option<f64> {
    let value = cursor.number(context)?;
    if domain.contains(value) {
        return Some(value);
    }
    cursor.problem(context, format!("must be {}, found {}", domain.words(), cursor.found()));
    None
}
