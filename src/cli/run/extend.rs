//! `--extend`: runs that stopped are trained further.

use std::collections::BTreeSet;

use crate::cli::CliError;
use crate::cli::streams::tell;
use crate::cli::text::count;
use crate::spec::{RunId, Sweep, select};
use crate::store::{Planner, RunState, RunView, Store};

use super::chosen::Chosen;
use super::extend_error::ExtendError;
use super::inputs::Outcomes;
use super::options::Run;

/// The runs that the options extend.
///
/// # Errors
/// Patterns that match no stopped run, or an epoch that is none of those it has left; the results folder cannot be read.
pub fn named(options: &Run, chosen: &Chosen<'_>) -> Result<BTreeSet<RunId>, CliError> {
    if options.extend.is_empty() {
        return Ok(BTreeSet::new());
    }
    let Outcomes(Some(store)) = Outcomes::read(options, chosen)? else {
        return Err(ExtendError::NoResults.into());
    };
    let views: Vec<RunView> = store.runs()?.into_iter().filter(|view| !view.removed).collect();
    // Those that a search chose are in no sweep file.
    let planned = Sweep { runs: views.iter().map(|view| view.run.clone()).collect(), ..chosen.sweep.clone() };
    let mut named = BTreeSet::new();
    for pattern in &options.extend {
        let matching = select(&planned, std::slice::from_ref(pattern));
        named.extend(matching.map_err(|_| ExtendError::NoRun { pattern: pattern.clone() })?);
    }
    let named: Vec<&RunView> = views.iter().filter(|view| named.contains(&view.run.id)).collect();
    let stopped: Vec<&RunView> = named.iter().filter(|view| view.state == RunState::Stopped).copied().collect();
    if let (true, Some(other)) = (stopped.is_empty(), named.first()) {
        return Err(ExtendError::NotStopped { label: other.run.label.clone(), state: other.state }.into());
    }
    for view in &stopped {
        check(view, options.epochs)?;
    }
    Ok(stopped.into_iter().map(|view| view.run.id.clone()).collect())
}

fn check(view: &RunView, given: Option<usize>) -> Result<(), ExtendError> {
    let label = || view.run.label.clone();
    let (epochs, stopped) = (view.run.spec.epochs, view.stopped_after.unwrap_or(0));
    match given {
        Some(given) if given > epochs => Err(ExtendError::Beyond { label: label(), given, epochs }),
        Some(given) if given <= stopped => Err(ExtendError::Behind { label: label(), given, stopped }),
        _ => Ok(()),
    }
}

/// Plans them further, and says so.
pub fn plan(
    options: &Run,
    chosen: &Chosen<'_>,
    store: &mut Store,
    command: &[String],
    planner: Planner<'_>,
) -> Result<(), CliError> {
    if chosen.extended.is_empty() {
        return Ok(());
    }
    let extended = store.extend(&chosen.extended, options.epochs, command, planner)?;
    store.reload()?;
    tell(format!("{} extended: trained further, without early stopping", count(extended.len(), "run")));
    Ok(())
}
