//! What every launcher can do.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::{Path, PathBuf};

use super::error::{LaunchError, SettingError};
use super::queue::Queue;

/// A way to start tasks on other machines.
pub trait Launcher: Sync {
    /// As `--launch` names it, and the folder of its records.
    fn name(&self) -> &'static str;

    /// As people call it.
    fn title(&self) -> &'static str;

    /// Reads `key=value` settings.
    ///
    /// # Errors
    /// The first setting that is unknown, sweep's own, or has no such value; or one that is missing.
    fn configure(&self, settings: &[String]) -> Result<Box<dyn Launch>, SettingError>;

    /// The tasks of what was handed over.
    ///
    /// # Errors
    /// Whoever knows of them is not there, or does not answer.
    fn queue(&self, handed: &Handed<'_>) -> Result<Queue, LaunchError>;

    /// Ends all tasks; they save their state.
    ///
    /// # Errors
    /// Whoever can end them is not there, or refuses.
    fn cancel(&self, handed: &Handed<'_>) -> Result<(), LaunchError>;
}

/// A launcher with what was asked of it.
pub trait Launch {
    /// What the machines of the tasks are going to have, as far as the settings tell.
    fn assumed(&self) -> Hardware;

    /// The same; machines that can be asked are.
    ///
    /// # Errors
    /// A machine cannot be reached, or tasks cannot run on it.
    fn hardware(&self, work: &Work<'_>) -> Result<Hardware, LaunchError> {
        let _ = work;
        Ok(self.assumed())
    }

    /// What is going to be handed over, for people to read.
    ///
    /// # Errors
    /// Something cannot be said in such a script.
    fn script(&self, work: &Work<'_>) -> Result<Script, LaunchError>;

    /// Hands over what [`Launch::script`] gave and was written to `path`.
    ///
    /// # Errors
    /// The program that does it is not there, or refuses.
    fn submit(&self, work: &Work<'_>, path: &Path) -> Result<Submitted, LaunchError>;
}

/// What all tasks do. Paths are absolute, and the same on all machines.
#[derive(Clone, Debug)]
pub struct Work<'a> {
    pub sweep: &'a str,
    /// Names this handing over; of nobody else.
    pub token: String,
    /// The folder of the sweep.
    pub results: PathBuf,
    /// The launcher's own folder in there: records, scripts, logs.
    pub launches: PathBuf,
    /// Where tasks start: relative names in the sweep file count from here.
    pub folder: PathBuf,
    /// This program.
    pub program: PathBuf,
    /// What it is given: `task --results ...`.
    pub arguments: Vec<OsString>,
    /// Packs with something to do. More tasks than packs would find nothing.
    pub packs: usize,
}

/// What machines have.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Hardware {
    pub gpus: bool,
    /// Bytes of a device's memory, where that is known.
    pub memory: Option<u64>,
}

/// What is handed over, as a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Script {
    pub text: String,
    pub extension: &'static str,
    pub tasks: usize,
}

/// Something that was handed over.
pub struct Submitted {
    /// Names it. Letters, digits and `-`.
    pub job: String,
    /// What it is found again by, beside its name.
    pub settings: BTreeMap<String, String>,
    /// Tasks that live as long as this process looks after them; none where somebody else does.
    pub attached: Option<Box<dyn Attached>>,
}

/// What was handed over before, as its record has it.
#[derive(Clone, Copy, Debug)]
pub struct Handed<'a> {
    pub job: &'a str,
    pub settings: &'a BTreeMap<String, String>,
    /// The folder of the record.
    pub folder: &'a Path,
}

/// Tasks that this process looks after.
pub trait Attached {
    /// Starts the tasks.
    ///
    /// # Errors
    /// What they need cannot be written or started. Those that were started end with this process.
    fn start(&mut self) -> Result<(), LaunchError>;

    /// Looks after them, and says what is new.
    fn look(&mut self) -> Vec<String>;

    /// Whether all have ended.
    fn is_over(&self) -> bool;

    /// Whether somebody else told them to end.
    fn is_cancelled(&self) -> bool;

    /// Tells all to save their state and to leave.
    fn stop(&mut self);
}
