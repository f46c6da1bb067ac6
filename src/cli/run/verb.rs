//! `sweep run` does its work.

use crate::cli::CliError;
use crate::cli::context::Context;
use crate::cli::downloads;
use crate::cli::streams::print;
use crate::exit_code::ExitCode;
use crate::hub::Hub;
use crate::launch;

use super::chosen::Chosen;
use super::launch_option::Launch;
use super::local::Trained;
use super::options::Run;
use super::{dry_run, extend, launched, local};

impl Run {
    pub fn run(self, context: &Context<'_>) -> Result<ExitCode, CliError> {
        if let Some(other) =
            launch::names().into_iter().find(|name| *name != self.launch.name() && !self.settings(name).is_empty())
        {
            return Err(CliError::NotLaunched { launcher: other });
        }
        if matches!(self.launch, Launch::Elsewhere(_)) && self.tracking.is_asked_for() {
            return Err(CliError::TrackingElsewhere);
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
            (Launch::Elsewhere(launcher), false) => launched::launch(&self, &hub, &chosen, launcher),
            (launch, true) => {
                let shown = match launch {
                    Launch::Local => dry_run::table(&self, &hub, &chosen)?,
                    Launch::Elsewhere(launcher) => launched::script(&self, &hub, &chosen, launcher)?,
                };
                print(&shown)?;
                Ok(ExitCode::Success)
            }
        }
    }
}
