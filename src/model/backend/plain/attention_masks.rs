//! Dropout masks of attention probabilities as tensors.

use rayon::prelude::*;
use tch::{Device, Tensor};

use super::buckets::Bucket;
use super::masks::{mask_on, steps, threshold};
use crate::model::attention::{AttentionShape, Queries};
use crate::model::compute_error::ComputeError;
use crate::model::dropout::{BLOCK, Dropout, LANES};
use crate::model::layout::{Layout, Sequence, upload};

/// The dropout mask of a bucket's attention weights, `[members, heads, queries, length]`, or none when no run of it drops.
/// The row of (sequence, head, query) depends on nothing but the run, the sequence's index in its batch, the head and the
/// query.
pub fn of_bucket(
    layout: &Layout,
    bucket: &Bucket,
    shape: AttentionShape,
    queries: Queries,
    dropouts: &[Option<Dropout>],
) -> Result<Option<Tensor>, ComputeError> {
    if dropouts.iter().all(Option::is_none) {
        return Ok(None);
    }
    let members: Vec<Sequence> = bucket.members.iter().map(|&member| layout.sequences[member]).collect();
    let rows = if queries == Queries::Tokens { bucket.length } else { 1 };
    let matrices = Matrices { members: &members, shape, rows, length: bucket.length };
    let mask = match layout.device {
        Device::Cpu => matrices.on_host(dropouts),
        device => matrices.on(device, dropouts),
    };
    mask.map(Some)
}

/// The attention weights of a bucket.
struct Matrices<'a> {
    members: &'a [Sequence],
    shape: AttentionShape,
    /// Rows of a matrix: queries.
    rows: usize,
    /// Columns of a matrix.
    length: usize,
}

impl Matrices<'_> {
    /// Elements from one row to the next; every row of the longest sequence has room.
    fn stride(&self) -> usize {
        self.shape.longest.next_multiple_of(BLOCK)
    }

    fn on_host(&self, dropouts: &[Option<Dropout>]) -> Result<Tensor, ComputeError> {
        let (count, length) = (self.shape.heads as usize, self.length);
        let mut values = vec![1f32; self.members.len() * count * self.rows * length];
        values.par_chunks_mut(self.rows * length).enumerate().for_each(|(matrix, values)| {
            let sequence = &self.members[matrix / count];
            if let Some(dropout) = dropouts[sequence.run] {
                let first = (sequence.index_in_run * count + matrix % count) * self.shape.longest;
                for (row, values) in values.chunks_mut(length).enumerate() {
                    dropout.fill(values, ((first + row) * self.stride()) as u64);
                }
            }
        });
        let shape = [self.members.len() as i64, self.shape.heads, self.rows as i64, length as i64];
        Ok(Tensor::f_from_slice(&values)?.f_view(shape)?)
    }

    fn on(&self, device: Device, dropouts: &[Option<Dropout>]) -> Result<Tensor, ComputeError> {
        let words = self.stride() / LANES;
        let matrix = self.shape.longest * words;
        let state = |sequence: &Sequence| {
            let first = (sequence.index_in_run * self.shape.heads as usize * matrix) as u64;
            dropouts[sequence.run].map_or(0, |dropout| dropout.key.state(first))
        };
        let states: Vec<i64> = self.members.iter().map(state).collect();
        let thresholds: Vec<i64> = self.members.iter().map(|sequence| threshold(dropouts[sequence.run])).collect();
        let first = upload(Tensor::f_from_slice(&states)?, device)?
            .f_view([-1, 1, 1, 1])?
            .f_add(&steps(self.shape.heads, matrix, device)?.f_view([-1, 1, 1])?)?
            .f_add(&steps(self.rows as i64, words, device)?.f_view([-1, 1])?)?;
        let thresholds = upload(Tensor::f_from_slice(&thresholds)?, device)?.f_view([-1, 1, 1, 1])?;
        mask_on(&first, &thresholds, self.length)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::random::{Purpose, StreamKey};

    fn dropout(seed: u64, probability: f64) -> Option<Dropout> {
        Dropout::new(StreamKey::new(seed, Purpose::Dropout), probability)
    }

    #[test]
    fn masks_of_attention_made_by_tensor_operations_are_those_of_the_host() {
        let member = |len, index_in_run, run| Sequence { start: 0, len, index_in_run, run };
        let members = [member(37, 4, 0), member(36, 0, 1), member(33, 1, 2)];
        let dropouts = [dropout(1, 0.2), None, dropout(5, 0.1)];
        for rows in [37, 1] {
            let shape = AttentionShape { heads: 3, head_size: 8, longest: 100 };
            let matrices = Matrices { members: &members, shape, rows, length: 37 };
            let host = matrices.on_host(&dropouts).unwrap();
            let device = matrices.on(Device::Cpu, &dropouts).unwrap();
            assert_eq!(device.size(), [3, 3, rows as i64, 37]);
            assert!(host.equal(&device), "{rows} queries");
        }
    }
}
