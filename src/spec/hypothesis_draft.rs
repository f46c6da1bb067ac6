//! `hypotheses` and `reference` as the file has them, before it is known which runs they concern.

use super::cursor::{Context, Cursor};
use super::fields::{self, Field, HYPOTHESIS, REFERENCE, required_names};
use super::metric;
use super::parameter::Parameter;
use super::problem::{Place, did_you_mean, quoted};
use super::setting::Setting;
use super::yaml::Value;
use super::{Expectation, HypothesisMetric, Metric, ReferenceFigure};

/// A hypothesis whose keys are sound.
#[derive(Clone, Debug)]
pub(super) struct HypothesisDraft {
    pub id: String,
    pub claim: String,
    pub vary: Varied,
    /// The label of a configuration; none: the sweep's baseline.
    pub baseline: Option<String>,
    pub metric: HypothesisMetric,
    pub expect: Expectation,
    pub margin: Option<f64>,
    pub places: HypothesisPlaces,
}

/// What a claim varies, and which of the values (none: all).
#[derive(Clone, Debug)]
pub(super) enum Varied {
    Parameter(Parameter, Option<Vec<(Setting, Place)>>),
    Change(String, Option<Vec<(String, Place)>>),
}

/// Where the parts of a claim stand that can turn out wrong later.
#[derive(Clone, Debug)]
pub(super) struct HypothesisPlaces {
    pub whole: Place,
    pub vary: Place,
    pub baseline: Place,
    pub metric: Place,
}

impl Varied {
    pub fn name(&self) -> &str {
        match self {
            Varied::Parameter(parameter, _) => parameter.name(),
            Varied::Change(name, _) => name,
        }
    }

    /// How many values are named; none where all are meant.
    pub fn named_values(&self) -> Option<usize> {
        match self {
            Varied::Parameter(_, values) => values.as_ref().map(Vec::len),
            Varied::Change(_, values) => values.as_ref().map(Vec::len),
        }
    }
}

impl HypothesisDraft {
    pub fn read(cursor: &Cursor<'_>, context: &mut Context<'_>) -> Option<HypothesisDraft> {
        let entries = cursor.entries(context, "a mapping with `id`, `claim`, `vary`, `metric` and `expect`")?;
        report_unknown(&entries, &HYPOTHESIS, context);
        let get = |key: &str| entries.iter().find(|(name, _)| *name == key).map(|(_, value)| value);
        for key in required_names(&HYPOTHESIS) {
            if get(key).is_none() {
                cursor.problem(context, format!("lacks `{key}`"));
            }
        }
        let id = get("id").map(|value| value.text(context, "text"));
        let claim = get("claim").map(|value| value.text(context, "a sentence"));
        let vary = get("vary").map(|value| read_varied(value, get("values"), context));
        let baseline = get("baseline").map(|value| value.text(context, "a configuration's label"));
        let metric = get("metric").map(|value| read_metric(value, context));
        let expect = get("expect").map(|value| value.one_of(context, &Expectation::NAMES));
        let margin = get("margin").map(|value| read_margin(value, context));
        let place = |key: &str| get(key).map_or_else(|| cursor.place(), Cursor::place);
        let (expect, margin_read) = (expect??, margin.flatten());
        if expect == Expectation::Equivalent && (margin.is_none() || margin_read == Some(0.0)) {
            let message = "`expect: equivalent` needs a `margin` above 0: the largest difference that counts as none";
            cursor.problem(context, message);
            return None;
        }
        Some(HypothesisDraft {
            id: id??.to_owned(),
            claim: claim??.to_owned(),
            vary: vary??,
            baseline: baseline.flatten().map(str::to_owned),
            metric: metric??,
            expect,
            margin: margin_read,
            places: HypothesisPlaces {
                whole: cursor.place(),
                vary: place("vary"),
                baseline: place("baseline"),
                metric: place("metric"),
            },
        })
    }
}

pub(super) fn report_unknown(entries: &[(&str, Cursor<'_>)], known: &[Field], context: &mut Context<'_>) {
    for (key, value) in entries {
        if !fields::has(known, key) {
            let hint = did_you_mean(key, fields::names(known));
            value.problem(context, format!("unknown key {}{hint}", quoted(key)));
        }
    }
}

fn read_varied(cursor: &Cursor<'_>, values: Option<&Cursor<'_>>, context: &mut Context<'_>) -> Option<Varied> {
    let name = cursor.text(context, "a parameter or a named change")?;
    let items = match values {
        Some(values) => Some(values.items(context, "a list of values")?),
        None => None,
    };
    if let (Some(values), Some([])) = (values, items.as_deref()) {
        values.problem(context, "must list at least one value; leave it out to compare all");
        return None;
    }
    let Some(parameter) = Parameter::named(name) else {
        let values = items.map(|items| items.iter().map(|item| (shown(item), item.place())).collect());
        return Some(Varied::Change(name.to_owned(), values));
    };
    if parameter == Parameter::Seed {
        cursor.problem(context, "seeds repeat a configuration; they are no change to compare");
        return None;
    }
    let read = |item: &Cursor<'_>, context: &mut Context<'_>| {
        Setting::read(parameter, item, context).map(|setting| (setting, item.place()))
    };
    let values = match items {
        Some(items) => {
            let values: Vec<_> = items.iter().map(|item| read(item, context)).collect();
            Some(values.into_iter().collect::<Option<Vec<_>>>()?)
        }
        None => None,
    };
    Some(Varied::Parameter(parameter, values))
}

/// A value of a named change as its label has it.
fn shown(cursor: &Cursor<'_>) -> String {
    match &cursor.node.value {
        Value::Text(text) => text.clone(),
        _ => cursor.found().trim_matches('`').to_owned(),
    }
}

fn read_metric(cursor: &Cursor<'_>, context: &mut Context<'_>) -> Option<HypothesisMetric> {
    let text = cursor.text(context, "a metric")?;
    metric::parse(text).map_err(|error| cursor.problem(context, error.to_string())).ok()
}

pub(super) fn read_margin(cursor: &Cursor<'_>, context: &mut Context<'_>) -> Option<f64> {
    let margin = cursor.number(context)?;
    if margin < 0.0 {
        cursor.problem(context, format!("must be at least 0, found {}", cursor.found()));
        return None;
    }
    Some(margin)
}

/// Reads an entry of `reference`: a figure that somebody reported.
pub(super) fn read_reference(cursor: &Cursor<'_>, context: &mut Context<'_>) -> Option<ReferenceFigure> {
    let entries = cursor.entries(context, "a mapping with `source`, `metric` and `value`")?;
    report_unknown(&entries, &REFERENCE, context);
    let get = |key: &str| entries.iter().find(|(name, _)| *name == key).map(|(_, value)| value);
    for key in required_names(&REFERENCE) {
        if get(key).is_none() {
            cursor.problem(context, format!("lacks `{key}`"));
        }
    }
    let source = get("source").map(|value| value.text(context, "who reported it"));
    let metric = get("metric").map(|value| value.one_of(context, &reported_metrics()));
    let value = get("value").map(|value| (value, value.number(context)));
    let epoch = get("epoch").map(|value| value.count(context, 1, 10_000));
    let (source, metric) = (source??, metric??);
    let (at, value) = value?;
    let value = value?;
    let sound = match metric {
        Reported::Recorded(metric) => metric::check_value(metric, value).map_err(|error| error.to_string()),
        Reported::Parameters(_) if value < 1.0 || value.fract() != 0.0 => Err("must be a whole number".to_owned()),
        Reported::Parameters(_) => Ok(()),
    };
    if let Err(message) = sound {
        at.problem(context, message);
        return None;
    }
    let metric = match metric {
        Reported::Recorded(metric) => metric.name(),
        Reported::Parameters(name) => name,
    };
    Some(ReferenceFigure { source: source.to_owned(), metric: metric.to_owned(), value, epoch: epoch.flatten() })
}

/// The metrics that figures are reported for.
pub(super) fn reported_names() -> impl Iterator<Item = &'static str> {
    reported_metrics().into_iter().map(|(name, _)| name)
}

#[derive(Clone, Copy)]
enum Reported {
    Recorded(Metric),
    Parameters(&'static str),
}

fn reported_metrics() -> Vec<(&'static str, Reported)> {
    let recorded = Metric::by_name().into_iter().map(|(name, metric)| (name, Reported::Recorded(metric)));
    let parameters = ["trainable_parameters", "total_parameters"].map(|name| (name, Reported::Parameters(name)));
    recorded.chain(parameters).collect()
}
