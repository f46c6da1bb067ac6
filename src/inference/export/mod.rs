//! Classifiers as folders that other tools load: an exporter each, in a file of its own, and a line of the registry.

mod adapter;
mod config;
mod exporter;
mod folder;
mod merged;
mod registry;

pub use exporter::RunExporter;
pub use registry::RUN_EXPORTERS;
