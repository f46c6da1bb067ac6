//! What kernels are given: tensors as addresses, and tables with an entry for each run by value. The layouts are those of
//! the structures in `kernels/`.

use std::ops::Range;

use tch::{TchError, Tensor};

use super::super::dropout::{Dropout, RowDropouts};

/// Threads of a warp.
pub const LANES: u32 = 32;
/// Columns that a warp takes at a time.
pub const STRIP: usize = 128;

/// Something a kernel takes by value.
///
/// # Safety
/// Has the layout of the kernel's parameter.
pub unsafe trait Argument {}

unsafe impl Argument for i32 {}
unsafe impl Argument for u64 {}
unsafe impl Argument for f32 {}
unsafe impl Argument for Address {}
unsafe impl Argument for Runs {}

/// An address on the GPU.
#[repr(transparent)]
#[derive(Clone, Copy, Debug)]
pub struct Address(u64);

impl Address {
    pub const NULL: Address = Address(0);

    /// Of a tensor's first element.
    pub fn of(tensor: &Tensor) -> Self {
        Address(tensor.data_ptr() as u64)
    }

    /// Of a tensor without gaps.
    pub fn of_whole(tensor: &Tensor) -> Result<Self, TchError> {
        if tensor.is_contiguous() {
            Ok(Address::of(tensor))
        } else {
            Err(TchError::Torch("a kernel was given a tensor with gaps".to_string()))
        }
    }

    /// Of a tensor without gaps, float32, that is read four numbers at a time.
    pub fn of_fours(tensor: &Tensor) -> Result<Self, TchError> {
        let address = Address::of_whole(tensor)?;
        if address.0.is_multiple_of(16) {
            Ok(address)
        } else {
            Err(TchError::Torch("a kernel was given a tensor that lies between sixteens of bytes".to_string()))
        }
    }
}

/// A matrix whose rows may lie apart.
#[derive(Clone, Copy, Debug)]
pub struct Rows {
    pub address: Address,
    pub columns: usize,
    /// Elements from one row to the next.
    pub stride: i32,
}

impl Rows {
    pub fn of(tensor: &Tensor) -> Result<Self, TchError> {
        let (_, columns) = tensor.size2()?;
        let stride = tensor.stride();
        if stride[1] != 1 {
            return Err(TchError::Torch("a kernel was given a matrix whose columns lie apart".to_string()));
        }
        Ok(Rows { address: Address::of(tensor), columns: columns as usize, stride: stride[0] as i32 })
    }
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

// As in kernels/common.cuh.
const _: () = assert!(size_of::<Run>() == 24 && size_of::<Runs>() == 1544);

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
    pub fn of_rows(dropouts: &RowDropouts) -> impl Iterator<Item = (Range<usize>, Runs)> {
        dropouts.runs.chunks(RUNS).map(|runs| {
            let all = runs.iter().map(|(span, dropout)| Run::new(span.start, *dropout));
            (runs[0].0.start..runs[runs.len() - 1].0.end, Runs::new(all))
        })
    }
}
