//! Files of a run, for servers that keep them.

use std::path::Path;

use crate::tracking::TrackingError;

use super::client::{Client, encoded};
use super::messages::RunInfo;

/// What the address of a run's files begins with where the server takes them.
const SERVED: &str = "mlflow-artifacts:";

/// Whether the server takes files of this run. Otherwise they are to be written to a place that only it knows.
pub fn are_taken(run: &RunInfo) -> bool {
    run.artifact_uri.starts_with(SERVED)
}

/// Sends those of these files that are there.
pub fn send(client: &Client, run: &RunInfo, files: &[&Path]) -> Result<(), TrackingError> {
    let place = run.artifact_uri.strip_prefix(SERVED).unwrap_or_default();
    // `mlflow-artifacts:/1/ID/artifacts`, `mlflow-artifacts://host/1/ID/artifacts`
    let place = match place.strip_prefix("//") {
        Some(rest) => rest.split_once('/').map_or("", |(_, path)| path),
        None => place.trim_start_matches('/'),
    };
    for file in files {
        let contents = match std::fs::read(file) {
            Ok(contents) => contents,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => continue,
            Err(source) => return Err(TrackingError::Io { path: file.to_path_buf(), action: "read", source }),
        };
        let name = file.file_name().unwrap_or_default().to_string_lossy();
        let path: Vec<String> = place.split('/').chain([&*name]).map(encoded).collect();
        client.put(&format!("/mlflow-artifacts/artifacts/{}", path.join("/")), &contents)?;
    }
    Ok(())
}
