//! Dropout masks that are a pure function of a key.

use std::ops::Range;

use super::random::StreamKey;

/// Mask elements made from one 64-bit word: 16 bits each.
pub const LANES: usize = 4;
/// Words that are made together; their elements interleave so that the loop vectorizes.
pub const WORDS: usize = 8;
/// Elements made together.
pub const BLOCK: usize = LANES * WORDS;

/// Dropout of a block of elements of one run at one site of one step.
#[derive(Clone, Copy, Debug)]
pub struct Dropout {
    pub key: StreamKey,
    /// Elements are zeroed when 16 random bits fall below this: the probability in units of 2^-16.
    pub threshold: u16,
}

impl Dropout {
    /// None for a probability that rounds to 0. The probability is used in units of 2^-16 and must be below 1.
    pub fn new(key: StreamKey, probability: f64) -> Option<Self> {
        let threshold = (probability * 65536.0).round().clamp(0.0, 65535.0) as u16;
        (threshold > 0).then_some(Dropout { key, threshold })
    }

    /// What kept elements are multiplied by: 1 / (1 - p) for the probability actually used.
    pub fn scale(&self) -> f32 {
        (65536.0 / (65536.0 - f64::from(self.threshold))) as f32
    }

    /// Fills `mask` (0 or `scale`) for elements `first..first + mask.len()`; `first` is a multiple of `BLOCK`.
    #[inline(always)]
    pub fn fill(&self, mask: &mut [f32], first: u64) {
        let mut chunks = mask.chunks_exact_mut(BLOCK);
        let mut word = first / LANES as u64;
        for chunk in &mut chunks {
            self.fill_block(chunk, word);
            word += WORDS as u64;
        }
        let rest = chunks.into_remainder();
        if !rest.is_empty() {
            let mut block = [0f32; BLOCK];
            self.fill_block(&mut block, word);
            rest.copy_from_slice(&block[..rest.len()]);
        }
    }

    #[inline(always)]
    fn fill_block(&self, block: &mut [f32], word: u64) {
        let scale = self.scale();
        let mut bits = [0u64; WORDS];
        for (i, value) in bits.iter_mut().enumerate() {
            *value = self.key.bits(word + i as u64);
        }
        for lane in 0..LANES {
            for i in 0..WORDS {
                let kept = (bits[i] >> (16 * lane)) as u16 >= self.threshold;
                block[lane * WORDS + i] = if kept { scale } else { 0.0 };
            }
        }
    }
}

/// The dropouts of several runs whose rows lie one after the other.
#[derive(Clone, Debug)]
pub struct RowDropouts {
    /// Ascending, without gaps.
    pub runs: Vec<(Range<usize>, Option<Dropout>)>,
}

impl RowDropouts {
    pub fn new(runs: impl IntoIterator<Item = (Range<usize>, Option<Dropout>)>) -> Self {
        RowDropouts { runs: runs.into_iter().collect() }
    }

    /// As [`Self::new`], for some of the runs: rows between theirs are not dropped.
    pub fn with_gaps(some: impl IntoIterator<Item = (Range<usize>, Option<Dropout>)>) -> Self {
        let mut runs = Vec::new();
        let mut end = 0;
        for (rows, dropout) in some {
            if rows.start > end {
                runs.push((end..rows.start, None));
            }
            end = rows.end;
            runs.push((rows, dropout));
        }
        RowDropouts { runs }
    }

    /// The dropout of a row, and the row's number within its run.
    #[inline]
    pub fn of_row(&self, row: usize) -> Option<(Dropout, usize)> {
        let index = self.runs.partition_point(|(span, _)| span.end <= row);
        let (span, dropout) = self.runs.get(index)?;
        dropout.map(|dropout| (dropout, row - span.start))
    }
}

#[cfg(test)]
mod tests {
    use super::super::random::Purpose;
    use super::*;

    fn key() -> StreamKey {
        StreamKey::new(3, Purpose::Dropout)
    }

    #[test]
    fn a_mask_keeps_the_right_share_and_the_mean() {
        for probability in [0.05, 0.2, 0.5] {
            let dropout = Dropout::new(key(), probability).unwrap();
            let mut mask = vec![0f32; 1 << 18];
            dropout.fill(&mut mask, 0);
            let dropped = mask.iter().filter(|v| **v == 0.0).count() as f64 / mask.len() as f64;
            assert!((dropped - probability).abs() < 0.004, "{probability}: {dropped}");
            let mean = mask.iter().map(|v| f64::from(*v)).sum::<f64>() / mask.len() as f64;
            assert!((mean - 1.0).abs() < 0.005, "{probability}: mean {mean}");
        }
    }

    #[test]
    fn rows_between_those_of_some_runs_are_not_dropped() {
        let dropout = Dropout::new(key(), 0.5);
        let dropouts = RowDropouts::with_gaps([(2..4, dropout), (4..5, None), (7..9, dropout)]);
        let spans: Vec<_> = dropouts.runs.iter().map(|(rows, dropout)| (rows.clone(), dropout.is_some())).collect();
        assert_eq!(spans, [(0..2, false), (2..4, true), (4..5, false), (5..7, false), (7..9, true)]);
    }

    #[test]
    fn no_probability_is_no_dropout() {
        assert!(Dropout::new(key(), 0.0).is_none());
    }
}
