//! The memory of tensors on the CPU as slices. Nothing else makes a slice from the address of a tensor.

use std::cell::RefCell;
use std::ops::Range;
use std::ptr::NonNull;

use tch::{Device, Kind, Tensor};

use super::{Rows, RowsMut};
use crate::model::compute_error::ComputeError;

/// A number that tensors hold.
trait Number: Copy {
    const KIND: Kind;
}

impl Number for f32 {
    const KIND: Kind = Kind::Float;
}

impl Number for i64 {
    const KIND: Kind = Kind::Int64;
}

/// The slices that one pass (or one product) has of the memory of its tensors.
///
/// Tensors are handles, and several of them may lie in the same memory. So a pass takes all its slices from one of these:
/// a slice to write that overlaps with any other one of the pass is refused, and no slice outlives its pass. What this
/// cannot see is an operation of libtorch on another handle meanwhile; passes call none while they use their slices.
#[derive(Debug, Default)]
pub struct Borrows {
    taken: RefCell<Vec<Taken>>,
}

/// Addresses of bytes.
#[derive(Debug)]
struct Taken {
    bytes: Range<usize>,
    written: bool,
}

impl Borrows {
    pub fn new() -> Self {
        Self::default()
    }

    /// The values of a contiguous float32 tensor.
    pub fn values<'a>(&'a self, tensor: &'a Tensor) -> Result<&'a [f32], ComputeError> {
        self.slice(tensor, whole(tensor)?)
    }

    /// The values of a contiguous float32 tensor, for writing.
    pub fn values_mut<'a>(&'a self, tensor: &'a mut Tensor) -> Result<&'a mut [f32], ComputeError> {
        let count = whole(tensor)?;
        self.slice_mut(tensor, count)
    }

    /// The values of a contiguous int64 tensor.
    pub fn integers<'a>(&'a self, tensor: &'a Tensor) -> Result<&'a [i64], ComputeError> {
        self.slice(tensor, whole(tensor)?)
    }

    /// `tensor` is `[rows, width]` with neighbouring columns next to each other.
    pub fn rows<'a>(&'a self, tensor: &'a Tensor) -> Result<Rows<'a>, ComputeError> {
        let Extent { count, stride, .. } = extent(tensor)?;
        Ok(Rows::new(self.slice(tensor, count)?, stride))
    }

    /// As [`Self::rows`], for writing. What lies between the rows is borrowed as well.
    pub fn rows_mut<'a>(&'a self, tensor: &'a mut Tensor) -> Result<RowsMut<'a>, ComputeError> {
        let Extent { count, width, stride } = extent(tensor)?;
        Ok(RowsMut::new(self.slice_mut(tensor, count)?, width, stride))
    }

    /// `count` is what [`whole`] or [`extent`] gave for this tensor.
    fn slice<'a, T: Number>(&'a self, tensor: &'a Tensor, count: usize) -> Result<&'a [T], ComputeError> {
        let Some(first) = self.take::<T>(tensor, count, false)? else {
            return Ok(&[]);
        };
        // SAFETY: `take` checked that the tensor holds `T` in the memory of the host, that its address is none of null and
        // aligned, and that the pass writes to none of it; libtorch keeps every element that size and strides reach, the
        // last of which is number `count - 1` from the first, inside the tensor's memory, which the tensor keeps alive for
        // `'a`. Every pattern of bits is a `T`.
        Ok(unsafe { std::slice::from_raw_parts(first.as_ptr(), count) })
    }

    /// As [`Self::slice`].
    fn slice_mut<'a, T: Number>(&'a self, tensor: &'a mut Tensor, count: usize) -> Result<&'a mut [T], ComputeError> {
        let Some(first) = self.take::<T>(tensor, count, true)? else {
            return Ok(&mut []);
        };
        // SAFETY: as for `slice`; `take` checked that no other slice of the pass overlaps.
        Ok(unsafe { std::slice::from_raw_parts_mut(first.as_ptr(), count) })
    }

    /// The address of a tensor's first element; none where nothing is asked for, since then it may be null.
    fn take<T: Number>(
        &self,
        tensor: &Tensor,
        count: usize,
        written: bool,
    ) -> Result<Option<NonNull<T>>, ComputeError> {
        let (device, kind) = (tensor.device(), tensor.kind());
        if device != Device::Cpu || kind != T::KIND {
            return refuse(format!("expected {:?} values on the CPU, got {kind:?} on {device:?}", T::KIND));
        }
        if count == 0 {
            return Ok(None);
        }
        let Some(first) = NonNull::new(tensor.data_ptr().cast::<T>()).filter(|first| first.is_aligned()) else {
            return refuse(format!("{count} {kind:?} values lie at {:?}", tensor.data_ptr()));
        };
        let start = first.addr().get();
        let bytes = start..start.saturating_add(count.saturating_mul(size_of::<T>()));
        let mut taken = self.taken.borrow_mut();
        let overlaps = |other: &Taken| other.bytes.start < bytes.end && bytes.start < other.bytes.end;
        if taken.iter().any(|other| (written || other.written) && overlaps(other)) {
            return refuse("a pass writes to memory that it uses otherwise as well".to_string());
        }
        taken.push(Taken { bytes, written });
        Ok(Some(first))
    }
}

fn refuse<T>(reason: String) -> Result<T, ComputeError> {
    Err(ComputeError::Operands(reason))
}

/// The number of values of a contiguous tensor.
fn whole(tensor: &Tensor) -> Result<usize, ComputeError> {
    if tensor.is_contiguous() { Ok(tensor.numel()) } else { refuse("expected values without gaps".to_string()) }
}

/// How far rows reach.
struct Extent {
    /// Values from the first one to the last one, with what lies between rows.
    count: usize,
    width: usize,
    stride: usize,
}

fn extent(tensor: &Tensor) -> Result<Extent, ComputeError> {
    let (size, stride) = (tensor.size(), tensor.stride());
    match (&size[..], &stride[..]) {
        (&[rows, width], &[stride, 1]) if stride >= width => {
            let (rows, width, stride) = (rows as usize, width as usize, stride as usize);
            let count = if rows == 0 || width == 0 { 0 } else { (rows - 1) * stride + width };
            Ok(Extent { count, width, stride })
        }
        _ => refuse(format!("expected rows of neighbouring columns, got size {size:?} with strides {stride:?}")),
    }
}

#[cfg(test)]
mod tests {
    use super::super::panels::RowBlocks;
    use super::*;

    fn zeros(size: &[i64], kind: Kind) -> Tensor {
        Tensor::zeros(size, (kind, Device::Cpu))
    }

    /// U1: the address of an empty tensor is null, which no slice may have, not even an empty one.
    #[test]
    fn tensors_without_elements_are_empty_slices() {
        for size in [vec![0], vec![0, 5], vec![5, 0], vec![2, 0, 3]] {
            let (borrows, mut tensor) = (Borrows::new(), zeros(&size, Kind::Float));
            assert!(tensor.data_ptr().is_null());
            assert_eq!(borrows.values(&tensor).unwrap(), [0f32; 0]);
            assert_eq!(borrows.values_mut(&mut tensor).unwrap(), [0f32; 0]);
            assert_eq!(borrows.integers(&zeros(&size, Kind::Int64)).unwrap(), [0i64; 0]);
            if size.len() == 2 {
                assert_eq!(borrows.rows(&tensor).unwrap().matrix(0).values, [0f32; 0]);
                let mut rows = borrows.rows_mut(&mut tensor).unwrap();
                assert_eq!((rows.rows(), rows.width()), (0, size[1] as usize));
                assert_eq!(rows.values(), [0f32; 0]);
                assert_eq!(rows.blocks(&RowBlocks::even(0, 3)).count(), 0);
            }
        }
    }

    #[test]
    fn slices_see_what_the_tensor_holds() {
        let borrows = Borrows::new();
        let mut tensor = Tensor::from_slice(&[1f32, 2.0, 3.0, 4.0, 5.0, 6.0]).view([2, 3]);
        let middle = tensor.narrow(1, 1, 2);
        assert_eq!(borrows.rows(&middle).unwrap().part(1, 0, 2), [5.0, 6.0]);
        assert_eq!(borrows.values(&tensor).unwrap()[3], 4.0);
        Borrows::new().values_mut(&mut tensor).unwrap()[4] = 7.0;
        assert_eq!(Vec::<f32>::try_from(middle.reshape(4)).unwrap(), [2.0, 3.0, 7.0, 6.0]);
    }

    /// U2: other kinds and layouts.
    #[test]
    fn what_is_no_such_slice_is_refused() {
        let borrows = Borrows::new();
        assert!(borrows.values(&zeros(&[3], Kind::Double)).is_err());
        assert!(borrows.values(&zeros(&[0], Kind::Double)).is_err());
        assert!(borrows.integers(&zeros(&[3], Kind::Int)).is_err());
        assert!(borrows.values(&zeros(&[3, 4], Kind::Float).tr()).is_err());
        assert!(borrows.rows(&zeros(&[3, 4], Kind::Float).tr()).is_err());
        assert!(borrows.rows(&zeros(&[3], Kind::Float)).is_err());
        // One row that stands for all.
        assert!(borrows.rows(&zeros(&[1, 4], Kind::Float).expand([3, 4], false)).is_err());
        assert!(borrows.rows_mut(&mut zeros(&[3, 4], Kind::BFloat16)).is_err());
    }

    /// U2: two handles to the same memory.
    #[test]
    fn memory_is_not_written_to_and_used_otherwise_at_once() {
        let tensor = zeros(&[4, 6], Kind::Float);
        let (left, mut right) = (tensor.narrow(1, 0, 3), tensor.narrow(1, 3, 3));
        let (mut top, bottom) = (tensor.narrow(0, 0, 2), tensor.narrow(0, 2, 2));
        let borrows = Borrows::new();
        borrows.rows(&left).unwrap();
        borrows.values(&tensor).unwrap();
        assert!(borrows.rows_mut(&mut right).is_err(), "it lies between the columns that are read");

        let borrows = Borrows::new();
        let written = borrows.values_mut(&mut top).unwrap();
        assert_eq!(written.len() + borrows.values(&bottom).unwrap().len(), 24);
        assert!(borrows.values(&tensor).is_err());
        assert!(borrows.values_mut(&mut tensor.shallow_clone()).is_err());
    }
}
