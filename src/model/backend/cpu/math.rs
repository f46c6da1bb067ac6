//! Elementary functions that vectorize: no branches, no calls.

/// exp(x) for x <= 0 to about one unit in the last place; 0 below -87.
///
/// Cody-Waite reduction by ln 2 and the minimax polynomial of Cephes' `expf`.
#[inline(always)]
pub fn exp_negative(x: f32) -> f32 {
    const LOG2_E: f32 = std::f32::consts::LOG2_E;
    const LN_2_HIGH: f32 = 0.693_359_4;
    const LN_2_LOW: f32 = -2.121_944_4e-4;
    // Adding and subtracting 1.5 * 2^23 rounds to the nearest integer.
    const ROUND: f32 = 12_582_912.0;
    // Not `max`, which would swallow a NaN.
    let clamped = if x < -87.0 { -87.0 } else { x };
    let shifted = clamped.mul_add(LOG2_E, ROUND);
    let n = shifted - ROUND;
    let r = n.mul_add(-LN_2_LOW, n.mul_add(-LN_2_HIGH, clamped));
    let mut p = 1.987_569_1e-4f32;
    p = p.mul_add(r, 1.398_2e-3);
    p = p.mul_add(r, 8.333_452e-3);
    p = p.mul_add(r, 4.166_579_6e-2);
    p = p.mul_add(r, 1.666_666_5e-1);
    p = p.mul_add(r, 0.5);
    let value = p.mul_add(r * r, r) + 1.0;
    // The integer sits in the low bits of `shifted`; it becomes the exponent.
    let power = f32::from_bits((shifted.to_bits() << 23).wrapping_add(0x3f80_0000));
    let result = value * power;
    if x < -87.0 { 0.0 } else { result }
}

/// GELU with the error function, and its derivative: (x P(x), P(x) + x p(x)) with the normal distribution P and its
/// density p. The error function is Abramowitz and Stegun 7.1.26 (absolute error below 1.5e-7), as in PyTorch's
/// vectorized CPU code.
#[inline(always)]
pub fn gelu(x: f32) -> (f32, f32) {
    const FREQUENCY: f32 = 0.327_591_1;
    const INVERSE_SQRT_2: f32 = std::f32::consts::FRAC_1_SQRT_2;
    const INVERSE_SQRT_2_PI: f32 = 0.398_942_3;
    let z = x.abs() * INVERSE_SQRT_2;
    let t = 1.0 / FREQUENCY.mul_add(z, 1.0);
    let mut p = 1.061_405_4f32;
    p = p.mul_add(t, -1.453_152_1);
    p = p.mul_add(t, 1.421_413_8);
    p = p.mul_add(t, -0.284_496_72);
    p = p.mul_add(t, 0.254_829_6);
    let gauss = exp_negative(-z * z);
    let tail = 0.5 * p * t * gauss;
    let distribution = if x < 0.0 { tail } else { 1.0 - tail };
    (x * distribution, x.mul_add(INVERSE_SQRT_2_PI * gauss, distribution))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exp_is_accurate_to_float_precision() {
        for i in 0..870_000 {
            let x = -(i as f32) * 1e-4;
            let exact = f64::from(x).exp();
            let relative = (f64::from(exp_negative(x)) - exact).abs() / exact;
            assert!(relative < 2e-7, "exp({x}): relative error {relative}");
        }
        assert_eq!(exp_negative(0.0), 1.0);
        assert_eq!(exp_negative(f32::NEG_INFINITY), 0.0);
        assert!(exp_negative(f32::NAN).is_nan());
    }

    #[test]
    fn gelu_is_what_libtorch_computes() {
        let x = tch::Tensor::linspace(-8.0, 8.0, 20_001, (tch::Kind::Float, tch::Device::Cpu));
        // In double precision: libtorch's own single precision is off by more than the tolerance in places.
        let exact = x.to_kind(tch::Kind::Double);
        let single = |x: tch::Tensor| Vec::<f32>::try_from(x.to_kind(tch::Kind::Float)).unwrap();
        let expected = single(exact.gelu("none"));
        let slope = single(exact.gelu_backward(&exact.ones_like(), "none"));
        for ((x, expected), slope) in Vec::<f32>::try_from(&x).unwrap().into_iter().zip(expected).zip(slope) {
            let (value, derivative) = gelu(x);
            assert!((value - expected).abs() < 1e-6, "gelu({x}) = {value}, not {expected}");
            assert!((derivative - slope).abs() < 1e-6, "gelu'({x}) = {derivative}, not {slope}");
        }
    }
}
