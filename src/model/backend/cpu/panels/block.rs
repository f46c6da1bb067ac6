//! What one thread multiplies at a time, and the loops over tiles.

use std::ops::Range;

use super::super::RowsMut;
use super::super::isa::{COLUMNS, LeftWords, SumRows, TILES_PER_FETCH, TileRow, Tiles};
use super::depth::{DEPTH, depths};
use super::left::LeftRows;
use super::onto::Onto;
use super::packed::PackedRows;

/// What one thread multiplies at a time: some rows with some panels.
#[derive(Clone, Copy)]
pub struct PanelBlock<'a, T> {
    tiles: T,
    /// The right matrix in panels.
    right: &'a [TileRow],
    /// Of each panel, and of a row of the left matrix.
    words: usize,
    /// Of the right matrix.
    columns: usize,
    onto: Onto<'a>,
    first_panel: usize,
    /// What the thread will read afterwards.
    next: &'a [TileRow],
}

impl<'a, T: Tiles> PanelBlock<'a, T> {
    /// `right` is so many words for each panel.
    pub fn new(tiles: T, (right, words): (&'a [TileRow], usize), columns: usize, onto: Onto<'a>) -> Self {
        // Another block of rows follows.
        PanelBlock { tiles, right, words, columns, onto, first_panel: 0, next: right }
    }

    /// With the right matrix that the thread multiplies with afterwards.
    pub fn before(self, next: &'a [TileRow]) -> Self {
        PanelBlock { next, ..self }
    }

    /// Whose results begin at this panel.
    pub fn at_panel(self, first_panel: usize) -> Self {
        PanelBlock { first_panel, ..self }
    }

    /// What is read after the words from `start` on of a panel.
    fn after(&self, start: usize, panel: usize, last: bool) -> &'a [TileRow] {
        let words = self.words;
        match (last, start + DEPTH < words) {
            (false, _) => &self.right[(panel + 1) * words + start..],
            (true, true) => &self.right[self.first_panel * words + start + DEPTH..],
            (true, false) => self.next,
        }
    }

    /// Multiplies as many rows of `left` as `out` has; `packed` is memory that is kept.
    pub fn multiply(&self, left: &LeftRows<'_>, out: &mut RowsMut<'_>, packed: &mut Vec<T::Left>) {
        self.tiles.vectorize(
            #[inline(always)]
            |registers| {
                for (start, depth) in depths(self.words) {
                    left.pack(self.tiles, out.rows(), (start, depth), packed);
                    multiply_words(self, registers, (start, packed), out);
                }
            },
        );
    }

    pub fn multiply_packed(&self, left: &PackedRows<T>, out: &mut RowsMut<'_>) {
        self.tiles.vectorize(
            #[inline(always)]
            |registers| {
                for (start, _) in depths(self.words) {
                    multiply_words(self, registers, (start, left.part(start)), out);
                }
            },
        );
    }

    /// All words of a panel, then `then` with its number and sums, then the next panel.
    pub fn multiply_by_panels(&self, left: &PackedRows<T>, mut then: impl FnMut(usize, &mut [f32])) {
        let words = self.words;
        let mut values = vec![0f32; left.rows() * COLUMNS];
        self.tiles.vectorize(
            #[inline(always)]
            |registers| {
                let mut sums = T::Sums::ZERO;
                for panel in 0..self.columns.div_ceil(COLUMNS) {
                    let mut out = RowsMut::new(&mut values, COLUMNS, COLUMNS);
                    for (start, depth) in depths(words) {
                        let first = panel * words + start;
                        let right = &self.right[first..][..depth];
                        let after = self.right.get(first + depth..).filter(|rest| !rest.is_empty());
                        let operands = (left.part(start), right, after.unwrap_or(self.next));
                        for words in pieces(depth, T::MOST_WORDS) {
                            let piece = Piece { panel: 0, first: start + words.start == 0, words };
                            multiply_piece(self, registers, piece, operands, &mut out, &mut sums);
                        }
                    }
                    then(panel, &mut values);
                }
            },
        );
    }

    /// Whether sums are added to what is there; None where they are not written as they are.
    #[inline(always)]
    fn adds(&self, first: bool) -> Option<bool> {
        match self.onto {
            Onto::Nothing => Some(!first),
            Onto::Bias(_) if !first => Some(true),
            Onto::Itself => Some(true),
            Onto::Bias(_) => None,
        }
    }

    /// Writes what a tile gave for one row and panel.
    #[inline(always)]
    fn write(&self, out: &mut [f32], sums: &[f32; COLUMNS], first: bool, panel: usize) {
        if let Ok(whole) = <&mut [f32; COLUMNS]>::try_from(&mut *out) {
            *whole = self.written(*whole, sums, first, panel);
        } else {
            let mut before = [0f32; COLUMNS];
            before[..out.len()].copy_from_slice(out);
            let after = self.written(before, sums, first, panel);
            out.copy_from_slice(&after[..out.len()]);
        }
    }

    /// What is written in place of `before`. (Arrays by value: with slices the compiler adds one value after the other.)
    #[inline(always)]
    fn written(&self, before: [f32; COLUMNS], sums: &[f32; COLUMNS], first: bool, panel: usize) -> [f32; COLUMNS] {
        match self.onto {
            Onto::Nothing if first => *sums,
            Onto::Bias(bias) if first => {
                let bias = &bias[panel * COLUMNS..];
                let mut added = [0f32; COLUMNS];
                let width = COLUMNS.min(bias.len());
                added[..width].copy_from_slice(&bias[..width]);
                std::array::from_fn(|index| sums[index] + added[index])
            }
            Onto::Nothing | Onto::Bias(_) | Onto::Itself => std::array::from_fn(|index| before[index] + sums[index]),
        }
    }
}

/// All rows of the left matrix with some words of each panel, from word `start` on.
#[inline(always)]
fn multiply_words<T: Tiles>(
    part: &PanelBlock<'_, T>,
    registers: &T::Registers,
    (start, packed): (usize, &[T::Left]),
    out: &mut RowsMut<'_>,
) {
    let words = part.words;
    let depth = DEPTH.min(words - start);
    let panels = out.width().div_ceil(COLUMNS);
    let mut sums = T::Sums::ZERO;
    for panel in 0..panels {
        let right = &part.right[(part.first_panel + panel) * words + start..][..depth];
        let after = part.after(start, part.first_panel + panel, panel + 1 == panels);
        for words in pieces(depth, T::MOST_WORDS) {
            let piece = Piece { panel, first: start + words.start == 0, words };
            multiply_piece(part, registers, piece, (packed, right, after), out, &mut sums);
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
    let (tiles, depth) = (part.tiles, right.len());
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
            part.write(out, &sums.0, first, part.first_panel + panel);
        }
    }
}
