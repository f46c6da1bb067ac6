//! `sweep clean`: what a results folder holds that nothing needs any more.

use std::path::{Path, PathBuf};

use crate::cli::streams::print;
use crate::exit_code::ExitCode;
use crate::store::{Clear, Clearable, Store, sweep_folders};
use crate::words::shell_path;

use super::CliError;
use super::context::Context;
use super::text::{Align, Table, bytes, count};

/// Things of a sweep that have a line of their own.
const MOST_ROWS: usize = 40;

/// Lists what nothing needs any more, with sizes, and removes it where that is asked for.
///
/// These are checkpoints that killed workers left of runs that have ended, runs that are no longer in the sweep file, and files
/// that were half written. What a run needs that has not ended, or that somebody works on, is never touched, and neither is
/// what reports read.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  sweep clean                          every sweep in results/
  sweep clean results/ablation --yes
  sweep clean results/search --stopped

Exit codes:
  0  listed, or removed
  1  something could not be removed
  2  no results there, or some that cannot be read")]
pub struct Clean {
    /// A results folder, or the folder of a sweep.
    #[arg(default_value = "results")]
    path: PathBuf,
    /// Removes what is listed.
    #[arg(long)]
    yes: bool,
    /// Also what stopped runs would go on from, in sweeps in which nothing is left to do. Who extends them then trains them from
    /// their beginning.
    #[arg(long)]
    stopped: bool,
}

impl Clean {
    pub fn run(self, _: &Context<'_>) -> Result<ExitCode, CliError> {
        let folders = sweep_folders(&self.path)?;
        if folders.is_empty() {
            return Err(CliError::NoResults { path: self.path });
        }
        let mut sum = Sum::default();
        for folder in &folders {
            let store = Store::open(folder)?;
            let found = store.clearable(self.stopped)?;
            if !found.is_empty() {
                print(&listed(&store, folder, &found))?;
                sum.add(store, found, self.yes)?;
            }
        }
        print(&self.conclusion(&sum))?;
        Ok(ExitCode::success_if(sum.kept == 0))
    }

    fn conclusion(&self, sum: &Sum) -> String {
        let things = |number: usize| count(number, "thing");
        if sum.found == 0 {
            return "Nothing is left over.\n".to_owned();
        }
        if !self.yes {
            let stopped = if self.stopped { " --stopped" } else { "" };
            let command = format!("sweep clean {}{stopped} --yes", shell_path(&self.path));
            return format!("{}, {}. Nothing was removed: `{command}` does it.\n", things(sum.found), bytes(sum.bytes));
        }
        let kept = match sum.kept {
            0 => String::new(),
            kept => format!(" {} kept: somebody works on it or needs it by now.", things(kept)),
        };
        format!("{} removed, {} freed.{kept}\n", things(sum.removed), bytes(sum.freed))
    }
}

/// Over all sweeps.
#[derive(Default)]
struct Sum {
    found: usize,
    bytes: u64,
    removed: usize,
    freed: u64,
    kept: usize,
}

impl Sum {
    fn add(&mut self, mut store: Store, found: Vec<Clear>, remove: bool) -> Result<(), CliError> {
        self.found += found.len();
        self.bytes += found.iter().map(|clear| clear.bytes).sum::<u64>();
        if remove {
            let cleared = store.clear(&found).map_err(CliError::AfterTraining)?;
            self.removed += cleared.things;
            self.freed += cleared.bytes;
            self.kept += cleared.kept.len();
        }
        Ok(())
    }
}

fn listed(store: &Store, folder: &Path, found: &[Clear]) -> String {
    let mut table = Table::new([("what", Align::Left), ("of", Align::Left), ("size", Align::Right)]);
    for clear in found.iter().take(MOST_ROWS) {
        let (what, of) = words(store, &clear.what);
        table.row([what.to_owned(), of, bytes(clear.bytes)]);
    }
    let more = match found.len().saturating_sub(MOST_ROWS) {
        0 => String::new(),
        more => format!("and {}\n", count(more, "more thing")),
    };
    format!("{}\n{table}{more}\n", folder.display())
}

fn words(store: &Store, what: &Clearable) -> (&'static str, String) {
    let named = |run: &crate::spec::RunId| match store.entry(run) {
        Ok(entry) => format!("{} [{run}]", entry.label),
        Err(_) => format!("[{run}]"),
    };
    match what {
        Clearable::PackCheckpoints(pack) => ("checkpoints of a pack whose runs have ended", pack.to_string()),
        Clearable::EndedState(run) => ("checkpoint of a run that has ended", named(run)),
        Clearable::StoppedState(run) => ("checkpoint of a stopped run", named(run)),
        Clearable::RemovedRun(run) => ("run that is no longer in the sweep file", named(run)),
        Clearable::Temporary(path) => {
            let below = path.strip_prefix(store.layout().folder()).unwrap_or(path);
            ("half-written file", below.display().to_string())
        }
    }
}
