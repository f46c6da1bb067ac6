//! Puts a report's files into its folder.

use std::fs;
use std::path::{Path, PathBuf};

use rayon::prelude::*;

use super::chart_format::Format;
use super::charts::{self, Chart};
use super::error::ReportError;
use super::export::{Material, ReportFormat};
use super::model::Report;
use super::search::Evidence;
use super::written::Written;
use super::{best, metric, page, remarks, verdicts};
use crate::replace_file::{Durability, replace_file};
use crate::spec::Metric;

/// Writes the charts of a report, and the report in each of the forms, into `folder`, which is created where needed.
pub(super) fn write(
    report: &Report,
    folder: &Path,
    format: Format,
    forms: &[ReportFormat],
) -> Result<Written, ReportError> {
    fs::create_dir_all(folder).map_err(|source| failed(folder, "create", source))?;
    let charts = charts::draw_all(report).map_err(|source| ReportError::Draw { sweep: report.name.clone(), source })?;
    let mut files = charts
        .par_iter()
        .map(|chart| write_chart(chart, folder, format))
        .collect::<Result<Vec<PathBuf>, ReportError>>()?;
    let material = Material {
        report,
        charts: &charts,
        chart_extension: format.extension(),
        results: page::url(&relative(folder, &report.folder)),
    };
    for form in forms {
        for file in form.files(&material)? {
            let path = folder.join(file.name);
            if let Some(parent) = path.parent() {
                fs::create_dir_all(parent).map_err(|source| failed(parent, "create", source))?;
            }
            files.push(put(&path, &file.contents)?);
        }
    }
    Ok(Written { sweep: report.name.clone(), folder: folder.to_owned(), files, remarks: remarks::of(report) })
}

/// A report's line in the index.
pub(super) fn entry(report: &Report, folder: String) -> page::Entry {
    page::Entry {
        name: report.name.clone(),
        description: report.description.clone(),
        rehearsal: report.rehearsal,
        invented: report.invented,
        folder,
        runs: report.runs.len(),
        completed: report.runs.iter().filter(|run| run.ended_by_itself()).count(),
        best: best_of_search(report).or_else(|| best_configuration(report)),
        verdicts: verdicts::tally(&report.judged),
    }
}

/// None where runs are evaluated on several data sets, of which none is better than another.
fn best_configuration(report: &Report) -> Option<(String, String)> {
    if best::data_sets(report.runs.iter().map(|run| &run.spec.dataset)).len() > 1 {
        return None;
    }
    let configuration = &report.configurations[*report.ranking().first()?];
    let accuracy = configuration.best.get(&Metric::ACCURACY)?;
    Some((configuration.name.clone(), metric::write(Metric::ACCURACY, accuracy.mean)))
}

/// By fresh seeds where there are such.
fn best_of_search(report: &Report) -> Option<(String, String)> {
    let found = report.search.as_ref()?;
    let trial = &found.evidence.trials[found.best()?];
    let (name, mean) = (found.evidence.metric(), trial.fresh_summary().or(trial.summary())?.mean);
    let shown = metric::write(name, mean);
    let shown = if name == Metric::ACCURACY { shown } else { format!("{}: {shown}", name.title()) };
    Some((trial.configuration.clone(), shown))
}

/// Writes the page that lists several reports. `searches`: the file of the chart that compares searches.
pub(super) fn index(entries: &[page::Entry], searches: Option<&str>, out: &Path) -> Result<PathBuf, ReportError> {
    put(&out.join("index.html"), page::index(entries, searches).as_bytes())
}

/// Draws searches over the same space by the same metric into one chart, at equal budgets: those over the first space that
/// several of them share. Returns the file's name; none where no two share one.
pub(super) fn searches(
    searches: &[(String, Evidence)],
    out: &Path,
    format: Format,
) -> Result<Option<String>, ReportError> {
    let alike = |a: &Evidence, b: &Evidence| a.space == b.space && a.metric() == b.metric();
    let groups = searches.iter().map(|(_, first)| {
        let group = searches.iter().filter(|(_, other)| alike(first, other));
        group.map(|(name, evidence)| (name.as_str(), evidence)).collect::<Vec<_>>()
    });
    let Some(group) = groups.into_iter().find(|group| group.len() > 1) else {
        return Ok(None);
    };
    let names = || group.iter().map(|(name, _)| *name).collect::<Vec<_>>().join(", ");
    let chart = charts::compared_searches(&group).map_err(|source| ReportError::Draw { sweep: names(), source })?;
    let Some(chart) = chart else {
        return Ok(None);
    };
    fs::create_dir_all(out).map_err(|source| failed(out, "create", source))?;
    write_chart(&chart, out, format)?;
    Ok(Some(format!("{}.{}", chart.name, format.extension())))
}

/// The way from one existing folder to another, with `/` between its parts; the absolute path where there is none.
fn relative(from: &Path, to: &Path) -> String {
    let absolute = |path: &Path| path.canonicalize().unwrap_or_else(|_| path.to_owned());
    let (from, to) = (absolute(from), absolute(to));
    let common = from.components().zip(to.components()).take_while(|(a, b)| a == b).count();
    let up = from.components().skip(common).map(|_| "..".to_string());
    let down = to.components().skip(common).map(|part| part.as_os_str().to_string_lossy().into_owned());
    up.chain(down).collect::<Vec<_>>().join("/")
}

fn write_chart(chart: &Chart, folder: &Path, format: Format) -> Result<PathBuf, ReportError> {
    let path = folder.join(format!("{}.{}", chart.name, format.extension()));
    let contents = match format {
        Format::Svg => chart.svg().as_bytes().to_vec(),
        Format::Png => chart.png().map_err(|source| ReportError::Raster { path: path.clone(), source })?,
    };
    put(&path, &contents)
}

/// Replaces a file whole: a reader sees the old contents or the new ones. A report can be made again, so nothing waits
/// for the disk.
fn put(path: &Path, contents: &[u8]) -> Result<PathBuf, ReportError> {
    replace_file(path, contents, Durability::Cached).map_err(|source| failed(path, "write", source))?;
    Ok(path.to_owned())
}

fn failed(path: &Path, action: &'static str, source: std::io::Error) -> ReportError {
    ReportError::Io { path: path.to_owned(), action, source }
}
