//! Labelled texts.

/// Labelled texts. All three vectors have one entry per example.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Examples {
    pub texts: Vec<String>,
    /// Targets: class numbers.
    pub labels: Vec<u32>,
    /// The example's row in its source, counted from 0: its ID in predictions.
    pub rows: Vec<usize>,
}

impl Examples {
    pub fn len(&self) -> usize {
        self.texts.len()
    }

    pub fn is_empty(&self) -> bool {
        self.texts.is_empty()
    }
}

/// The text of a row: its columns joined by one space, missing and empty ones left out.
pub(super) fn joined(cells: impl Iterator<Item = Option<String>>) -> String {
    let mut text = String::new();
    for cell in cells.flatten().filter(|cell| !cell.is_empty()) {
        if text.is_empty() {
            text = cell;
        } else {
            text.push(' ');
            text.push_str(&cell);
        }
    }
    text
}
