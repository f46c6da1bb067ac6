//! `sweep dashboard`: the live page of a results folder.

mod texts;

use std::path::PathBuf;
use std::time::Duration;

use crate::cli::streams::{print, tell};
use crate::dashboard::{Options, Port, Server, Token, TokenFile};
use crate::exit_code::ExitCode;
use crate::hub::Hub;

use super::CliError;
use super::asking::who;
use super::context::Context;

use texts::LocalTexts;

/// The token, where the command line does not say it.
const TOKEN: &str = "SWEEP_DASHBOARD_TOKEN";

/// Shows sweeps on a page that moves while they train: runs and devices, curves, logs, verdicts, wrong predictions.
///
/// The page reads the files of the results folder, so it shows sweeps on this machine and on a cluster that shares the folder, and
/// it may be started, stopped and started again at any time. It is for you alone: it listens to this machine only, and its address
/// holds a token.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  sweep dashboard                               every sweep in results/
  sweep dashboard results/quickstart --port 9000
  ssh -L 8642:127.0.0.1:8642 login.cluster      from a laptop: then open the printed address there

Exit codes:
  1        cannot serve any more
  2        no such folder, or nobody may listen at the address
  128 + n  ended by signal n (Ctrl-C)")]
pub struct Dashboard {
    /// A results folder, or the folder of a sweep.
    #[arg(default_value = "results")]
    path: PathBuf,
    /// The address to listen at; others than 127.0.0.1 can be reached from other machines.
    #[arg(long, default_value = "127.0.0.1")]
    host: String,
    /// The port to listen at; 0: any [default: 8642, or one of the next if it is taken].
    #[arg(long)]
    port: Option<u16>,
    /// The token to ask for, at least 16 characters [default: one drawn at random and kept for you]. Others on this machine may see
    /// command lines: the environment's SWEEP_DASHBOARD_TOKEN is not seen.
    #[arg(long, conflicts_with_all = ["no_token", "new_token"])]
    token: Option<String>,
    /// Draws a new token; pages that are open must be opened anew.
    #[arg(long, conflicts_with = "no_token")]
    new_token: bool,
    /// Asks for no token: everybody on this machine may read, and nobody may change anything.
    #[arg(long)]
    no_token: bool,
    /// A further name that the server is called by, of a proxy or of this machine. May be given several times.
    #[arg(long, value_name = "NAME")]
    allow_host: Vec<String>,
}

impl Dashboard {
    pub fn run(self, _: &Context<'_>) -> Result<ExitCode, CliError> {
        let hub = Hub::from_environment();
        let token = self.token(hub.memory.as_deref())?;
        let options = Options {
            results: self.path,
            host: self.host,
            port: self.port.map_or(Port::USUAL, Port::Exactly),
            token,
            names: self.allow_host,
            who: format!("{}, on the dashboard", who()),
            look: Duration::from_secs(1),
        };
        let server = Server::start(&options, Box::new(LocalTexts::new(hub)))?;
        print(&format!("{}\n", server.url()))?;
        tell(format_args!(
            "The page of {} is at this address; whoever has it can see and steer the sweeps. Ctrl-C ends it, and no sweep.",
            options.results.display()
        ));
        server.serve()?;
        Ok(ExitCode::Success)
    }

    fn token(&self, folder: Option<&std::path::Path>) -> Result<Option<Token>, CliError> {
        if self.no_token {
            return Ok(None);
        }
        let of_environment = || std::env::var(TOKEN).ok().filter(|token| !token.is_empty() && !self.new_token);
        Ok(match (self.token.clone().or_else(of_environment), folder) {
            (Some(token), _) => Some(Token::parse(&token)?),
            (None, Some(folder)) => Some(TokenFile::in_folder(folder).token(self.new_token)?),
            // Without a home it holds for this start.
            (None, None) => Some(Token::draw()?),
        })
    }
}
