//! The runs for TensorBoard: its event files.

use std::path::Path;

use crate::report::error::ReportError;
use crate::store::Store;
use crate::tracking::Subject;
use crate::tracking::tensorboard::{FILE_NAME, event_file, folder_name};

use super::exporter::{ExportedFile, Exporter, Material};

pub(super) struct EventFiles;

impl Exporter for EventFiles {
    fn name(&self) -> &'static str {
        "tensorboard"
    }

    fn about(&self) -> &'static str {
        "the runs for TensorBoard, with their settings (folder tensorboard); only where it is asked for"
    }

    fn is_usual(&self) -> bool {
        false
    }

    fn files(&self, material: &Material<'_>) -> Result<Vec<ExportedFile>, ReportError> {
        let store = Store::open(&material.report.folder)?;
        let file = |run: &crate::report::model::Run| {
            // What cannot be read is told in the report.
            let subject = Subject::read(&store, &run.id).ok().flatten()?;
            let name = Path::new("tensorboard").join(folder_name(&subject)).join(FILE_NAME);
            Some(ExportedFile::new(name, event_file(&subject)))
        };
        Ok(material.report.runs.iter().filter_map(file).collect())
    }
}
