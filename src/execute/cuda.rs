//! The GPUs that libtorch can use here.

/// How many: they are called `cuda:0`, `cuda:1` and so on.
pub fn cuda_devices() -> usize {
    usize::try_from(tch::Cuda::device_count()).unwrap_or(0)
}
