//! What kernels are given: tensors as addresses, and tables with an entry for each run by value. The layouts are those of
//! the structures in `kernels/`.

use std::ops::Range;

use tch::{Device, Kind, Tensor};

use super::constants::Constant;
use crate::model::compute_error::ComputeError;
use crate::model::dropout::{Dropout, RowDropouts};

/// Threads of a warp.
pub const LANES: u32 = 32;
/// Columns that a warp takes at a time.
pub const STRIP: usize = 128;

/// Something a kernel takes by value.
///
/// # Safety
/// Has the layout of the kernel's parameter.
pub unsafe trait Argument {}

// SAFETY: `int`.
unsafe impl Argument for i32 {}
// SAFETY: `u64` of kernels/common.cuh.
unsafe impl Argument for u64 {}
// SAFETY: `float`.
unsafe impl Argument for f32 {}
// SAFETY: one `u64` ([`repr(transparent)`]), as large as a pointer on every machine with such a GPU.
unsafe impl Argument for Address {}
// SAFETY: `Runs` of kernels/common.cuh, as the assertions below and there say.
unsafe impl Argument for Runs {}

/// An address on the GPU. [`Memory`] makes it of a tensor that is what a kernel takes it for.
#[repr(transparent)]
#[derive(Clone, Copy, Debug)]
pub struct Address(u64);

impl Address {
    pub const NULL: Address = Address(0);
}

/// Bytes that kernels read at once, at most.
const TOGETHER: u64 = 16;

/// What the tensors of a launch must be like.
#[derive(Clone, Copy, Debug)]
pub struct Memory {
    pub device: Device,
    /// Of values between products.
    pub kind: Kind,
}

impl Memory {
    /// Of values between products, of this size, without gaps; read 16 bytes at a time.
    pub fn values(self, tensor: &Tensor, size: &[usize]) -> Result<Address, ComputeError> {
        together(self.whole(tensor, self.kind, size)?)
    }

    /// Of float32 numbers of this size, without gaps.
    pub fn floats(self, tensor: &Tensor, size: &[usize]) -> Result<Address, ComputeError> {
        self.whole(tensor, Kind::Float, size)
    }

    /// As [`Self::floats`]; read 16 bytes at a time.
    pub fn fours(self, tensor: &Tensor, size: &[usize]) -> Result<Address, ComputeError> {
        together(self.floats(tensor, size)?)
    }

    /// Of int64 numbers of this size, without gaps.
    pub fn integers(self, tensor: &Tensor, size: &[usize]) -> Result<Address, ComputeError> {
        self.whole(tensor, Kind::Int64, size)
    }

    /// Of int32 numbers of this size, without gaps.
    pub fn short_integers(self, tensor: &Tensor, size: &[usize]) -> Result<Address, ComputeError> {
        self.whole(tensor, Kind::Int, size)
    }

    fn whole(self, tensor: &Tensor, kind: Kind, size: &[usize]) -> Result<Address, ComputeError> {
        let found = tensor.size();
        if !found.iter().map(|&length| length as usize).eq(size.iter().copied()) {
            return refused(format!("a tensor of size {found:?} instead of {size:?}"));
        }
        if !tensor.is_contiguous() {
            return refused("a tensor with gaps".to_string());
        }
        self.address(tensor, kind)
    }

    /// Of a matrix of values between products whose rows may lie apart; read four values at a time.
    pub fn rows(self, tensor: &Tensor, rows: usize, columns: usize) -> Result<Rows, ComputeError> {
        let (size, stride) = (tensor.size(), tensor.stride());
        if size != [rows as i64, columns as i64] {
            return refused(format!("a matrix of size {size:?} instead of {:?}", [rows, columns]));
        }
        let address = self.address(tensor, self.kind)?;
        let four = 4 * self.kind.elt_size_in_bytes() as u64;
        if stride[1] != 1 || stride[0] < columns as i64 || stride[0] % 4 != 0 || !address.0.is_multiple_of(four) {
            return refused(format!("a matrix whose rows lie {stride:?} apart"));
        }
        Ok(Rows { address, columns, stride: int(stride[0] as usize)? })
    }

    fn address(self, tensor: &Tensor, kind: Kind) -> Result<Address, ComputeError> {
        let (found, device) = (tensor.kind(), tensor.device());
        if found == kind && device == self.device {
            Ok(Address(tensor.data_ptr() as u64))
        } else {
            refused(format!("{found:?} on {device:?} instead of {kind:?} on {:?}", self.device))
        }
    }
}

fn refused<T>(what: String) -> Result<T, ComputeError> {
    Err(ComputeError::Operands(format!("a kernel was given {what}")))
}

fn together(address: Address) -> Result<Address, ComputeError> {
    if address.0.is_multiple_of(TOGETHER) {
        Ok(address)
    } else {
        refused("a tensor that lies between sixteens of bytes".to_string())
    }
}

/// A number of rows, columns or elements as kernels take it.
pub fn int(number: usize) -> Result<i32, ComputeError> {
    i32::try_from(number).or_else(|_| refused(format!("{number} of something, more than it can count")))
}

/// A matrix whose rows may lie apart.
#[derive(Clone, Copy, Debug)]
pub struct Rows {
    pub address: Address,
    pub columns: usize,
    /// Elements from one row to the next.
    pub stride: i32,
}

/// Runs of one launch.
pub const RUNS: usize = 64;

/// A run's rows and its dropout.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default)]
pub struct Run {
    key: u64,
    first: i32,
    threshold: u32,
    scale: f32,
    unused: i32,
}

impl Run {
    pub fn new(first: usize, dropout: Option<Dropout>) -> Self {
        let (key, threshold, scale) = in_kernels(dropout);
        Run { key, first: first as i32, threshold, scale, unused: 0 }
    }
}

/// Key, threshold and scale; without dropout everything is kept.
pub fn in_kernels(dropout: Option<Dropout>) -> (u64, u32, f32) {
    dropout.map_or((0, 0, 1.0), |dropout| (dropout.key.state(0) as u64, u32::from(dropout.threshold), dropout.scale()))
}

#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct Runs {
    count: i32,
    unused: i32,
    run: [Run; RUNS],
}

/// For the kernels.
pub const CONSTANTS: [Constant; 6] = [
    ("LANES", LANES as usize),
    ("BLOCK", crate::model::dropout::BLOCK),
    ("STRIP", STRIP),
    ("RUNS", RUNS),
    ("RUN_BYTES", size_of::<Run>()),
    ("RUNS_BYTES", size_of::<Runs>()),
];

impl Runs {
    /// At most [`RUNS`] of them.
    pub fn new(runs: impl Iterator<Item = Run>) -> Self {
        let mut all = Runs { count: 0, unused: 0, run: [Run::default(); RUNS] };
        for (place, run) in all.run.iter_mut().zip(runs) {
            *place = run;
            all.count += 1;
        }
        all
    }

    /// The rows of as many runs as fit in a launch, launch after launch.
    ///
    /// # Errors
    /// Runs that reach beyond `rows`, of which there are.
    pub fn of_rows(
        dropouts: &RowDropouts,
        rows: usize,
    ) -> Result<impl Iterator<Item = (Range<usize>, Runs)>, ComputeError> {
        int(rows)?;
        if let Some((span, _)) = dropouts.runs.iter().find(|(span, _)| span.start > span.end || span.end > rows) {
            return refused(format!("rows {span:?} of {rows}"));
        }
        Ok(dropouts.runs.chunks(RUNS).map(|runs| {
            let all = runs.iter().map(|(span, dropout)| Run::new(span.start, *dropout));
            (runs[0].0.start..runs[runs.len() - 1].0.end, Runs::new(all))
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn memory() -> Memory {
        Memory { device: Device::Cpu, kind: Kind::BFloat16 }
    }

    fn zeros(size: &[i64], kind: Kind) -> Tensor {
        Tensor::zeros(size, (kind, Device::Cpu))
    }

    /// U2: a kernel gets no address of a tensor that it would read wrongly.
    #[test]
    fn tensors_are_what_a_kernel_takes_them_for() {
        let values = zeros(&[3, 8], Kind::BFloat16);
        assert!(memory().values(&values, &[3, 8]).is_ok());
        assert!(memory().values(&values, &[4, 8]).is_err(), "other rows");
        assert!(memory().values(&values, &[24]).is_err(), "another shape");
        assert!(memory().values(&values.tr(), &[8, 3]).is_err(), "with gaps");
        assert!(memory().floats(&values, &[3, 8]).is_err(), "another kind");
        assert!(Memory { device: Device::Cuda(0), ..memory() }.values(&values, &[3, 8]).is_err(), "elsewhere");
        let floats = zeros(&[9], Kind::Float);
        assert!(memory().fours(&floats.narrow(0, 0, 8), &[8]).is_ok());
        assert!(memory().fours(&floats.narrow(0, 1, 8), &[8]).is_err(), "between sixteens");
        assert!(memory().integers(&zeros(&[2], Kind::Int), &[2]).is_err());
        assert!(memory().short_integers(&zeros(&[2], Kind::Int), &[2]).is_ok());
    }

    #[test]
    fn rows_may_lie_apart_by_fours() {
        let whole = zeros(&[3, 24], Kind::BFloat16);
        let rows = memory().rows(&whole.narrow(1, 8, 8), 3, 8).unwrap();
        assert_eq!((rows.columns, rows.stride), (8, 24));
        assert!(memory().rows(&whole.narrow(1, 2, 8), 3, 8).is_err(), "between fours");
        assert!(memory().rows(&whole.narrow(1, 8, 8), 4, 8).is_err(), "more rows than there are");
        assert!(memory().rows(&zeros(&[3, 8], Kind::Float), 3, 8).is_err());
        assert!(memory().rows(&zeros(&[3, 10], Kind::BFloat16).narrow(1, 0, 8), 3, 8).is_err());
        assert!(memory().rows(&zeros(&[8, 3], Kind::BFloat16).tr(), 3, 8).is_err());
    }

    #[test]
    fn runs_stay_within_the_rows() {
        let dropouts = RowDropouts::new([(0..3, None), (3..7, None)]);
        let rows: Vec<_> = Runs::of_rows(&dropouts, 7).unwrap().map(|(rows, _)| (rows.start, rows.end)).collect();
        assert_eq!(rows, [(0, 7)]);
        assert!(Runs::of_rows(&dropouts, 6).is_err());
        assert!(int(1 << 31).is_err());
    }
}
