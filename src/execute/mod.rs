//! Who trains what where: the executor trait, the planning of packs, the worker loop, stopping.
//!
//! ```text
//! work_by_generations   trains what is planned, asks the search for more, until it has ended
//! plan_packs        runs -> packs, before any of them runs
//! supervise         one worker process per device, started again when it dies      (one device may do without)
//!   worker_main     such a process: events as JSON lines, leaves with its supervisor
//!     work          claim a pack, execute, record, release, until nothing is left
//!       Executor    trains a pack: with torch, or a mock of the tests
//! ```
//!
//! # What happens to a pack that cannot go on
//!
//! | what                                  | then                                                                    |
//! |---------------------------------------|-------------------------------------------------------------------------|
//! | a run's loss is NaN or infinite       | the run is diverged; its neighbours go on                               |
//! | out of memory                         | the pack is halved; packs of the same model, precision and length get no wider for the rest of the sweep; no attempt is used |
//! | any other error, a panic, a dead worker | a fault: the pack goes back to the queue, behind those without faults |
//! | faults use up the attempts            | the pack is halved, until the run at fault is alone and fails; the others complete |
//! | some of its runs are not wanted now   | it is taken apart: they keep what they have, for when they are wanted again |
//! | somebody asks that a run stops        | it leaves the pack at the next step, with its state; its neighbours go on |
//! | the claim was lost                    | nothing more is written; the next pack                                  |
//! | results cannot be written             | the worker ends with the error; nothing recorded is lost                |
//!
//! Attempts count only while nothing is gained: a fault after a new checkpoint is the first one again. How a pack was
//! taken apart is recorded, so everybody who works on the sweep goes by it. A part goes on from the whole's checkpoint
//! where the executor can divide it ([`Executor::restrict`]), and from the start otherwise.
//!
//! # What a run's numbers depend on
//!
//! Not on its neighbours, nor on when they join and leave, nor on where it was resumed: whatever is random is a function of
//! the run alone, and each run has its own rows, gradients and optimizer state. What is left is how a product rounds. The
//! products of a processor with AVX-512, AVX2 or NEON are our own, and a row of theirs does not depend on how many rows there
//! are: there a run gives the same bytes in any pack. Elsewhere (GPUs, other processors) libtorch may choose another kernel for a
//! taller product, and numbers agree up to float rounding; the same packs give the same numbers.

mod attempt;
mod catch;
mod device_error;
mod executor;
mod generations;
mod huge_pages;
mod memory;
mod plan;
mod progress_file;
mod requests;
mod sharing;
mod signals;
mod source;
mod speed;
mod stop;
mod supervise;
mod suspend;
mod torch;
mod worker;
mod worker_process;
mod worker_sink;

pub use device_error::DeviceError;
pub use executor::{Cause, ExecuteError, Executor, PackEnd, PackJob};
pub use generations::{GenerationError, Generations, work_by_generations};
pub use memory::MemoryUse;
pub use plan::{DeviceKind, MemoryLimit, ModelKey, PlanOptions, pack_of, part_of, plan_packs, relative_duration};
pub use requests::apply_requests;
pub use sharing::{MOST_SHARING, Sharing, computed_below, lowest_layer};
pub use signals::stop_on_signals;
pub use source::ExecutorSource;
pub use stop::Stop;
pub use supervise::{SuperviseError, supervise};
pub use torch::{
    TorchExecutor, TorchSource, adapter_class_names, check_threads, cuda_devices, multiplied_precision, open_device,
    product_rate,
};
pub use worker::{WhenBusy, WorkerEnd, WorkerError, WorkerOptions, work};
pub use worker_process::{JsonLines, WorkerCommand, WorkerProcess, worker_exit_code, worker_main};
