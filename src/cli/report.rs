//! `sweep report`: charts and tables from results.

use std::path::PathBuf;

use clap::builder::{PossibleValue, PossibleValuesParser, TypedValueParser};

use crate::cli::streams::print;
use crate::exit_code::ExitCode;
use crate::report::{self, Format, ReportFormat, ReportOptions};

use super::CliError;
use super::context::Context;

/// Makes charts and tables from results.
///
/// Each PATH is a results folder (every sweep in it), the folder of a sweep, or the folder of a run. The report of a
/// sweep goes into the folder of OUT that has its name. Sweeps that are still running can be reported on.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  sweep report                                  every sweep in results/
  sweep report results/quickstart --format svg
  sweep report results/quickstart --formats csv,latex
  sweep report results/quickstart/runs/ID       figures 1 and 2 and tables of a single run

Exit codes:
  0  the reports are written
  2  no results there, or the reports cannot be written")]
pub struct Report {
    /// Results to report on.
    #[arg(default_value = "results")]
    path: Vec<PathBuf>,
    /// Where reports go.
    #[arg(long, value_name = "DIR", default_value = "reports")]
    out: PathBuf,
    /// The format of charts.
    #[arg(long, default_value = Format::default().extension(), value_parser = chart_format())]
    format: Format,
    /// What is written beside the charts, with commas between; without it the usual ones.
    #[arg(long, value_name = "LIST", value_delimiter = ',', value_parser = report_format())]
    formats: Vec<ReportFormat>,
}

/// Reads a format of charts, which the help lists.
fn chart_format() -> impl TypedValueParser<Value = Format> {
    let names = PossibleValuesParser::new(Format::ALL.map(Format::extension));
    // The parser lets no other names through.
    names.map(|name| Format::named(&name).unwrap_or_default())
}

/// Reads the form of a report, which the help lists with what is written.
fn report_format() -> impl TypedValueParser<Value = ReportFormat> {
    let known = ReportFormat::all().map(|format| PossibleValue::new(format.name()).help(format.about()));
    PossibleValuesParser::new(known)
        .try_map(|name| ReportFormat::named(&name).ok_or_else(|| format!("there is no format `{name}`")))
}

impl Report {
    pub fn run(self, _: &Context<'_>) -> Result<ExitCode, CliError> {
        let formats = if self.formats.is_empty() { ReportFormat::usual() } else { self.formats };
        let options = ReportOptions { paths: self.path, out: self.out, format: self.format, formats };
        let written = report::run(&options)?;
        let mut text = String::new();
        for report in &written {
            text.push_str(&format!("{}: {} in {}\n", report.sweep, files(report), report.folder.display()));
            for remark in &report.remarks {
                text.push_str(&format!("  note: {remark}\n"));
            }
        }
        print(&text)?;
        Ok(ExitCode::Success)
    }
}

fn files(report: &report::Written) -> String {
    super::text::count(report.files.len(), "file")
}
