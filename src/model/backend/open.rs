//! Opening the backend for a device and a model.

use tch::Device;

use super::cpu::isa::{self, InstructionSet, WithTiles};
use super::cpu::{self, Cpu};
use super::cuda::Cuda;
use super::plain::Plain;
use super::{Backend, BackendChoice, BackendRequest};
use crate::model::config::ModelConfig;
use crate::spec::Precision;

/// What is done with a backend, whichever it is.
pub trait WithBackend {
    type Output;

    fn with<B: Backend>(self, backend: B) -> Self::Output;
}

/// Opens the backend for a model with products of this precision, and does something with it. Where the device's own kernels
/// cannot be had, libtorch's operations do the same, slower; the choice has the reason.
pub fn open<W: WithBackend>(
    request: BackendRequest,
    device: Device,
    (config, precision): (&ModelConfig, Precision),
    work: W,
) -> (W::Output, BackendChoice) {
    match (request, device) {
        (BackendRequest::Fastest, Device::Cuda(_)) => match Cuda::compile(device, config, precision) {
            Ok(cuda) => {
                let choice = cuda.choice();
                (work.with(cuda), choice)
            }
            Err(reason) => plain(Some(reason.to_string()), work),
        },
        (BackendRequest::Fastest, Device::Cpu) => match isa::with_fastest(precision, OnProcessor { work }) {
            Ok(done) => done,
            Err(OnProcessor { work }) => {
                let reason = "this processor cannot multiply and add in one instruction (AVX2 with FMA, NEON)";
                plain(Some(reason.to_string()), work)
            }
        },
        (BackendRequest::Plain, _) | (BackendRequest::Fastest, _) => plain(None, work),
    }
}

struct OnProcessor<W> {
    work: W,
}

impl<W: WithBackend> WithTiles for OnProcessor<W> {
    type Output = (W::Output, BackendChoice);

    fn with<I: InstructionSet>(self, isa: I, tiles: I::Tiles) -> Self::Output {
        let cpu = Cpu::new(isa, tiles);
        let choice = cpu.choice();
        (self.work.with(cpu), choice)
    }
}

fn plain<W: WithBackend>(slower_because: Option<String>, work: W) -> (W::Output, BackendChoice) {
    let kernels = "operations of libtorch".to_string();
    (work.with(Plain), BackendChoice { backend: "plain", kernels, slower_because })
}

/// Whether our own threads do the work of a device's backend, so that those of libtorch would only wait for work by spinning.
pub fn works_in_own_threads(device: Device) -> bool {
    matches!(device, Device::Cuda(_)) || (device == Device::Cpu && cpu::available())
}
