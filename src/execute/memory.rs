//! Memory that this process takes.

/// What an execution took of a device's memory, in bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MemoryUse {
    /// What was estimated for the runs of the pack, the frozen weights apart.
    pub estimated: u64,
    /// In use when model and data were loaded and no run was begun.
    pub before: u64,
    /// The most in use from then to the end.
    pub peak: u64,
}

/// Memory of this process on the processor, as the kernel counts it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ResidentMemory {
    pub now: u64,
    /// The most since the process began, or since [`forget_peak`].
    pub peak: u64,
}

/// From `/proc/self/status` (proc(5): VmRSS and VmHWM, in kB); none where the system does not tell.
pub fn resident_memory() -> Option<ResidentMemory> {
    parse(&std::fs::read_to_string("/proc/self/status").ok()?)
}

fn parse(status: &str) -> Option<ResidentMemory> {
    let field = |name: &str| {
        let line = status.lines().find_map(|line| line.strip_prefix(name))?;
        line.trim().strip_suffix("kB")?.trim().parse::<u64>().ok().map(|kilobytes| 1024 * kilobytes)
    };
    Some(ResidentMemory { now: field("VmRSS:")?, peak: field("VmHWM:")? })
}

/// Lets the peak count from now on (proc(5): `clear_refs`). Where that is not allowed, it counts from the beginning.
pub fn forget_peak() {
    std::fs::write("/proc/self/clear_refs", "5").ok();
}

#[cfg(test)]
pub(super) mod tests {
    use std::sync::Mutex;

    use super::*;

    /// The peak is that of the whole process: tests that look at it take turns.
    pub static PEAK: Mutex<()> = Mutex::new(());

    #[test]
    fn what_the_kernel_says() {
        let status = "Name:\tsweep\nVmPeak:\t 9000 kB\nVmHWM:\t   2048 kB\nVmRSS:\t   1024 kB\n";
        assert_eq!(parse(status), Some(ResidentMemory { now: 1 << 20, peak: 2 << 20 }));
        assert_eq!(parse("Name:\tsweep\n"), None);
    }

    #[test]
    fn a_peak_is_seen_and_forgotten() {
        let _turn = PEAK.lock();
        let before = resident_memory().unwrap();
        let large = vec![1_u8; 200 << 20];
        assert!(std::hint::black_box(&large).iter().step_by(4096).all(|&byte| byte == 1));
        let during = resident_memory().unwrap();
        assert!(during.peak >= before.now + (150 << 20), "{before:?} {during:?}");
        drop(large);
        forget_peak();
        assert!(resident_memory().unwrap().peak < during.peak - (100 << 20));
    }
}
