//! Opening the backend for a device and a model.

use tch::Device;

use super::cpu::{self, Cpu};
use super::cuda::Cuda;
use super::plain::Plain;
use super::{BackendChoice, BackendRequest};
use crate::model::config::ModelConfig;
use crate::spec::Precision;

/// An opened backend.
#[derive(Debug)]
pub enum Opened {
    Plain(Plain),
    Cpu(Cpu),
    Cuda(Cuda),
}

/// The backend for a model with products of this precision, and what to say of the choice. Where the device's own kernels
/// cannot be had, libtorch's operations do the same, slower; the choice has the reason.
pub fn open(
    request: BackendRequest,
    device: Device,
    config: &ModelConfig,
    precision: Precision,
) -> (Opened, BackendChoice) {
    match (request, device) {
        (BackendRequest::Plain, _) => plain(None),
        (BackendRequest::Fastest, Device::Cuda(_)) => match Cuda::compile(device, config, precision) {
            Ok(cuda) => {
                let kernels = cuda.describe();
                (Opened::Cuda(cuda), BackendChoice { backend: "cuda", kernels, slower_because: None })
            }
            Err(reason) => plain(Some(reason)),
        },
        (BackendRequest::Fastest, Device::Cpu) if cpu::available() => {
            let cpu = Cpu::new(precision);
            let (kernels, slower_because) = cpu.describe();
            (Opened::Cpu(cpu), BackendChoice { backend: "cpu", kernels, slower_because })
        }
        (BackendRequest::Fastest, Device::Cpu) => {
            plain(Some("this processor has no instructions that multiply and add at once (AVX2 with FMA)".to_string()))
        }
        (BackendRequest::Fastest, _) => plain(None),
    }
}

fn plain(slower_because: Option<String>) -> (Opened, BackendChoice) {
    let kernels = "operations of libtorch".to_string();
    (Opened::Plain(Plain), BackendChoice { backend: "plain", kernels, slower_because })
}

/// Whether our own threads do the work of a device's backend, so that those of libtorch would only wait for work by spinning.
pub fn works_in_own_threads(device: Device) -> bool {
    matches!(device, Device::Cuda(_)) || (device == Device::Cpu && cpu::available())
}
