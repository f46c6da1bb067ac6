//! `sweep import`: sweep files from those of other tools.

use std::path::{Path, PathBuf};

use clap::builder::{PossibleValue, PossibleValuesParser, TypedValueParser};

use crate::cli::streams::{print, tell};
use crate::exit_code::ExitCode;
use crate::import::{self, Dialect, Imported};

use super::CliError;
use super::context::Context;
use super::new_file::write_new;

/// Makes a sweep file from that of another tool.
///
/// Read are W&B's sweep files, Hydra's overrides (a command line in a file, or a configuration with hydra.sweeper.params), and
/// Optuna's distributions and journals. What could not be carried over is said, a line each, and stands in the file.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  sweep import wandb.yaml -o sweeps/mine.yaml
  sweep import overrides.txt --from hydra       to standard output

Exit codes:
  0  the sweep file is written
  1  it cannot be written to standard output
  2  the file is of no kind that is known, nothing of it can be carried over, or OUT is there already")]
pub struct Import {
    /// The other tool's file.
    file: PathBuf,
    /// Whose file it is; without it the kind is recognised, and said.
    #[arg(long, value_name = "TOOL", value_parser = dialect())]
    from: Option<Dialect>,
    /// Where the sweep file goes; without it to standard output. A file that is there is not replaced.
    #[arg(short, long, value_name = "OUT")]
    output: Option<PathBuf>,
}

fn dialect() -> impl TypedValueParser<Value = Dialect> {
    let known = Dialect::ALL.map(|dialect| PossibleValue::new(dialect.name()).help(dialect.what()));
    PossibleValuesParser::new(known)
        .try_map(|name| Dialect::named(&name).ok_or_else(|| format!("there is no tool `{name}`")))
}

impl Import {
    pub fn run(self, _: &Context<'_>) -> Result<ExitCode, CliError> {
        let path = || self.file.clone();
        let text = std::fs::read_to_string(&self.file).map_err(|source| CliError::Read { path: path(), source })?;
        let imported = import::import(&text, &self.file.display().to_string(), self.from)
            .map_err(|source| CliError::Import { path: path(), source })?;
        match &self.output {
            Some(output) => write_new(output, imported.text.as_bytes())?,
            None => print(&imported.text)?,
        }
        tell_about(&self.file, &imported);
        if let Some(output) = &self.output {
            print(&format!(
                "{}: {} varied, {} fixed\n",
                output.display(),
                super::text::count(imported.varied, "parameter"),
                imported.fixed
            ))?;
        }
        Ok(ExitCode::Success)
    }
}

fn tell_about(file: &Path, imported: &Imported) {
    if let Some(by) = imported.recognised_by {
        tell(format_args!("{}: read as {}, since {by}", file.display(), imported.dialect.what()));
    }
    for line in &imported.left_out {
        tell(format_args!("not carried over: {line}"));
    }
    for line in &imported.remarks {
        tell(format_args!("note: {line}"));
    }
}
