//! Laying out the right matrix in panels.

use rayon::prelude::*;

use super::super::isa::{COLUMNS, PARTS, TileRow, Tiles, Words, parts, word};
use super::super::matrix::Matrix;
use super::Panels;
use super::depth::words;

/// Below so many values one thread is done before another one is awake.
const SMALL_MATRIX: usize = 64 << 10;

impl<T: Tiles> Panels<T> {
    /// Of a matrix whose values are in bfloat16 already where the tiles' words hold such.
    pub fn new(tiles: T, matrix: Matrix<'_>, inner: usize, columns: usize) -> Self {
        match tiles.words() {
            Words::Pairs => Panels::of_pairs(tiles, matrix, inner, columns),
            Words::Parts => Panels::of_parts(tiles, matrix, inner, columns),
            Words::Floats | Words::Rounded => Panels::of_floats(tiles, matrix, inner, columns),
        }
    }

    fn of_floats(tiles: T, matrix: Matrix<'_>, inner: usize, columns: usize) -> Self {
        let mut rows = vec![TileRow::ZERO; inner * columns.div_ceil(COLUMNS)];
        for_each_panel(&mut rows, inner, |panel, rows| {
            let first = panel * COLUMNS;
            let width = COLUMNS.min(columns - first);
            for (k, row) in rows.iter_mut().enumerate() {
                let values = &matrix.values[k * matrix.row + first * matrix.column..];
                for (into, value) in row.0[..width].iter_mut().zip(values.iter().step_by(matrix.column)) {
                    *into = *value;
                }
            }
        });
        Panels { rows, inner, columns, tiles }
    }

    fn of_pairs(tiles: T, matrix: Matrix<'_>, inner: usize, columns: usize) -> Self {
        let words = words(tiles, inner);
        let mut rows = vec![TileRow::ZERO; words * columns.div_ceil(COLUMNS)];
        for_each_panel(&mut rows, words, |panel, rows| {
            let first = panel * COLUMNS;
            let value = |k: usize, column: usize| match k < inner {
                true => matrix.values[k * matrix.row + (first + column) * matrix.column],
                false => 0.0,
            };
            for (k, row) in rows.iter_mut().enumerate() {
                for (column, into) in row.0.iter_mut().enumerate().take(columns - first) {
                    *into = word(value(2 * k, column), value(2 * k + 1, column));
                }
            }
        });
        Panels { rows, inner, columns, tiles }
    }

    fn of_parts(tiles: T, matrix: Matrix<'_>, inner: usize, columns: usize) -> Self {
        let words = words(tiles, inner);
        let mut rows = vec![TileRow::ZERO; words * columns.div_ceil(COLUMNS)];
        for_each_panel(&mut rows, words, |panel, rows| {
            let first = panel * COLUMNS;
            let split = |k: usize, column: usize| match k < inner {
                true => parts(matrix.values[k * matrix.row + (first + column) * matrix.column]),
                false => [0.0; 2],
            };
            for (group, rows) in rows.chunks_exact_mut(PARTS).enumerate() {
                let (higher, lower) = rows.split_at_mut(PARTS / 2);
                for (pair, (higher, lower)) in higher.iter_mut().zip(lower).enumerate() {
                    let k = group * PARTS + 2 * pair;
                    for column in 0..COLUMNS.min(columns - first) {
                        let (even, odd) = (split(k, column), split(k + 1, column));
                        higher.0[column] = word(even[0], odd[0]);
                        lower.0[column] = word(even[1], odd[1]);
                    }
                }
            }
        });
        Panels { rows, inner, columns, tiles }
    }
}

fn for_each_panel(rows: &mut [TileRow], inner: usize, work: impl Fn(usize, &mut [TileRow]) + Sync) {
    let panels_at_once = if rows.len() * COLUMNS < SMALL_MATRIX { usize::MAX } else { 1 };
    let panels = rows.par_chunks_mut(inner.max(1)).enumerate().with_min_len(panels_at_once);
    panels.for_each(|(panel, rows)| work(panel, rows));
}
