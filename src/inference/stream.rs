//! Predictions for the rows of a file of any size, in bounded memory.

use std::io::Write;

use super::output::Writer;
use super::{InferenceError, Predictor};
use crate::data::{TextReader, Truth};
use crate::metrics::Metric;

/// Rows that are sorted by length and predicted together.
const CHUNK: usize = 2048;

/// What a pass over a file gave.
#[derive(Clone, Debug, PartialEq)]
pub struct Summary {
    pub rows: usize,
    /// Against the labels in the file, where they were read.
    pub scores: Option<Vec<(Metric, f64)>>,
}

/// Predicts every row that `reader` gives, and writes the predictions in the same order. With `truth`,
/// they are compared with the labels in the file. `progress` hears how many rows are done and which share of the file that is; `stop` is asked between chunks.
///
/// # Errors
/// A row that cannot be read, a failed computation or output, or a stop.
pub fn predict_rows<W: Write>(
    predictor: &Predictor,
    reader: &mut TextReader,
    truth: Option<&Truth>,
    writer: &mut Writer<'_, W>,
    progress: &mut dyn FnMut(usize, f64),
    stop: &dyn Fn() -> bool,
) -> Result<Summary, InferenceError> {
    let targets = predictor.targets();
    let mut tally = targets.task().tally(targets.outputs());
    let mut rows = 0;
    while let Some(chunk) = reader.next_chunk(CHUNK)? {
        if stop() {
            return Err(InferenceError::Interrupted);
        }
        let texts: Vec<String> = chunk.iter().map(|row| row.text.clone()).collect();
        for (row, answer) in chunk.iter().zip(predictor.predict(&texts)?) {
            writer.row(&row.id, &row.text, &answer)?;
            if let Some(label) = truth.and_then(|truth| truth.class(row.label.as_deref())) {
                tally.add(label, &answer);
            }
        }
        rows += chunk.len();
        progress(rows, reader.share_read());
    }
    Ok(Summary { rows, scores: tally.metrics() })
}
