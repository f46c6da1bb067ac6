//! Who trains what where: the executor trait (torch or mock), the planning of packs, the worker loop, stopping.

mod attempt;
mod catch;
mod executor;
mod mock;
mod plan;
mod signals;
mod stop;
mod supervise;
mod worker;
mod worker_process;
mod worker_sink;

pub use executor::{ExecuteError, Executor, PackEnd, PackJob};
pub use mock::{MockExecutor, MockFault, MockFaultKind, MockSettings, default_ability};
pub use plan::{DeviceKind, GroupKey, MemoryLimit, PlanOptions, pack_of, plan_packs, relative_duration};
pub use signals::stop_on_signals;
pub use stop::Stop;
pub use supervise::{SuperviseError, supervise};
pub use worker::{WhenBusy, WorkerEnd, WorkerError, WorkerOptions, work};
pub use worker_process::{
    EXIT_CANNOT_RECORD, EXIT_DONE, EXIT_FAILED_FAST, JsonLines, WorkerCommand, WorkerProcess, worker_exit_status,
    worker_main,
};
