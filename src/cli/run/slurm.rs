//! `--launch slurm`: the sweep as a job array.

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::path::{Path, PathBuf};

use crate::exit_code::ExitCode;
use crate::hub::Hub;
use crate::launch::{JobScript, SlurmSettings, Word, submit};
use crate::spec::{PackPlan, RunId, Segment};
use crate::store::{Layout, Store};

use super::chosen::Chosen;
use super::inputs::Scope;
use super::options::Run;
use super::{inputs, plan, summary};
use crate::cli::CliError;
use crate::cli::command_line::command_line;
use crate::cli::streams::print;
use crate::cli::text::count;
use crate::words::shell_path;

/// Tasks of the array where nobody says how many.
const MOST_WORKERS: usize = 4;

/// The script, for people to read. Nothing is written.
pub fn script(options: &Run, hub: &Hub, chosen: &Chosen<'_>) -> Result<String, CliError> {
    let settings = SlurmSettings::parse(&options.slurm)?;
    let planned: Vec<_> = chosen.runs().cloned().map(Segment::whole).collect();
    let inputs = inputs::check(options, hub, chosen, Scope::Chosen)?;
    let packs = plan::packs(options, &inputs, device(options, &settings), &planned);
    let layout = Layout::for_sweep(&options.results, &chosen.sweep.name, options.rehearse)?;
    Ok(job(options, chosen, &settings, layout.folder(), packs.len())?.to_string())
}

/// Plans the sweep and submits its job array.
pub fn launch(options: &Run, hub: &Hub, chosen: &Chosen<'_>) -> Result<ExitCode, CliError> {
    let settings = SlurmSettings::parse(&options.slurm)?;
    let layout = Layout::for_sweep(&options.results, &chosen.sweep.name, options.rehearse)?;
    // What cannot stand in a script is refused before anything is planned.
    job(options, chosen, &settings, layout.folder(), 1)?;
    let inputs = inputs::check(options, hub, chosen, Scope::ToTrain)?;
    let opened = plan::open(options, &inputs, chosen, device(options, &settings))?;
    let store = &opened.store;
    if plan::open_runs(store, chosen)? == 0 {
        let views = plan::runs(store, chosen)?;
        print(&summary::summary(store, &views))?;
        return Ok(summary::exit_code(&views));
    }
    let script = job(options, chosen, &settings, store.layout().folder(), open_packs(store, chosen)?)?;
    let path = store.write_script(&script.to_string())?;
    let submitted = submit(&path)?;
    let command = command_line();
    // The jobs are in the queue.
    store.record_launch(&submitted, script.workers, &command, &path).map_err(CliError::AfterTraining)?;
    let folder = shell_path(store.layout().folder());
    print(&format!(
        "Submitted as Slurm job {submitted}, {}.\n  sweep status {folder} --watch\n  sweep cancel {folder}\n",
        count(script.workers, "task")
    ))?;
    Ok(ExitCode::Success)
}

/// The kind of device that tasks are going to have: this machine need not have it.
fn device(options: &Run, settings: &SlurmSettings) -> plan::Device {
    plan::Device::elsewhere(options, options.devices.kind(usize::from(settings.wants_gpus())))
}

/// Packs with something to do.
fn open_packs(store: &Store, chosen: &Chosen<'_>) -> Result<usize, CliError> {
    let open: BTreeSet<RunId> =
        plan::runs(store, chosen)?.into_iter().filter(|view| !view.state.is_final()).map(|view| view.run.id).collect();
    let has_work = |pack: &PackPlan| pack.places.iter().flatten().any(|run| open.contains(run));
    Ok(store.packs()?.packs.iter().filter(|pack| has_work(&pack.plan)).count())
}

fn job<'a>(
    options: &Run,
    chosen: &'a Chosen<'_>,
    settings: &'a SlurmSettings,
    folder: &Path,
    packs: usize,
) -> Result<JobScript<'a>, CliError> {
    let absolute = |path: &Path| std::path::absolute(path).map_err(CliError::CurrentFolder);
    let folder = absolute(folder)?;
    Ok(JobScript {
        sweep: &chosen.sweep.name,
        settings,
        // More tasks than packs would find nothing to do.
        workers: settings.workers.unwrap_or(MOST_WORKERS).min(packs).max(1),
        folder: Word::folder(&absolute(Path::new("."))?)?,
        logs: Word::folder(&Layout::new(&folder).launches())?,
        command: command(options, chosen, &folder)?,
    })
}

/// `sweep task` with what this command line says.
fn command(options: &Run, chosen: &Chosen<'_>, folder: &Path) -> Result<Vec<Word>, CliError> {
    let program: PathBuf = std::env::current_exe().map_err(CliError::Program)?;
    let mut command: Vec<OsString> = vec![program.into(), "task".into(), "--results".into(), folder.into()];
    let mut option = |name: &str, value: String| command.extend([name.into(), value.into()]);
    option("--devices", options.devices.to_string());
    option("--checkpoint-minutes", options.checkpoint_minutes.to_string());
    if let Some(threads) = options.threads {
        option("--threads", threads.to_string());
    }
    for run in chosen.only.iter().flatten() {
        option("--only", run.to_string());
    }
    if options.fail_fast {
        command.push("--fail-fast".into());
    }
    command.extend(chosen.executors.arguments());
    Ok(command.into_iter().map(Word::new).collect::<Result<_, _>>()?)
}
