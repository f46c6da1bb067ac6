//! The executor that trains with libtorch, on one device.

mod head;
mod memory;
mod rate;
mod source;

use std::path::{Path, PathBuf};

use tch::Device;

use super::memory::MemoryUse;
use super::{ExecuteError, Executor, PackEnd, PackJob, Stop};
use crate::data::{self, CacheUse, TokenLengths, Tokenizer};
use crate::event::{Event, Sink};
use crate::hub::Hub;
use crate::model::{Base, ModelConfig, ModelError, SavedAdapter, works_in_own_threads};
use crate::spec::{DatasetSpec, PackPlan, PlannedRun, Precision, RunSpec};
use crate::store::ExecutorKind;
use crate::train::{self, Checkpoint, Examples, Footprint, FrozenParts, Recorder, TrainError, TrainingData};

pub use rate::product_rate;
pub use source::TorchSource;

use memory::{Seen, Watch};

/// Trains packs on one device; keeps the last model and data set loaded.
pub struct TorchExecutor {
    device: Device,
    name: String,
    hub: Hub,
    token_cache: Option<PathBuf>,
    loaded: Option<Loaded>,
    memory: Option<MemoryUse>,
}

/// What all runs of a pack have in common.
#[derive(Clone, Debug, PartialEq)]
struct Shared {
    model: String,
    init_adapter: Option<String>,
    precision: Precision,
    max_length: usize,
    dataset: DatasetSpec,
}

struct Loaded {
    shared: Shared,
    /// What the runs begin with.
    initial: Option<SavedAdapter>,
    base: Base,
    data: TrainingData,
    frozen: FrozenParts,
    model_digest: String,
    /// Of the data set's files, as the ids of runs have it.
    dataset_digest: String,
    adapter_digest: Option<String>,
}

impl Loaded {
    /// Bytes that the hungriest runs of all places take together, estimated.
    fn estimate(&self, job: &PackJob) -> u64 {
        let tokens = &self.data.train.tokens;
        let longest = (0..tokens.len()).map(|index| tokens.length(index)).max().unwrap_or(0);
        let (config, classes, memory) = (&self.base.config, self.base.classes, self.base.memory);
        let of_run = |run| job.runs.get(run).map(|run| Footprint::new(config, &run.spec, classes, longest, memory).run);
        job.pack.places.iter().filter_map(|place| place.iter().filter_map(of_run).max()).sum()
    }

    /// Whether a run was planned with the contents that were read.
    fn is_of(&self, run: &PlannedRun) -> bool {
        run.has_contents(&self.model_digest, &self.dataset_digest, self.adapter_digest.as_deref())
    }
}

/// A device that cannot be trained on.
#[derive(Debug, thiserror::Error)]
pub enum DeviceError {
    #[error("device `{0}` is unknown; devices are cpu, cuda:0, cuda:1 ...")]
    Unknown(String),
    #[error("{given} threads: this machine has {processors}; give 1 to {most}, more only wait for one another")]
    Threads { given: usize, processors: String, most: usize },
    #[error("device `{name}` is not there: libtorch sees {visible} CUDA devices (`sweep doctor` says more)")]
    Absent { name: String, visible: usize },
}

/// CUDA devices that libtorch can use.
pub fn cuda_devices() -> usize {
    tch::Cuda::device_count().max(0) as usize
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
        let shared = shared(spec);
        let loaded = match self.loaded.take().filter(|loaded| loaded.shared == shared) {
            Some(loaded) => loaded,
            None => self.read(shared, sink)?,
        };
        Ok(self.loaded.insert(loaded))
    }

    fn read(&self, shared: Shared, sink: &mut dyn Sink) -> Result<Loaded, ExecuteError> {
        let folder = self.hub.model(&shared.model).map_err(inputs)?;
        let location = self.hub.dataset(&shared.dataset.path).map_err(inputs)?;
        let dataset = data::load(&shared.dataset, &location).map_err(inputs)?;
        let config = ModelConfig::read(&folder).map_err(inputs)?;
        config.takes(shared.max_length).map_err(inputs)?;
        let tokenizer = Tokenizer::load(&folder, shared.max_length).map_err(inputs)?;
        let tokenizer = tokenizer.for_embeddings(config.vocabulary()).map_err(inputs)?;
        let mut lengths = Vec::new();
        let mut examples = |examples: data::Examples| -> Result<Examples, ExecuteError> {
            let cache = self.token_cache.as_deref();
            let (tokens, usage) = tokenizer.encode_cached(&examples.texts, cache).map_err(inputs)?;
            if let CacheUse::Failed(error) = usage {
                sink.emit(&Event::Notice { run: None, message: format!("token ids are not cached: {error}") });
            }
            lengths.extend(tokenizer.lengths(&examples.texts, &tokens, cache).map_err(inputs)?);
            Ok(Examples { tokens, labels: examples.labels, rows: examples.rows })
        };
        let (train, evaluation) = (examples(dataset.train)?, examples(dataset.evaluation)?);
        let test = dataset.test.map(examples).transpose()?;
        let data = TrainingData {
            train,
            evaluation,
            test,
            class_names: dataset.class_names,
            overview: Some(dataset.overview),
            digest: dataset.digest,
            token_lengths: Some(TokenLengths::of(lengths, shared.max_length)),
        };
        let (classes, precision) = (data.class_names.len(), shared.precision);
        let mut initial = self.initial(&shared, &folder)?;
        let base = match &initial {
            Some(adapter) => Base::load_for_adapter(adapter, &folder, classes, precision, self.device),
            None => Base::load(&folder, classes, precision, self.device),
        };
        let mut base = base.map_err(|error| match error {
            ModelError::Torch(_) | ModelError::NoTf32 => self.error(TrainError::Model(error)),
            unreadable => ExecuteError::Inputs(unreadable.to_string()),
        })?;
        head::align(&mut base, initial.as_mut(), &folder, &data, sink)?;
        // After everything was read: what changes meanwhile is noticed, too.
        let model_digest = self.hub.model_digest(&folder).map_err(inputs)?;
        let dataset_digest = data::digest_of_files(&shared.dataset, &location).map_err(inputs)?;
        let adapter_digest = match &shared.init_adapter {
            Some(name) => Some(self.hub.adapter_digest(&self.hub.adapter(name).map_err(inputs)?).map_err(inputs)?),
            None => None,
        };
        let frozen = FrozenParts::default();
        Ok(Loaded { shared, initial, base, data, frozen, model_digest, dataset_digest, adapter_digest })
    }

    fn initial(&self, shared: &Shared, model: &Path) -> Result<Option<SavedAdapter>, ExecuteError> {
        let Some(name) = &shared.init_adapter else {
            return Ok(None);
        };
        let folder = self.hub.adapter(name).map_err(inputs)?;
        let config = ModelConfig::read(model).map_err(inputs)?;
        SavedAdapter::read(&folder, &config).map(Some).map_err(inputs)
    }

    fn error(&self, error: TrainError) -> ExecuteError {
        if error.is_out_of_memory() {
            return ExecuteError::OutOfMemory { device: self.name.clone(), message: error.to_string() };
        }
        match error {
            TrainError::Record(error) => ExecuteError::Record(error),
            other => ExecuteError::Failed(other.to_string()),
        }
    }
}

/// The device called `cpu` or `cuda:N`, with the threads that work on the processor started (all cores by default).
///
/// # Errors
/// A name that is no device's, a GPU that is not there, or absurdly many threads.
pub fn open_device(name: &str, threads: Option<usize>) -> Result<Device, DeviceError> {
    let device = parse(name)?;
    check_threads(threads)?;
    start_threads(device, threads);
    Ok(device)
}

/// Whether so many threads can work on this machine.
///
/// # Errors
/// [`DeviceError::Threads`] for none, and for many more than there are processors.
pub fn check_threads(threads: Option<usize>) -> Result<(), DeviceError> {
    const PER_PROCESSOR: usize = 4;
    const ALWAYS: usize = 64;
    let Some(given) = threads else {
        return Ok(());
    };
    let processors = std::thread::available_parallelism().map_or(1, usize::from);
    let most = (PER_PROCESSOR * processors).max(ALWAYS);
    if (1..=most).contains(&given) {
        return Ok(());
    }
    let processors = crate::words::counted(processors, "processor");
    Err(DeviceError::Threads { given, processors, most })
}

/// One pool of threads for all that is parallel; the calling thread, which trains, is one of them.
fn start_threads(device: Device, threads: Option<usize>) {
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads.unwrap_or(0)).use_current_thread();
    // Refused where a pool exists already; then its size was chosen before, and stays.
    let _ = pool.build_global();
    if works_in_own_threads(device) {
        // libtorch's own threads would wait for work by spinning, on the cores that the pool needs.
        tch::set_num_threads(1);
    } else if let Some(threads) = threads {
        tch::set_num_threads(threads as i32);
    }
}

/// Every step allocates and frees the same large tensors. By default glibc gives such memory back to the kernel at once,
/// which then has to clear it page by page at the next step: a seventh of the time of a step.
#[cfg(all(target_os = "linux", target_env = "gnu"))]
fn keep_freed_memory() {
    // SAFETY: mallopt only sets parameters of the allocator; a refusal changes nothing.
    unsafe {
        libc::mallopt(libc::M_MMAP_MAX, 0);
        libc::mallopt(libc::M_TRIM_THRESHOLD, libc::c_int::MAX);
        libc::mallopt(libc::M_TOP_PAD, 64 << 20);
    }
}

#[cfg(not(all(target_os = "linux", target_env = "gnu")))]
fn keep_freed_memory() {}

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
        if let Some(other) = job.runs.values().find(|run| shared(&run.spec) != shared(&first.spec)) {
            let (one, other) = (&first.label, &other.label);
            return Err(ExecuteError::Failed(format!(
                "runs `{one}` and `{other}` cannot share a pack: model, init_adapter, precision, max_length or dataset differ"
            )));
        }
        let name = self.name.clone();
        let loaded = self.load(&first.spec, sink)?;
        if let Some(run) = job.runs.values().find(|run| !loaded.is_of(run)) {
            let RunSpec { model, dataset, .. } = &run.spec;
            let message = format!(
                "the contents of model {model} or data {} changed since run `{}` was planned: bring them back, or start \
                 `sweep run` again, which plans new runs for the new contents",
                dataset.path, run.label
            );
            self.loaded = None;
            return Err(ExecuteError::Inputs(message));
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
            Err(error) => Err(self.error(error)),
        }
    }

    fn memory(&self) -> Option<MemoryUse> {
        self.memory
    }

    fn restrict(&self, checkpoint: &Checkpoint, part: &PackPlan) -> Option<Checkpoint> {
        train::restrict(checkpoint, part)
    }
}

fn shared(spec: &RunSpec) -> Shared {
    Shared {
        model: spec.model.clone(),
        init_adapter: spec.init_adapter.clone(),
        precision: spec.precision,
        max_length: spec.max_length,
        dataset: spec.dataset.clone(),
    }
}

fn parse(device: &str) -> Result<Device, DeviceError> {
    if device == "cpu" {
        return Ok(Device::Cpu);
    }
    let unknown = || DeviceError::Unknown(device.to_string());
    let index: usize = device.strip_prefix("cuda:").and_then(|index| index.parse().ok()).ok_or_else(unknown)?;
    let visible = cuda_devices();
    if index < visible {
        Ok(Device::Cuda(index))
    } else {
        Err(DeviceError::Absent { name: device.to_string(), visible })
    }
}

/// What the runs read is not there, or not readable.
fn inputs(error: impl std::error::Error) -> ExecuteError {
    ExecuteError::Inputs(error.to_string())
}
