//! What people ask of a sweep while it is worked on: written for those who work on it, and applied at once where that is possible.

use std::path::Path;

use crate::cli::streams::{print, tell};
use crate::execute::apply_requests;
use crate::exit_code::ExitCode;
use crate::spec::RunId;
use crate::store::{Owner, Request, RequestId, RequestView, RunState, Store, find_runs};

use super::CliError;

/// Applies what waits and can be applied from here, and says so.
///
/// # Errors
/// The results folder cannot be read or written.
pub fn apply(store: &mut Store) -> Result<(), CliError> {
    for view in apply_requests(store)? {
        tell(line(store, &view));
    }
    Ok(())
}

/// Asks the same of several runs, each a name as for `sweep logs`. Nothing is asked where it cannot be of one of them.
///
/// # Errors
/// A name that is none of exactly one run, a run of which it cannot be asked, a results folder that cannot be used.
pub fn ask_of(results: &Path, names: &[String], request: impl Fn(RunId) -> Request) -> Result<ExitCode, CliError> {
    let mut asked = Vec::with_capacity(names.len());
    for name in names {
        let (store, run) = the_run(results, name)?;
        asked.push((store, request(run)));
    }
    ask(asked)
}

/// Asks, and tells what came of it.
///
/// # Errors
/// What cannot be asked, a results folder that cannot be used.
pub fn ask(asked: Vec<(Store, Request)>) -> Result<ExitCode, CliError> {
    for (store, request) in &asked {
        if let Some(refusal) = store.refusal(request)? {
            return Err(refusal.into());
        }
    }
    let who = who();
    let written: Vec<(Store, RequestId)> = asked
        .into_iter()
        .map(|(store, request)| {
            let id = store.ask(&request, &who)?;
            Ok((store, id))
        })
        .collect::<Result<_, CliError>>()?;
    let (mut text, mut well) = (String::new(), true);
    for (mut store, id) in written {
        apply_requests(&mut store)?;
        let views = store.requests()?;
        for view in views.iter().filter(|view| view.id == id) {
            well &= view.answer.as_ref().is_none_or(|answer| answer.answer.is_done());
            text.push_str(&format!("{}\n", line(&store, view)));
            text.push_str(what_next(&store, view)?);
        }
    }
    print(&text)?;
    Ok(ExitCode::success_if(well))
}

/// A request and what came of it, or that it waits.
pub fn line(store: &Store, view: &RequestView) -> String {
    let Some(record) = &view.request else {
        return view.answer.as_ref().map_or_else(String::new, |answer| format!("refused: {}", answer.answer.text()));
    };
    let entry = record.request.run().and_then(|run| store.entry(run).ok());
    let of = entry.map_or_else(String::new, |entry| format!("{}: ", entry.label));
    let verb = record.request.verb();
    match &view.answer {
        None => format!("{of}{verb}: asked for by {}, {}", record.who, record.when),
        Some(answer) if answer.answer.is_done() => format!("{of}{verb}: {}", answer.answer.text()),
        Some(answer) => format!("{of}{verb}: refused: {}", answer.answer.text()),
    }
}

/// Who is going to do what nobody has done yet, or what was planned by it.
fn what_next(store: &Store, view: &RequestView) -> Result<&'static str, CliError> {
    let Some(record) = &view.request else { return Ok("") };
    let is_worked_on = store.runs()?.iter().any(|view| view.state == RunState::Running);
    Ok(match (&view.answer, is_worked_on, &record.request) {
        (None, _, Request::AddSeeds { .. }) => {
            "  `sweep run` adds them: one that works on the sweep now when it has trained what is planned, else the next one\n"
        }
        (None, true, Request::Stop { .. }) => "  the worker that trains it does so at its next step\n",
        (None, true, _) => "  it is done as soon as nobody works on what is trained with it\n",
        (None, false, _) => "  nobody works on the sweep now: the next `sweep run` does so\n",
        (Some(_), false, Request::Extend { .. } | Request::Retry { .. }) => {
            "  nobody works on the sweep now: the next `sweep run` trains it\n"
        }
        (Some(_), ..) => "",
    })
}

/// Who asks: the user's name as the environment has it, and the machine.
pub fn who() -> String {
    let name = ["USER", "LOGNAME"].iter().find_map(|name| std::env::var(name).ok().filter(|name| !name.is_empty()));
    let host = Owner::current().host;
    name.map_or_else(|| format!("somebody on {host}"), |name| format!("{name} on {host}"))
}

fn the_run(results: &Path, name: &str) -> Result<(Store, RunId), CliError> {
    let mut found = find_runs(results, name)?;
    match (found.pop(), found.is_empty()) {
        (Some(only), true) => Ok(only),
        (None, _) => Err(CliError::NoRun { results: results.to_owned(), run: name.to_owned() }),
        (Some(last), false) => {
            let several = found.iter().chain([&last]);
            let line = |(store, run): &(Store, RunId)| {
                let label = store.entry(run).map(|entry| entry.label.clone()).unwrap_or_default();
                format!("{run}  {label}  in {}", store.layout().folder().display())
            };
            Err(CliError::SeveralRuns { run: name.to_owned(), candidates: several.map(line).collect() })
        }
    }
}
