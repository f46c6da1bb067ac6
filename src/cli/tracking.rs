//! `--events`, `--tensorboard`, `--mlflow`, `--notify`: who else is told of what happens.

use std::path::PathBuf;

use crate::event::FanOut;
use crate::store::Store;
use crate::tracking::mlflow::Server;
use crate::tracking::{Background, Left, Mlflow, TensorBoard, Tracker, begun_runs};
use crate::words::{counted, shell_path};

use super::CliError;
use super::events_file::{EventsFile, STANDARD_OUTPUT};
use super::notify::Notifier;
use super::streams::tell;

/// Who else is told, as `sweep run` takes it.
#[derive(Debug, Default, clap::Args)]
pub struct Tracking {
    /// Appends every event to FILE as a line of JSON (`-`: standard output).
    #[arg(long, value_name = "FILE", conflicts_with = "dry_run")]
    events: Option<PathBuf>,
    /// Writes TensorBoard's event files into DIR as runs are trained.
    #[arg(long, value_name = "DIR", conflicts_with = "dry_run")]
    tensorboard: Option<PathBuf>,
    /// Tells an MLflow server of the runs as they are trained (`http://127.0.0.1:5000`). One that is away holds up nothing.
    #[arg(long, value_name = "URI", conflicts_with = "dry_run")]
    mlflow: Option<Server>,
    /// Runs a shell command when a run fails and when all is over: facts in SWEEP_... variables and as JSON on its standard input.
    #[arg(long, value_name = "CMD", conflicts_with = "dry_run")]
    notify: Option<String>,
}

/// Who is told.
pub struct Listeners {
    events: Option<EventsFile>,
    others: Vec<Other>,
    notifier: Option<Notifier>,
}

struct Other {
    background: Background,
    /// The option of `sweep send` that tells it afterwards.
    option: String,
}

impl Tracking {
    pub fn is_asked_for(&self) -> bool {
        self.events.is_some() || self.tensorboard.is_some() || self.mlflow.is_some() || self.notify.is_some()
    }

    /// Whether standard output is for events alone.
    pub fn takes_standard_output(&self) -> bool {
        self.events.as_ref().is_some_and(|path| path.as_os_str() == STANDARD_OUTPUT)
    }

    /// # Errors
    /// A file or folder that cannot be written.
    pub fn open(&self, store: &Store) -> Result<Listeners, CliError> {
        let sweep = store.layout().folder().file_name().unwrap_or_default().to_string_lossy();
        let events = match &self.events {
            Some(path) => {
                let opened = EventsFile::open(path, &sweep);
                Some(opened.map_err(|source| CliError::Write { path: path.clone(), source })?)
            }
            None => None,
        };
        let mut others = Vec::new();
        for Named { tracker, option } in trackers(self.tensorboard.as_ref(), self.mlflow.as_ref())? {
            let background = Background::start(tracker, store, begun_runs(store)?).map_err(CliError::Thread)?;
            others.push(Other { background, option });
        }
        let notifier = self.notify.as_deref().map(|command| Notifier::start(command, store));
        let notifier = notifier.transpose().map_err(CliError::Thread)?;
        Ok(Listeners { events, others, notifier })
    }
}

/// A tracker with the option that names it.
pub struct Named {
    pub tracker: Box<dyn Tracker>,
    pub option: String,
}

/// The trackers that options name.
pub fn trackers(tensorboard: Option<&PathBuf>, mlflow: Option<&Server>) -> Result<Vec<Named>, CliError> {
    let mut found: Vec<Named> = Vec::new();
    if let Some(folder) = tensorboard {
        let option = format!("--tensorboard {}", shell_path(folder));
        found.push(Named { tracker: Box::new(TensorBoard::new(folder)?), option });
    }
    if let Some(server) = mlflow {
        let option = format!("--mlflow {}", server.for_command());
        let server = server.clone().with_environment(&|name| std::env::var(name).ok());
        found.push(Named { tracker: Box::new(Mlflow::new(server)), option });
    }
    Ok(found)
}

impl Listeners {
    /// Everybody who hears of events, these included.
    pub fn join<'a>(&'a mut self, mut sinks: FanOut<'a>) -> FanOut<'a> {
        if let Some(events) = &mut self.events {
            sinks = sinks.with("the file of events", events);
        }
        if let Some(notifier) = &mut self.notifier {
            sinks = sinks.with("the command of --notify", notifier);
        }
        for other in &mut self.others {
            sinks = sinks.with(other.background.tracker(), &mut other.background);
        }
        sinks
    }

    /// Who is told that all is over; nobody where that was not asked for.
    pub fn take_notifier(&mut self) -> Option<Notifier> {
        self.notifier.take()
    }

    /// Waits for what is still to be told, not for ever, and says what was not. False where events were asked for and are not
    /// all written.
    pub fn finish(self, store: &Store) -> bool {
        for Other { background, option } in self.others {
            if let Some(left) = background.finish() {
                tell(in_words(&left, &format!("sweep send {} {option}", shell_path(store.layout().folder()))));
            }
        }
        let written = self.events.is_none_or(EventsFile::finish);
        if !written {
            tell("Not all events could be written to the file of events.");
        }
        written
    }
}

fn in_words(left: &Left, command: &str) -> String {
    let what = match left.runs {
        0 => "the end of the sweep".to_owned(),
        runs => counted(runs, "run"),
    };
    let reason = left.reason.as_deref().unwrap_or("there was no time");
    format!(
        "{} was not told of {what} ({reason}). Results are complete; this sends what is missing:\n  {command}",
        left.tracker
    )
}
