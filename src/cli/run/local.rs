//! Training on this machine: the workers, the summary.

use crate::execute::{
    Generations, Stop, WorkerEnd, check_threads, cuda_devices, stop_on_signals, supervise, work_by_generations,
};
use crate::exit_code::ExitCode;
use crate::hub::Hub;
use crate::model::check_instruction_set;
use crate::store::{RunView, Store};

use super::asked_seeds::AskedSeeds;
use super::chosen::Chosen;
use super::inputs::Scope;
use super::options::Run;
use super::{best, inputs, plan, summary};
use crate::cli::CliError;
use crate::cli::asking;
use crate::cli::cost::Costs;
use crate::cli::sinks::sinks;
use crate::cli::streams::print;
use crate::cli::streams::tell;
use crate::cli::tracking::Listeners;
use crate::cli::workers::Workers;

/// How training came to its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Ended {
    Worked,
    FailedFast,
    /// By this signal.
    Interrupted(usize),
}

/// What came of training.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trained {
    /// The exit code says how it went.
    Over(ExitCode),
    /// What was planned is done, and somebody asked for more seeds meanwhile.
    SeedsAskedFor,
}

/// Plans, trains and sums up.
pub fn train(options: &Run, hub: &Hub, chosen: &Chosen<'_>) -> Result<Trained, CliError> {
    chosen.executors.check()?;
    let available = cuda_devices();
    let devices = options.devices.resolve(available)?;
    check_instruction_set()?;
    check_threads(options.threads)?;
    let inputs = inputs::check(options, hub, chosen, Scope::ToTrain)?;
    let device = plan::Device::here(options, options.devices.kind(available));
    let mut store = plan::open(options, &inputs, chosen, device)?.store;
    let costs = Costs::new(&inputs, device.kind);
    let generations = Generations {
        search: chosen.search.as_ref(),
        tokens: &|run| costs.tokens_per_epoch(run),
        planner: &|runs| plan::packs(options, &inputs, device, runs),
    };
    let mut listeners = options.tracking.open(&store)?;
    let ended = work(options, chosen, &generations, &mut store, &devices, &mut listeners);
    let notifier = listeners.take_notifier();
    let all_told = listeners.finish(&store);
    let summed = ended.and_then(|ended| sum_up(options, chosen, &store, ended, all_told));
    if let Some(notifier) = notifier {
        match &summed {
            Ok(None) => {}
            Ok(Some(Summed { code, views })) => {
                notifier.end(*code, views, best::comparable(store.record(), views), None);
            }
            Err(error) => notifier.end(error.exit_code(), &[], None, Some(error.to_string())),
        }
    }
    Ok(summed?.map_or(Trained::SeedsAskedFor, |summed| Trained::Over(summed.code)))
}

/// How training ended, and what became of the runs.
struct Summed {
    code: ExitCode,
    views: Vec<RunView>,
}

/// Prints what came of the runs. None: somebody asked for more seeds meanwhile.
fn sum_up(
    options: &Run,
    chosen: &Chosen<'_>,
    store: &Store,
    ended: Ended,
    all_told: bool,
) -> Result<Option<Summed>, CliError> {
    if all_told && ended == Ended::Worked && AskedSeeds::are_new(store)? {
        return Ok(None);
    }
    let views = store.refresh_index().and_then(|_| plan::runs(store, chosen)).map_err(CliError::AfterTraining)?;
    let summary = summary::summary(store, &views);
    let shown = if options.tracking.takes_standard_output() {
        tell(summary.trim_end());
        Ok(())
    } else {
        print(&summary)
    };
    if let Ended::Interrupted(_) = ended {
        tell("Interrupted with everything saved; the same command continues.");
    } else {
        shown?;
    }
    let code = match exit_code(ended, &views) {
        ExitCode::Success if !all_told => ExitCode::Failure,
        code => code,
    };
    Ok(Some(Summed { code, views }))
}

fn exit_code(ended: Ended, views: &[RunView]) -> ExitCode {
    match ended {
        Ended::Interrupted(signal) => ExitCode::signal(signal),
        Ended::Worked | Ended::FailedFast => summary::exit_code(views),
    }
}

/// Trains generation after generation.
fn work(
    options: &Run,
    chosen: &Chosen<'_>,
    generations: &Generations<'_>,
    store: &mut Store,
    devices: &[String],
    listeners: &mut Listeners,
) -> Result<Ended, CliError> {
    let stop = Stop::default();
    let mut is_heard = false;
    let workers =
        Workers { options: chosen.worker_options(options), threads: options.threads, executors: chosen.executors };
    let mut train = |store: &Store| -> Result<WorkerEnd, CliError> {
        let open = plan::open_runs(store, chosen)?;
        if open == 0 {
            return Ok(WorkerEnd::NothingLeft);
        }
        if !is_heard {
            stop_on_signals(&stop).map_err(CliError::Signals)?;
            is_heard = true;
        }
        let commands = workers.commands(store, devices)?;
        let mut sink = listeners.join(sinks(&chosen.sweep.name, open));
        Ok(supervise(store, &commands, options.fail_fast, &mut sink, &stop)?)
    };
    let ended = loop {
        let answered = store.last_answer();
        let ended = work_by_generations(store, generations, &mut train);
        if !matches!(ended, Ok(WorkerEnd::NothingLeft)) {
            break ended;
        }
        asking::apply(store)?;
        // A run is to go on, or to be done again, since the workers looked last.
        if store.last_answer() == answered || plan::open_runs(store, chosen)? == 0 {
            break ended;
        }
    };
    let ended = ended.map_err(|error| match error {
        // A generation was trained.
        CliError::Store(error) if is_heard => CliError::AfterTraining(error),
        error => error,
    });
    Ok(match ended? {
        WorkerEnd::Interrupted => Ended::Interrupted(stop.signal()),
        WorkerEnd::FailedFast => Ended::FailedFast,
        WorkerEnd::NothingLeft => Ended::Worked,
    })
}
