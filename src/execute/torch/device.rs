//! Devices by their names, and the threads that work on the processor.

use tch::Device;

use crate::execute::DeviceError;
use crate::libtorch;
use crate::model::works_in_own_threads;

/// CUDA devices that libtorch can use. Without a driver there is none, and nothing is opened to find out.
pub fn cuda_devices() -> usize {
    if libtorch::has_driver() && libtorch::open_cuda().is_ok() { tch::Cuda::device_count().max(0) as usize } else { 0 }
}

/// The device called `cpu` or `cuda:N`, with the threads that work on the processor started (all cores by default).
///
/// # Errors
/// A name that is no device's, a GPU that is not there, or absurdly many threads.
pub fn open_device(name: &str, threads: Option<usize>) -> Result<Device, DeviceError> {
    libtorch::open()?;
    let device = parse(name)?;
    check_threads(threads)?;
    start_threads(device, threads);
    Ok(device)
}

/// Whether so many threads can work on this machine.
///
/// # Errors
/// [`DeviceError::Threads`] for none, and for many more than there are processors.
pub fn check_threads(threads: Option<usize>) -> Result<(), DeviceError> {
    const PER_PROCESSOR: usize = 4;
    const ALWAYS: usize = 64;
    let Some(given) = threads else {
        return Ok(());
    };
    let processors = std::thread::available_parallelism().map_or(1, usize::from);
    let most = (PER_PROCESSOR * processors).max(ALWAYS);
    if (1..=most).contains(&given) {
        return Ok(());
    }
    let processors = crate::words::counted(processors, "processor");
    Err(DeviceError::Threads { given, processors, most })
}

/// One pool of threads for all that is parallel; the calling thread, which trains, is one of them.
fn start_threads(device: Device, threads: Option<usize>) {
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads.unwrap_or(0)).use_current_thread();
    // Refused where a pool exists already; then its size was chosen before, and stays.
    let _ = pool.build_global();
    if works_in_own_threads(device) {
        // libtorch's own threads would wait for work by spinning, on the cores that the pool needs.
        tch::set_num_threads(1);
    } else if let Some(threads) = threads {
        tch::set_num_threads(threads as i32);
    }
}

/// Every step allocates and frees the same large tensors. By default glibc gives such memory back to the kernel at once,
/// which then has to clear it page by page at the next step: a seventh of the time of a step.
#[cfg(all(target_os = "linux", target_env = "gnu"))]
pub(super) fn keep_freed_memory() {
    // SAFETY: mallopt only sets parameters of the allocator; a refusal changes nothing.
    unsafe {
        libc::mallopt(libc::M_MMAP_MAX, 0);
        libc::mallopt(libc::M_TRIM_THRESHOLD, libc::c_int::MAX);
        libc::mallopt(libc::M_TOP_PAD, 64 << 20);
    }
}

#[cfg(not(all(target_os = "linux", target_env = "gnu")))]
pub(super) fn keep_freed_memory() {}

fn parse(device: &str) -> Result<Device, DeviceError> {
    if device == "cpu" {
        return Ok(Device::Cpu);
    }
    let unknown = || DeviceError::Unknown(device.to_string());
    let index: usize = device.strip_prefix("cuda:").and_then(|index| index.parse().ok()).ok_or_else(unknown)?;
    let visible = cuda_devices();
    if index < visible {
        Ok(Device::Cuda(index))
    } else {
        Err(DeviceError::Absent { name: device.to_string(), visible })
    }
}
