//! Seeds that people asked for while the sweep was worked on ([`Request::AddSeeds`]).

use crate::cli::CliError;
use crate::cli::streams::tell;
use crate::spec::{Sweep, SweepFile};
use crate::store::{Answer, Layout, PendingRequest, Request, Store};

use super::options::Run;

/// Seeds beside those of the sweep file.
#[derive(Debug, Default)]
pub struct AskedSeeds {
    /// All of them.
    pub seeds: Vec<u64>,
    /// Those requests among them that nobody has answered.
    pending: Vec<PendingRequest>,
    /// Why they cannot be added, where they cannot.
    refused: Option<String>,
}

impl AskedSeeds {
    /// Those of the sweep that a file describes.
    ///
    /// # Errors
    /// The results folder cannot be read.
    pub fn of(options: &Run, file: &SweepFile) -> Result<Self, CliError> {
        let layout = Layout::for_sweep(&options.results, &file.name(), options.rehearse)?;
        if !layout.sweep_json().exists() {
            return Ok(Self::default());
        }
        Self::read(&Store::open(layout.folder())?)
    }

    /// # Errors
    /// The results folder cannot be read.
    fn read(store: &Store) -> Result<Self, CliError> {
        let mut asked = Self { seeds: store.added_seeds()?, ..Self::default() };
        for pending in store.pending_requests()? {
            let Ok(record) = &pending.record else { continue };
            let Request::AddSeeds { seeds } = &record.request else { continue };
            // One that changes nothing is answered where requests are applied.
            if store.refusal(&record.request)?.is_none() {
                asked.seeds.extend(seeds);
                asked.pending.push(pending);
            }
        }
        asked.seeds.sort_unstable();
        asked.seeds.dedup();
        Ok(asked)
    }

    /// The sweep file with them, where it can have them.
    pub fn added_to(&mut self, file: SweepFile) -> SweepFile {
        if self.seeds.is_empty() {
            return file;
        }
        let mut with = file.clone();
        with.add_seeds(&self.seeds);
        // What is wrong with the file itself is told later.
        if file.check().is_ok()
            && let Err(error) = with.check()
        {
            tell(format!("the seeds that were asked for are left out: {error}"));
            self.refused = Some(error.to_string());
            return file;
        }
        with
    }

    /// Answers the requests, once the plan has the runs of the sweep.
    ///
    /// # Errors
    /// The results folder cannot be written.
    pub fn answer(&self, store: &Store, sweep: &Sweep) -> Result<(), CliError> {
        for pending in &self.pending {
            let answer = match &self.refused {
                Some(reason) => Answer::Refused { reason: reason.clone() },
                None => Answer::Done { what: planned(store, sweep) },
            };
            store.answer(pending, answer)?;
        }
        Ok(())
    }

    /// Whether somebody asked for seeds since.
    ///
    /// # Errors
    /// The results folder cannot be read.
    pub fn are_new(store: &Store) -> Result<bool, CliError> {
        Ok(!Self::read(store)?.pending.is_empty())
    }
}

/// What follows for verdicts is part of the answer: seeds that come after results could be seen decide nothing.
fn planned(store: &Store, sweep: &Sweep) -> String {
    let what = "every configuration has them in the plan".to_owned();
    let notices = store.deciding(sweep).notices;
    match (sweep.hypotheses.is_empty(), notices.is_empty()) {
        (true, _) => what,
        (false, true) => format!("{what}, and they decide as the others do: no results could be compared yet"),
        (false, false) => format!("{what}; {}", notices.join("; ")),
    }
}
