//! bfloat16 where an instruction set multiplies float32 numbers only: the values are rounded, and stay in 32 bits. Products of two
//! of them are exact in float32, so what comes out differs from products in bfloat16 by the order of sums alone.

use super::words::Words;

/// What tiles that multiply float32 numbers are called.
pub fn name_of_floats(words: Words) -> &'static str {
    match words {
        Words::Floats => "products in float32",
        Words::Rounded | Words::Pairs | Words::Parts => "products in float32 of numbers rounded to bfloat16",
    }
}

/// Rounds values to bfloat16, ties to even. Infinite values and what is no number stay so.
#[inline(always)]
pub fn round_each(values: &[f32], words: &mut [f32]) {
    for (value, word) in values.iter().zip(words) {
        *word = nearest(*value);
    }
}

/// The nearest bfloat16.
#[inline(always)]
pub fn nearest(value: f32) -> f32 {
    let bits = value.to_bits();
    let rounded = bits.wrapping_add(0x7fff + (bits >> 16 & 1)) & 0xffff_0000;
    // Rounding up must not turn what is no number into one.
    let quiet = bits & 0xffff_0000 | 0x0040_0000;
    f32::from_bits(if value.is_nan() { quiet } else { rounded })
}

/// A number as the sum of two bfloat16 numbers: the nearest one, and the one that is nearest to what is missing, which leaves an
/// error of at most 2^-17 of it. What is infinite or no number is its own higher part.
#[inline(always)]
pub fn parts(value: f32) -> [f32; 2] {
    let higher = nearest(value);
    let missing = value - higher;
    [higher, if missing.is_finite() { nearest(missing) } else { 0.0 }]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_parts_hold_seventeen_bits_and_what_is_not_finite_stays_so() {
        for index in 0..10_000 {
            let value = (index as f32 * 0.618_034 - 3_000.0) * 1.37;
            let [higher, lower] = parts(value);
            assert!((higher - value).abs() <= value.abs() / 256.0 && nearest(lower) == lower, "{value}");
            assert!(
                (f64::from(higher) + f64::from(lower) - f64::from(value)).abs() <= f64::from(value).abs() / 131_072.0
            );
        }
        assert_eq!(parts(f32::INFINITY), [f32::INFINITY, 0.0]);
        assert!(parts(f32::NAN)[0].is_nan());
    }

    #[test]
    fn values_are_rounded_to_the_nearest_and_no_number_stays_none() {
        let pairs = [
            (1.0, 1.0),
            (f32::from_bits(0x3f80_8000), f32::from_bits(0x3f80_0000)),
            (f32::from_bits(0x3f81_8000), f32::from_bits(0x3f82_0000)),
            (f32::from_bits(0x3f80_8001), f32::from_bits(0x3f81_0000)),
            (-5.123, -5.125),
            (f32::MAX, f32::INFINITY),
            (f32::NEG_INFINITY, f32::NEG_INFINITY),
            (-0.0, -0.0),
        ];
        let values: Vec<f32> = pairs.iter().map(|(value, _)| *value).collect();
        let mut words = vec![0f32; values.len()];
        round_each(&values, &mut words);
        for ((value, expected), found) in pairs.into_iter().zip(words) {
            assert_eq!(found.to_bits(), expected.to_bits(), "{value}");
        }
        for bits in [0x7fff_ffff, 0xffff_ffff, 0x7f80_0001, 0x7fc0_0000] {
            assert!(nearest(f32::from_bits(bits)).is_nan(), "{bits:x}");
        }
    }
}
