//! Where the tokens of a batch lie: sequences end to end without padding, the sequences of a run together.

use std::cell::OnceCell;
use std::ops::Range;

use tch::{Device, TchError, Tensor};

use super::cuda::Program;
use super::cuda::attention::Pieces;

/// Attention pads sequences of similar length to a common one; a bucket's lengths differ by less than this on the CPU, where
/// every padded position costs time.
const BUCKET_STEP: usize = 8;
/// On a GPU every operation on a bucket costs a launch, and attention is a small part of the arithmetic: lengths up to this
/// share a bucket, and so do those up to each power of two above.
const SHORTEST_BUCKET: usize = 32;

/// The token ids of one run's micro-batch, one entry per sequence; none of them is empty.
pub type RunSequences<'a> = Vec<&'a [u32]>;

/// The rows and sequences of one run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RunSpan {
    pub rows: Range<usize>,
    pub sequences: Range<usize>,
}

/// A sequence's place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sequence {
    /// Row of its first token.
    pub start: usize,
    /// Tokens.
    pub len: usize,
    /// Index of the sequence within its run's batch.
    pub index_in_run: usize,
    /// Index of its run in the batch.
    pub run: usize,
}

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

/// A laid-out batch: token ids of all runs and the indices that the encoder needs.
#[derive(Debug)]
pub struct Layout {
    pub rows: usize,
    pub sequences: Vec<Sequence>,
    pub runs: Vec<RunSpan>,
    /// `[rows]` int64
    pub(super) ids: Tensor,
    /// `[rows]` int64: position of the token in its sequence, counted from 0. What a model adds is up to its embeddings.
    pub(super) positions: Tensor,
    /// `[sequences]` int64: the row of each sequence's first token.
    pub first_rows: Tensor,
    pub device: Device,
    /// `ids` on the host.
    tokens: Vec<i64>,
    buckets: OnceCell<Buckets>,
    pieces: OnceCell<Vec<Pieces>>,
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

impl Layout {
    /// Lays out one micro-batch per run, in the order given.
    pub fn new(runs: &[RunSequences<'_>], device: Device) -> Result<Layout, TchError> {
        let tokens = runs.iter().flatten().flat_map(|tokens| tokens.iter().map(|&id| i64::from(id))).collect();
        let lengths: Vec<Vec<usize>> = runs.iter().map(|run| run.iter().map(|tokens| tokens.len()).collect()).collect();
        Layout::of_lengths(tokens, &lengths, device)
    }

    /// `tokens` end to end, with the lengths of each run's sequences.
    fn of_lengths(tokens: Vec<i64>, lengths: &[Vec<usize>], device: Device) -> Result<Layout, TchError> {
        let (sequences, runs) = place(lengths);
        let positions: Vec<i64> = lengths.iter().flatten().flat_map(|&length| 0..length as i64).collect();
        let first: Vec<i64> = sequences.iter().map(|s| s.start as i64).collect();
        Ok(Layout {
            rows: tokens.len(),
            runs,
            ids: upload(Tensor::f_from_slice(&tokens)?, device)?,
            positions: upload(Tensor::f_from_slice(&positions)?, device)?,
            first_rows: upload(Tensor::f_from_slice(&first)?, device)?,
            sequences,
            device,
            tokens,
            buckets: OnceCell::new(),
            pieces: OnceCell::new(),
        })
    }

    /// The token ids of all rows, on the host.
    pub fn tokens(&self) -> &[i64] {
        &self.tokens
    }

    /// As `positions`, but tokens `padding` are not counted: each has the position `place`.
    pub fn positions_without(&self, padding: i64, place: i64) -> Result<Tensor, TchError> {
        let mut positions = Vec::with_capacity(self.rows);
        for sequence in &self.sequences {
            let mut next = 0;
            for &id in &self.tokens[sequence.start..][..sequence.len] {
                positions.push(if id == padding { place } else { next });
                next += i64::from(id != padding);
            }
        }
        upload(Tensor::f_from_slice(&positions)?, self.device)
    }

    /// Only some of the runs.
    pub fn select(&self, runs: &[usize]) -> Result<Layout, TchError> {
        let tokens = runs.iter().flat_map(|&run| self.run_tokens(run)).copied().collect();
        let lengths: Vec<Vec<usize>> = runs.iter().map(|&run| self.run_lengths(run).collect()).collect();
        Layout::of_lengths(tokens, &lengths, self.device)
    }

    /// Whether two runs have the same sequences.
    pub fn same_sequences(&self, one: usize, other: usize) -> bool {
        self.run_tokens(one) == self.run_tokens(other) && self.run_lengths(one).eq(self.run_lengths(other))
    }

    fn run_tokens(&self, run: usize) -> &[i64] {
        &self.tokens[self.runs[run].rows.clone()]
    }

    fn run_lengths(&self, run: usize) -> impl Iterator<Item = usize> {
        self.sequences[self.runs[run].sequences.clone()].iter().map(|sequence| sequence.len)
    }

    /// Made when first asked for: attention on the CPU does without.
    pub fn buckets(&self) -> Result<&Buckets, TchError> {
        if let Some(buckets) = self.buckets.get() {
            return Ok(buckets);
        }
        let buckets = Buckets::new(&self.sequences, self.rows, self.device)?;
        Ok(self.buckets.get_or_init(|| buckets))
    }

    /// Made when first asked for: only our own attention on a GPU needs them.
    pub fn pieces(&self, program: &Program) -> Result<&[Pieces], TchError> {
        if let Some(pieces) = self.pieces.get() {
            return Ok(pieces);
        }
        let pieces = Pieces::of(program, &self.sequences, self.runs.len())?;
        Ok(self.pieces.get_or_init(|| pieces))
    }
}

impl Buckets {
    fn new(sequences: &[Sequence], rows: usize, device: Device) -> Result<Buckets, TchError> {
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
    fn new(members: Vec<usize>, length: usize, all: &[Sequence], device: Device) -> Result<Bucket, TchError> {
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

/// A tensor of the host on `device`. A GPU fetches it from memory that stays in place, when it comes to it; nothing waits.
pub fn upload(tensor: Tensor, device: Device) -> Result<Tensor, TchError> {
    match device {
        Device::Cuda(_) => tensor.f_internal_pin_memory(device)?.f_to_device_(device, tensor.kind(), true, false),
        _ => tensor.f_to_device(device),
    }
}

fn place(lengths: &[Vec<usize>]) -> (Vec<Sequence>, Vec<RunSpan>) {
    let mut sequences = Vec::new();
    let mut spans = Vec::with_capacity(lengths.len());
    let mut row = 0;
    for (run, lengths) in lengths.iter().enumerate() {
        let (first_row, first_sequence) = (row, sequences.len());
        for (index_in_run, &len) in lengths.iter().enumerate() {
            sequences.push(Sequence { start: row, len, index_in_run, run });
            row += len;
        }
        spans.push(RunSpan { rows: first_row..row, sequences: first_sequence..sequences.len() });
    }
    (sequences, spans)
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
    fn rows_of_a_run_are_contiguous_and_every_row_is_found_in_its_bucket() {
        let tokens: Vec<u32> = (0..100).collect();
        let runs = vec![vec![&tokens[..5], &tokens[..31]], vec![&tokens[..8]], vec![&tokens[..30], &tokens[..1]]];
        let layout = Layout::new(&runs, Device::Cpu).unwrap();
        assert_eq!(layout.rows, 75);
        assert_eq!(layout.runs[1], RunSpan { rows: 36..44, sequences: 2..3 });
        assert_eq!(layout.runs[2], RunSpan { rows: 44..75, sequences: 3..5 });
        let buckets = layout.buckets().unwrap();
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
        let lengths: Vec<usize> = (10..=140).collect();
        let (sequences, _) = place(&[lengths]);
        let padded = |device| group_by_length(&sequences, device).iter().map(|(length, _)| *length).collect::<Vec<_>>();
        assert_eq!(padded(Device::Cuda(0)), [32, 64, 128, 140]);
        assert_eq!(padded(Device::Cpu).len(), 17);
    }
}
