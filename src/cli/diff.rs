//! `sweep diff`: in what two runs or sweeps differ.

use std::path::PathBuf;

use crate::cli::streams::print;
use crate::exit_code::ExitCode;
use crate::report::{self, Aspect, Difference};

use super::CliError;
use super::context::Context;
use super::text::{Align, Table};

/// Shows in what two runs differ: settings, data, model, versions, devices; or two sweeps: base, runs, hypotheses.
///
/// What they came to is compared by `sweep compare`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  sweep diff 3f9a 8c12
  sweep diff 'quickstart/base, seed=42' 'quickstart/epochs=6, seed=42'
  sweep diff ablation ablation-settled

Exit codes:
  0  shown
  2  no such run or sweep, or several")]
pub struct Diff {
    /// A run's label, the beginning of its id or its folder; or a sweep's name or folder. SWEEP/RUN looks in one sweep.
    a: String,
    /// The other one.
    b: String,
    /// A results folder, or the folder of a sweep.
    #[arg(long, value_name = "DIR", default_value = "results")]
    results: PathBuf,
}

impl Diff {
    pub fn run(self, _: &Context<'_>) -> Result<ExitCode, CliError> {
        print(&shown(&report::diff(&self.results, &self.a, &self.b)?))?;
        Ok(ExitCode::Success)
    }
}

fn shown(difference: &Difference) -> String {
    let parts: Vec<String> = difference.parts.iter().map(part).collect();
    format!("A  {}\nB  {}\n\n{}", difference.a, difference.b, parts.join("\n"))
}

fn part(part: &Aspect) -> String {
    let note = part.note.as_ref().map(|note| format!("{note}\n")).unwrap_or_default();
    let title = part.title;
    match (part.rows.is_empty(), part.same) {
        (true, 0) => format!("{title}: {note}"),
        (true, same) => format!("{title}: the same ({same}).\n{note}"),
        (false, same) => {
            let mut table = Table::new([(title, Align::Left), ("A", Align::Left), ("B", Align::Left)]);
            part.rows.iter().for_each(|row| table.row([row.name.clone(), row.a.clone(), row.b.clone()]));
            format!("{table}{note}{same} the same.\n")
        }
    }
}
