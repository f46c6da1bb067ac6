//! What varies in a sweep: axes, and the choices on them.

use super::cursor::{Context, Cursor};
use super::parameter::Parameter;
use super::problem::{Place, quoted};
use super::setting::Setting;
use super::yaml::Value;

/// A parameter or a named change with the values it takes.
#[derive(Clone, Debug)]
pub(super) struct Axis {
    pub name: String,
    pub choices: Vec<Choice>,
}

/// One value on an axis, or one entry of `runs`: parameters that are set together.
#[derive(Clone, Debug)]
pub(super) struct Choice {
    pub settings: Vec<Setting>,
    /// Its part of a run's label; empty where only the seed is set.
    pub label: String,
    /// The value alone, as hypotheses name it.
    pub shown: String,
    pub place: Place,
}

/// Parameters as a mapping sets them, in the file's order.
pub(super) struct Assignments(Vec<(Parameter, Setting, Assigned)>);

/// What is said about one assignment.
pub(super) struct Assigned {
    pub shown: String,
    pub place: Place,
}

impl Assignments {
    /// Reads parameters from a mapping's entries; what is wrong is reported and left out.
    pub fn read<'a>(entries: impl IntoIterator<Item = (&'a str, Cursor<'a>)>, context: &mut Context<'_>) -> Self {
        let mut assignments = Vec::new();
        let entries: Vec<(&str, Cursor<'a>)> = entries.into_iter().collect();
        report_twice(&entries, context);
        for (name, value) in entries {
            let Some(parameter) = Parameter::named(name) else {
                value.problem(context, Parameter::unknown(name));
                continue;
            };
            if let Some(setting) = Setting::read(parameter, &value, context) {
                let assigned = Assigned { shown: setting.shown_as_written(&value), place: value.place() };
                assignments.push((parameter, setting, assigned));
            }
        }
        Assignments(assignments)
    }

    pub fn iter(&self) -> impl Iterator<Item = (Parameter, &Assigned)> {
        self.0.iter().map(|(parameter, _, assigned)| (*parameter, assigned))
    }

    /// `epochs=8, rank=4`, without the seed.
    pub fn label(&self, separator: &str) -> String {
        let others = self.0.iter().filter(|(parameter, ..)| *parameter != Parameter::Seed);
        let parts = others.map(|(parameter, _, assigned)| format!("{}={}", parameter.name(), assigned.shown));
        parts.collect::<Vec<_>>().join(separator)
    }

    pub fn into_settings(self) -> Vec<Setting> {
        self.0.into_iter().map(|(_, setting, _)| setting).collect()
    }
}

/// A field of a data set that stands in the mapping `dataset` and beside it as `dataset.field`.
fn report_twice(entries: &[(&str, Cursor<'_>)], context: &mut Context<'_>) {
    let Some((_, whole)) = entries.iter().find(|(name, _)| *name == "dataset") else {
        return;
    };
    for (name, value) in entries {
        let Some(field) = name.strip_prefix("dataset.") else {
            continue;
        };
        let inside = match &whole.node.value {
            Value::Map(fields) => {
                let keys = fields.iter().map(|(key, _)| key);
                keys.into_iter()
                    .find(|key| matches!(&key.value, Value::Text(text) if text == field))
                    .map(|key| key.index)
            }
            // A data set that is text is its path.
            _ => Some(whole.node.index).filter(|_| field == "path"),
        };
        let (Some(inside), Some(beside)) = (inside, value.place().node) else {
            continue;
        };
        let place = Place { node: Some(inside.max(beside)), ..value.place() };
        context.problems.add_with_line(
            place,
            format!("{} is given twice; the first is", quoted(name)),
            inside.min(beside),
        );
    }
}

impl Axis {
    /// An axis of `ablate` or `grid`: a parameter with a list of values, or a named change with a mapping or a list of
    /// mappings.
    pub fn read(name: &str, cursor: &Cursor<'_>, context: &mut Context<'_>) -> Option<Axis> {
        let choices = match Parameter::named(name) {
            Some(parameter) => read_values(parameter, name, cursor, context)?,
            None => read_named(name, cursor, context)?,
        };
        Some(Axis { name: name.to_owned(), choices })
    }

    /// A parameter's list of values.
    pub fn read_parameter(name: &str, cursor: &Cursor<'_>, context: &mut Context<'_>) -> Option<Axis> {
        let Some(parameter) = Parameter::named(name) else {
            cursor.problem(context, Parameter::unknown(name));
            return None;
        };
        Some(Axis { name: name.to_owned(), choices: read_values(parameter, name, cursor, context)? })
    }

    /// Several axes of the same length walked together; the axes as they are where they cannot be.
    pub fn zipped(axes: Vec<Axis>) -> Result<Axis, Vec<Axis>> {
        let length = axes.first().map_or(0, |axis| axis.choices.len());
        if length == 0 || axes.iter().any(|axis| axis.choices.len() != length) {
            return Err(axes);
        }
        let name = axes.iter().map(|axis| axis.name.as_str()).collect::<Vec<_>>().join(", ");
        let choices = (0..length).map(|row| {
            let row: Vec<&Choice> = axes.iter().map(|axis| &axis.choices[row]).collect();
            Choice {
                settings: row.iter().flat_map(|choice| choice.settings.clone()).collect(),
                label: join_labels(row.iter().map(|choice| choice.label.as_str())),
                shown: row.iter().map(|choice| choice.shown.as_str()).collect::<Vec<_>>().join(" "),
                place: row[0].place.clone(),
            }
        });
        let choices = choices.collect();
        Ok(Axis { name, choices })
    }
}

/// Labels of several choices as one; choices that only set the seed have none.
pub(super) fn join_labels<'a>(labels: impl Iterator<Item = &'a str>) -> String {
    let mut joined = String::new();
    for label in labels.filter(|label| !label.is_empty()) {
        if !joined.is_empty() {
            joined.push_str(", ");
        }
        joined.push_str(label);
    }
    joined
}

/// Values of one parameter. Wrong ones are reported and left out.
fn read_values(
    parameter: Parameter,
    name: &str,
    cursor: &Cursor<'_>,
    context: &mut Context<'_>,
) -> Option<Vec<Choice>> {
    let items = cursor.items(context, "a list of values")?;
    if items.is_empty() {
        cursor.problem(context, "must list at least one value");
        return None;
    }
    let choices = items.iter().filter_map(|item| {
        let setting = Setting::read(parameter, item, context)?;
        let shown = setting.shown_as_written(item);
        let label = if parameter == Parameter::Seed { String::new() } else { format!("{name}={shown}") };
        Some(Choice { settings: vec![setting], label, shown, place: item.place() })
    });
    Some(choices.collect())
}

/// A named change: one mapping, or a list of mappings.
fn read_named(name: &str, cursor: &Cursor<'_>, context: &mut Context<'_>) -> Option<Vec<Choice>> {
    let mappings = match &cursor.node.value {
        Value::Map(_) => {
            return read_single_change(name, cursor, context).map(|choice| vec![choice]);
        }
        Value::List(items) if !items.is_empty() && items.iter().all(|item| matches!(item.value, Value::Map(_))) => {
            cursor.items(context, "a list of mappings")?
        }
        _ => {
            let unknown = Parameter::unknown(name);
            let message =
                format!("{unknown} (a change of several parameters is a mapping of them, or a list of mappings)");
            cursor.problem(context, message);
            return None;
        }
    };
    check_name(name, cursor, context)?;
    let items: Vec<_> =
        mappings.iter().filter_map(|item| read_change(item, context).map(|read| (item, read))).collect();
    let values = common_values(items.iter().map(|(_, (_, assignments))| assignments));
    let choices = items.into_iter().enumerate().map(|(number, (item, (given, assignments)))| {
        let shown = match (given, &values) {
            (Some(given), _) => given,
            (None, Some(values)) => values[number].clone(),
            (None, None) => format!("({})", assignments.label(" ")),
        };
        let label = format!("{name}={shown}");
        Choice { settings: assignments.into_settings(), label, shown, place: item.place() }
    });
    Some(choices.collect())
}

/// A change that is one mapping: its name says all.
fn read_single_change(name: &str, cursor: &Cursor<'_>, context: &mut Context<'_>) -> Option<Choice> {
    check_name(name, cursor, context)?;
    let entries = cursor.entries(context, "a mapping of parameters")?;
    let assignments = Assignments::read(entries.iter().copied(), context);
    if entries.is_empty() {
        cursor.problem(context, "changes nothing");
        return None;
    }
    let label = name.to_owned();
    Some(Choice { settings: assignments.into_settings(), shown: label.clone(), label, place: cursor.place() })
}

/// One mapping of a list: an optional `name` and parameters.
fn read_change(cursor: &Cursor<'_>, context: &mut Context<'_>) -> Option<(Option<String>, Assignments)> {
    let entries = cursor.entries(context, "a mapping of parameters")?;
    let name = entries.iter().find(|(key, _)| *key == "name").and_then(|(_, value)| read_name(value, context));
    let others = entries.iter().copied().filter(|(key, _)| *key != "name");
    let assignments = Assignments::read(others, context);
    if entries.iter().all(|(key, _)| *key == "name") {
        cursor.problem(context, "changes nothing");
        return None;
    }
    Some((name, assignments))
}

/// The value of each change, where every change sets the same parameters, all to one value.
fn common_values<'a>(changes: impl Iterator<Item = &'a Assignments>) -> Option<Vec<String>> {
    let mut parameters = None;
    let values = changes.map(|assignments| {
        let mut set: Vec<Parameter> = assignments.iter().map(|(parameter, _)| parameter).collect();
        set.sort();
        if *parameters.get_or_insert_with(|| set.clone()) != set {
            return None;
        }
        let mut shown = assignments.iter().map(|(_, assigned)| assigned.shown.as_str());
        let first = shown.next()?;
        shown.all(|other| other == first).then(|| first.to_owned())
    });
    values.collect()
}

/// An entry of `runs`: parameters and an optional `name`.
pub(super) fn read_run(cursor: &Cursor<'_>, context: &mut Context<'_>) -> Option<Choice> {
    let entries = cursor.entries(context, "a mapping of parameters with an optional `name`")?;
    let name = entries.iter().find(|(key, _)| *key == "name").and_then(|(_, value)| read_name(value, context));
    let others = entries.iter().copied().filter(|(key, _)| *key != "name");
    let assignments = Assignments::read(others, context);
    let label = name.unwrap_or_else(|| assignments.label(", "));
    Some(Choice { settings: assignments.into_settings(), shown: label.clone(), label, place: cursor.place() })
}

fn read_name(cursor: &Cursor<'_>, context: &mut Context<'_>) -> Option<String> {
    let name = cursor.text(context, "a name")?;
    check_name(name, cursor, context)?;
    Some(name.to_owned())
}

/// Names are parts of labels, and labels are written in tables and given on command lines.
fn check_name(name: &str, cursor: &Cursor<'_>, context: &mut Context<'_>) -> Option<()> {
    const LONGEST: usize = 60;
    let fits = name.chars().count() <= LONGEST && name.trim() == name && !name.is_empty();
    if fits && !name.chars().any(|c| c.is_control() || c == ',') {
        return Some(());
    }
    let name = quoted(name);
    cursor
        .problem(context, format!("the name {name} must have 1 to {LONGEST} characters, no commas and no line breaks"));
    None
}
