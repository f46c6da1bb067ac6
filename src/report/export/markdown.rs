//! Texts for people and for repositories.

use crate::report::error::ReportError;
use crate::report::tables;

use super::exporter::{ExportedFile, Exporter, Material};

pub(super) struct Markdown;

impl Exporter for Markdown {
    fn name(&self) -> &'static str {
        "markdown"
    }

    fn about(&self) -> &'static str {
        "the results as a text (summary.md) and the reproducibility checklist (checklist.md)"
    }

    fn files(&self, material: &Material<'_>) -> Result<Vec<ExportedFile>, ReportError> {
        let charts: Vec<(String, String)> =
            material.charts.iter().map(|chart| (material.chart_file(chart), chart.title.clone())).collect();
        Ok(vec![
            ExportedFile::new("checklist.md", tables::markdown_checklist(material.report)),
            ExportedFile::new("summary.md", tables::markdown_summary(material.report, &charts)),
        ])
    }
}
