//! The parts of a report's page, for a page of another kind.

use maud::Markup;

use crate::report::charts::Chart;
use crate::report::model::Report;

use super::{exploration, figures, observations, remarks, search, verdicts};

/// A part of a page: trusted HTML, in which all texts of others are escaped.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Part {
    pub id: &'static str,
    pub title: String,
    pub html: String,
}

/// What weighs the evidence, in the order of a report's page; without the tables of runs and without links to files that lie
/// beside a report.
pub(crate) fn parts(report: &Report, charts: &[Chart], reported: String) -> Vec<Part> {
    let part = |id, title: &str, content: Option<Markup>| {
        Some(Part { id, title: title.to_owned(), html: content?.into_string() })
    };
    let parts = [
        part("remarks", "What to know first", Some(remarks::list(report))),
        part("verdicts", "Verdicts", verdicts::section(report)),
        part("observations", "Observations", observations::section(report)),
        part("reported", &reported, verdicts::reported(report)),
        part("search", "Search", search::section(report)),
        part("charts", "Charts", figures::charts(charts, None)),
        part("configurations", "Configurations", figures::configurations(report)),
        part("differences", "Differences from the baseline", exploration::differences(report)),
        part("across", "Across data sets", exploration::across(report)),
    ];
    parts.into_iter().flatten().filter(|part| !part.html.is_empty()).collect()
}
