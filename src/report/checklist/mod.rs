//! What reproducibility checklists of conferences ask for, answered from what was recorded. What nobody recorded is said to be
//! unknown; nothing is made up.

mod compute;
mod different;
mod inputs;
mod item;
mod parameters;
mod results;
mod runs;
mod searched;
mod stopping;

use super::model::Report;
pub(crate) use item::{Answer, Item, Section, Table};

/// The whole checklist of a sweep.
pub(crate) fn of(report: &Report) -> Vec<Section> {
    let section = |title, items| Section { title, items };
    vec![
        section("Runs and seeds", runs::items(report)),
        section("Hyperparameters", parameters::items(report)),
        section("Selection", results::selection(report)),
        section("Results and their variation", results::items(report)),
        section("Data", inputs::data(report)),
        section("Model", inputs::model(report)),
        section("Computation", compute::items(report)),
        section("Programs", compute::programs(report)),
    ]
}
