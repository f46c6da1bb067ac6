//! How fast this machine multiplies.

use tch::{Device, Kind};

use crate::execute::DeviceKind;
use crate::libtorch;
use crate::model;
use crate::spec::Precision;

/// The precision in which frozen products are multiplied on a device of a kind: a processor that is no faster in bfloat16
/// multiplies float32 numbers.
pub fn multiplied_precision(kind: DeviceKind, precision: Precision) -> Precision {
    match kind {
        DeviceKind::Cpu if model::processor_multiplies_floats(precision) == Some(true) => Precision::Fp32,
        DeviceKind::Cpu | DeviceKind::Cuda => precision,
    }
}

/// Floating-point operations a second of libtorch's own product on the first device of a kind, measured in a fraction of a
/// second. None where it cannot multiply there, or is not there itself.
pub fn product_rate(kind: DeviceKind, precision: Precision) -> Option<f64> {
    libtorch::open().ok()?;
    let device = match kind {
        DeviceKind::Cpu => Device::Cpu,
        DeviceKind::Cuda => Device::Cuda(0),
    };
    let number = match precision {
        Precision::Bf16 => Kind::BFloat16,
        Precision::Fp32 | Precision::Tf32 => Kind::Float,
    };
    model::product_rate(device, number).ok()
}
