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
        "a booktabs table for a paper (summary.tex)"
    }

    fn files(&self, material: &Material<'_>) -> Result<Vec<ExportedFile>, ReportError> {
        Ok(vec![ExportedFile::new("summary.tex", tables::latex_table(material.report))])
    }
}
