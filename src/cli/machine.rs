//! What the kernel and the driver say about this machine.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::cli::text::bytes;

/// Vector instructions that decide how fast matrix products are, best last.
const VECTORS: [(&str, &str); 7] = [
    ("sse4_2", "SSE4.2"),
    ("asimd", "NEON"),
    ("avx", "AVX"),
    ("avx2", "AVX2"),
    ("avx512f", "AVX-512"),
    ("avx512_bf16", "AVX-512 BF16"),
    ("amx_bf16", "AMX BF16"),
];

/// The widest vector instructions named by the text of `/proc/cpuinfo`.
pub fn vectors(cpuinfo: &str) -> Option<&'static str> {
    let flags = cpuinfo.lines().find(|line| line.starts_with("flags") || line.starts_with("Features"))?;
    let flags: Vec<&str> = flags.split_once(':')?.1.split_whitespace().collect();
    VECTORS.iter().rev().find(|(flag, _)| flags.contains(flag)).map(|(_, name)| *name)
}

/// The processor's name in the text of `/proc/cpuinfo`.
pub fn processor(cpuinfo: &str) -> Option<&str> {
    let line = cpuinfo.lines().find(|line| line.starts_with("model name"))?;
    Some(line.split_once(':')?.1.trim())
}

/// Bytes in all and bytes available, from the text of `/proc/meminfo`.
pub fn memory(meminfo: &str) -> Option<(u64, u64)> {
    let field = |name: &str| {
        let line = meminfo.lines().find_map(|line| line.strip_prefix(name))?;
        line.trim().trim_end_matches("kB").trim().parse::<u64>().ok().map(|kilobytes| 1024 * kilobytes)
    };
    Some((field("MemTotal:")?, field("MemAvailable:")?))
}

/// A device as `nvidia-smi` lists it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NvidiaDevice {
    pub name: String,
    /// Bytes.
    pub total: u64,
    /// Bytes.
    pub free: u64,
}

impl std::fmt::Display for NvidiaDevice {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}, {}, {} free", self.name, bytes(self.total), bytes(self.free))
    }
}

/// The devices in what `nvidia-smi --query-gpu=name,memory.total,memory.free --format=csv,noheader,nounits` prints
/// (memory in MiB).
pub fn nvidia_devices(text: &str) -> Vec<NvidiaDevice> {
    let device = |line: &str| {
        let mut fields = line.rsplitn(3, ',').map(str::trim);
        let mut mebibytes = || fields.next()?.parse::<u64>().ok().map(|number| number << 20);
        let (free, total) = (mebibytes()?, mebibytes()?);
        Some(NvidiaDevice { name: fields.next()?.to_string(), total, free })
    };
    text.lines().filter_map(device).collect()
}

/// What `nvidia-smi` lists; nothing where there is none.
pub fn nvidia() -> Vec<NvidiaDevice> {
    let arguments = ["--query-gpu=name,memory.total,memory.free", "--format=csv,noheader,nounits"];
    let output = Command::new("nvidia-smi").args(arguments).output().ok().filter(|output| output.status.success());
    output.map_or_else(Vec::new, |output| nvidia_devices(&String::from_utf8_lossy(&output.stdout)))
}

/// Bytes of memory that processes here may take: the machine's, or less where a control group limits them.
pub fn usable_memory() -> Option<u64> {
    let (total, _) = memory(&std::fs::read_to_string("/proc/meminfo").ok()?)?;
    // Version 2 and 1 of control groups, as containers see their own.
    let limits = ["/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes"];
    let limits = limits.iter().filter_map(|file| std::fs::read_to_string(file).ok()?.trim().parse::<u64>().ok());
    Some(limits.fold(total, u64::min))
}

/// A program on the PATH.
pub fn program(name: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path).map(|folder| folder.join(name)).find(|file| file.is_file())
}

/// Font files in the usual folders.
pub fn fonts() -> usize {
    let home = std::env::var_os("HOME").map(|home| PathBuf::from(home).join(".local/share/fonts"));
    let folders = [Some("/usr/share/fonts".into()), Some("/usr/local/share/fonts".into()), home];
    folders.into_iter().flatten().map(|folder: PathBuf| fonts_below(&folder)).sum()
}

fn fonts_below(folder: &Path) -> usize {
    let is_font = |path: &Path| {
        let extension = path.extension().and_then(|extension| extension.to_str()).unwrap_or_default();
        ["ttf", "otf", "ttc"].contains(&extension.to_lowercase().as_str())
    };
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let counts = entries.map(|entry| match entry.file_type() {
        Ok(kind) if kind.is_dir() => fonts_below(&entry.path()),
        _ => usize::from(is_font(&entry.path())),
    });
    counts.sum()
}

/// Bytes free for us in the file system of a folder, or of its nearest ancestor that exists.
pub fn free_space(folder: &Path) -> Option<u64> {
    let absolute = std::path::absolute(folder).ok()?;
    let existing = absolute.ancestors().find(|folder| folder.exists())?;
    let status = rustix::fs::statvfs(existing).ok()?;
    Some(status.f_bavail * status.f_frsize)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cpuinfo_is_read() {
        let text = "processor\t: 0\nmodel name\t: Example 9000 @ 2.0GHz\nflags\t\t: fpu sse4_2 avx avx2 avx512f\n";
        assert_eq!(vectors(text), Some("AVX-512"));
        assert_eq!(processor(text), Some("Example 9000 @ 2.0GHz"));
        assert_eq!(vectors("processor: 0\nFeatures : fp asimd crc32\n"), Some("NEON"));
        assert_eq!(vectors(""), None);
    }

    #[test]
    fn meminfo_is_read() {
        let text = "MemTotal:       16384000 kB\nMemFree: 1 kB\nMemAvailable:    8192000 kB\n";
        assert_eq!(memory(text), Some((16_777_216_000, 8_388_608_000)));
        assert_eq!(memory("MemTotal: 1 kB\n"), None);
    }

    #[test]
    fn fonts_are_counted_at_any_depth() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir_all(folder.path().join("truetype/noto")).unwrap();
        for file in ["a.ttf", "truetype/b.OTF", "truetype/noto/c.ttc", "truetype/readme.txt"] {
            std::fs::write(folder.path().join(file), "").unwrap();
        }
        assert_eq!(fonts_below(folder.path()), 3);
        assert_eq!(fonts_below(&folder.path().join("absent")), 0);
    }

    #[test]
    fn nvidia_smi_is_read() {
        let devices = nvidia_devices("NVIDIA H200, 143771, 143000\nNVIDIA A2, odd, 1\n");
        assert_eq!(devices.len(), 1);
        assert_eq!(devices[0].to_string(), "NVIDIA H200, 140.40 GiB, 139.65 GiB free");
    }
}
