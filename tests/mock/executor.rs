//! The executor.

use sweep::event::Sink;
use sweep::execute::{ExecuteError, Executor, MemoryUse, PackEnd, PackJob, Stop};
use sweep::spec::PackPlan;
use sweep::store::ExecutorKind;
use sweep::train::{Checkpoint, Recorder};

use super::checkpoint::{read_checkpoint, write_checkpoint};
use super::pack::MockPack;
use super::settings::MockSettings;

/// Bytes that are pretended to be taken by the frozen weights and by every run.
const WEIGHTS: u64 = 500 << 20;
const RUN: u64 = 64 << 20;

/// The mock executor.
#[derive(Clone, Debug)]
pub struct MockExecutor {
    settings: MockSettings,
    /// Of the last execution.
    memory: MemoryUse,
}

impl MockExecutor {
    pub fn new(settings: MockSettings) -> Self {
        Self { settings, memory: MemoryUse { estimated: 0, before: WEIGHTS, peak: WEIGHTS } }
    }
}

impl Executor for MockExecutor {
    fn kind(&self) -> ExecutorKind {
        ExecutorKind::Mock
    }

    fn device(&self) -> String {
        self.settings.device.clone()
    }

    fn execute(
        &mut self,
        job: &PackJob,
        recorder: &mut dyn Recorder,
        sink: &mut dyn Sink,
        stop: &Stop,
    ) -> Result<PackEnd, ExecuteError> {
        if job.pack.places.len() > self.settings.memory_places {
            return Err(self.out_of_memory(job.pack.places.len()));
        }
        let places = job.pack.places.len() as u64;
        self.memory = MemoryUse { estimated: RUN * places, before: WEIGHTS, peak: WEIGHTS + RUN * places };
        let saved = recorder.checkpoint()?.map(|checkpoint| read_checkpoint(&checkpoint)).transpose()?;
        let mut pack = MockPack::new(&self.settings, job, saved.unwrap_or_default());
        pack.train(recorder, sink, stop)
    }

    fn memory(&self) -> Option<MemoryUse> {
        Some(self.memory)
    }

    fn restrict(&self, checkpoint: &Checkpoint, part: &PackPlan) -> Option<Checkpoint> {
        let mut saved = read_checkpoint(checkpoint).ok()?;
        saved.retain(|run, _| part.places.iter().flatten().any(|kept| kept == run));
        Some(write_checkpoint(&saved))
    }
}

impl MockExecutor {
    fn out_of_memory(&self, places: usize) -> ExecuteError {
        ExecuteError::OutOfMemory {
            device: self.device(),
            message: format!("{places} places do not fit where {} do", self.settings.memory_places),
        }
    }
}
