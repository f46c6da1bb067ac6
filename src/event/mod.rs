//! What happens while a sweep is executed. Execution emits events; sinks consume them; the trainer never prints.

mod epoch;
mod fan_out;
mod outcome;
mod sink;
mod sweep_event;
mod written;

pub use epoch::{EpochRecord, Figures, best_by, best_epoch};
pub use fan_out::FanOut;
pub use outcome::{Outcome, StopReason};
pub use sink::{Sink, SinkError};
pub use sweep_event::Event;
pub use written::{EVENTS_VERSION, WrittenEvent};
