//! Changes that a sweep file gave a name, and the configurations that have them.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::design::Design;
use super::expand::Origin;
use super::parameter::{Number, Parameter};
use super::planned_configuration::PlannedConfiguration;

/// Parameters that a sweep file changes together under a name of its own (`dropout`).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NamedChange {
    pub name: String,
    /// The parameters that its variants set, and those that follow them, as [`super::RunSpec`] names them.
    pub parameters: Vec<String>,
    /// Labels of configurations, each with the variant that it has as the file names it (`0.3`). Where the change has one
    /// variant only, that is its name.
    pub variants: BTreeMap<String, String>,
}

/// The named changes of a design, in its order, with the configurations that came of them.
pub(super) fn named(design: &Design, planned: &[PlannedConfiguration]) -> Vec<NamedChange> {
    let mut changes: Vec<NamedChange> = Vec::new();
    for planned in planned {
        for (axis, variant) in chosen(design, planned.origin) {
            // Several axes that are walked together have a name made of parameters.
            if Parameter::named(&axis.name).is_some() || axis.name.contains(',') {
                continue;
            }
            let known = changes.iter().position(|change| change.name == axis.name);
            let place = known.unwrap_or_else(|| {
                changes.push(NamedChange {
                    name: axis.name.clone(),
                    parameters: parameters(axis),
                    variants: BTreeMap::new(),
                });
                changes.len() - 1
            });
            changes[place].variants.insert(planned.label.clone(), axis.choices[variant].shown.clone());
        }
    }
    changes
}

/// The axes that a configuration took something from, with the places of its choices.
fn chosen(design: &Design, origin: Origin) -> Vec<(&super::axis::Axis, usize)> {
    match origin {
        Origin::Base | Origin::Run(_) => Vec::new(),
        Origin::Ablate { axis, choice } => {
            design.ablate.iter().flatten().nth(axis).map(|axis| (axis, choice)).into_iter().collect()
        }
        Origin::Product(mut number) => {
            let mut choices = Vec::with_capacity(design.product.len());
            // The last axis runs fastest.
            for axis in design.product.iter().rev() {
                choices.push((axis, number % axis.choices.len()));
                number /= axis.choices.len();
            }
            choices.reverse();
            choices
        }
    }
}

fn parameters(axis: &super::axis::Axis) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    let mut add = |parameter: Parameter| {
        let name = parameter.name();
        if !names.iter().any(|known| known == name) {
            names.push(name.to_owned());
        }
    };
    for setting in axis.choices.iter().flat_map(|choice| &choice.settings) {
        add(setting.parameter());
        if setting.parameter() == Parameter::Number(Number::HiddenDropout) {
            add(Parameter::ClassifierDropout);
        }
    }
    names
}
