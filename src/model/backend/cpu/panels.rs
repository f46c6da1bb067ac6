//! Matrix products with a right matrix that is laid out in panels, which a tile walks through in memory order.

mod block;
mod depth;
mod left;
mod onto;
mod packed;
mod right;
mod row_blocks;

use rayon::prelude::*;

use super::RowsMut;
use super::isa::{COLUMNS, LeftWords, TileRow, Tiles};
use super::matrix::Matrix;
use block::PanelBlock;
use depth::words;
use left::LeftRows;
pub use onto::Onto;
pub use packed::PackedRows;
pub use row_blocks::RowBlocks;

/// Below so many multiplications one thread is done before another one is awake.
const SMALL_PRODUCT: usize = 4 << 20;

/// The right matrix of products, `[inner, columns]`: panels of [`COLUMNS`] columns, the last one filled up with zeros.
#[derive(Debug)]
pub struct Panels<T> {
    /// Those of a panel one after the other, one for each word of a row of the left matrix.
    rows: Vec<TileRow>,
    inner: usize,
    columns: usize,
    tiles: T,
}

impl<T: Tiles> Panels<T> {
    pub fn columns(&self) -> usize {
        self.columns
    }

    pub fn tiles(&self) -> T {
        self.tiles
    }

    /// Words of a row of the left matrix.
    fn words(&self) -> usize {
        words(self.tiles, self.inner)
    }

    /// `left @ self` into `out`, `[rows, columns]`; `left` is `[rows, inner]`.
    pub fn multiply(&self, left: Matrix<'_>, out: RowsMut<'_>, onto: Onto<'_>) {
        let nothing = |_: &RowBlocks| std::iter::repeat(());
        self.run(self.left(left), self.block(onto), out, nothing, |_, _, ()| {});
    }

    /// As [`Self::multiply`]; then, while they are at hand, `then` gets the number of the first of some rows, these
    /// rows, and their part of `others`, which is asked for parts of these blocks.
    pub fn multiply_then<Others: Iterator<Item: Send> + Send>(
        &self,
        left: Matrix<'_>,
        out: RowsMut<'_>,
        others: impl FnOnce(&RowBlocks) -> Others,
        then: impl Fn(usize, &mut [f32], Others::Item) + Sync,
    ) {
        let block = self.block(Onto::Nothing);
        let then = |first: usize, out: &mut RowsMut<'_>, other| then(first, out.values(), other);
        self.run(self.left(left), block, out, others, then);
    }

    /// [`Self::multiply`] on the calling thread; `packed` is memory that is kept. `next` is what the thread multiplies with
    /// afterwards.
    pub fn multiply_here(
        &self,
        left: Matrix<'_>,
        mut out: RowsMut<'_>,
        onto: Onto<'_>,
        next: &Self,
        packed: &mut Vec<T::Left>,
    ) {
        self.block(onto).before(&next.rows).multiply(&self.left(left), &mut out, packed);
    }

    /// As [`Self::multiply_here`], of rows that are laid out already.
    pub fn multiply_packed_here(&self, left: &PackedRows<T>, mut out: RowsMut<'_>, onto: Onto<'_>, next: &Self) {
        self.block(onto).before(&next.rows).multiply_packed(left, &mut out);
    }

    /// As [`Self::multiply_here`], of `rows` rows, whose sums go nowhere but to `then`, a panel at a time: its number and its
    /// columns, [`COLUMNS`] values for each row, while they are in the first-level cache. `then` is compiled for the tiles'
    /// instruction set as far as it is inlined.
    pub fn multiply_by_panels_here(
        &self,
        (left, rows): (Matrix<'_>, usize),
        next: &Self,
        packed: &mut PackedRows<T>,
        then: impl FnMut(usize, &mut [f32]),
    ) {
        packed.lay_out_all(&self.left(left), (rows, self.inner));
        self.block(Onto::Nothing).before(&next.rows).multiply_by_panels(packed, then);
    }

    fn block<'a>(&'a self, onto: Onto<'a>) -> PanelBlock<'a, T> {
        PanelBlock::new(self.tiles, (&self.rows, self.words()), self.columns, onto)
    }

    fn left<'a>(&self, matrix: Matrix<'a>) -> LeftRows<'a> {
        LeftRows { matrix, first: 0, inner: self.inner }
    }

    fn run<Others: Iterator<Item: Send> + Send>(
        &self,
        left: LeftRows<'_>,
        part: PanelBlock<'_, T>,
        mut out: RowsMut<'_>,
        others: impl FnOnce(&RowBlocks) -> Others,
        then: impl Fn(usize, &mut RowsMut<'_>, Others::Item) + Sync,
    ) {
        let (rows, threads) = (out.rows(), rayon::current_num_threads());
        let multiply = |packed: &mut Vec<T::Left>, ((first, mut out), other): ((usize, RowsMut<'_>), Others::Item)| {
            part.multiply(&LeftRows { first, ..left }, &mut out, packed);
            then(first, &mut out, other);
        };
        if rows * self.inner * self.columns < SMALL_PRODUCT {
            let (whole, mut packed) = (RowBlocks::even(rows, rows), Vec::new());
            out.blocks(&whole).zip(others(&whole)).for_each(|block| multiply(&mut packed, block));
        } else if let Some(blocks) = RowBlocks::of::<T>(rows) {
            // One after the other to whichever thread is free; each lays out rows in memory that it keeps.
            out.blocks(&blocks).zip(others(&blocks)).par_bridge().for_each_init(Vec::new, multiply);
        } else {
            self.multiply_few_rows(&left, part, &mut out, threads);
            let blocks = RowBlocks::even(rows, T::Left::ROWS);
            let blocks = out.blocks(&blocks).zip(others(&blocks)).par_bridge();
            blocks.for_each(|((first, mut out), other)| then(first, &mut out, other));
        }
    }

    /// Too few rows for all threads: each takes some of the columns.
    fn multiply_few_rows(&self, left: &LeftRows<'_>, part: PanelBlock<'_, T>, out: &mut RowsMut<'_>, threads: usize) {
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
            part.at_panel(*first_panel).multiply(left, &mut out, packed);
        });
        for (first, values) in parts {
            out.paste_columns(first * COLUMNS, &values);
        }
    }
}

#[cfg(test)]
mod tests;
