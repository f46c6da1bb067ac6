//! What an exporter of reports is.

use std::fmt;
use std::path::PathBuf;

use crate::report::charts::Chart;
use crate::report::error::ReportError;
use crate::report::model::Report;

/// What a report is written from.
pub(crate) struct Material<'a> {
    pub(crate) report: &'a Report,
    /// They are written beside the files of exporters.
    pub(crate) charts: &'a [Chart],
    /// Extension of the charts' files.
    pub(crate) chart_extension: &'static str,
    /// From the report's folder to the sweep's results folder, as a URL.
    pub(crate) results: String,
}

impl Material<'_> {
    /// File name of a chart.
    pub(crate) fn chart_file(&self, chart: &Chart) -> String {
        format!("{}.{}", chart.name, self.chart_extension)
    }
}

/// A file of a report, to be written into its folder.
pub(crate) struct ExportedFile {
    /// Below the report's folder.
    pub(crate) name: PathBuf,
    pub(crate) contents: Vec<u8>,
}

impl ExportedFile {
    pub(crate) fn new(name: impl Into<PathBuf>, contents: impl Into<Vec<u8>>) -> Self {
        Self { name: name.into(), contents: contents.into() }
    }
}

/// Writes a report in one form.
pub(crate) trait Exporter: Sync {
    /// As `sweep report --formats` takes it.
    fn name(&self) -> &'static str;

    /// What is written, for the help of the verb.
    fn about(&self) -> &'static str;

    /// Whether it is written where nobody says what is to be written.
    fn is_usual(&self) -> bool {
        true
    }

    /// The files, those left out of which there is nothing to write.
    fn files(&self, material: &Material<'_>) -> Result<Vec<ExportedFile>, ReportError>;
}

/// A form in which reports are written: a member of the registry.
#[derive(Clone, Copy)]
pub struct ReportFormat(pub(super) &'static dyn Exporter);

impl ReportFormat {
    pub fn name(self) -> &'static str {
        self.0.name()
    }

    pub fn about(self) -> &'static str {
        self.0.about()
    }

    pub(crate) fn files(self, material: &Material<'_>) -> Result<Vec<ExportedFile>, ReportError> {
        self.0.files(material)
    }
}

impl fmt::Debug for ReportFormat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl PartialEq for ReportFormat {
    fn eq(&self, other: &Self) -> bool {
        self.name() == other.name()
    }
}

impl Eq for ReportFormat {}
