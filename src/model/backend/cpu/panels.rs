//! Matrix products with a right matrix that is laid out in panels, which a tile walks through in memory order.

mod left;
mod right;

use std::ops::Range;

use rayon::prelude::*;

use super::RowsMut;
use super::isa::{COLUMNS, LeftWords, SumRows, TILES_PER_FETCH, TileRow, Tiles};
use super::matrix::Matrix;
use crate::model::dropout::{BLOCK as DROPOUT_BLOCK, Dropout};

/// Words of a row handled at a time: with a block of rows of the left matrix they stay in the second-level cache.
const DEPTH: usize = 768;
/// Below so many multiplications one thread is done before another one is awake.
const SMALL_PRODUCT: usize = 4 << 20;

// A tile row of a masked matrix is one block of random numbers, and a depth begins at one.
const _: () = assert!(COLUMNS == DROPOUT_BLOCK && DEPTH.is_multiple_of(DROPOUT_BLOCK));

/// The right matrix of products, `[inner, columns]`: panels of [`COLUMNS`] columns, the last one filled up with zeros.
#[derive(Debug)]
pub struct Panels<T> {
    /// Those of a panel one after the other, one for each word of a row of the left matrix.
    rows: Vec<TileRow>,
    inner: usize,
    columns: usize,
    tiles: T,
}

/// The left matrix of a product.
#[derive(Clone, Copy)]
pub enum LeftSide<'a> {
    Strided(Matrix<'a>),
    /// As [`RowsMut::in_panels`] has it: of each [`COLUMNS`] columns all rows, one after the other.
    Panels {
        values: &'a [f32],
        rows: usize,
    },
}

/// What happens to the values of `out` when a product is written.
#[derive(Clone, Copy)]
pub enum Onto<'a> {
    /// They are overwritten.
    Nothing,
    /// They are overwritten; this row is added to each row of the product.
    Bias(&'a [f32]),
    /// The product is added to them.
    Itself,
    /// The product is added to them after dropout.
    Dropped(Dropout),
}

impl<T: Tiles> Panels<T> {
    pub fn columns(&self) -> usize {
        self.columns
    }

    /// Words of a row of the left matrix.
    fn words(&self) -> usize {
        words(self.tiles, self.inner)
    }

    /// `left @ self` into `out`, `[rows, columns]`; `left` is `[rows, inner]`.
    pub fn multiply(&self, left: Matrix<'_>, out: RowsMut<'_>, onto: Onto<'_>) {
        self.multiply_dropped(left, None, out, onto);
    }

    /// As [`Self::multiply`], with dropout of the left matrix, whose columns are neighbours then.
    pub fn multiply_dropped(&self, left: Matrix<'_>, dropout: Option<Dropout>, out: RowsMut<'_>, onto: Onto<'_>) {
        let part = PanelBlock { dropout, ..PanelBlock::new(self, LeftSide::Strided(left), onto) };
        let nothing = |_rows: usize| std::iter::repeat(());
        self.run(part, out, nothing, |_, _, ()| {});
    }

    /// As [`Self::multiply`]; then, while they are at hand, `then` gets the number of the first of some rows, these
    /// rows, and their part of `others`, which is asked for parts of so many rows.
    pub fn multiply_then<Others: Iterator<Item: Send> + Send>(
        &self,
        left: Matrix<'_>,
        out: RowsMut<'_>,
        others: impl FnOnce(usize) -> Others,
        then: impl Fn(usize, &mut [f32], Others::Item) + Sync,
    ) {
        let part = PanelBlock::new(self, LeftSide::Strided(left), Onto::Nothing);
        self.run(part, out, others, |first, out: &mut RowsMut<'_>, other| then(first, out.values(), other));
    }

    /// [`Self::multiply`] on the calling thread; `packed` is memory that is kept. `next` is what the thread multiplies with
    /// afterwards.
    pub fn multiply_here(
        &self,
        left: LeftSide<'_>,
        mut out: RowsMut<'_>,
        onto: Onto<'_>,
        next: &Self,
        packed: &mut Vec<T::Left>,
    ) {
        let part = PanelBlock { next: &next.rows, ..PanelBlock::new(self, left, onto) };
        part.multiply(&mut out, packed);
    }

    fn run<Others: Iterator<Item: Send> + Send>(
        &self,
        part: PanelBlock<'_, T>,
        mut out: RowsMut<'_>,
        others: impl FnOnce(usize) -> Others,
        then: impl Fn(usize, &mut RowsMut<'_>, Others::Item) + Sync,
    ) {
        let (rows, threads) = (out.rows(), rayon::current_num_threads());
        let multiply = |packed: &mut Vec<T::Left>,
                        ((first_row, mut out), other): ((usize, RowsMut<'_>), Others::Item)| {
            PanelBlock { first_row, ..part }.multiply(&mut out, packed);
            then(first_row, &mut out, other);
        };
        if rows * self.inner * self.columns < SMALL_PRODUCT {
            let mut packed = Vec::new();
            out.blocks(rows).zip(others(rows)).for_each(|block| multiply(&mut packed, block));
        } else if let Some(block) = block_of_rows::<T>(rows) {
            // One after the other to whichever thread is free; each lays out rows in memory that it keeps.
            out.blocks(block).zip(others(block)).par_bridge().for_each_init(Vec::new, multiply);
        } else {
            self.multiply_few_rows(part, &mut out, threads);
            let blocks = out.blocks(T::Left::ROWS).zip(others(T::Left::ROWS)).par_bridge();
            blocks.for_each(|((first, mut out), other)| then(first, &mut out, other));
        }
    }

    /// Too few rows for all threads: each takes some of the columns.
    fn multiply_few_rows(&self, part: PanelBlock<'_, T>, out: &mut RowsMut<'_>, threads: usize) {
        let panels = self.columns.div_ceil(COLUMNS);
        let group = panels.div_ceil(2 * threads).max(1);
        let rows = out.rows();
        let mut parts: Vec<(usize, Vec<f32>)> = (0..panels)
            .step_by(group)
            .map(|first| (first, out.copy_columns(first * COLUMNS, self.columns.min((first + group) * COLUMNS))))
            .collect();
        parts.par_iter_mut().for_each_init(Vec::new, |packed, (first_panel, values)| {
            let columns = values.len() / rows.max(1);
            let mut out = RowsMut::new(values, columns, columns);
            PanelBlock { first_panel: *first_panel, ..part }.multiply(&mut out, packed);
        });
        for (first, values) in parts {
            out.paste_columns(first * COLUMNS, &values);
        }
    }
}

/// Words of so many inner indices.
#[inline(always)]
fn words<T: Tiles>(tiles: T, inner: usize) -> usize {
    inner.div_ceil(tiles.words().values()).next_multiple_of(tiles.step())
}

/// Rows that one thread should take through several products at a time; none where they are too few for all threads.
pub fn block_of_rows<T: Tiles>(rows: usize) -> Option<usize> {
    let threads = rayon::current_num_threads();
    (rows >= threads * 2 * T::Left::ROWS).then(|| rows_per_block(rows, (T::Left::ROWS, T::TILES_PER_BLOCK), threads))
}

/// Blocks of whole tiles and at most `most` of them, such that the thread with most tiles has as few as possible,
/// and of those the largest.
fn rows_per_block(rows: usize, (rows_per_tile, most): (usize, usize), threads: usize) -> usize {
    let tiles = rows.div_ceil(rows_per_tile);
    let tiles_of_busiest = |size: &usize| tiles.div_ceil(size * threads) * size;
    // A smaller block reads the right matrix more often.
    let sizes = (most.div_ceil(2)..=most).rev();
    sizes.min_by_key(tiles_of_busiest).unwrap_or(1) * rows_per_tile
}

/// What one thread multiplies at a time: some rows with some panels.
struct PanelBlock<'a, T> {
    panels: &'a Panels<T>,
    left: LeftSide<'a>,
    dropout: Option<Dropout>,
    onto: Onto<'a>,
    first_row: usize,
    first_panel: usize,
    /// What the thread will read afterwards.
    next: &'a [TileRow],
}

impl<T> Clone for PanelBlock<'_, T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for PanelBlock<'_, T> {}

impl<'a, T: Tiles> PanelBlock<'a, T> {
    fn new(panels: &'a Panels<T>, left: LeftSide<'a>, onto: Onto<'a>) -> Self {
        // Another block of rows follows.
        let next = &panels.rows;
        PanelBlock { panels, left, dropout: None, onto, first_row: 0, first_panel: 0, next }
    }

    /// What is read after the words from `start` on of a panel.
    fn after(&self, start: usize, panel: usize, last: bool) -> &'a [TileRow] {
        let words = self.panels.words();
        match (last, start + DEPTH < words) {
            (false, _) => &self.panels.rows[(panel + 1) * words + start..],
            (true, true) => &self.panels.rows[self.first_panel * words + start + DEPTH..],
            (true, false) => self.next,
        }
    }

    fn multiply(&self, out: &mut RowsMut<'_>, packed: &mut Vec<T::Left>) {
        self.panels.tiles.vectorize(
            #[inline(always)]
            |registers| multiply(self, registers, out, packed),
        );
    }

    /// Whether sums are added to what is there; None where they are not written as they are.
    #[inline(always)]
    fn adds(&self, first: bool) -> Option<bool> {
        match self.onto {
            Onto::Nothing => Some(!first),
            Onto::Bias(_) if !first => Some(true),
            Onto::Itself => Some(true),
            Onto::Bias(_) | Onto::Dropped(_) => None,
        }
    }

    /// Writes what a tile gave for one row and panel.
    #[inline(always)]
    fn write(&self, out: &mut [f32], sums: &[f32; COLUMNS], first: bool, row: usize, panel: usize) {
        if let Ok(whole) = <&mut [f32; COLUMNS]>::try_from(&mut *out) {
            *whole = self.written(*whole, sums, first, row, panel);
        } else {
            let mut before = [0f32; COLUMNS];
            before[..out.len()].copy_from_slice(out);
            let after = self.written(before, sums, first, row, panel);
            out.copy_from_slice(&after[..out.len()]);
        }
    }

    /// What is written in place of `before`. (Arrays by value: with slices the compiler adds one value after the other.)
    #[inline(always)]
    fn written(
        &self,
        before: [f32; COLUMNS],
        sums: &[f32; COLUMNS],
        first: bool,
        row: usize,
        panel: usize,
    ) -> [f32; COLUMNS] {
        let column = panel * COLUMNS;
        match self.onto {
            Onto::Nothing if first => *sums,
            Onto::Bias(bias) if first => {
                let bias = &bias[column..];
                let mut added = [0f32; COLUMNS];
                let width = COLUMNS.min(bias.len());
                added[..width].copy_from_slice(&bias[..width]);
                std::array::from_fn(|index| sums[index] + added[index])
            }
            Onto::Nothing | Onto::Bias(_) | Onto::Itself => std::array::from_fn(|index| before[index] + sums[index]),
            Onto::Dropped(dropout) => {
                let mut mask = [0f32; COLUMNS];
                dropout.fill(&mut mask, (row * self.panels.columns.next_multiple_of(COLUMNS) + column) as u64);
                std::array::from_fn(|index| before[index] + sums[index] * mask[index])
            }
        }
    }
}

#[inline(always)]
fn multiply<T: Tiles>(
    part: &PanelBlock<'_, T>,
    registers: &T::Registers,
    out: &mut RowsMut<'_>,
    packed: &mut Vec<T::Left>,
) {
    let words = part.panels.words();
    let (rows, columns) = (out.rows(), out.width());
    let mut sums = T::Sums::ZERO;
    for start in (0..words.max(1)).step_by(DEPTH) {
        let depth = DEPTH.min(words - start);
        part.pack(rows, start, depth, packed);
        let panels = columns.div_ceil(COLUMNS);
        for panel in 0..panels {
            let right = &part.panels.rows[(part.first_panel + panel) * words + start..][..depth];
            let after = part.after(start, part.first_panel + panel, panel + 1 == panels);
            for words in pieces(depth, T::MOST_WORDS) {
                let piece = Piece { panel, first: start + words.start == 0, words };
                multiply_piece(part, registers, piece, (packed, right, after), out, &mut sums);
            }
        }
    }
}

/// Some words of a panel.
struct Piece {
    panel: usize,
    words: Range<usize>,
    /// Whether they are the first ones of a product.
    first: bool,
}

/// `0..depth` in pieces of at most `most`; one of nothing where there is nothing.
#[inline(always)]
fn pieces(depth: usize, most: usize) -> impl Iterator<Item = Range<usize>> {
    (0..depth.max(1)).step_by(most.min(depth.max(1))).map(move |start| start..depth.min(start.saturating_add(most)))
}

/// All tiles of a block of rows with a piece of a panel.
#[inline(always)]
fn multiply_piece<T: Tiles>(
    part: &PanelBlock<'_, T>,
    registers: &T::Registers,
    Piece { panel, words, first }: Piece,
    (packed, right, after): (&[T::Left], &[TileRow], &[TileRow]),
    out: &mut RowsMut<'_>,
    sums: &mut T::Sums,
) {
    let (tiles, depth) = (part.panels.tiles, right.len());
    let (rows, stride) = (out.rows(), out.stride());
    let right = &right[words.clone()];
    for (tile, row) in (0..rows).step_by(T::Left::ROWS).enumerate() {
        if first {
            for row in row..rows.min(row + T::Left::ROWS) {
                tiles.fetch(out.row(row, panel));
            }
        }
        let left = &packed[tile * depth..][words.clone()];
        let soon = after.get(words.start + tile * words.len() / TILES_PER_FETCH..).unwrap_or_default();
        let whole = row + T::Left::ROWS <= rows && out.row(row, panel).len() == COLUMNS;
        if let Some(adds) = part.adds(first).filter(|_| whole) {
            let onto = (out.from(row, panel), stride, adds);
            if tiles.multiply_onto(registers, left, right, soon, onto) {
                continue;
            }
        }
        let height = rows.min(row + T::Left::ROWS) - row;
        if T::GOES_ON && part.adds(first) == Some(true) {
            for (index, sums) in sums.rows_mut().iter_mut().enumerate().take(height) {
                let out = out.row(row + index, panel);
                sums.0[..out.len()].copy_from_slice(out);
            }
            tiles.go_on(registers, left, right, soon, sums);
            for (index, sums) in sums.rows().iter().enumerate().take(height) {
                let out = out.row(row + index, panel);
                out.copy_from_slice(&sums.0[..out.len()]);
            }
            continue;
        }
        tiles.multiply(registers, left, right, soon, sums);
        for (index, sums) in sums.rows().iter().enumerate().take(height) {
            let out = out.row(row + index, panel);
            part.write(out, &sums.0, first, part.first_row + row + index, part.first_panel + panel);
        }
    }
}

#[cfg(test)]
mod tests;
