//! Runs that are compared are trained alike.

use super::design::Design;
use super::planned_configuration::PlannedConfiguration;
use super::problem::Problems;
use super::setting::Setting;

/// Reports runs that may end early where hypotheses or observations are judged.
pub(super) fn report(design: &Design, planned: &[PlannedConfiguration], problems: &mut Problems) {
    let judged = match (design.claims.is_empty(), design.observations.is_empty()) {
        (true, true) => return,
        (false, _) => "hypotheses",
        (true, false) => "observations",
    };
    let Some(early) = planned.iter().find(|planned| planned.draft.scalars.early_stopping.is_some()) else {
        return;
    };
    let mut choices = design.choices_of(early.origin).into_iter().rev();
    let choice = choices.find(|choice| choice.settings.iter().any(|of| matches!(of, Setting::EarlyStopping(_))));
    let place = choice.map_or(&design.places.early_stopping, |choice| &choice.place).clone();
    problems.add(
        place,
        format!(
            "must be null in a sweep with `{judged}`: a run that stops early was looked at more often, at other epochs, and \
             trained less than those that it is compared with. Train all of them alike, or put them into a sweep without \
             `{judged}`, or under `search`"
        ),
    );
}
