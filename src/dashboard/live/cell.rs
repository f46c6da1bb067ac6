//! Numbers as pages get them.

use serde::{Serialize, Serializer};

/// A number, or none where there is none or it is not finite. Written with six significant digits, whole numbers whole: pages get
/// thousands of them.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Cell(pub Option<f64>);

impl Cell {
    pub const NONE: Cell = Cell(None);

    pub fn of(value: f64) -> Self {
        Self(Some(value).filter(|value| value.is_finite()))
    }

    pub fn count(value: usize) -> Self {
        Self(Some(value as f64))
    }
}

impl From<Option<f64>> for Cell {
    fn from(value: Option<f64>) -> Self {
        value.map_or(Self::NONE, Self::of)
    }
}

impl From<Option<usize>> for Cell {
    fn from(value: Option<usize>) -> Self {
        value.map_or(Self::NONE, Self::count)
    }
}

impl Serialize for Cell {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0 {
            None => serializer.serialize_none(),
            // Whole numbers up to 2^53 are exact.
            Some(value) if value.fract() == 0.0 && value.abs() < 9.0e15 => serializer.serialize_i64(value as i64),
            Some(value) => serializer.serialize_f64(rounded(value)),
        }
    }
}

/// To six significant digits.
fn rounded(value: f64) -> f64 {
    format!("{value:.5e}").parse().unwrap_or(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_short_and_what_is_none_is_null() {
        let cells = [Cell::of(0.931_234_567), Cell::of(12.0), Cell::of(f64::NAN), Cell::NONE, Cell::of(-1.5e-7)];
        assert_eq!(serde_json::to_string(&cells).unwrap(), "[0.931235,12,null,null,-1.5e-7]");
        assert_eq!(serde_json::to_string(&Cell::of(12_345_678.9)).unwrap(), "12345700.0");
    }
}
