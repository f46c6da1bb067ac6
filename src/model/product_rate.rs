//! How fast libtorch multiplies matrices on a device, to estimate times by.

use std::time::{Duration, Instant};

use tch::{Device, Kind, Tensor};

use super::compute_error::ComputeError;

/// Floating-point operations a second of a product as tall as a pack's rows and as wide as a feed-forward layer: the best of
/// several within a fifth of a second.
///
/// # Errors
/// libtorch cannot multiply there.
pub fn product_rate(device: Device, kind: Kind) -> Result<f64, ComputeError> {
    const SPAN: Duration = Duration::from_millis(200);
    let (rows, width, inner) = if device.is_cuda() { (16_384, 768, 3072) } else { (768, 768, 3072) };
    let _no_gradient = tch::no_grad_guard();
    let left = Tensor::f_ones([rows, width], (kind, device))?;
    let right = Tensor::f_ones([width, inner], (kind, device))?;
    let mut fastest = Duration::MAX;
    let begin = Instant::now();
    // The first product loads kernels.
    let mut products = 0;
    while products < 3 || begin.elapsed() < SPAN {
        let start = Instant::now();
        let product = left.f_matmul(&right)?;
        // Reading one number waits for a GPU.
        product.f_get(0)?.f_get(0)?.f_double_value(&[])?;
        fastest = fastest.min(start.elapsed());
        products += 1;
    }
    Ok(2.0 * (rows * width * inner) as f64 / fastest.as_secs_f64())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_processor_has_a_plausible_rate() {
        let rate = product_rate(Device::Cpu, Kind::Float).unwrap();
        assert!((1e8..1e15).contains(&rate), "{rate}");
    }
}
