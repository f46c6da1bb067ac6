//! The mock as what a program "trains" with, and its options.

use std::ffi::{OsStr, OsString};
use std::str::FromStr;
use std::time::Duration;

use sweep::execute::{DeviceError, Executor, ExecutorSource};
use sweep::store::{ExecutorKind, Store};

use super::{MockExecutor, MockFault, MockFaultKind, MockSettings};

const DELAY: &str = "--mock-delay";
const FAULT: &str = "--mock-fault";

/// Options of `sweep-mock` that `sweep` does not have: `--mock-delay MILLISECONDS` of every step, and any number of
/// `--mock-fault KIND@STEP@LABEL`.
#[derive(Clone, Debug, Default)]
pub struct MockSource {
    delay: Duration,
    faults: Vec<Fault>,
}

/// `nan@12@base, seed=1`: the run of that label diverges at that step.
#[derive(Clone, Debug)]
struct Fault {
    text: String,
    kind: MockFaultKind,
    step: usize,
    label: String,
}

/// An option of the mock that is not as it should be.
#[derive(Debug)]
pub struct OptionError {
    option: &'static str,
    expected: &'static str,
}

impl std::fmt::Display for OptionError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} {}", self.option, self.expected)
    }
}

impl MockSource {
    /// Takes the mock's own options out of a command line.
    ///
    /// # Errors
    /// The value of one is missing or cannot be read.
    pub fn take_options(arguments: impl Iterator<Item = OsString>) -> Result<(Self, Vec<OsString>), OptionError> {
        let (mut source, mut others) = (Self::default(), Vec::new());
        let mut arguments = arguments;
        while let Some(argument) = arguments.next() {
            if argument == OsStr::new(DELAY) {
                let delay = arguments.next().and_then(|value| value.to_str()?.parse().ok());
                let error = OptionError { option: DELAY, expected: "must be a number of milliseconds" };
                source.delay = Duration::from_millis(delay.ok_or(error)?);
            } else if argument == OsStr::new(FAULT) {
                let fault = arguments.next().and_then(|value| value.to_str()?.parse().ok());
                let expected = "must be KIND@STEP@LABEL, KIND one of nan, fail, device, memory, panic, abort";
                source.faults.push(fault.ok_or(OptionError { option: FAULT, expected })?);
            } else {
                others.push(argument);
            }
        }
        Ok((source, others))
    }

    fn executor(&self, device: &str, store: &Store) -> MockExecutor {
        let runs = &store.record().runs;
        let faults = self.faults.iter().flat_map(|fault| {
            let struck = runs.iter().filter(|run| run.label == fault.label);
            struck.map(|run| MockFault { run: run.id.clone(), step: fault.step, kind: fault.kind.clone() })
        });
        MockExecutor::new(MockSettings {
            device: device.to_string(),
            step_delay: self.delay,
            faults: faults.collect(),
            ..MockSettings::default()
        })
    }
}

impl ExecutorSource for MockSource {
    fn kind(&self) -> ExecutorKind {
        ExecutorKind::Mock
    }

    fn arguments(&self) -> Vec<OsString> {
        let mut arguments: Vec<OsString> = vec![DELAY.into(), self.delay.as_millis().to_string().into()];
        for fault in &self.faults {
            arguments.extend([FAULT.into(), fault.text.clone().into()]);
        }
        arguments
    }

    fn check(&self) -> Result<(), DeviceError> {
        Ok(())
    }

    fn open(&self, device: &str, _threads: Option<usize>, store: &Store) -> Result<Box<dyn Executor>, DeviceError> {
        Ok(Box::new(self.executor(device, store)))
    }
}

/// A text that names no fault.
#[derive(Debug)]
struct NoFault;

impl FromStr for Fault {
    type Err = NoFault;

    fn from_str(text: &str) -> Result<Self, NoFault> {
        let mut parts = text.splitn(3, '@');
        let (Some(kind), Some(step), Some(label)) = (parts.next(), parts.next(), parts.next()) else {
            return Err(NoFault);
        };
        let kind = match kind {
            "nan" => MockFaultKind::NotANumber,
            "fail" => MockFaultKind::RunFails("the mock was told to fail".to_string()),
            "device" => MockFaultKind::Fails("the mock's device was told to fail".to_string()),
            "memory" => MockFaultKind::OutOfMemory,
            "panic" => MockFaultKind::Panics("the mock was told to panic".to_string()),
            "abort" => MockFaultKind::Aborts,
            _ => return Err(NoFault),
        };
        let step = step.parse().map_err(|_| NoFault)?;
        Ok(Fault { text: text.to_string(), kind, step, label: label.to_string() })
    }
}
