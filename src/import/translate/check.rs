//! Whether a sweep file takes something, asked of the reader of sweep files itself.

use std::path::Path;

use crate::spec::{SpecErrors, SweepFile};

/// The first thing that is wrong with a part of a sweep file; none where nothing is.
pub(super) fn fault(text: &str) -> Option<String> {
    let error = whole(text).err()?;
    Some(error.problems().first().map_or_else(|| error.to_string(), |first| first.message.clone()))
}

/// # Errors
/// As [`SweepFile::check`].
pub(in crate::import) fn whole(text: &str) -> Result<(), SpecErrors> {
    SweepFile::parse(text, Path::new(""))?.check()
}
