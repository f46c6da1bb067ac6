//! The sequences of a batch in buckets of similar length, in which attention lays them side by side.

use tch::{Device, Tensor};

use crate::model::compute_error::ComputeError;
use crate::model::layout::{Layout, Sequence, upload};

/// Attention pads sequences of similar length to a common one; a bucket's lengths differ by less than this on the CPU, where
/// every padded position costs time.
const BUCKET_STEP: usize = 8;
/// On a GPU every operation on a bucket costs a launch, and attention is a small part of the arithmetic: lengths up to this
/// share a bucket, and so do those up to each power of two above.
const SHORTEST_BUCKET: usize = 32;

/// Sequences of similar length, which attention lays side by side.
#[derive(Debug)]
pub struct Bucket {
    /// Indices into `Layout::sequences`.
    pub members: Vec<usize>,
    /// Padded length.
    pub length: usize,
    /// `[members * length]` int64: the row of every padded position. Padding points at the sequence's own first row, so
    /// that a NaN of one run cannot enter another through a zero weight.
    pub gather: Tensor,
    /// `[members, 1, 1, length]` float: 0 for tokens, -inf for padding.
    pub bias: Tensor,
    /// `[members * length, 1]` float: 1 for tokens, 0 for padding.
    pub real: Tensor,
    /// `[members]` int64: the sequences themselves.
    pub sequences: Tensor,
}

/// The sequences by length, where attention lays them side by side.
#[derive(Debug)]
pub struct Buckets {
    pub buckets: Vec<Bucket>,
    /// `[rows]` int64: where each row lies in the buckets' padded rows, bucket after bucket.
    pub padded_place: Tensor,
    /// `[sequences]` int64: where each sequence lies in the buckets' members, bucket after bucket.
    pub bucket_place: Tensor,
}

impl Buckets {
    pub fn new(layout: &Layout) -> Result<Buckets, ComputeError> {
        let (sequences, rows, device) = (&layout.sequences, layout.rows, layout.device);
        let groups = group_by_length(sequences, device);
        let (padded_place, bucket_place) = places_in_buckets(sequences, &groups, rows);
        let bucket = |(length, members)| Bucket::new(members, length, sequences, device);
        Ok(Buckets {
            buckets: groups.into_iter().map(bucket).collect::<Result<_, _>>()?,
            padded_place: upload(Tensor::f_from_slice(&padded_place)?, device)?,
            bucket_place: upload(Tensor::f_from_slice(&bucket_place)?, device)?,
        })
    }
}

impl Bucket {
    fn new(members: Vec<usize>, length: usize, all: &[Sequence], device: Device) -> Result<Bucket, ComputeError> {
        let count = members.len();
        let mut gather = Vec::with_capacity(count * length);
        let mut bias = Vec::with_capacity(count * length);
        let mut real = Vec::with_capacity(count * length);
        for sequence in members.iter().map(|&m| &all[m]) {
            for position in 0..length {
                let inside = position < sequence.len;
                gather.push((sequence.start + if inside { position } else { 0 }) as i64);
                bias.push(if inside { 0.0 } else { f32::NEG_INFINITY });
                real.push(if inside { 1.0f32 } else { 0.0 });
            }
        }
        let indices: Vec<i64> = members.iter().map(|&m| m as i64).collect();
        Ok(Bucket {
            length,
            gather: upload(Tensor::f_from_slice(&gather)?, device)?,
            bias: upload(Tensor::f_from_slice(&bias)?, device)?.f_view([count as i64, 1, 1, length as i64])?,
            real: upload(Tensor::f_from_slice(&real)?, device)?.f_view([-1, 1])?,
            sequences: upload(Tensor::f_from_slice(&indices)?, device)?,
            members,
        })
    }
}

/// Padded length and members of each bucket, shortest first.
fn group_by_length(sequences: &[Sequence], device: Device) -> Vec<(usize, Vec<usize>)> {
    let mut groups = std::collections::BTreeMap::<usize, Vec<usize>>::new();
    for (index, sequence) in sequences.iter().enumerate() {
        let group = match device {
            Device::Cpu => sequence.len.div_ceil(BUCKET_STEP),
            _ => sequence.len.next_power_of_two().max(SHORTEST_BUCKET),
        };
        groups.entry(group).or_default().push(index);
    }
    groups
        .into_values()
        .map(|members| (members.iter().map(|&m| sequences[m].len).max().unwrap_or(0), members))
        .collect()
}

fn places_in_buckets(sequences: &[Sequence], groups: &[(usize, Vec<usize>)], rows: usize) -> (Vec<i64>, Vec<i64>) {
    let mut padded_place = vec![0i64; rows];
    let mut bucket_place = vec![0i64; sequences.len()];
    let (mut padded, mut member) = (0, 0);
    for (length, members) in groups {
        for &m in members {
            let sequence = &sequences[m];
            for position in 0..sequence.len {
                padded_place[sequence.start + position] = (padded + position) as i64;
            }
            bucket_place[m] = member;
            padded += length;
            member += 1;
        }
    }
    (padded_place, bucket_place)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_is_found_in_its_bucket() {
        let tokens: Vec<u32> = (0..100).collect();
        let runs = vec![vec![&tokens[..5], &tokens[..31]], vec![&tokens[..8]], vec![&tokens[..30], &tokens[..1]]];
        let buckets = Buckets::new(&Layout::new(&runs, Device::Cpu).unwrap()).unwrap();
        assert!(buckets.buckets.len() >= 2);
        let gathers: Vec<Tensor> = buckets.buckets.iter().map(|b| b.gather.shallow_clone()).collect();
        let back = Tensor::cat(&gathers, 0).index_select(0, &buckets.padded_place);
        assert_eq!(Vec::<i64>::try_from(back).unwrap(), (0..75).collect::<Vec<i64>>());
        let members: Vec<Tensor> = buckets.buckets.iter().map(|b| b.sequences.shallow_clone()).collect();
        let back = Tensor::cat(&members, 0).index_select(0, &buckets.bucket_place);
        assert_eq!(Vec::<i64>::try_from(back).unwrap(), (0..5).collect::<Vec<i64>>());
    }

    #[test]
    fn a_gpu_gets_few_buckets() {
        let sequence = |len| Sequence { start: 0, len, index_in_run: 0, run: 0 };
        let sequences: Vec<Sequence> = (10..=140).map(sequence).collect();
        let padded = |device| group_by_length(&sequences, device).iter().map(|(length, _)| *length).collect::<Vec<_>>();
        assert_eq!(padded(Device::Cuda(0)), [32, 64, 128, 140]);
        assert_eq!(padded(Device::Cpu).len(), 17);
    }
}
