//! Where the tokens of a batch lie: sequences end to end without padding, the sequences of a run together.

use std::ops::Range;

use tch::{Device, Tensor};

use super::compute_error::ComputeError;

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
}

impl Layout {
    /// Lays out one micro-batch per run, in the order given.
    pub fn new(runs: &[RunSequences<'_>], device: Device) -> Result<Layout, ComputeError> {
        let tokens = runs.iter().flatten().flat_map(|tokens| tokens.iter().map(|&id| i64::from(id))).collect();
        let lengths: Vec<Vec<usize>> = runs.iter().map(|run| run.iter().map(|tokens| tokens.len()).collect()).collect();
        Layout::from_lengths(tokens, &lengths, device)
    }

    /// `tokens` end to end, with the lengths of each run's sequences.
    fn from_lengths(tokens: Vec<i64>, lengths: &[Vec<usize>], device: Device) -> Result<Layout, ComputeError> {
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
        })
    }

    /// The token ids of all rows, on the host.
    pub fn tokens(&self) -> &[i64] {
        &self.tokens
    }

    /// As `positions`, but tokens `padding` are not counted: each has the position `place`.
    pub fn positions_without(&self, padding: i64, place: i64) -> Result<Tensor, ComputeError> {
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
    pub fn select(&self, runs: &[usize]) -> Result<Layout, ComputeError> {
        let tokens = runs.iter().flat_map(|&run| self.run_tokens(run)).copied().collect();
        let lengths: Vec<Vec<usize>> = runs.iter().map(|&run| self.run_lengths(run).collect()).collect();
        Layout::from_lengths(tokens, &lengths, self.device)
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
}

/// A tensor of the host on `device`. A GPU fetches it from memory that stays in place, when it comes to it; nothing waits.
pub fn upload(tensor: Tensor, device: Device) -> Result<Tensor, ComputeError> {
    match device {
        Device::Cuda(_) => {
            Ok(tensor.f_internal_pin_memory(device)?.f_to_device_(device, tensor.kind(), true, false)?)
        }
        _ => Ok(tensor.f_to_device(device)?),
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_of_a_run_are_contiguous() {
        let tokens: Vec<u32> = (0..100).collect();
        let runs = vec![vec![&tokens[..5], &tokens[..31]], vec![&tokens[..8]], vec![&tokens[..30], &tokens[..1]]];
        let layout = Layout::new(&runs, Device::Cpu).unwrap();
        assert_eq!(layout.rows, 75);
        assert_eq!(layout.runs[1], RunSpan { rows: 36..44, sequences: 2..3 });
        assert_eq!(layout.runs[2], RunSpan { rows: 44..75, sequences: 3..5 });
    }
}
