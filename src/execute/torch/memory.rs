//! Memory of a device that libtorch trains on.

use std::ffi::c_int;

use tch::Device;

use crate::execute::memory::{forget_peak, resident_memory};
use crate::libtorch::symbol;

/// Watches a device's memory from now on.
pub struct Watch {
    device: Device,
    before: u64,
}

/// Bytes when the watch began, and the most since.
pub struct Seen {
    pub before: u64,
    pub peak: u64,
}

impl Watch {
    /// None where the memory cannot be told.
    pub fn begin(device: Device) -> Option<Self> {
        let before = match device {
            Device::Cuda(index) => cuda_memory_in_use(index)?,
            _ => {
                give_back_freed_memory();
                forget_peak();
                resident_memory()?.now
            }
        };
        Some(Self { device, before })
    }

    /// What libtorch once took of a GPU's memory it keeps, so what is in use at the end is the most that was.
    pub fn seen(&self) -> Option<Seen> {
        let peak = match self.device {
            Device::Cuda(index) => cuda_memory_in_use(index)?,
            _ => resident_memory()?.peak,
        };
        Some(Seen { before: self.before, peak: peak.max(self.before) })
    }
}

/// What an earlier pack has freed is kept for the next step (see `keep_freed_memory`); it is none of this one's.
#[cfg(all(target_os = "linux", target_env = "gnu"))]
fn give_back_freed_memory() {
    // SAFETY: gives free pages back to the kernel; what is in use stays.
    unsafe { libc::malloc_trim(0) };
}

#[cfg(not(all(target_os = "linux", target_env = "gnu")))]
fn give_back_freed_memory() {}

/// Bytes in use on a GPU, by all processes: a worker has its GPU alone. None where the CUDA runtime, which comes with
/// libtorch, is not loaded, or refuses.
fn cuda_memory_in_use(index: usize) -> Option<u64> {
    let (mut before, mut free, mut total) = (0, 0, 0);
    let device = c_int::try_from(index).ok()?;
    // SAFETY: the functions have these signatures in every version of the CUDA runtime (cuda_runtime_api.h), write to
    // the given places only, and the device that was current is so again when this returns.
    unsafe {
        let get_device: extern "C" fn(*mut c_int) -> c_int = std::mem::transmute(symbol(c"cudaGetDevice")?);
        let set_device: extern "C" fn(c_int) -> c_int = std::mem::transmute(symbol(c"cudaSetDevice")?);
        let memory: extern "C" fn(*mut usize, *mut usize) -> c_int = std::mem::transmute(symbol(c"cudaMemGetInfo")?);
        if get_device(&raw mut before) != 0 || set_device(device) != 0 {
            return None;
        }
        let told = memory(&raw mut free, &raw mut total) == 0;
        (set_device(before) == 0 && told).then_some(total.checked_sub(free)? as u64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_allocated_meanwhile_is_seen() {
        let _turn = crate::execute::memory::tests::PEAK.lock();
        let watch = Watch::begin(Device::Cpu).unwrap();
        let large = tch::Tensor::ones([64 << 20], (tch::Kind::Float, Device::Cpu));
        drop(large);
        let seen = watch.seen().unwrap();
        assert!(seen.peak >= seen.before + (200 << 20), "{} {}", seen.before, seen.peak);
    }

    #[test]
    fn a_gpu_that_is_not_there_has_no_memory() {
        assert_eq!(cuda_memory_in_use(1 << 20), None);
    }
}
