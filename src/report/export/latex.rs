//! A table for a paper.

use crate::report::error::ReportError;
use crate::report::tables;

use super::exporter::{ExportedFile, Exporter, Material};

pub(super) struct Latex;

impl Exporter for Latex {
    fn name(&self) -> &'static str {
        "latex"
    }

    fn about(&self) -> &'static str {
        "a booktabs table for a paper (summary.tex; of a search search.tex as well)"
    }

    fn files(&self, material: &Material<'_>) -> Result<Vec<ExportedFile>, ReportError> {
        let search = tables::latex_search(material.report);
        let search = search.map(|table| ExportedFile::new("search.tex", table));
        Ok(search.into_iter().chain([ExportedFile::new("summary.tex", tables::latex_table(material.report))]).collect())
    }
}
