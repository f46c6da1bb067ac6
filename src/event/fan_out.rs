//! One sink out of many.

use std::panic::{AssertUnwindSafe, catch_unwind};

use super::sink::{Sink, SinkError};
use super::sweep_event::Event;

/// Gives every event to all of its sinks, in their order. What goes wrong with one harms neither the others nor whoever
/// emits: an error is told to the other sinks as a notice, the first time; a sink that panics is told, too, and gets no more events.
#[derive(Default)]
pub struct FanOut<'a> {
    sinks: Vec<Member<'a>>,
}

struct Member<'a> {
    /// As notices call it: `the log`.
    name: &'static str,
    sink: Box<dyn Sink + 'a>,
    has_failed: bool,
    has_panicked: bool,
}

impl<'a> FanOut<'a> {
    /// With one more sink; `name` is what notices call it.
    pub fn with(mut self, name: &'static str, sink: impl Sink + 'a) -> Self {
        self.sinks.push(Member { name, sink: Box::new(sink), has_failed: false, has_panicked: false });
        self
    }
}

impl Sink for FanOut<'_> {
    fn emit(&mut self, event: &Event) {
        let mut notices: Vec<String> = self.sinks.iter_mut().filter_map(|member| member.emit(event)).collect();
        // A notice may fail as well. Each sink is told of twice at most, so this ends.
        while let Some(message) = notices.pop() {
            let notice = Event::Notice { run: None, message };
            notices.extend(self.sinks.iter_mut().filter_map(|member| member.emit(&notice)));
        }
    }
}

impl Member<'_> {
    /// Gives the sink an event; what there is to tell about it.
    fn emit(&mut self, event: &Event) -> Option<String> {
        if self.has_panicked {
            return None;
        }
        let Self { name, sink, .. } = self;
        // A sink that panicked is never used again, whatever state it is in.
        let emitted = catch_unwind(AssertUnwindSafe(|| {
            sink.emit(event);
            sink.take_error()
        }));
        match emitted {
            Ok(None) => None,
            Ok(Some(error)) => {
                let first = !std::mem::replace(&mut self.has_failed, true);
                first.then(|| told(name, &error))
            }
            Err(_) => {
                self.has_panicked = true;
                Some(format!("{name} failed and gets no more events"))
            }
        }
    }
}

fn told(name: &str, error: &SinkError) -> String {
    format!("{name} cannot be written: {error}")
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;

    use super::*;

    /// Keeps the notices that it got.
    struct Kept<'a>(&'a RefCell<Vec<String>>);

    impl Sink for Kept<'_> {
        fn emit(&mut self, event: &Event) {
            if let Event::Notice { message, .. } = event {
                self.0.borrow_mut().push(message.clone());
            }
        }
    }

    struct Panics;

    impl Sink for Panics {
        fn emit(&mut self, _: &Event) {
            panic!("a bug");
        }
    }

    struct Full;

    impl Sink for Full {
        fn emit(&mut self, _: &Event) {}

        fn take_error(&mut self) -> Option<SinkError> {
            Some("no space".into())
        }
    }

    fn notice(message: &str) -> Event {
        Event::Notice { run: None, message: message.to_owned() }
    }

    #[test]
    fn what_goes_wrong_with_one_sink_is_told_once_and_harms_no_other() {
        let (before, after) = (RefCell::default(), RefCell::default());
        let mut sinks = FanOut::default()
            .with("the first", Kept(&before))
            .with("the bug", Panics)
            .with("the file", Full)
            .with("the last", Kept(&after));
        sinks.emit(&notice("one"));
        sinks.emit(&notice("two"));
        drop(sinks);
        let mut told = before.into_inner();
        assert_eq!(told, after.into_inner());
        assert_eq!((told.remove(0), told.pop().unwrap()), ("one".to_owned(), "two".to_owned()));
        told.sort();
        assert_eq!(told, ["the bug failed and gets no more events", "the file cannot be written: no space"]);
    }
}
