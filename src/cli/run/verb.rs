//! `sweep run` does its work.

use crate::cli::CliError;
use crate::cli::context::Context;
use crate::cli::downloads;
use crate::cli::streams::print;
use crate::exit_code::ExitCode;
use crate::hub::Hub;

use super::chosen::Chosen;
use super::local::Trained;
use super::options::{Launch, Run};
use super::{dry_run, extend, local, slurm};

impl Run {
    pub fn run(self, context: &Context<'_>) -> Result<ExitCode, CliError> {
        if self.launch == Launch::Local && !self.slurm.is_empty() {
            return Err(CliError::NotSlurm);
        }
        // A rehearsal makes do with what is at hand; workers find what is downloaded here.
        let hub = if self.rehearse { Hub::from_environment() } else { downloads::hub()? };
        let mut chosen = Chosen::new(&self, &hub, context.executors)?;
        chosen.extended = extend::named(&self, &chosen)?;
        match (self.launch, self.dry_run) {
            (Launch::Local, false) => loop {
                match local::train(&self, &hub, &chosen)? {
                    Trained::Over(code) => break Ok(code),
                    Trained::SeedsAskedFor => chosen = Chosen::new(&self, &hub, context.executors)?,
                }
            },
            (Launch::Slurm, false) => slurm::launch(&self, &hub, &chosen),
            (launch, true) => {
                let shown = match launch {
                    Launch::Local => dry_run::table(&self, &hub, &chosen)?,
                    Launch::Slurm => slurm::script(&self, &hub, &chosen)?,
                };
                print(&shown)?;
                Ok(ExitCode::Success)
            }
        }
    }
}
