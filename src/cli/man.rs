//! `sweep man`: manual pages.

use std::path::PathBuf;

use crate::cli::streams::print;
use crate::exit_code::ExitCode;

use super::CliError;
use super::context::Context;

/// Writes manual pages into a folder: one of the program, and one of each verb.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  sweep man ~/.local/share/man/man1
  man sweep-run

Exit codes:
  0  written
  2  the folder cannot be made, or not be written to")]
pub struct Man {
    /// Where they go; the folder is made where it is absent, and pages of the same names are replaced.
    #[arg(value_name = "DIR")]
    folder: PathBuf,
}

impl Man {
    pub fn run(self, context: &Context<'_>) -> Result<ExitCode, CliError> {
        let failed = |source| CliError::Write { path: self.folder.clone(), source };
        std::fs::create_dir_all(&self.folder).map_err(failed)?;
        let command = (context.command)();
        let verbs = command.get_subcommands().filter(|verb| !verb.is_hide_set()).count();
        clap_mangen::generate_to(command, &self.folder).map_err(failed)?;
        print(&format!("{}: sweep.1 and the pages of {}\n", self.folder.display(), super::text::count(verbs, "verb")))?;
        Ok(ExitCode::Success)
    }
}
