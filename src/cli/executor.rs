//! Which executor trains, and the options that say so.

use std::ffi::OsString;
use std::str::FromStr;
use std::time::Duration;

use clap::ValueEnum;

use crate::execute::{Executor, MockExecutor, MockFault, MockFaultKind, MockSettings, TorchExecutor};
use crate::hub::Hub;
use crate::store::Store;

use super::CliError;

/// Hidden: `mock` trains nothing and is there to try everything around training.
#[derive(Clone, Debug, clap::Args)]
pub struct ExecutorOptions {
    /// What trains.
    #[arg(long = "executor", hide = true, value_enum, default_value_t = Kind::Torch)]
    kind: Kind,
    /// Milliseconds that a step of the mock takes.
    #[arg(long, hide = true, default_value_t = 0)]
    mock_delay: u64,
    /// A fault of the mock: KIND@STEP@LABEL.
    #[arg(long, hide = true)]
    mock_fault: Vec<Fault>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Kind {
    Torch,
    Mock,
}

impl ExecutorOptions {
    /// The options again, for a worker process.
    pub fn arguments(&self) -> Vec<OsString> {
        if self.kind == Kind::Torch {
            return Vec::new();
        }
        let mut arguments: Vec<OsString> = vec!["--executor".into(), "mock".into()];
        arguments.extend(["--mock-delay".into(), self.mock_delay.to_string().into()]);
        for fault in &self.mock_fault {
            arguments.extend(["--mock-fault".into(), fault.text.clone().into()]);
        }
        arguments
    }

    /// Whether what trains reads the weights of models.
    pub fn needs_weights(&self) -> bool {
        self.kind == Kind::Torch
    }

    /// The executor for a device. `threads` is for the processor.
    ///
    /// # Errors
    /// The device cannot be used.
    pub fn executor(&self, device: &str, threads: Option<usize>, store: &Store) -> Result<Box<dyn Executor>, CliError> {
        match self.kind {
            Kind::Mock => Ok(Box::new(self.mock(device, store))),
            Kind::Torch => torch(device, threads),
        }
    }

    fn mock(&self, device: &str, store: &Store) -> MockExecutor {
        let runs = &store.record().runs;
        let faults = self.mock_fault.iter().flat_map(|fault| {
            let struck = runs.iter().filter(|run| run.label == fault.label);
            struck.map(|run| MockFault { run: run.id.clone(), step: fault.step, kind: fault.kind.clone() })
        });
        MockExecutor::new(MockSettings {
            device: device.to_string(),
            step_delay: Duration::from_millis(self.mock_delay),
            faults: faults.collect(),
            ..MockSettings::default()
        })
    }
}

/// `nan@12@base, seed=1`: the run of that label diverges at that step.
#[derive(Clone, Debug)]
struct Fault {
    text: String,
    kind: MockFaultKind,
    step: usize,
    label: String,
}

impl FromStr for Fault {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let mut parts = text.splitn(3, '@');
        let (Some(kind), Some(step), Some(label)) = (parts.next(), parts.next(), parts.next()) else {
            return Err("must be KIND@STEP@LABEL".to_string());
        };
        let kind = match kind {
            "nan" => MockFaultKind::NotANumber,
            "fail" => MockFaultKind::RunFails("the mock was told to fail".to_string()),
            "device" => MockFaultKind::Fails("the mock's device was told to fail".to_string()),
            "memory" => MockFaultKind::OutOfMemory,
            "panic" => MockFaultKind::Panics("the mock was told to panic".to_string()),
            "abort" => MockFaultKind::Aborts,
            _ => return Err("KIND is one of nan, fail, device, memory, panic, abort".to_string()),
        };
        let step = step.parse().map_err(|_| "STEP is a number of optimizer steps".to_string())?;
        Ok(Fault { text: text.to_string(), kind, step, label: label.to_string() })
    }
}

fn torch(device: &str, threads: Option<usize>) -> Result<Box<dyn Executor>, CliError> {
    Ok(Box::new(TorchExecutor::new(device, threads, Hub::from_environment())?))
}
