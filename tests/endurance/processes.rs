//! Processes of this machine.

use rustix::process::Pid;

/// Processes whose parent this is (proc(5): after the command in parentheses come state and parent).
pub fn children(parent: Pid) -> Vec<Pid> {
    let is_child = |pid: i32| {
        let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
        let fields = stat.rsplit_once(')')?.1;
        let found: i32 = fields.split_whitespace().nth(1)?.parse().ok()?;
        (found == parent.as_raw_nonzero().get()).then(|| Pid::from_raw(pid)).flatten()
    };
    let processes = std::fs::read_dir("/proc").unwrap().flatten();
    let ids = processes.filter_map(|entry| entry.file_name().to_str()?.parse::<i32>().ok());
    ids.filter_map(is_child).collect()
}
