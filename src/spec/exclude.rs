//! `exclude`: conditions on a run's parameters; a run that meets all pairs of a condition is left out.

use super::cursor::{Context, Cursor};
use super::dataset::DatasetField;
use super::draft::Draft;
use super::parameter::Parameter;
use super::problem::{Place, did_you_mean, quoted};
use super::setting::Setting;
use super::yaml::{Node, Value};

/// One entry of `exclude`.
#[derive(Clone, Debug)]
pub(super) struct Condition {
    tests: Vec<(Parameter, Test)>,
    pub place: Place,
}

/// The numbers that a parameter can be, where a search varies it.
pub(super) struct Reach<'a> {
    pub low: f64,
    pub high: f64,
    /// Whether a number is one of them.
    pub has: Box<dyn Fn(f64) -> bool + 'a>,
    /// Whether it is one of them in every run; otherwise it can be base's as well.
    pub always: bool,
}

/// What a parameter's value must be.
#[derive(Clone, Debug)]
enum Test {
    OneOf(Vec<Setting>),
    NoneOf(Vec<Setting>),
    Compare(Comparison, f64),
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Comparison {
    Below,
    AtMost,
    Above,
    AtLeast,
}

impl Comparison {
    const NAMES: [(&'static str, Comparison); 4] =
        [("lt", Comparison::Below), ("le", Comparison::AtMost), ("gt", Comparison::Above), ("ge", Comparison::AtLeast)];

    fn holds(self, value: f64, bound: f64) -> bool {
        match self {
            Comparison::Below => value < bound,
            Comparison::AtMost => value <= bound,
            Comparison::Above => value > bound,
            Comparison::AtLeast => value >= bound,
        }
    }
}

impl Condition {
    pub fn read(cursor: &Cursor<'_>, context: &mut Context<'_>) -> Option<Condition> {
        let entries = cursor.entries(context, "a mapping of parameters to values")?;
        if entries.is_empty() {
            cursor.problem(context, "must name at least one parameter");
            return None;
        }
        let mut tests = Vec::new();
        let mut sound = true;
        for (name, value) in &entries {
            let Some(parameter) = Parameter::named(name) else {
                value.problem(context, Parameter::unknown(name));
                sound = false;
                continue;
            };
            match read_tests(parameter, value, context) {
                Some(read) => tests.extend(read.into_iter().map(|test| (parameter, test))),
                None => sound = false,
            }
        }
        // A condition that lost a test would leave out more than it says.
        sound.then(|| Condition { tests, place: cursor.place() })
    }

    /// What it is about.
    pub fn parameters(&self) -> impl Iterator<Item = Parameter> {
        self.tests.iter().map(|(parameter, _)| *parameter)
    }

    /// The same for the same tests, wherever they stand: `lr_scheduler = [cosine], rank gt 8`.
    pub fn shown(&self) -> String {
        let tests = self.tests.iter().map(|(parameter, test)| format!("{} {}", parameter.name(), test.shown()));
        tests.collect::<Vec<_>>().join(", ")
    }

    /// Whether it may hold for a run some of whose parameters can be other numbers than in the draft; of that all seeds are numbers.
    pub fn may_match(&self, draft: &Draft, varied: &[(Parameter, Reach<'_>)]) -> bool {
        let may_hold = |(parameter, test): &(Parameter, Test)| {
            let own = varied.iter().find(|(of, _)| of == parameter).map(|(_, reach)| reach);
            // Another parameter may decide it; what comes of that is not looked at.
            let by_others = varied.iter().any(|(of, _)| of != parameter && of.decides(*parameter));
            let as_in_draft = own.is_none_or(|reach| !reach.always);
            by_others
                || own.is_some_and(|reach| test.may_hold(reach))
                || as_in_draft && test.holds(draft.get(*parameter).as_ref(), draft.scalars.seed)
        };
        self.tests.iter().all(may_hold)
    }

    /// Whether it leaves out a run; of the draft all seeds are numbers.
    pub fn matches(&self, draft: &Draft) -> bool {
        self.tests.iter().all(|(parameter, test)| test.holds(draft.get(*parameter).as_ref(), draft.scalars.seed))
    }
}

impl Test {
    fn shown(&self) -> String {
        let list = |settings: &[Setting]| settings.iter().map(Setting::shown).collect::<Vec<_>>().join(", ");
        match self {
            Test::OneOf(settings) => format!("= [{}]", list(settings)),
            Test::NoneOf(settings) => format!("ne [{}]", list(settings)),
            Test::Compare(comparison, bound) => {
                let named = Comparison::NAMES.iter().find(|(_, known)| known == comparison);
                format!("{} {bound:?}", named.map_or("", |(name, _)| name))
            }
        }
    }

    /// Whether one of these numbers may pass.
    fn may_hold(&self, reach: &Reach<'_>) -> bool {
        match self {
            Test::OneOf(settings) => settings.iter().filter_map(Setting::as_number).any(|wanted| (reach.has)(wanted)),
            // There are several of them.
            Test::NoneOf(_) => true,
            Test::Compare(comparison, bound) => {
                [reach.low, reach.high].iter().any(|end| comparison.holds(*end, *bound))
            }
        }
    }

    /// Whether a value passes; none is the value of a data set field that is to be detected, which equals nothing.
    fn holds(&self, value: Option<&Setting>, seed: u64) -> bool {
        let any = |settings: &[Setting], value: &Setting| settings.iter().any(|wanted| wanted.is_met_by(value, seed));
        match self {
            Test::OneOf(settings) => value.is_some_and(|value| any(settings, value)),
            Test::NoneOf(settings) => value.is_none_or(|value| !any(settings, value)),
            Test::Compare(comparison, bound) => {
                value.and_then(Setting::as_number).is_some_and(|value| comparison.holds(value, *bound))
            }
        }
    }
}

/// A value, a list of values, or a mapping of comparisons.
fn read_tests(parameter: Parameter, cursor: &Cursor<'_>, context: &mut Context<'_>) -> Option<Vec<Test>> {
    match &cursor.node.value {
        Value::Map(map) if !takes_mappings(parameter) || is_comparison(map) => {
            let entries = cursor.entries(context, "a mapping")?;
            let tests = entries.iter().map(|(name, value)| read_comparison(parameter, name, value, context));
            tests.collect::<Vec<_>>().into_iter().collect()
        }
        _ => read_values(parameter, cursor, context).map(|values| vec![Test::OneOf(values)]),
    }
}

fn read_values(parameter: Parameter, cursor: &Cursor<'_>, context: &mut Context<'_>) -> Option<Vec<Setting>> {
    if matches!(cursor.node.value, Value::List(_)) && !takes_lists(parameter) {
        let items = cursor.items(context, "a list")?;
        let values = items.iter().map(|item| Setting::read(parameter, item, context));
        return values.collect::<Vec<_>>().into_iter().collect();
    }
    Setting::read(parameter, cursor, context).map(|value| vec![value])
}

fn read_comparison(parameter: Parameter, name: &str, cursor: &Cursor<'_>, context: &mut Context<'_>) -> Option<Test> {
    if name == "ne" {
        return read_values(parameter, cursor, context).map(Test::NoneOf);
    }
    let Some((_, comparison)) = Comparison::NAMES.iter().find(|(known, _)| *known == name) else {
        let known = Comparison::NAMES.map(|(known, _)| known);
        let hint = did_you_mean(name, known.into_iter().chain(["ne"]));
        cursor.problem(context, format!("unknown comparison {} (lt, le, gt, ge, ne){hint}", quoted(name)));
        return None;
    };
    if !takes_numbers(parameter) {
        cursor.problem(context, format!("`{}` is no number and cannot be compared with `{name}`", parameter.name()));
        return None;
    }
    cursor.number(context).map(|bound| Test::Compare(*comparison, bound))
}

fn is_comparison(map: &[(Node, Node)]) -> bool {
    let known = |name: &str| name == "ne" || Comparison::NAMES.iter().any(|(known, _)| *known == name);
    !map.is_empty() && map.iter().all(|(key, _)| matches!(&key.value, Value::Text(name) if known(name)))
}

fn takes_mappings(parameter: Parameter) -> bool {
    let of_dataset = DatasetField::Evaluation..=DatasetField::Test;
    matches!(parameter, Parameter::Dataset | Parameter::TargetModules | Parameter::EarlyStopping)
        || matches!(parameter, Parameter::DatasetField(field) if of_dataset.contains(&field))
}

pub(super) fn takes_lists(parameter: Parameter) -> bool {
    parameter == Parameter::TargetModules || parameter == Parameter::DatasetField(DatasetField::Text)
}

pub(super) fn takes_numbers(parameter: Parameter) -> bool {
    match parameter {
        Parameter::Count(_) | Parameter::Number(_) | Parameter::ClassifierDropout => true,
        Parameter::Seed | Parameter::SourceSeed(_) => true,
        Parameter::DatasetField(field) => field == DatasetField::Limit,
        _ => false,
    }
}
