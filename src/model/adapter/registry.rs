//! All kinds of adapters. This is the only list of them.

use super::kind::AdapterKind;
use super::lora;
use crate::spec::RunSpec;

/// The first is that of runs which name none.
static KINDS: &[&dyn AdapterKind] = &[&lora::Kind];

/// The kind of a run. No parameter of a run names one.
pub(super) fn kind_of_run(_run: &RunSpec) -> &'static dyn AdapterKind {
    default_kind()
}

/// The kind of what is said of no kind: of an adapter without updates, which is a head alone.
pub(super) fn default_kind() -> &'static dyn AdapterKind {
    KINDS[0]
}

/// The kind with this `peft_type`.
pub fn kind_of_type(peft_type: &str) -> Option<&'static dyn AdapterKind> {
    KINDS.iter().find(|kind| kind.peft_type() == peft_type).copied()
}

/// Every `peft_type` that can be read.
pub fn peft_types() -> Vec<&'static str> {
    KINDS.iter().map(|kind| kind.peft_type()).collect()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::model::adapter::UpdateSettings;
    use crate::model::graph::LinearNode;

    #[test]
    fn kinds_are_called_differently() {
        let names = |name: fn(&dyn AdapterKind) -> &'static str| -> usize {
            KINDS.iter().map(|kind| name(*kind)).collect::<BTreeSet<_>>().len()
        };
        assert_eq!(names(|kind| kind.name()), KINDS.len());
        assert_eq!(names(|kind| kind.peft_type()), KINDS.len());
        assert_eq!(names(|kind| kind.tensor_prefix()), KINDS.len());
    }

    /// Saving, reading and passes go by parts.
    #[test]
    fn parameters_are_those_of_the_parts() {
        let linear = LinearNode::new("encoder.0.query".to_owned(), 6, 4);
        for kind in KINDS {
            let declared = kind.parameters(&linear, &UpdateSettings { rank: 2, scale: 1.0 });
            let names: Vec<&str> = declared.iter().map(|declared| declared.name.as_str()).collect();
            let expected: Vec<String> = kind.parts().iter().map(|part| format!("encoder.0.query.{part}")).collect();
            assert_eq!(names, expected, "{kind:?}");
            assert!(kind.parts().iter().all(|part| part.starts_with(kind.tensor_prefix())), "{kind:?}");
        }
    }
}
