//! Which rows a thread takes at a time.

use super::super::isa::{LeftWords, Tiles};

/// Rows in blocks, of each its number of rows. The last ones are smaller, so that no thread waits long for another one.
#[derive(Clone, Debug)]
pub struct RowBlocks(Vec<usize>);

impl RowBlocks {
    /// Blocks that one thread each should take through several products; none where rows are too few for all threads.
    pub fn of<T: Tiles>(rows: usize) -> Option<Self> {
        let threads = rayon::current_num_threads();
        (rows >= threads * 2 * T::Left::ROWS).then(|| Self::new(rows, (T::Left::ROWS, T::TILES_PER_BLOCK), threads))
    }

    /// Blocks of at most so many rows.
    pub fn even(rows: usize, most: usize) -> Self {
        RowBlocks((0..rows).step_by(most.max(1)).map(|first| most.min(rows - first)).collect())
    }

    /// Blocks of whole tiles, from `most` of them down to half as many, which the last two may share: each thread gets another block
    /// when half of its part of what is left is done. A smaller block reads the right matrix more often.
    fn new(rows: usize, (rows_per_tile, most): (usize, usize), threads: usize) -> Self {
        let least = most.div_ceil(2);
        let (mut blocks, mut left) = (Vec::new(), rows);
        while left > 0 {
            let tiles = left.div_ceil(rows_per_tile);
            let size = match tiles {
                tiles if tiles <= least => tiles,
                tiles if tiles < 2 * least => tiles.div_ceil(2),
                tiles => tiles.div_ceil(2 * threads).clamp(least, most),
            };
            let block = left.min(size * rows_per_tile);
            blocks.push(block);
            left -= block;
        }
        RowBlocks(blocks)
    }

    /// The number of the first row of each block.
    pub fn first_rows(&self) -> impl Iterator<Item = usize> {
        self.0.iter().scan(0, |first, rows| {
            *first += rows;
            Some(*first - rows)
        })
    }

    /// The blocks of rows that lie together, `width` values each.
    pub fn split<'a, V>(&self, values: &'a [V], width: usize) -> std::vec::IntoIter<&'a [V]> {
        let blocks = self.0.iter().zip(self.first_rows());
        blocks.map(|(rows, first)| &values[first * width..][..rows * width]).collect::<Vec<_>>().into_iter()
    }

    /// As [`Self::split`], for writing.
    pub fn split_mut<'a, V>(&self, values: &'a mut [V], width: usize) -> std::vec::IntoIter<&'a mut [V]> {
        let (mut blocks, mut rest) = (Vec::new(), values);
        for rows in &self.0 {
            // The last row of a view may end before its distance to a next one.
            let (block, others) = rest.split_at_mut((rows * width).min(rest.len()));
            blocks.push(block);
            rest = others;
        }
        blocks.into_iter()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Of a tile and of a block, as with AVX-512 and with AMX.
    const KINDS: [(usize, usize); 2] = [(12, 8), (32, 8)];

    #[test]
    fn blocks_hold_all_rows_and_whole_tiles() {
        for (rows_per_tile, most) in KINDS {
            for threads in 1..9 {
                for rows in (threads * 2 * rows_per_tile..4000).step_by(7) {
                    let RowBlocks(blocks) = RowBlocks::new(rows, (rows_per_tile, most), threads);
                    assert_eq!(blocks.iter().sum::<usize>(), rows);
                    let (last, others) = blocks.split_last().unwrap();
                    assert!((1..=most * rows_per_tile).contains(last), "{blocks:?}");
                    for block in others {
                        let tiles = most / 4 + 1..=most;
                        assert!(block % rows_per_tile == 0 && tiles.contains(&(block / rows_per_tile)), "{blocks:?}");
                    }
                }
            }
        }
    }

    #[test]
    fn threads_are_busy_equally_long() {
        for (rows_per_tile, most) in KINDS {
            for threads in 1..9 {
                for rows in (threads * 50..threads * 100).map(|tiles| tiles * rows_per_tile - 3) {
                    let RowBlocks(blocks) = RowBlocks::new(rows, (rows_per_tile, most), threads);
                    let mut busy = vec![0; threads];
                    for block in &blocks {
                        *busy.iter_mut().min().unwrap() += block;
                    }
                    let busiest = busy.iter().max().unwrap();
                    assert!(busiest * threads <= rows * 108 / 100, "{busy:?} rows on {threads} threads: {blocks:?}");
                }
            }
        }
    }

    #[test]
    fn rows_are_split_where_blocks_end() {
        let blocks = RowBlocks(vec![3, 2, 2]);
        let mut values: Vec<usize> = (0..14).collect();
        let parts: Vec<Vec<usize>> = blocks.split(&values, 2).map(<[usize]>::to_vec).collect();
        assert_eq!(parts, [vec![0, 1, 2, 3, 4, 5], vec![6, 7, 8, 9], vec![10, 11, 12, 13]]);
        assert_eq!(blocks.split_mut(&mut values[..13], 2).map(|part| part.len()).collect::<Vec<_>>(), [6, 4, 3]);
        assert_eq!(blocks.first_rows().collect::<Vec<_>>(), [0, 3, 5]);
        assert_eq!(RowBlocks::even(7, 3).0, [3, 3, 1]);
    }
}
