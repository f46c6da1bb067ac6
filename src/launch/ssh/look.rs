//! What hosts have, asked before anything is planned.

use std::io::ErrorKind;
use std::path::Path;
use std::process::{Output, Stdio};

use serde::{Deserialize, Serialize};

use super::command;
use super::hosts::Host;
use super::settings::SshSettings;
use crate::launch::error::LaunchError;
use crate::launch::launcher::{Hardware, Work};
use crate::replace_file::{Durability, discard, replace_file};

/// What a host says of itself (`sweep host`).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Seen {
    /// The program's version.
    pub sweep: String,
    /// Whether the file that was named is there.
    pub shared: bool,
    pub gpus: usize,
    /// Bytes of the smallest GPU.
    pub memory: Option<u64>,
}

/// Asks all hosts at once.
///
/// # Errors
/// Every host that cannot be reached, has no such program, or does not see our folder.
pub fn look(settings: &SshSettings, work: &Work<'_>) -> Result<Hardware, LaunchError> {
    // In the folder of results, which may be not there yet.
    let folder = work.results.parent().unwrap_or(&work.results);
    let token = folder.join(format!(".sweep-{}", work.token));
    let failed = |what| {
        let path = token.clone();
        move |source| LaunchError::File { path, what, source }
    };
    std::fs::create_dir_all(folder).map_err(failed("make the folder of"))?;
    replace_file(&token, b"Hosts that share this folder see this file.\n", Durability::Cached)
        .map_err(failed("write"))?;
    let seen = ask(settings, work, &token);
    discard(&token);
    judge(settings.hosts.iter().zip(seen?))
}

fn ask(settings: &SshSettings, work: &Work<'_>, token: &Path) -> Result<Vec<std::io::Result<Output>>, LaunchError> {
    let remote = command::look(settings, work, token)?;
    let started: Vec<_> = settings
        .hosts
        .iter()
        .map(|host| {
            let mut ssh = command::ssh(settings, host, &remote);
            ssh.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn()
        })
        .collect();
    Ok(started.into_iter().map(|child| child.and_then(std::process::Child::wait_with_output)).collect())
}

fn judge<'a>(answers: impl Iterator<Item = (&'a Host, std::io::Result<Output>)>) -> Result<Hardware, LaunchError> {
    let (mut faults, mut seen) = (Vec::new(), Vec::new());
    for (host, answer) in answers {
        match answer {
            Err(source) if source.kind() == ErrorKind::NotFound => {
                return Err(LaunchError::Absent { program: "ssh", advice: "apt-get install openssh-client" });
            }
            Err(source) => return Err(LaunchError::Run { program: "ssh", source }),
            Ok(output) => match read(&output) {
                Ok(found) => seen.push((host, found)),
                Err(reason) => faults.push(format!("{host}: {reason}")),
            },
        }
    }
    let with_gpus = |(_, found): &&(&Host, Seen)| found.gpus > 0;
    if let (Some((with, _)), Some((without, _))) =
        (seen.iter().find(with_gpus), seen.iter().find(|host| !with_gpus(host)))
    {
        faults.push(format!(
            "{with} has GPUs and {without} has none: packs are planned for one kind; leave one of them, or give --devices cpu"
        ));
    }
    if !faults.is_empty() {
        return Err(LaunchError::Hosts(faults));
    }
    let memory = seen.iter().map(|(_, found)| found.memory).min().flatten();
    Ok(Hardware { gpus: seen.iter().any(|(_, found)| found.gpus > 0), memory })
}

/// What a host answered; or why tasks cannot run there.
fn read(output: &Output) -> Result<Seen, String> {
    let said = String::from_utf8_lossy(&output.stdout);
    let complaint = String::from_utf8_lossy(&output.stderr);
    let last = |text: &str| text.lines().map(str::trim).rfind(|line| !line.is_empty()).map(str::to_owned);
    if !output.status.success() {
        let said = last(&complaint).or_else(|| last(&said)).unwrap_or_else(|| output.status.to_string());
        return Err(match output.status.code() {
            Some(255) => format!("ssh cannot connect: {said}"),
            Some(126 | 127) => format!("the program is not there ({said}); say where with --ssh program=PATH"),
            _ => format!("tasks cannot start there: {said}"),
        });
    }
    // What a login prints stands before it.
    let seen: Option<Seen> = last(&said).and_then(|line| serde_json::from_str(&line).ok());
    let seen = seen.ok_or_else(|| format!("what answers there is not this program: {}", said.trim()))?;
    if seen.sweep != env!("CARGO_PKG_VERSION") {
        return Err(format!("sweep {} is there, and {} here; install the same", seen.sweep, env!("CARGO_PKG_VERSION")));
    }
    if !seen.shared {
        return Err(
            "the results folder is not the same as here: it must be on a file system that all hosts share, under \
                    the same path"
                .to_owned(),
        );
    }
    Ok(seen)
}

#[cfg(test)]
mod tests {
    use std::os::unix::process::ExitStatusExt;
    use std::process::ExitStatus;

    use super::*;

    fn output(code: i32, said: &str, complaint: &str) -> Output {
        Output { status: ExitStatus::from_raw(code << 8), stdout: said.into(), stderr: complaint.into() }
    }

    fn seen(gpus: usize, memory: Option<u64>) -> Output {
        let seen = Seen { sweep: env!("CARGO_PKG_VERSION").to_owned(), shared: true, gpus, memory };
        output(0, &format!("Welcome!\n{}\n", serde_json::to_string(&seen).unwrap()), "")
    }

    fn judged(outputs: Vec<Output>) -> Result<Hardware, String> {
        let hosts: Vec<Host> =
            ["a", "b"].iter().map(|name| Host { name: (*name).to_owned(), tasks: 1 }).take(outputs.len()).collect();
        judge(hosts.iter().zip(outputs.into_iter().map(Ok))).map_err(|error| error.to_string())
    }

    #[test]
    fn hosts_must_be_of_one_kind() {
        let hardware = judged(vec![seen(1, Some(80)), seen(2, Some(40))]).unwrap();
        assert_eq!(hardware, Hardware { gpus: true, memory: Some(40) });
        assert_eq!(judged(vec![seen(0, None)]).unwrap(), Hardware::default());
        assert!(judged(vec![seen(1, None), seen(0, None)]).unwrap_err().contains("a has GPUs and b has none"));
    }

    #[test]
    fn every_host_that_cannot_be_used_is_told() {
        let refused = output(255, "", "ssh: connect to host a port 22: Connection refused\r\n");
        let absent = output(127, "", "sh: 1: exec: /opt/sweep: not found");
        let said = judged(vec![refused, absent]).unwrap_err();
        assert!(said.contains("a: ssh cannot connect: ssh: connect to host a port 22: Connection refused\n"), "{said}");
        assert!(said.contains("b: the program is not there (sh: 1: exec: /opt/sweep: not found)"), "{said}");
        let other = output(0, "{\"sweep\": \"0.0.1\", \"shared\": true, \"gpus\": 0, \"memory\": null}", "");
        assert!(judged(vec![other]).unwrap_err().contains("sweep 0.0.1 is there"));
        let apart = output(
            0,
            &format!(
                "{{\"sweep\": \"{}\", \"shared\": false, \"gpus\": 0, \"memory\": null}}",
                env!("CARGO_PKG_VERSION")
            ),
            "",
        );
        assert!(judged(vec![apart]).unwrap_err().contains("not the same as here"));
    }
}
