//! What `ssh` is given.

use std::process::Command;

use super::hosts::Host;
use super::settings::SshSettings;
use crate::launch::error::WordError;
use crate::launch::launcher::Work;
use crate::launch::task::TASK_VARIABLE;
use crate::launch::word::{Word, for_shell};

/// The arguments of `ssh` for a command on a host. Nothing is asked of anybody: what needs a password fails.
pub fn arguments(settings: &SshSettings, host: &Host, remote: &str) -> Vec<String> {
    let mut arguments: Vec<String> = Vec::new();
    if let Some(config) = &settings.config {
        arguments.extend(["-F".to_owned(), config.clone()]);
    }
    // No terminal; ports and agents of the user's configuration are for people.
    arguments.extend(["-T", "-a", "-x"].map(str::to_owned));
    let ours = [
        "BatchMode=yes".to_owned(),
        format!("ConnectTimeout={}", settings.connect_timeout),
        format!("ServerAliveInterval={}", settings.alive),
        "ServerAliveCountMax=4".to_owned(),
        "ClearAllForwardings=yes".to_owned(),
    ];
    // The first value of an option counts.
    for option in settings.options.iter().chain(&ours) {
        arguments.extend(["-o".to_owned(), option.clone()]);
    }
    arguments.extend(["--".to_owned(), host.name.clone(), remote.to_owned()]);
    arguments
}

/// `ssh`, ready to start.
pub fn ssh(settings: &SshSettings, host: &Host, remote: &str) -> Command {
    let mut command = Command::new("ssh");
    command.args(arguments(settings, host, remote));
    command
}

/// The same as a line that a person can run.
pub fn line(settings: &SshSettings, host: &Host, remote: &str) -> String {
    let words = arguments(settings, host, remote);
    let words: Vec<String> =
        std::iter::once("ssh".to_owned()).chain(words.iter().map(|word| for_shell(word))).collect();
    words.join(" ")
}

/// A task: number `share` of those on its host, which share its devices.
///
/// # Errors
/// A name that cannot stand in a command.
pub fn task(settings: &SshSettings, host: &Host, share: usize, work: &Work<'_>) -> Result<String, WordError> {
    let name = if host.tasks == 1 { format!("ssh task {host}") } else { format!("ssh task {host}_{share}") };
    let mut words =
        vec![Word::new(settings.program.as_deref().map_or(work.program.as_os_str(), str::as_ref))?.quoted()];
    for argument in &work.arguments {
        words.push(Word::new(argument)?.quoted());
    }
    words.extend(["--attached", "--wait", "--cancelled-by"].map(str::to_owned));
    words.push(Word::new(super::record::cancelled(&work.launches, &job(work)))?.quoted());
    if host.tasks > 1 {
        words.extend(["--share".to_owned(), format!("{share}/{}", host.tasks)]);
    }
    let name = Word::new(name)?.quoted();
    on_host(settings, work, &format!("{TASK_VARIABLE}={name} exec {}", words.join(" ")))
}

/// The question what a host has; `token` is a file that it must see.
///
/// # Errors
/// A name that cannot stand in a command.
pub fn look(settings: &SshSettings, work: &Work<'_>, token: &std::path::Path) -> Result<String, WordError> {
    let program = Word::new(settings.program.as_deref().map_or(work.program.as_os_str(), str::as_ref))?;
    let token = Word::new(token)?;
    on_host(settings, work, &format!("exec {} host --sees {}", program.quoted(), token.quoted()))
}

/// What names this handing over.
pub fn job(work: &Work<'_>) -> String {
    work.token.clone()
}

/// A command in the folder there, for whatever shell the user has there. What runs before reads nothing of our connection.
fn on_host(settings: &SshSettings, work: &Work<'_>, command: &str) -> Result<String, WordError> {
    let folder = Word::new(settings.folder.as_deref().unwrap_or(&work.folder))?.quoted();
    let mut script = format!("cd {folder} && ");
    if !settings.lines.is_empty() {
        script.push_str(&format!("{{ {}; }} </dev/null && ", settings.lines.join(" && ")));
    }
    script.push_str(command);
    // `module` and the like are functions of login shells.
    let shell = if settings.lines.is_empty() { "sh -c" } else { "bash -lc" };
    Ok(format!("exec {shell} {}", for_shell(&script)))
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::*;

    fn work() -> Work<'static> {
        Work {
            sweep: "little",
            token: "4af1".to_owned(),
            results: PathBuf::from("/data/a day's work/results/little"),
            launches: PathBuf::from("/data/a day's work/results/little/ssh"),
            folder: PathBuf::from("/data/a day's work"),
            program: PathBuf::from("/opt/sweep"),
            arguments: vec!["task".into(), "--results".into(), "/data/a day's work/results/little".into()],
            packs: 2,
        }
    }

    fn settings(more: &[&str]) -> SshSettings {
        let given: Vec<String> = ["hosts=b:2"].iter().chain(more).map(|text| (*text).to_owned()).collect();
        SshSettings::parse(&given).unwrap()
    }

    /// What `ssh` sends is read by a shell, whose command by a second one: their words are what we meant.
    #[test]
    fn shells_read_what_was_meant() {
        let folder = tempfile::tempdir().unwrap();
        let odd = folder.path().join("a day's $(work)");
        std::fs::create_dir(&odd).unwrap();
        let program = odd.join("print");
        std::fs::write(&program, "#!/bin/sh\npwd\nenv | grep ^SWEEP_TASK\nprintf '<%s>\\n' \"$@\"\n").unwrap();
        std::fs::set_permissions(&program, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
        let work = Work { folder: odd.clone(), program, launches: odd.clone(), ..work() };
        for lines in [&[][..], &["line=FOO='x y' true", "line=cat"]] {
            let settings = settings(lines);
            let remote = task(&settings, &settings.hosts[0], 1, &work).unwrap();
            for shell in ["sh", "bash"] {
                let output = Command::new(shell).arg("-c").arg(&remote).output().unwrap();
                let said = String::from_utf8(output.stdout).unwrap();
                let expected = format!(
                    "{0}\nSWEEP_TASK=ssh task b_1\n<task>\n<--results>\n</data/a day's work/results/little>\n<--attached>\n\
                     <--wait>\n<--cancelled-by>\n<{0}/4af1/cancelled>\n<--share>\n<1/2>\n",
                    odd.display()
                );
                assert_eq!(said, expected, "{shell}: {}", String::from_utf8_lossy(&output.stderr));
            }
        }
    }

    #[test]
    fn nobody_is_asked_anything_and_dead_hosts_are_noticed() {
        let settings = settings(&["option=Port=2222", "config=/etc/mine", "connect_timeout=3"]);
        assert_eq!(
            line(&settings, &settings.hosts[0], "exec sh -c true"),
            "ssh -F /etc/mine -T -a -x -o Port=2222 -o BatchMode=yes -o ConnectTimeout=3 -o ServerAliveInterval=15 \
             -o ServerAliveCountMax=4 -o ClearAllForwardings=yes -- b 'exec sh -c true'"
        );
    }

    #[test]
    fn names_with_line_breaks_cannot_be_said() {
        let settings = settings(&[]);
        let work = Work { folder: PathBuf::from("/a\nb"), ..work() };
        assert!(task(&settings, &settings.hosts[0], 0, &work).is_err());
    }
}
