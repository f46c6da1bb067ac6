//! `sweep report`: charts and tables from results.

use std::path::PathBuf;

use clap::ValueEnum;

use crate::cli::streams::print;
use crate::exit_code::ExitCode;
use crate::report::{self, ReportOptions};

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
    #[arg(long, value_enum, default_value_t = Format::Png)]
    format: Format,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Format {
    Png,
    Svg,
}

impl Report {
    pub fn run(self, _: &Context<'_>) -> Result<ExitCode, CliError> {
        let format = match self.format {
            Format::Png => report::Format::Png,
            Format::Svg => report::Format::Svg,
        };
        let written = report::run(&ReportOptions { paths: self.path, out: self.out, format })?;
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
