//! Who listens to events.

use super::sweep_event::Event;

/// What kept a sink from doing its work.
pub type SinkError = Box<dyn std::error::Error + Send + Sync>;

/// Consumes events.
pub trait Sink {
    fn emit(&mut self, event: &Event);

    /// The first error since the last call. An error of a sink ends no training; whoever emits events may tell it.
    fn take_error(&mut self) -> Option<SinkError> {
        None
    }
}

impl<S: Sink + ?Sized> Sink for &mut S {
    fn emit(&mut self, event: &Event) {
        (**self).emit(event);
    }

    fn take_error(&mut self) -> Option<SinkError> {
        (**self).take_error()
    }
}

impl<S: Sink + ?Sized> Sink for Box<S> {
    fn emit(&mut self, event: &Event) {
        (**self).emit(event);
    }

    fn take_error(&mut self) -> Option<SinkError> {
        (**self).take_error()
    }
}
