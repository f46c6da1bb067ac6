//! The model card of a run: what a trained classifier is, what it was made of, how good it is and how far that can be believed.
//!
//! ```text
//! subject        the run, and what of names may be told
//! front_matter   what the hub reads: YAML
//! sections       what people read
//! caveats        what qualifies the figures
//! ```

mod caveats;
mod front_matter;
mod sections;
mod subject;

use crate::spec::RunId;
use crate::store::Store;

use super::{ReportError, collect};

use subject::Subject;

pub use subject::CardOf;

/// The card as Markdown.
///
/// # Errors
/// The sweep has no such run, or cannot be read.
pub fn card(store: &Store, run: &RunId, of: CardOf) -> Result<String, ReportError> {
    let report = collect::read(store)?;
    let found = report.runs.iter().find(|candidate| candidate.id == *run);
    let found = found.ok_or_else(|| {
        let hint = format!("{} has it no longer in its plan", report.folder.display());
        ReportError::Unknown { name: run.to_string(), hint }
    })?;
    let subject =
        Subject { report: &report, run: found, configuration: &report.configurations[found.configuration], of };
    Ok(format!("{}{}", front_matter::front_matter(&subject), sections::sections(&subject)))
}
