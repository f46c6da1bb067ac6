//! The executor.

use std::path::PathBuf;

use tch::Device;

use crate::data;
use crate::event::Sink;
use crate::execute::{DeviceError, ExecuteError, Executor, MemoryUse, PackEnd, PackJob, Stop};
use crate::hub::Hub;
use crate::spec::{PackPlan, RunSpec};
use crate::store::ExecutorKind;
use crate::train::{self, Checkpoint, Recorder};

use super::device::{keep_freed_memory, open_device};
use super::loaded::{Loaded, Reader, Shared};
use super::memory::{Seen, Watch};

/// Trains packs on one device; keeps the last model and data set loaded.
pub struct TorchExecutor {
    device: Device,
    name: String,
    hub: Hub,
    token_cache: Option<PathBuf>,
    loaded: Option<Loaded>,
    memory: Option<MemoryUse>,
}

impl TorchExecutor {
    /// `device`: `cpu` or `cuda:N`; `threads`: for products on the CPU, all cores by default.
    pub fn new(device: &str, threads: Option<usize>, hub: Hub) -> Result<Self, DeviceError> {
        let parsed = open_device(device, threads)?;
        if parsed == Device::Cpu {
            keep_freed_memory();
        }
        let token_cache = data::default_cache_folder();
        Ok(TorchExecutor { device: parsed, name: device.to_string(), hub, token_cache, loaded: None, memory: None })
    }

    fn load(&mut self, spec: &RunSpec, sink: &mut dyn Sink) -> Result<&mut Loaded, ExecuteError> {
        let shared = Shared::new(spec);
        let loaded = match self.loaded.take().filter(|loaded| loaded.shared == shared) {
            Some(loaded) => loaded,
            None => self.reader().read(shared, sink)?,
        };
        Ok(self.loaded.insert(loaded))
    }

    fn reader(&self) -> Reader<'_> {
        Reader { hub: &self.hub, device: self.device, name: &self.name, token_cache: self.token_cache.as_deref() }
    }
}

impl Executor for TorchExecutor {
    fn kind(&self) -> ExecutorKind {
        ExecutorKind::Torch
    }

    fn device(&self) -> String {
        self.name.clone()
    }

    fn execute(
        &mut self,
        job: &PackJob,
        recorder: &mut dyn Recorder,
        sink: &mut dyn Sink,
        stop: &Stop,
    ) -> Result<PackEnd, ExecuteError> {
        self.memory = None;
        let Some(first) = job.runs.values().next() else {
            return Ok(PackEnd::Finished);
        };
        if let Some(other) = job.runs.values().find(|run| Shared::new(&run.spec) != Shared::new(&first.spec)) {
            let (one, other) = (&first.label, &other.label);
            let message = format!(
                "runs `{one}` and `{other}` cannot share a pack: model, init_adapter, precision, max_length or dataset differ"
            );
            return Err(ExecuteError::Failed(message.into()));
        }
        let name = self.name.clone();
        let loaded = self.load(&first.spec, sink)?;
        if let Some(run) = job.runs.values().find(|run| !loaded.is_planned_with(run)) {
            let RunSpec { model, dataset, .. } = &run.spec;
            let message = format!(
                "the contents of model {model} or data {} changed since run `{}` was planned: bring them back, or start \
                 `sweep run` again, which plans new runs for the new contents",
                dataset.path, run.label
            );
            self.loaded = None;
            return Err(ExecuteError::Inputs(message.into()));
        }
        let train_job = train::Job {
            plan: &job.pack,
            runs: &job.runs,
            base: &loaded.base,
            data: &loaded.data,
            model_digest: loaded.model_digest.clone(),
            device: name,
            checkpoint_every: job.checkpoint_every,
            initial: loaded.initial.as_ref(),
        };
        let estimated = loaded.estimate(job);
        let watch = Watch::begin(loaded.base.device);
        let ended = train::train(&train_job, &mut loaded.frozen, recorder, sink, &|| stop.requested());
        let seen = watch.and_then(|watch| watch.seen());
        self.memory = seen.map(|Seen { before, peak }| MemoryUse { estimated, before, peak });
        match ended {
            Ok(true) => Ok(PackEnd::Finished),
            Ok(false) => Ok(PackEnd::Interrupted),
            Err(error) => Err(ExecuteError::from_training(&self.name, error)),
        }
    }

    fn memory(&self) -> Option<MemoryUse> {
        self.memory
    }

    fn restrict(&self, checkpoint: &Checkpoint, part: &PackPlan) -> Option<Checkpoint> {
        train::restrict(checkpoint, part)
    }
}
