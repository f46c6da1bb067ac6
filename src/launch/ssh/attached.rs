//! Tasks on hosts, looked after by this process.

use std::fs::{File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ExitStatus, Stdio};

use super::command;
use super::hosts::Host;
use super::record::{self, TaskRecord, TaskState, TasksRecord};
use super::settings::SshSettings;
use crate::exit_code::ExitCode;
use crate::launch::error::LaunchError;
use crate::launch::launcher::{Attached, Work};
use crate::store::Owner;

/// Of a log, as much as its last lines need.
const LAST_WORDS: u64 = 2000;
/// What `ssh` leaves with when the connection is what failed.
const CONNECTION: i32 = 255;

/// The tasks of one handing over.
pub struct Tasks {
    settings: SshSettings,
    job: String,
    launches: PathBuf,
    tasks: Vec<Task>,
    /// They were told to leave.
    is_told: bool,
}

struct Task {
    name: String,
    host: Host,
    /// What is run there.
    remote: String,
    log: PathBuf,
    child: Option<Child>,
    /// Holds the task there.
    input: Option<ChildStdin>,
    state: TaskState,
}

impl Tasks {
    /// # Errors
    /// Something cannot be said in a command.
    pub fn new(settings: &SshSettings, work: &Work<'_>) -> Result<Self, LaunchError> {
        let job = command::job(work);
        let mut tasks = Vec::new();
        for host in &settings.hosts {
            for share in 0..host.tasks {
                let name = if host.tasks == 1 { host.name.clone() } else { format!("{host}_{share}") };
                tasks.push(Task {
                    remote: command::task(settings, host, share, work)?,
                    // Host names have no separators of paths.
                    log: record::folder(&work.launches, &job).join(format!("{name}.log")),
                    name,
                    host: host.clone(),
                    child: None,
                    input: None,
                    state: TaskState::Running,
                });
            }
        }
        Ok(Self { settings: settings.clone(), job, launches: work.launches.clone(), tasks, is_told: false })
    }

    fn record(&self) -> Result<(), LaunchError> {
        let tasks = self.tasks.iter().map(|task| TaskRecord {
            name: task.name.clone(),
            host: task.host.name.clone(),
            state: task.state,
        });
        let record = TasksRecord { owner: Owner::current(), tasks: tasks.collect() };
        record::write(&self.launches, &self.job, &record)
    }
}

impl Attached for Tasks {
    fn start(&mut self) -> Result<(), LaunchError> {
        let folder = record::folder(&self.launches, &self.job);
        std::fs::create_dir_all(&folder).map_err(|source| LaunchError::File { path: folder, what: "make", source })?;
        for task in &mut self.tasks {
            task.start(&self.settings)?;
        }
        self.record()
    }

    fn look(&mut self) -> Vec<String> {
        let mut news: Vec<String> = self.tasks.iter_mut().filter_map(Task::look).collect();
        if !news.is_empty()
            && let Err(error) = self.record()
        {
            news.push(error.to_string());
        }
        if self.is_cancelled() && !self.is_told {
            news.push("told to stop by `sweep cancel`; tasks save their state".to_owned());
            self.stop();
        }
        news
    }

    fn is_over(&self) -> bool {
        self.tasks.iter().all(|task| task.child.is_none())
    }

    fn is_cancelled(&self) -> bool {
        record::cancelled(&self.launches, &self.job).exists()
    }

    fn stop(&mut self) {
        self.is_told = true;
        self.tasks.iter_mut().for_each(|task| drop(task.input.take()));
    }
}

impl Task {
    /// Starts the task in a process group of its own: Ctrl-C is for us, and tasks leave when we have told them.
    fn start(&mut self, settings: &SshSettings) -> Result<(), LaunchError> {
        let log = || OpenOptions::new().create(true).append(true).open(&self.log);
        let failed = |source| LaunchError::File { path: self.log.clone(), what: "write", source };
        let (output, errors) = (log().map_err(failed)?, log().map_err(failed)?);
        let mut ssh = command::ssh(settings, &self.host, &self.remote);
        ssh.stdin(Stdio::piped()).stdout(output).stderr(errors).process_group(0);
        let mut child = ssh.spawn().map_err(|source| LaunchError::Run { program: "ssh", source })?;
        self.input = child.stdin.take();
        self.child = Some(child);
        Ok(())
    }

    /// What is new.
    fn look(&mut self) -> Option<String> {
        let status = self.child.as_mut()?.try_wait().ok().flatten()?;
        self.child = None;
        self.input = None;
        self.state = state(status);
        let name = &self.name;
        let log = self.log.display();
        let last = last_line(&self.log).map(|line| format!(": {line}")).unwrap_or_default();
        Some(match self.state {
            TaskState::Running | TaskState::Completed => format!("{name}: nothing is left to do for it"),
            TaskState::Stopped => format!("{name}: stopped with everything saved"),
            TaskState::Failed if status.code() == Some(i32::from(ExitCode::Failure.number())) => {
                format!("{name}: ended with failures{last} ({log})")
            }
            TaskState::Failed => format!("{name}: its task ended ({status}){last} ({log})"),
            TaskState::Lost => {
                format!("{name}: the host or the connection to it is lost; others take over what it had{last} ({log})")
            }
        })
    }
}

fn state(status: ExitStatus) -> TaskState {
    match status.code() {
        // `ssh` itself was killed.
        None => TaskState::Lost,
        Some(CONNECTION) => TaskState::Lost,
        Some(0) => TaskState::Completed,
        // Killed by the kernel or by hand, there.
        Some(code) if code == 128 + 9 => TaskState::Lost,
        Some(code) => match ExitCode::from_number(code) {
            Some(ExitCode::Signal(_)) => TaskState::Stopped,
            _ => TaskState::Failed,
        },
    }
}

fn last_line(log: &Path) -> Option<String> {
    let read = || -> io::Result<String> {
        let mut file = File::open(log)?;
        let length = file.metadata()?.len();
        file.seek(SeekFrom::Start(length.saturating_sub(LAST_WORDS)))?;
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes)?;
        Ok(String::from_utf8_lossy(&bytes).into_owned())
    };
    let text = read().ok()?;
    text.lines().map(str::trim).rfind(|line| !line.is_empty()).map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use std::os::unix::process::ExitStatusExt;

    use super::*;

    #[test]
    fn how_a_task_ended() {
        let of = |code: i32| state(ExitStatus::from_raw(code << 8));
        assert_eq!(
            [0, 1, 2, 143, 130].map(of),
            [TaskState::Completed, TaskState::Failed, TaskState::Failed, TaskState::Stopped, TaskState::Stopped]
        );
        assert_eq!([255, 137].map(of), [TaskState::Lost; 2]);
        assert_eq!(state(ExitStatus::from_raw(9)), TaskState::Lost);
    }
}
