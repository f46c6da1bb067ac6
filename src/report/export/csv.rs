//! Tables for programs.

use crate::report::error::ReportError;
use crate::report::tables;

use super::exporter::{ExportedFile, Exporter, Material};

pub(super) struct Csv;

impl Exporter for Csv {
    fn name(&self) -> &'static str {
        "csv"
    }

    fn about(&self) -> &'static str {
        "tables for programs (summary.csv, differences.csv, hypotheses.csv, observations.csv, profile.csv, search.csv)"
    }

    fn files(&self, material: &Material<'_>) -> Result<Vec<ExportedFile>, ReportError> {
        let report = material.report;
        let tables = [
            ("summary.csv", Some(tables::csv_summary(report))),
            ("differences.csv", tables::differences_csv(report)),
            ("search.csv", tables::csv_search(report)),
            ("profile.csv", tables::profile_csv(report)),
            ("hypotheses.csv", (!report.judged.is_empty()).then(|| tables::csv_hypotheses(report))),
            ("observations.csv", (!report.observed.is_empty()).then(|| tables::csv_observations(report))),
        ];
        Ok(tables.into_iter().filter_map(|(name, table)| Some(ExportedFile::new(name, table?))).collect())
    }
}
