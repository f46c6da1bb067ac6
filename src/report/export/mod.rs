//! The forms in which a report is written: an exporter each, in a file of its own, and a line of the registry.

mod csv;
mod exporter;
mod html;
mod latex;
mod markdown;
mod optuna;
mod registry;
mod tensorboard;

pub(crate) use exporter::Material;
pub use exporter::ReportFormat;
