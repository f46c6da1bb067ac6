//! From the chosen runs to trained ones: the plan, the workers, the summary.

use std::process::ExitCode;
use std::time::Duration;

use crate::execute::{
    DeviceKind, PlanOptions, Stop, WorkerCommand, WorkerEnd, WorkerOptions, cuda_devices, plan_packs,
    relative_duration, stop_on_signals, supervise,
};
use crate::spec::PlannedRun;
use crate::store::{ClaimOptions, Opened, PlanInput, RunState, RunView, Store};

use super::{Chosen, Run, summary};
use crate::cli::text::count;
use crate::cli::{CliError, print, progress};

/// How training came to its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Ended {
    Worked,
    /// By this signal.
    Interrupted(usize),
}

/// Plans, trains and sums up; the exit code says how it went.
pub fn launch(options: &Run, chosen: &Chosen) -> Result<ExitCode, CliError> {
    let devices = options.devices.resolve(cuda_devices())?;
    let opened = open(options, chosen, &devices)?;
    let store = &opened.store;
    let retried = if options.retry_failed { store.retry_failed(chosen.only.as_ref())?.len() } else { 0 };
    let open = runs(store, chosen)?.iter().filter(|view| !view.state.is_final()).count();
    announce(&opened, chosen, open, retried);

    let ended = if open == 0 { Ended::Worked } else { work(options, chosen, store, &devices, open)? };
    store.refresh_index()?;
    let views = runs(store, chosen)?;
    print(&summary::summary(store, &views))?;
    if let Ended::Interrupted(_) = ended {
        eprintln!("Interrupted with everything saved; the same command continues.");
    }
    Ok(exit_code(ended, &views))
}

fn exit_code(ended: Ended, views: &[RunView]) -> ExitCode {
    match ended {
        Ended::Interrupted(signal) => ExitCode::from(u8::try_from(128 + signal).unwrap_or(u8::MAX)),
        Ended::Worked => ExitCode::from(u8::from(views.iter().any(|view| view.state != RunState::Completed))),
    }
}

/// The results folder, with the chosen runs in its plan.
fn open(options: &Run, chosen: &Chosen, devices: &[String]) -> Result<Opened, CliError> {
    let kind = devices.first().map_or(DeviceKind::Cpu, |device| DeviceKind::of(device));
    let max_pack = options.max_pack.unwrap_or(kind.default_max_pack());
    let duration = |run: &PlannedRun| relative_duration(&run.spec, None);
    let plan = PlanOptions { max_pack, duration: &duration, memory: None };
    let command: Vec<String> = std::env::args().collect();
    let input = PlanInput {
        sweep: &chosen.sweep,
        yaml: chosen.yaml.as_bytes(),
        rehearsal: options.rehearse,
        command: &command,
        selected: chosen.only.as_ref(),
        claims: ClaimOptions::default(),
    };
    Ok(Store::create_or_open(&options.results, &input, &|runs| plan_packs(runs, &plan))?)
}

/// The chosen runs as they stand.
fn runs(store: &Store, chosen: &Chosen) -> Result<Vec<RunView>, CliError> {
    let mut views = store.runs()?;
    views.retain(|view| !view.removed && chosen.contains(&view.run.id));
    Ok(views)
}

fn announce(opened: &Opened, chosen: &Chosen, open: usize, retried: usize) {
    let name = &chosen.sweep.name;
    let place = opened.store.layout().folder().display();
    let mut parts = vec![format!("{name}: {} to train, results in {place}", count(open, "run"))];
    if !opened.created && !opened.removed.is_empty() {
        parts.push(format!(
            "{} no longer in the sweep file; their results are kept",
            count(opened.removed.len(), "run")
        ));
    }
    if retried > 0 {
        parts.push(format!("{} tried again", count(retried, "failed run")));
    }
    parts.extend(opened.notices.iter().cloned());
    for part in parts {
        eprintln!("{part}");
    }
}

fn work(options: &Run, chosen: &Chosen, store: &Store, devices: &[String], open: usize) -> Result<Ended, CliError> {
    let stop = Stop::default();
    stop_on_signals(&stop).map_err(CliError::Signals)?;
    let commands = commands(options, chosen, store, devices).map_err(CliError::Program)?;
    let mut sink = progress::sink(&chosen.sweep.name, open);
    let end = supervise(store, &commands, options.fail_fast, sink.as_mut(), &stop)?;
    Ok(match end {
        WorkerEnd::Interrupted => Ended::Interrupted(stop.signal()),
        WorkerEnd::NothingLeft | WorkerEnd::FailedFast => Ended::Worked,
    })
}

/// One worker per device.
fn commands(options: &Run, chosen: &Chosen, store: &Store, devices: &[String]) -> std::io::Result<Vec<WorkerCommand>> {
    let worker = WorkerOptions {
        checkpoint_every: Duration::from_secs_f64(60.0 * options.checkpoint_minutes),
        fail_fast: options.fail_fast,
        only: chosen.only.clone(),
        ..WorkerOptions::default()
    };
    let command = |device: &String| {
        let threads = options.threads.filter(|_| device == "cpu");
        let mut command = WorkerCommand::of_this_program(store.layout().folder(), device, threads, &worker)?;
        command.arguments.extend(options.executor.arguments());
        Ok(command)
    };
    devices.iter().map(command).collect()
}
