//! Which process owns something, and whether it still lives.

use std::fs;

use rustix::io::Errno;
use rustix::process::{Pid, test_kill_process};
use serde::{Deserialize, Serialize};

/// A process, told apart from every other one: process ids are used again, host names are given twice, containers count
/// their processes from 1.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Owner {
    pub host: String,
    /// The kernel's id of this boot; none where the system does not tell.
    pub boot: Option<String>,
    /// The namespace in which `pid` counts; none where the system does not tell.
    pub pid_namespace: Option<String>,
    pub pid: u32,
    /// When the process started, in clock ticks after boot; none where the system does not tell.
    pub started: Option<u64>,
}

/// What can be said about a process from here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Liveness {
    Alive,
    Dead,
    /// It runs, or ran, where we cannot look: only its heartbeat tells.
    Elsewhere,
}

impl Owner {
    /// This process.
    pub fn current() -> Self {
        let pid = std::process::id();
        Self {
            host: rustix::system::uname().nodename().to_string_lossy().into_owned(),
            boot: fs::read_to_string("/proc/sys/kernel/random/boot_id").ok().map(|id| id.trim().to_owned()),
            pid_namespace: fs::read_link("/proc/self/ns/pid").ok().map(|name| name.to_string_lossy().into_owned()),
            pid,
            started: process_state(pid).map(|state| state.started),
        }
    }

    /// Whether this process lives, seen from `observer`.
    pub fn liveness(&self, observer: &Owner) -> Liveness {
        let comparable = self.started.is_some()
            && self.boot.is_some()
            && self.pid_namespace.is_some()
            && self.host == observer.host
            && self.boot == observer.boot
            && self.pid_namespace == observer.pid_namespace;
        if !comparable {
            return Liveness::Elsewhere;
        }
        self.liveness_by(process_state(self.pid))
    }

    /// The same of a process of this machine, boot and namespace, by what `/proc` tells of its id.
    fn liveness_by(&self, state: Option<ProcessState>) -> Liveness {
        match state {
            Some(state) if Some(state.started) == self.started && !state.ended => Liveness::Alive,
            Some(_) => Liveness::Dead,
            None if is_absent(self.pid) => Liveness::Dead,
            // There is a process of this id, and when it started is hidden (`hidepid` of /proc).
            None => Liveness::Elsewhere,
        }
    }
}

/// Whether there is certainly no process of this id.
fn is_absent(pid: u32) -> bool {
    let Some(pid) = i32::try_from(pid).ok().and_then(Pid::from_raw) else {
        // No process has such an id.
        return true;
    };
    // Another user's process refuses the signal; that it does so says that it exists.
    test_kill_process(pid) == Err(Errno::SRCH)
}

struct ProcessState {
    started: u64,
    /// Dead, though its parent did not take notice yet.
    ended: bool,
}

/// Reads `/proc/<pid>/stat` (proc(5)): after the command in parentheses, field 3 is the state and field 22 the start.
fn process_state(pid: u32) -> Option<ProcessState> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    let (_, after_command) = stat.rsplit_once(')')?;
    let fields: Vec<&str> = after_command.split_whitespace().collect();
    Some(ProcessState { started: fields.get(19)?.parse().ok()?, ended: matches!(*fields.first()?, "Z" | "X") })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_process_is_alive() {
        let me = Owner::current();
        assert_eq!(me.liveness(&me), Liveness::Alive);
    }

    #[test]
    fn a_process_with_another_start_is_dead() {
        let me = Owner::current();
        let earlier = Owner { started: me.started.map(|ticks| ticks - 1), ..me.clone() };
        assert_eq!(earlier.liveness(&me), Liveness::Dead);
    }

    #[test]
    fn an_unreaped_process_is_dead() {
        let mut child = std::process::Command::new("true").spawn().unwrap();
        let me = Owner::current();
        let owner =
            Owner { pid: child.id(), started: process_state(child.id()).map(|state| state.started), ..me.clone() };
        while process_state(child.id()).is_some_and(|state| !state.ended) {
            std::thread::yield_now();
        }
        assert_eq!(owner.liveness(&me), Liveness::Dead);
        child.wait().unwrap();
    }

    /// As with `hidepid`, where `/proc` tells nothing of other users' processes.
    #[test]
    fn a_process_that_is_hidden_is_judged_by_its_heartbeat_unless_it_is_certainly_gone() {
        let me = Owner::current();
        assert_eq!(me.liveness_by(None), Liveness::Elsewhere);
        let mut child = std::process::Command::new("true").spawn().unwrap();
        let gone = Owner { pid: child.id(), ..me.clone() };
        child.wait().unwrap();
        assert_eq!(gone.liveness_by(None), Liveness::Dead);
        assert_eq!(Owner { pid: u32::MAX, ..me }.liveness_by(None), Liveness::Dead);
    }

    #[test]
    fn other_hosts_boots_and_containers_cannot_be_judged() {
        let me = Owner::current();
        for other in [
            Owner { host: "elsewhere".into(), ..me.clone() },
            Owner { boot: Some("another".into()), ..me.clone() },
            Owner { pid_namespace: Some("pid:[1]".into()), ..me.clone() },
            Owner { started: None, ..me.clone() },
        ] {
            assert_eq!(other.liveness(&me), Liveness::Elsewhere, "{other:?}");
        }
    }
}
