//! `--hosts a,b:2`: which hosts, and how many tasks on each.

use std::fmt;
use std::fs;
use std::path::PathBuf;

use crate::launch::error::SettingError;

/// Tasks on one host at most.
const MOST_TASKS: usize = 256;

/// A host with the number of its tasks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Host {
    /// As `ssh` is given it: `node7`, `user@node7`, an alias of its configuration.
    pub name: String,
    pub tasks: usize,
}

impl fmt::Display for Host {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)
    }
}

/// Hosts separated by commas, or `@FILE` with one on each line.
///
/// # Errors
/// A file that cannot be read, or something that is no host.
pub fn parse(text: &str) -> Result<Vec<Host>, SettingError> {
    let named: Vec<String> = match text.strip_prefix('@') {
        Some(path) => {
            let read = fs::read_to_string(path);
            let unreadable =
                |error: std::io::Error| SettingError::Hosts { path: PathBuf::from(path), reason: error.to_string() };
            let lines = read.map_err(unreadable)?;
            let bare = lines.lines().map(|line| line.split('#').next().unwrap_or_default().trim().to_owned());
            bare.filter(|line| !line.is_empty()).collect()
        }
        None => text.split(',').map(|name| name.trim().to_owned()).collect(),
    };
    let mut hosts: Vec<Host> = Vec::new();
    for text in &named {
        let wrong = |reason: &str| SettingError::Value { setting: text.clone(), reason: reason.to_owned() };
        let host = host(text).map_err(wrong)?;
        if hosts.iter().any(|other| other.name == host.name) {
            return Err(wrong("this host is named twice; HOST:2 starts two tasks on it"));
        }
        hosts.push(host);
    }
    if hosts.is_empty() {
        return Err(SettingError::Value { setting: text.to_owned(), reason: "no host is named there".to_owned() });
    }
    Ok(hosts)
}

fn host(text: &str) -> Result<Host, &'static str> {
    let (name, tasks) = match text.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        // An address of IPv6, which has colons of its own.
        Some((address, rest)) => (address, rest.strip_prefix(':').or(rest.is_empty().then_some("1"))),
        None if text.matches(':').count() > 1 => (text, Some("1")),
        None => text.split_once(':').map_or((text, Some("1")), |(name, tasks)| (name, Some(tasks))),
    };
    let tasks = tasks.and_then(|tasks| tasks.parse().ok()).filter(|tasks| (1..=MOST_TASKS).contains(tasks));
    let tasks = tasks.ok_or(
        "the number behind a host's name is how many tasks it gets, 1 to 256 (a port is for --ssh option=Port=N)",
    )?;
    // `ssh` would take a name with a dash before it for an option.
    let plain = |c: char| c.is_alphanumeric() || "-_.@%:".contains(c);
    if name.is_empty() || name.starts_with('-') || !name.chars().all(plain) {
        return Err("this is no name of a host; give HOST, USER@HOST or HOST:TASKS, separated by commas, or @FILE");
    }
    Ok(Host { name: name.to_owned(), tasks })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_with_their_tasks() {
        let parsed = parse("a, b:2,me@c.example,[fe80::1]:3,::1").unwrap();
        let parsed: Vec<(&str, usize)> = parsed.iter().map(|host| (host.name.as_str(), host.tasks)).collect();
        assert_eq!(parsed, [("a", 1), ("b", 2), ("me@c.example", 1), ("fe80::1", 3), ("::1", 1)]);
    }

    #[test]
    fn hosts_of_a_file() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("hosts");
        fs::write(&path, "# ours\na\n\nb:2  # the large one\n").unwrap();
        let parsed = parse(&format!("@{}", path.display())).unwrap();
        assert_eq!(parsed.iter().map(|host| host.tasks).collect::<Vec<_>>(), [1, 2]);
        assert!(parse("@/nowhere/hosts").unwrap_err().to_string().contains("/nowhere/hosts: cannot read"));
    }

    #[test]
    fn what_is_no_host_is_refused() {
        for text in ["", "a,,b", "-oProxyCommand=reboot", "a b", "a;reboot", "a:0", "a:many", "a:257", "$(reboot)"] {
            assert!(parse(text).is_err(), "{text}");
        }
        assert!(parse("a,a:2").unwrap_err().to_string().contains("named twice"));
    }
}
