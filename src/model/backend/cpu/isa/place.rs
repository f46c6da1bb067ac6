//! Where the sums of a tile go.

use std::marker::PhantomData;

use super::words::{COLUMNS, TileRow};

/// `ROWS` rows of [`COLUMNS`] values, which begin at equal distances.
pub struct Place<'a, const ROWS: usize> {
    first: *mut f32,
    /// Values from a row to the next one.
    stride: usize,
    values: PhantomData<&'a mut [f32]>,
}

impl<'a, const ROWS: usize> Place<'a, ROWS> {
    #[inline(always)]
    pub fn of_sums(sums: &'a mut [TileRow; ROWS]) -> Self {
        const { assert!(size_of::<TileRow>() == COLUMNS * size_of::<f32>()) };
        Place { first: sums.as_mut_ptr().cast(), stride: COLUMNS, values: PhantomData }
    }

    /// None where `values` do not hold the rows of a tile.
    #[inline(always)]
    pub fn new(values: &'a mut [f32], stride: usize) -> Option<Self> {
        let reach = stride.checked_mul(ROWS - 1)?.checked_add(COLUMNS)?;
        let place = Place { first: values.as_mut_ptr(), stride, values: PhantomData };
        (stride >= COLUMNS && values.len() >= reach).then_some(place)
    }

    /// The first value of a row: [`COLUMNS`] may be read and written from there on as long as `row` is less than `ROWS`.
    #[inline(always)]
    pub fn row(&self, row: usize) -> *mut f32 {
        self.first.wrapping_add(row * self.stride)
    }

    /// Bytes from a row to the next one.
    #[inline(always)]
    pub fn bytes(&self) -> usize {
        size_of::<f32>() * self.stride
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_needs_all_of_its_rows() {
        let mut values = vec![0f32; 2 * 40 + COLUMNS];
        assert!(Place::<3>::new(&mut values, 40).is_some());
        assert!(Place::<3>::new(&mut values, 41).is_none());
        assert!(Place::<4>::new(&mut values, 40).is_none());
        assert!(Place::<3>::new(&mut values, COLUMNS - 1).is_none(), "rows would overlap");
        assert!(Place::<3>::new(&mut values, usize::MAX).is_none());
    }
}
