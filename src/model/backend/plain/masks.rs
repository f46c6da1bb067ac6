//! Dropout masks as tensors, for kernels that multiply by them: made on the host for the CPU, and where they are needed by
//! integer operations on any other device, so that no step waits for a mask to be sent. Both give the same bits.

use rayon::prelude::*;
use tch::{Device, Kind, Tensor};

use crate::model::backend::cpu::isa;
use crate::model::compute_error::ComputeError;
use crate::model::dropout::{BLOCK, Dropout, LANES, RowDropouts, WORDS};
use crate::model::layout::upload;
use crate::model::random::{STATE_STEP, mixed};

/// Elements per parallel piece.
const PIECE: usize = 1024 * BLOCK;

/// One mask over all rows, `[rows, width]`: ones for runs that do not drop. None when none of them does.
///
/// Row `r` of a run starts at element `r * stride`, where `stride` is `width` rounded up to a multiple of [`BLOCK`], so
/// that a row's mask does not depend on how many rows there are.
pub fn of_rows(dropouts: &RowDropouts, width: usize, device: Device) -> Result<Option<Tensor>, ComputeError> {
    if dropouts.runs.iter().all(|(_, dropout)| dropout.is_none()) {
        return Ok(None);
    }
    let masks = if device == Device::Cpu { rows_on_host(dropouts, width) } else { rows_on(device, dropouts, width) };
    masks.map(Some)
}

/// The mask of one run's rows `x`.
pub fn of_run(dropout: Option<Dropout>, x: &Tensor) -> Result<Option<Tensor>, ComputeError> {
    let (rows, width) = x.size2()?;
    of_rows(&RowDropouts::new([(0..rows as usize, dropout)]), width as usize, x.device())
}

fn rows_on_host(dropouts: &RowDropouts, width: usize) -> Result<Tensor, ComputeError> {
    let rows = dropouts.runs.last().map_or(0, |(span, _)| span.end);
    let width = width.max(1);
    let stride = width.next_multiple_of(BLOCK) as u64;
    let mut values = vec![1f32; rows * width];
    for (span, dropout) in &dropouts.runs {
        let Some(dropout) = *dropout else { continue };
        let values = &mut values[span.start * width..span.end * width];
        let rows_per_piece = (PIECE / width).max(1);
        values.par_chunks_mut(rows_per_piece * width).enumerate().for_each(|(piece, values)| {
            let first = (piece * rows_per_piece) as u64 * stride;
            isa::vectorize(
                #[inline(always)]
                || fill_rows(dropout, values, width, first, stride),
            );
        });
    }
    Ok(Tensor::f_from_slice(&values)?.f_view([rows as i64, width as i64])?)
}

/// Fills rows of `width` elements; the first one begins at element `first`, the others `stride` elements apart.
#[inline(always)]
fn fill_rows(dropout: Dropout, values: &mut [f32], width: usize, first: u64, stride: u64) {
    for (row, values) in values.chunks_mut(width).enumerate() {
        dropout.fill(values, first + row as u64 * stride);
    }
}

fn rows_on(device: Device, dropouts: &RowDropouts, width: usize) -> Result<Tensor, ComputeError> {
    let words = (width.next_multiple_of(BLOCK) / LANES) as u64;
    let states: Vec<i64> = dropouts
        .runs
        .iter()
        .flat_map(|(span, dropout)| {
            let state = move |row: usize| dropout.map_or(0, |dropout| dropout.key.state(row as u64 * words));
            (0..span.len()).map(state)
        })
        .collect();
    let thresholds = dropouts.runs.iter().flat_map(|(span, dropout)| span.clone().map(|_| threshold(*dropout)));
    let first = upload(Tensor::f_from_slice(&states)?, device)?.f_unsqueeze(1)?;
    let thresholds = upload(Tensor::f_from_slice(&thresholds.collect::<Vec<_>>())?, device)?.f_unsqueeze(1)?;
    mask_on(&first, &thresholds, width)
}

pub fn threshold(dropout: Option<Dropout>) -> i64 {
    dropout.map_or(0, |dropout| i64::from(dropout.threshold))
}

/// `0, 1, .. count - 1`, each times `words` steps of the state.
pub fn steps(count: i64, words: usize, device: Device) -> Result<Tensor, ComputeError> {
    Ok(Tensor::f_arange(count, (Kind::Int64, device))?.f_mul_scalar_(STATE_STEP.wrapping_mul(words as i64))?)
}

/// Masks of rows of `width` elements. `first` (int64, `[.., 1]`): the state of each row's first word; `thresholds` (int64,
/// broadcast against it): of [`Dropout`], 0 for rows that do not drop.
pub fn mask_on(first: &Tensor, thresholds: &Tensor, width: usize) -> Result<Tensor, ComputeError> {
    // Flips the highest bit of each 16, so that a signed comparison orders them as unsigned numbers.
    const FLIP: i64 = 0x8000_8000_8000_8000_u64 as i64;
    let blocks = width.div_ceil(BLOCK);
    let states = first.f_add(&steps((blocks * WORDS) as i64, 1, first.device())?)?;
    let bits = mixed(states)?.f_bitwise_xor_(FLIP)?;
    let mut shape = first.size();
    shape.pop();
    let by_word = [&shape[..], &[blocks as i64, WORDS as i64, LANES as i64]].concat();
    let in_order = [&shape[..], &[(blocks * BLOCK) as i64]].concat();
    // Elements of the words of a block interleave, as in `Dropout::fill`.
    let lanes = bits.f_view_dtype(Kind::Int16)?.f_view(&by_word[..])?.f_transpose(-1, -2)?.f_reshape(&in_order[..])?;
    let signed = thresholds.f_sub_scalar(1i64 << 15)?.f_to_kind(Kind::Int16)?;
    let kept = lanes.f_narrow(-1, 0, width as i64)?.f_ge_tensor(&signed)?;
    let scale = (thresholds.f_neg()? + (1i64 << 16)).f_to_kind(Kind::Double)?.f_reciprocal()?;
    Ok(kept.f_mul(&scale.f_mul_scalar(65536.0)?.f_to_kind(Kind::Float)?)?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::random::{Purpose, StreamKey};

    fn dropout(seed: u64, probability: f64) -> Option<Dropout> {
        Dropout::new(StreamKey::new(seed, Purpose::Dropout), probability)
    }

    #[test]
    fn a_row_does_not_depend_on_how_many_rows_there_are_or_where_filling_began() {
        let dropout = dropout(3, 0.3);
        let mask = |rows| of_run(dropout, &Tensor::zeros([rows, 50], (Kind::Float, Device::Cpu))).unwrap().unwrap();
        let few = Vec::<f32>::try_from(mask(3).view([-1])).unwrap();
        let many = Vec::<f32>::try_from(mask(3000).view([-1])).unwrap();
        assert_eq!(few[..], many[..150]);
        let mut last = [0f32; 50];
        dropout.unwrap().fill(&mut last, 2999 * 64);
        assert_eq!(last[..], many[2999 * 50..]);
    }

    #[test]
    fn masks_made_by_tensor_operations_are_those_of_the_host() {
        for width in [7, 32, 100] {
            let runs = [(0..5, dropout(1, 0.2)), (5..9, None), (9..30, dropout(2, 0.99999)), (30..33, dropout(3, 0.5))];
            let dropouts = RowDropouts::new(runs);
            let host = rows_on_host(&dropouts, width).unwrap();
            let device = rows_on(Device::Cpu, &dropouts, width).unwrap();
            assert_eq!(device.kind(), Kind::Float);
            assert!(host.equal(&device), "width {width}");
        }
    }
}
