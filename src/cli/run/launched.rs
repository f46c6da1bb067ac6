//! `--launch`: the sweep in the hands of others.

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::path::{Path, PathBuf};

use crate::exit_code::ExitCode;
use crate::hub::Hub;
use crate::launch::{Hardware, Launch, Launcher, Script, Submitted, Work};
use crate::replace_file::unique_token;
use crate::spec::{PackPlan, RunId, Segment};
use crate::store::{Launched, Layout, Store};

use super::chosen::Chosen;
use super::inputs::Scope;
use super::options::Run;
use super::{attached, inputs, plan, summary};
use crate::cli::CliError;
use crate::cli::command_line::command_line;
use crate::cli::streams::print;
use crate::cli::text::count;
use crate::words::shell_path;

/// The script, for people to read. Nothing is written, nobody is asked.
pub fn script(
    options: &Run,
    hub: &Hub,
    chosen: &Chosen<'_>,
    launcher: &'static dyn Launcher,
) -> Result<String, CliError> {
    let launch = configure(options, launcher)?;
    let planned: Vec<_> = chosen.runs().cloned().map(Segment::whole).collect();
    let inputs = inputs::check(options, hub, chosen, Scope::Chosen)?;
    let packs = plan::packs(options, &inputs, device(options, launch.assumed()), &planned);
    let work = work(options, chosen, launcher, packs.len())?;
    Ok(launch.script(&work)?.text)
}

/// Plans the sweep and hands it over.
pub fn launch(
    options: &Run,
    hub: &Hub,
    chosen: &Chosen<'_>,
    launcher: &'static dyn Launcher,
) -> Result<ExitCode, CliError> {
    let launch = configure(options, launcher)?;
    let mut work = work(options, chosen, launcher, 1)?;
    // What cannot stand in a script is refused before anything is planned.
    launch.script(&work)?;
    let inputs = inputs::check(options, hub, chosen, Scope::ToTrain)?;
    let work_is_left = inputs::anything_to_train(options, chosen)?;
    let hardware = if work_is_left { launch.hardware(&work)? } else { launch.assumed() };
    let opened = plan::open(options, &inputs, chosen, device(options, hardware))?;
    let store = &opened.store;
    if plan::open_runs(store, chosen)? == 0 {
        let views = plan::runs(store, chosen)?;
        print(&summary::summary(store, &views))?;
        return Ok(summary::exit_code(&views));
    }
    work.packs = open_packs(store, chosen)?;
    let script = launch.script(&work)?;
    let submitted = hand_over(launch.as_ref(), &work, &script, launcher, store)?;
    let folder = shell_path(store.layout().folder());
    match submitted.attached {
        Some(mut tasks) => attached::look_after(tasks.as_mut(), chosen, store),
        None => {
            print(&format!(
                "Submitted as {} job {}, {}.\n  sweep status {folder} --watch\n  sweep cancel {folder}\n",
                launcher.title(),
                submitted.job,
                count(script.tasks, "task")
            ))?;
            Ok(ExitCode::Success)
        }
    }
}

fn configure(options: &Run, launcher: &'static dyn Launcher) -> Result<Box<dyn Launch>, CliError> {
    let settings = options.settings(launcher.name());
    launcher.configure(&settings).map_err(|source| CliError::Setting { launcher: launcher.name(), source })
}

fn hand_over(
    launch: &dyn Launch,
    work: &Work<'_>,
    script: &Script,
    launcher: &'static dyn Launcher,
    store: &Store,
) -> Result<Submitted, CliError> {
    let path = store.write_script(launcher.name(), &script.text, script.extension)?;
    let submitted = launch.submit(work, &path)?;
    // It is in the hands of others now.
    let launched = Launched {
        launcher: launcher.name(),
        job: &submitted.job,
        workers: script.tasks,
        settings: &submitted.settings,
        command: &command_line(),
        script: &path,
    };
    store.record_launch(&launched).map_err(CliError::AfterTraining)?;
    Ok(submitted)
}

/// The kind of device that tasks are going to have: this machine need not have it.
fn device(options: &Run, hardware: Hardware) -> plan::Device {
    plan::Device::elsewhere(options, options.devices.kind(usize::from(hardware.gpus)), hardware.memory)
}

/// Packs with something to do.
fn open_packs(store: &Store, chosen: &Chosen<'_>) -> Result<usize, CliError> {
    let open: BTreeSet<RunId> =
        plan::runs(store, chosen)?.into_iter().filter(|view| !view.state.is_final()).map(|view| view.run.id).collect();
    let has_work = |pack: &PackPlan| pack.places.iter().flatten().any(|run| open.contains(run));
    Ok(store.packs()?.packs.iter().filter(|pack| has_work(&pack.plan)).count())
}

fn work<'a>(
    options: &Run,
    chosen: &'a Chosen<'_>,
    launcher: &'static dyn Launcher,
    packs: usize,
) -> Result<Work<'a>, CliError> {
    let absolute = |path: &Path| std::path::absolute(path).map_err(CliError::CurrentFolder);
    let layout = Layout::for_sweep(&options.results, &chosen.sweep.name, options.rehearse)?;
    let results = absolute(layout.folder())?;
    Ok(Work {
        sweep: &chosen.sweep.name,
        token: unique_token(),
        launches: Layout::new(&results).launches(launcher.name()),
        folder: absolute(Path::new("."))?,
        program: program()?,
        arguments: arguments(options, chosen, &results),
        results,
        packs,
    })
}

fn program() -> Result<PathBuf, CliError> {
    crate::this_program::path().map_err(CliError::Program)
}

/// `task` with what this command line says.
fn arguments(options: &Run, chosen: &Chosen<'_>, results: &Path) -> Vec<OsString> {
    let mut arguments: Vec<OsString> = vec!["task".into(), "--results".into(), results.into()];
    let mut option = |name: &str, value: String| arguments.extend([name.into(), value.into()]);
    option("--devices", options.devices.to_string());
    option("--checkpoint-minutes", options.checkpoint_minutes.to_string());
    if let Some(threads) = options.threads {
        option("--threads", threads.to_string());
    }
    for run in chosen.only.iter().flatten() {
        option("--only", run.to_string());
    }
    if options.fail_fast {
        arguments.push("--fail-fast".into());
    }
    arguments.extend(chosen.executors.arguments());
    arguments
}
