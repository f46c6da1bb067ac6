//! `sweep schema`: the JSON Schema of sweep files.

use crate::cli::streams::print;
use crate::exit_code::ExitCode;
use crate::search;
use crate::spec;

use super::CliError;
use super::context::Context;

/// Prints the JSON Schema of sweep files, with which editors complete and check them.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  sweep schema > sweep.schema.json
  and in the sweep file:  # yaml-language-server: $schema=sweep.schema.json

Exit codes:
  0  printed
  1  it cannot be written to standard output")]
pub struct Schema {}

impl Schema {
    pub fn run(self, _: &Context<'_>) -> Result<ExitCode, CliError> {
        let schema = spec::schema(&search::method_names());
        // It is a JSON value, with texts for keys.
        let text = serde_json::to_string_pretty(&schema).map_err(|error| CliError::Output(error.into()))?;
        print(&format!("{text}\n"))?;
        Ok(ExitCode::Success)
    }
}
