//! All exporters of reports. This is the only list of them.

use super::csv::Csv;
use super::exporter::{Exporter, ReportFormat};
use super::html::Html;
use super::latex::Latex;
use super::markdown::Markdown;
use super::optuna::Optuna;
use super::tensorboard::EventFiles;

static EXPORTERS: &[&dyn Exporter] = &[&Html, &Markdown, &Csv, &Latex, &Optuna, &EventFiles];

impl ReportFormat {
    /// All, in the order in which they are written.
    pub fn all() -> impl Iterator<Item = ReportFormat> {
        EXPORTERS.iter().map(|exporter| ReportFormat(*exporter))
    }

    /// Those that are written where nobody says what is to be written.
    pub fn usual() -> Vec<ReportFormat> {
        EXPORTERS.iter().filter(|exporter| exporter.is_usual()).map(|exporter| ReportFormat(*exporter)).collect()
    }

    pub fn named(name: &str) -> Option<ReportFormat> {
        ReportFormat::all().find(|format| format.name() == name)
    }
}
