//! The worker processes of one machine.

use crate::execute::{ExecutorSource, WorkerCommand, WorkerOptions};
use crate::store::Store;

use super::CliError;

/// How workers are started.
pub struct Workers<'a> {
    pub options: WorkerOptions,
    /// Of a worker on the processor.
    pub threads: Option<usize>,
    pub executors: &'a dyn ExecutorSource,
}

impl Workers<'_> {
    /// One worker per device.
    ///
    /// # Errors
    /// The path of the running program is unknown.
    pub fn commands(&self, store: &Store, devices: &[String]) -> Result<Vec<WorkerCommand>, CliError> {
        let command = |device: &String| {
            let threads = self.threads.filter(|_| device == "cpu");
            let mut command = WorkerCommand::for_this_program(store.layout().folder(), device, threads, &self.options)?;
            command.arguments.extend(self.executors.arguments());
            Ok(command)
        };
        devices.iter().map(command).collect::<std::io::Result<_>>().map_err(CliError::Program)
    }
}
