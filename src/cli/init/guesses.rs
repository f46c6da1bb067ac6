//! Settings to begin with, by the size of the data set and of the model. They are rules of thumb, and the file says so.

use super::lengths::Lengths;
use super::look::Look;

/// What is guessed.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Guesses {
    pub max_length: usize,
    pub batch_size: usize,
    pub epochs: usize,
    /// In the middle of the grid, which has a half and the double of it.
    pub learning_rate: f64,
}

impl Guesses {
    pub fn new(look: &Look, lengths: &Lengths) -> Guesses {
        let is_small = lengths.config.graph.shape.width <= 512;
        Guesses::by(look.dataset.train.len(), lengths.covering, lengths.config.longest_sequence(), is_small)
    }

    fn by(rows: usize, covering: usize, longest: usize, is_small: bool) -> Guesses {
        const LEAST: usize = 16;
        Guesses {
            // Sequences of multiples of eight cost no more than shorter ones.
            max_length: covering.next_multiple_of(8).max(LEAST).min(longest),
            batch_size: match rows {
                0..2_000 => 8,
                2_000..20_000 => 16,
                _ => 32,
            },
            epochs: match rows {
                0..2_000 => 5,
                2_000..20_000 => 3,
                _ => 2,
            },
            // Small models want larger steps; LoRA larger ones than full fine-tuning.
            learning_rate: if is_small { 1e-3 } else { 4e-4 },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_are_covered_and_within_what_the_model_takes() {
        let by = |covering: usize| Guesses::by(100, covering, 512, true).max_length;
        assert_eq!([3, 16, 17, 24, 511, 900].map(by), [16, 16, 24, 24, 512, 512]);
    }

    #[test]
    fn larger_data_sets_have_larger_batches_and_fewer_epochs() {
        let by = |rows: usize| Guesses::by(rows, 64, 512, false);
        assert_eq!(
            [100, 5_000, 100_000].map(|rows| (by(rows).batch_size, by(rows).epochs)),
            [(8, 5), (16, 3), (32, 2)]
        );
        assert!(by(100).learning_rate < Guesses::by(100, 64, 512, true).learning_rate);
    }
}
