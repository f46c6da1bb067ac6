//! JSON Schemas of parameters and of what is made of them: mappings, axes, conditions.

use serde_json::{Map, Value, json};

use crate::spec::dataset::{DatasetField, MOST_ROWS};
use crate::spec::early_stopping::EarlyStopping;
use crate::spec::exclude::{takes_lists, takes_numbers};
use crate::spec::fields::{self, NAMED};
use crate::spec::module::Module;
use crate::spec::parameter::{Domain, Parameter};
use crate::spec::targets::MOST_LAYERS;
use crate::spec::{LrScheduler, Metric, MissingLabel, Precision, Quoting};

use super::forms::{
    any, at_least_zero, defined, described, list, mapping, named, number, one_of, or_null, seed, text, whole,
};

/// Under their names, with `parameters`, `change` and `condition`.
pub(super) fn definitions() -> Map<String, Value> {
    let mut definitions: Map<String, Value> = Parameter::NAMES
        .into_iter()
        .map(|(name, parameter)| {
            let said = parameter.described();
            (name.to_owned(), described(form(parameter), said.meaning, said.default))
        })
        .collect();
    let properties: Map<String, Value> =
        Parameter::NAMES.into_iter().map(|(name, _)| (name.to_owned(), defined(name))).collect();
    let mut with_name = properties.clone();
    with_name.insert(NAMED.name.to_owned(), described(change_name(), NAMED.meaning, ""));
    let of = |properties: &Map<String, Value>| json!({"type": "object", "additionalProperties": false, "properties": properties});
    definitions.insert("parameters".to_owned(), of(&properties));
    definitions.insert("run".to_owned(), of(&with_name));
    // A change that has a name changes something, too.
    let mut change = of(&with_name);
    change["minProperties"] = json!(1);
    change["anyOf"] = json!([{"not": {"required": [NAMED.name]}}, {"minProperties": 2}]);
    definitions.insert("change".to_owned(), change);
    definitions.insert("condition".to_owned(), condition());
    for field in fields::COMPARISONS.iter().filter(|field| field.name != "ne") {
        let bound = described(json!({"type": "number"}), field.meaning, field.default);
        definitions.insert(field.name.to_owned(), bound);
    }
    definitions
}

fn form(parameter: Parameter) -> Value {
    match parameter {
        Parameter::Model => text(),
        Parameter::Dataset => {
            let properties: Map<String, Value> = DatasetField::NAMES
                .into_iter()
                .map(|(name, _)| (name.to_owned(), defined(&format!("dataset.{name}"))))
                .collect();
            let whole = json!({
                "type": "object", "additionalProperties": false, "properties": properties, "required": ["path"],
            });
            any([text(), whole])
        }
        Parameter::DatasetField(field) => field_form(field),
        Parameter::InitAdapter => or_null(text()),
        Parameter::TargetModules => targets(),
        Parameter::Count(count) => {
            let (least, most) = count.bounds();
            whole(least, most)
        }
        Parameter::Number(of) => number(of.domain()),
        Parameter::ClassifierDropout => or_null(number(Domain::Dropout)),
        Parameter::LrScheduler => named(&LrScheduler::NAMES),
        Parameter::Precision => named(&Precision::NAMES),
        Parameter::Seed => seed(),
        Parameter::SourceSeed(_) => {
            or_null(any([seed(), json!({"type": "string", "pattern": r"^\s*seed\s*(\+\s*[0-9]+)?\s*$"})]))
        }
        Parameter::MetricForBest => one_of(Metric::by_name().into_iter().map(|(name, _)| name)),
        Parameter::EarlyStopping => or_null(mapping(
            &fields::EARLY_STOPPING,
            [("patience", whole(1, EarlyStopping::MOST)), ("min_delta", at_least_zero())],
        )),
    }
}

fn field_form(field: DatasetField) -> Value {
    match field {
        DatasetField::Path | DatasetField::Split | DatasetField::Label => text(),
        DatasetField::Text => any([text(), list(text())]),
        DatasetField::Limit => whole(1, MOST_ROWS),
        DatasetField::Evaluation | DatasetField::Test => any([text(), part()]),
        DatasetField::Header => json!({"type": "boolean"}),
        DatasetField::Quoting => named(&Quoting::NAMES),
        // One character, or `tab` in either spelling.
        DatasetField::Separator => {
            json!({"type": "string", "pattern": "^([\\t \\x1c-\\x1f!#-/:-@\\[-`{-~]|tab|\\\\t)$"})
        }
        DatasetField::MissingLabel => named(&MissingLabel::NAMES),
    }
}

/// A split, or rows that are held out.
fn part() -> Value {
    let size = any([whole(1, MOST_ROWS), json!({"type": "number", "exclusiveMinimum": 0, "exclusiveMaximum": 1})]);
    let mut part = mapping(&fields::EVALUATION, [("split", text()), ("test_size", size), ("seed", seed())]);
    part["oneOf"] = json!([
        {"required": ["split"], "not": {"required": ["seed"]}},
        {"required": ["test_size"]},
    ]);
    part
}

fn targets() -> Value {
    let range = json!({"type": "string", "pattern": r"^\s*[0-9]+\s*-\s*[0-9]+\s*$"});
    let layer = any([whole(0, MOST_LAYERS), range]);
    let module = one_of(Module::all().map(Module::name));
    let block = mapping(
        &fields::TARGETS,
        [
            ("layers", any([one_of(["all"]), layer.clone(), list(layer)])),
            ("modules", any([one_of(["all"]), module.clone(), list(module)])),
        ],
    );
    let target = any([text(), block]);
    any([target.clone(), list(target)])
}

/// What a change of several parameters may be called.
fn change_name() -> Value {
    json!({"type": "string", "minLength": 1, "maxLength": 60, "pattern": r"^[^,\n\r]+$"})
}

/// Lists of values by parameter, and changes that have a name of their own.
pub(super) fn axes() -> Value {
    let mut axes = values();
    axes["additionalProperties"] = named_change();
    axes["propertyNames"] = change_name();
    axes
}

/// One change, or a list of changes.
pub(super) fn named_change() -> Value {
    let one = json!({"allOf": [defined("parameters")], "minProperties": 1});
    any([one, list(defined("change"))])
}

/// Lists of values by parameter, and nothing else.
pub(super) fn values() -> Value {
    let values: Map<String, Value> =
        Parameter::NAMES.into_iter().map(|(name, _)| (name.to_owned(), list(defined(name)))).collect();
    json!({"type": "object", "additionalProperties": false, "properties": values})
}

fn condition() -> Value {
    let tests: Map<String, Value> = Parameter::NAMES
        .into_iter()
        .map(|(name, parameter)| {
            let values = if takes_lists(parameter) { defined(name) } else { any([defined(name), list(defined(name))]) };
            let mut comparisons = json!({"type": "object", "additionalProperties": false, "minProperties": 1});
            let bounds = fields::COMPARISONS.iter().filter(|field| field.name != "ne" && takes_numbers(parameter));
            let bounds = bounds.map(|field| (field.name.to_owned(), defined(field.name)));
            comparisons["properties"] = bounds.chain([("ne".to_owned(), values.clone())]).collect::<Map<_, _>>().into();
            (name.to_owned(), any([values, comparisons]))
        })
        .collect();
    json!({"type": "object", "additionalProperties": false, "minProperties": 1, "properties": tests})
}
