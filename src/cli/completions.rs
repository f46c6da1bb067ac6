//! `sweep completions`: what shells complete.

use clap_complete::Shell;

use crate::cli::streams::print;
use crate::exit_code::ExitCode;

use super::CliError;
use super::context::Context;

/// Prints a script with which a shell completes verbs and options.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  sweep completions bash > ~/.local/share/bash-completion/completions/sweep
  sweep completions zsh > ~/.zfunc/_sweep        with ~/.zfunc in fpath
  sweep completions fish > ~/.config/fish/completions/sweep.fish

Exit codes:
  0  printed
  1  it cannot be written to standard output
  2  there is no such shell")]
pub struct Completions {
    /// The shell.
    #[arg(value_name = "SHELL")]
    shell: Shell,
}

impl Completions {
    pub fn run(self, context: &Context<'_>) -> Result<ExitCode, CliError> {
        let mut script = Vec::new();
        clap_complete::generate(self.shell, &mut (context.command)(), "sweep", &mut script);
        print(&String::from_utf8_lossy(&script))?;
        Ok(ExitCode::Success)
    }
}
