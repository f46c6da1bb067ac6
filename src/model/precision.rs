//! What a precision means for products.

use tch::Kind;

use crate::spec::Precision;

/// Of the numbers that products multiply.
pub fn product_kind(precision: Precision) -> Kind {
    match precision {
        Precision::Fp32 | Precision::Tf32 => Kind::Float,
        Precision::Bf16 => Kind::BFloat16,
    }
}

/// Bytes of a number that products multiply.
pub fn product_bytes(precision: Precision) -> u64 {
    match precision {
        Precision::Fp32 | Precision::Tf32 => 4,
        Precision::Bf16 => 2,
    }
}
