//! The page of a report, and its checklist.

use crate::report::error::ReportError;
use crate::report::page;

use super::exporter::{ExportedFile, Exporter, Material};

pub(super) struct Html;

impl Exporter for Html {
    fn name(&self) -> &'static str {
        "html"
    }

    fn about(&self) -> &'static str {
        "the page with everything (index.html) and the reproducibility checklist (checklist.html)"
    }

    fn files(&self, material: &Material<'_>) -> Result<Vec<ExportedFile>, ReportError> {
        let around =
            page::Surroundings { results: material.results.clone(), chart_extension: material.chart_extension };
        Ok(vec![
            ExportedFile::new("index.html", page::sweep(material.report, material.charts, &around)),
            ExportedFile::new("checklist.html", page::checklist(material.report)),
        ])
    }
}
