//! All exporters of runs. This is the only list of them.

use super::adapter::AdapterAlone;
use super::exporter::RunExporter;
use super::merged::Merged;

/// In the order of the help.
pub static RUN_EXPORTERS: &[&dyn RunExporter] = &[&Merged, &AdapterAlone];
