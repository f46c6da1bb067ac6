//! Configurations that the models and data sets do not allow, reported where the file says so.

use super::design::Design;
use super::expand::Origin;
use super::fault::DraftFault;
use super::intern::Interner;
use super::problem::{Place, Problems};
use super::setting::Setting;
use super::source_seed::VariationSource;

/// Reports a configuration's faults, each where the file says what is wrong.
pub(super) fn report(faults: Vec<DraftFault>, design: &Design, origin: Origin, problems: &mut Problems) {
    let choices = design.choices_of(origin);
    let place = |sets: fn(&Setting) -> bool, base: &Place| {
        let mut choices = choices.iter().rev();
        let choice = choices.find(|choice| choice.settings.iter().any(sets));
        choice.map_or(base, |choice| &choice.place).clone()
    };
    for fault in faults {
        match fault {
            DraftFault::Model(error) => {
                problems.add(place(sets_model, &design.places.model), error.to_string());
            }
            DraftFault::Dataset(error) => {
                problems.add(place(sets_dataset, &design.places.dataset), error.to_string());
            }
            DraftFault::Adapter(error) => {
                problems.add(place(sets_adapter, &design.places.init_adapter), error.to_string());
            }
            DraftFault::SourceSeed(source, error) => {
                let base = &design.places.source_seeds[source as usize];
                let mut choices = choices.iter().rev();
                let own = choices.find(|choice| choice.settings.iter().any(|setting| sets_seed(setting, source)));
                problems.add(own.map_or(base, |choice| &choice.place).clone(), error.to_string());
            }
            DraftFault::Targets(errors) => {
                for (place, error) in errors {
                    problems.add(place, error.to_string());
                }
            }
        }
    }
}

fn sets_model(setting: &Setting) -> bool {
    matches!(setting, Setting::Model(_))
}

fn sets_adapter(setting: &Setting) -> bool {
    matches!(setting, Setting::InitAdapter(_))
}

fn sets_seed(setting: &Setting, source: VariationSource) -> bool {
    matches!(setting, Setting::SourceSeed(of, _) if *of == source)
}

fn sets_dataset(setting: &Setting) -> bool {
    matches!(setting, Setting::Dataset(_) | Setting::DatasetField(_))
}

/// In a file that has problems anyway: the faults of base and of each single change of it, as far as they show without a
/// download.
pub(super) fn probe(design: &Design, interner: &mut Interner<'_>, problems: &mut Problems) {
    let damage = Damage {
        model: problems.concern("model"),
        dataset: problems.concern("dataset"),
        targets: problems.concern("target_modules"),
    };
    let axes = design.ablate.iter().flatten().enumerate();
    let ablated = axes.flat_map(|(axis, of)| (0..of.choices.len()).map(move |choice| Origin::Ablate { axis, choice }));
    let runs = (0..design.runs.len()).map(Origin::Run);
    for origin in std::iter::once(Origin::Base).chain(ablated).chain(runs) {
        let draft = design.configuration(origin).draft;
        let faults = interner.faults_at_hand(&draft);
        report(damage.rest(faults), design, origin, problems);
    }
    // A value of a product may suit another model or data set than base's; then its runs would tell.
    if design.product.iter().flat_map(|axis| &axis.choices).any(|c| c.settings.iter().any(sets_model)) {
        return;
    }
    for choice in design.product.iter().flat_map(|axis| &axis.choices) {
        let draft = design.base.with(choice.settings.iter());
        let faults = interner.faults_at_hand(&draft);
        let targets = faults.into_iter().filter(|fault| matches!(fault, DraftFault::Targets(_)));
        report(damage.rest(targets.collect()), design, Origin::Base, problems);
    }
}

/// What was read wrongly. It stands at its default, of which nothing needs to be said.
struct Damage {
    model: bool,
    dataset: bool,
    targets: bool,
}

impl Damage {
    /// The faults that do not come from damage.
    fn rest(&self, faults: Vec<DraftFault>) -> Vec<DraftFault> {
        let rest = faults.into_iter().filter_map(|fault| match fault {
            DraftFault::Model(_) if self.model => None,
            DraftFault::Dataset(_) if self.dataset => None,
            DraftFault::Targets(_) | DraftFault::Adapter(_) if self.model => None,
            DraftFault::Targets(mut errors) => {
                errors.retain(|(place, _)| !self.targets || place.node.is_some());
                Some(DraftFault::Targets(errors))
            }
            other => Some(other),
        });
        rest.collect()
    }
}
