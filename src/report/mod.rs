//! From results folders to charts, tables and pages. Reads files only.
//!
//! [`run`] collects each sweep ([`model::Report`]), draws its charts, and writes them with the tables into
//! `<out>/<sweep>/`. Whatever the results lack (a running sweep, one seed, a damaged record) is no error but a remark in
//! the report.

mod aggregate;
mod answers;
mod best;
mod card;
mod caveats;
mod chart_format;
mod charts;
mod checklist;
mod collect;
mod command;
mod compare;
mod decimals;
mod design;
mod diff;
mod differences;
mod discover;
mod error;
mod export;
mod judged;
mod metric;
pub mod model;
mod names;
mod no_figure;
pub mod observations;
pub mod outlook;
mod page;
mod pairing;
mod parts;
mod planned_seeds;
mod ranking;
mod reference;
mod remarks;
pub mod search;
pub mod seed_noise;
mod several_data_sets;
mod statistics;
mod tables;
mod trained_tokens;
pub mod verdicts;
mod write;
mod written;

use std::path::PathBuf;

pub use best::{BestRun, best_runs, ranking_metric};
pub use card::{CardOf, card};
pub use chart_format::Format;
pub use charts::RasterError;
pub use compare::compare;
pub(crate) use design::factors_of;
pub use diff::{Aspect, Difference, Row, diff};
pub use error::ReportError;
pub use export::ReportFormat;
pub use metric::write_exactly as written_exactly;
pub use page::{Part, STYLE};
pub use parts::parts;
pub use written::Written;

/// What to report on, and where to.
#[derive(Clone, Debug)]
pub struct ReportOptions {
    /// Results folders, sweeps' folders, runs' folders.
    pub paths: Vec<PathBuf>,
    /// Each sweep gets a folder of its name in here.
    pub out: PathBuf,
    /// Of charts.
    pub format: Format,
    /// Everything else, one after the other.
    pub formats: Vec<ReportFormat>,
}

/// One sweep's results with their evidence weighed, for figures of one's own. `folder` is the sweep's.
///
/// # Errors
/// The folder holds no sweep, or its plan cannot be read.
pub fn read(folder: &std::path::Path) -> Result<model::Report, ReportError> {
    collect::collect(&crate::store::Store::open(folder)?)
}

/// Makes the reports of everything that the paths hold.
///
/// # Errors
/// A path holds no results; a plan cannot be read; the reports cannot be written.
pub fn run(options: &ReportOptions) -> Result<Vec<Written>, ReportError> {
    let targets = discover::targets(&options.paths)?;
    let mut written = Vec::with_capacity(targets.len());
    let mut entries = Vec::with_capacity(targets.len());
    let mut searches = Vec::new();
    for target in &targets {
        let mut report = collect::collect(&discover::open(target)?)?;
        let mut folder = discover::folder_name(target);
        if let Some(run) = &target.run {
            report = collect::only(&report, run)?;
            folder = format!("{folder}/{run}");
        }
        written.push(write::write(&report, &options.out.join(&folder), options.format, &options.formats)?);
        entries.push(write::entry(&report, folder));
        let name = report.name_with_warning();
        searches.extend(report.search.map(|found| (name, found.evidence)));
    }
    if entries.len() > 1 {
        let chart = write::searches(&searches, &options.out, options.format)?;
        write::index(&entries, chart.as_deref(), &options.out)?;
    }
    Ok(written)
}
