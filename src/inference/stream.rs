//! Predictions for the rows of a file of any size, in bounded memory.

use std::io::Write;
use std::path::Path;

use super::output::Writer;
use super::{InferenceError, Predictor};
use crate::data::{TextReader, TextRow, class_index};
use crate::metrics::{Confusion, Scores};

/// Rows that are sorted by length and predicted together.
const CHUNK: usize = 2048;

/// What a pass over a file gave.
#[derive(Clone, Debug, PartialEq)]
pub struct Summary {
    pub rows: usize,
    /// Against the labels in the file, where they were read.
    pub scores: Option<Scores>,
}

/// Predicts every row that `reader` gives, and writes the predictions in the same order. `path` is named in errors;
/// `progress` hears how many rows are done and which share of the file that is; `stop` is asked between chunks.
///
/// # Errors
/// A row that cannot be read, a label that names no class, a failed computation or output, or a stop.
pub fn predict_rows<W: Write>(
    predictor: &Predictor,
    path: &Path,
    reader: &mut TextReader,
    writer: &mut Writer<'_, W>,
    progress: &mut dyn FnMut(usize, f64),
    stop: &dyn Fn() -> bool,
) -> Result<Summary, InferenceError> {
    let mut confusion = Confusion::new(predictor.class_names().len());
    let mut rows = 0;
    while let Some(chunk) = reader.next_chunk(CHUNK)? {
        if stop() {
            return Err(InferenceError::Interrupted);
        }
        let texts: Vec<String> = chunk.iter().map(|row| row.text.clone()).collect();
        for (row, prediction) in chunk.iter().zip(predictor.predict(&texts)?) {
            writer.row(&row.id, &row.text, &prediction)?;
            if let Some(label) = known_label(path, row, predictor.class_names())? {
                // Both are numbers of classes.
                let _ = confusion.add(label, prediction.class as u32);
            }
        }
        rows += chunk.len();
        progress(rows, reader.share_read());
    }
    Ok(Summary { rows, scores: confusion.scores() })
}

fn known_label(path: &Path, row: &TextRow, class_names: &[String]) -> Result<Option<u32>, InferenceError> {
    let Some(label) = &row.label else {
        return Ok(None);
    };
    let class = class_index(label, class_names).ok_or_else(|| InferenceError::UnknownLabel {
        path: path.to_path_buf(),
        row: row.row,
        label: label.clone(),
        known: class_names.to_vec(),
    })?;
    Ok(Some(class))
}
