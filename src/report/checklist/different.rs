//! What runs say that need not all say the same.

use crate::report::model::{Report, Run};

/// The different texts that runs give, in their order; none where no run gives one.
pub(super) fn different<'a>(report: &'a Report, of: impl Fn(&'a Run) -> Option<String>) -> Option<Vec<String>> {
    let mut texts: Vec<String> = Vec::new();
    for text in report.runs.iter().filter_map(of) {
        if !texts.contains(&text) {
            texts.push(text);
        }
    }
    (!texts.is_empty()).then_some(texts)
}
