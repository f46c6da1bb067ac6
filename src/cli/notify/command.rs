//! A command of a shell, which is given facts and a time.

use std::io::{self, Write};
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use super::facts::Facts;

/// Between two looks at whether it is over.
const LOOK: Duration = Duration::from_millis(20);

/// The command could not do its work.
#[derive(Debug, thiserror::Error)]
pub(super) enum CommandError {
    #[error("it cannot be started: {0}")]
    Start(io::Error),
    #[error("it cannot be waited for: {0}")]
    Wait(io::Error),
    #[error("it took more than {} s and was ended", .0.as_secs_f64())]
    TooLong(Duration),
    #[error("{0}")]
    Ended(ExitStatus),
}

/// Runs a command with facts on its standard input and in its environment, apart from our terminal's signals. What it writes to
/// standard output is thrown away. With what it started, it is ended after `limit`.
pub(super) fn run(command: &str, facts: &Facts, limit: Duration) -> Result<(), CommandError> {
    let mut shell = Command::new("/bin/sh");
    shell.args(["-c", command]).stdin(Stdio::piped()).stdout(Stdio::null()).process_group(0);
    shell.envs(facts.variables());
    let mut child = shell.spawn().map_err(CommandError::Start)?;
    if let (Some(mut input), Ok(text)) = (child.stdin.take(), serde_json::to_string(facts)) {
        // It need not read; a pipe has room for more than this.
        let _ = writeln!(input, "{text}");
    }
    let status = wait(&mut child, limit)?;
    if status.success() { Ok(()) } else { Err(CommandError::Ended(status)) }
}

fn wait(child: &mut Child, limit: Duration) -> Result<ExitStatus, CommandError> {
    let since = Instant::now();
    loop {
        if let Some(status) = child.try_wait().map_err(CommandError::Wait)? {
            return Ok(status);
        }
        if since.elapsed() >= limit {
            if let Some(group) = i32::try_from(child.id()).ok().and_then(rustix::process::Pid::from_raw) {
                // Gone by itself meanwhile.
                let _ = rustix::process::kill_process_group(group, rustix::process::Signal::KILL);
            }
            child.wait().map_err(CommandError::Wait)?;
            return Err(CommandError::TooLong(limit));
        }
        std::thread::sleep(LOOK);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::exit_code::ExitCode;

    fn facts() -> Facts {
        Facts::of_end("s", "/results/s", ExitCode::Failure, &[], None).because(Some("a\0b".to_owned()))
    }

    #[test]
    fn facts_are_in_the_environment_and_on_standard_input() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("told");
        let command = format!(
            "cat > {0} && echo \"$SWEEP_EVENT $SWEEP_NAME $SWEEP_EXIT_CODE $SWEEP_REASON\" >> {0}",
            file.display()
        );
        run(&command, &facts(), Duration::from_secs(20)).unwrap();
        let told = std::fs::read_to_string(&file).unwrap();
        let (json, line) = told.split_once('\n').unwrap();
        assert_eq!(line, "end s 1 a b\n");
        let json: serde_json::Value = serde_json::from_str(json).unwrap();
        assert_eq!((json["event"].as_str(), json["exit_code"].as_u64()), (Some("end"), Some(1)));
    }

    #[test]
    fn what_takes_too_long_is_ended_with_all_that_it_started() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("late");
        let command = format!("(sleep 2; touch {}) & wait", file.display());
        let since = Instant::now();
        let error = run(&command, &facts(), Duration::from_millis(100)).unwrap_err();
        assert!(matches!(error, CommandError::TooLong(_)), "{error}");
        assert!(since.elapsed() < Duration::from_secs(2));
        std::thread::sleep(Duration::from_millis(2200));
        assert!(!file.exists());
    }

    #[test]
    fn failures_are_told_apart() {
        let ended = |command: &str| run(command, &facts(), Duration::from_secs(20)).unwrap_err().to_string();
        assert_eq!(ended("exit 3"), "exit status: 3");
        assert_eq!(ended("nothing-of-this-name 2> /dev/null"), "exit status: 127");
        // It reads nothing.
        run("true", &facts(), Duration::from_secs(20)).unwrap();
    }
}
