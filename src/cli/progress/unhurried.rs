//! Shows events in a thread of its own, so that a reader who stands still (a pager, Ctrl-S) does not hold up training.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{self, Receiver, Sender};
use std::time::Duration;

use crate::event::{Event, Sink};

/// With so many events not shown yet, those that the next one of their kind makes out of date are left out.
const BACKLOG: usize = 1000;
/// How long the last events are waited for at the end.
const PATIENCE: Duration = Duration::from_secs(2);

/// Passes events on to a sink in another thread.
pub struct Unhurried {
    /// None when it is over.
    events: Option<Sender<Event>>,
    waiting: Arc<AtomicUsize>,
    /// Closed by the thread when all is shown.
    ended: Receiver<()>,
}

impl Unhurried {
    /// # Errors
    /// No thread can be started.
    pub fn new(make: impl FnOnce() -> Box<dyn Sink> + Send + 'static) -> std::io::Result<Self> {
        let (events, from) = mpsc::channel::<Event>();
        let (end, ended) = mpsc::channel::<()>();
        let waiting = Arc::new(AtomicUsize::new(0));
        let left = waiting.clone();
        let show = move || {
            let mut sink = make();
            for event in from {
                sink.emit(&event);
                left.fetch_sub(1, Ordering::Relaxed);
            }
            drop(sink);
            drop(end);
        };
        std::thread::Builder::new().name("progress".into()).spawn(show)?;
        Ok(Self { events: Some(events), waiting, ended })
    }
}

impl Sink for Unhurried {
    fn emit(&mut self, event: &Event) {
        let soon_out_of_date = matches!(event, Event::Progress { .. } | Event::Evaluating { .. });
        if soon_out_of_date && self.waiting.load(Ordering::Relaxed) >= BACKLOG {
            return;
        }
        self.waiting.fetch_add(1, Ordering::Relaxed);
        if let Some(events) = &self.events {
            // The thread ends after us.
            events.send(event.clone()).ok();
        }
    }
}

impl Drop for Unhurried {
    fn drop(&mut self) {
        drop(self.events.take());
        // Nothing is ever sent: it ends with the thread, or with our patience.
        self.ended.recv_timeout(PATIENCE).ok();
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use super::*;
    use crate::spec::RunId;

    /// Shows nothing as long as it is locked.
    struct Gate(Arc<Mutex<Vec<Event>>>);

    impl Sink for Gate {
        fn emit(&mut self, event: &Event) {
            self.0.lock().unwrap().push(event.clone());
        }
    }

    fn evaluating(epoch: usize) -> Event {
        Event::Evaluating { run: RunId("a".into()), epoch }
    }

    fn notice(message: &str) -> Event {
        Event::Notice { run: None, message: message.into() }
    }

    /// R4: whoever reads the progress and stands still holds up nothing, and loses nothing that matters.
    #[test]
    fn a_reader_who_stands_still_holds_up_nothing() {
        let shown = Arc::new(Mutex::new(Vec::new()));
        let gate = shown.clone();
        let mut sink = Unhurried::new(move || Box::new(Gate(gate))).unwrap();
        let closed = shown.lock().unwrap();
        for epoch in 0..3 * BACKLOG {
            sink.emit(&evaluating(epoch));
        }
        sink.emit(&notice("all the same"));
        drop(closed);
        drop(sink);
        let shown = shown.lock().unwrap();
        assert!((BACKLOG..=BACKLOG + 2).contains(&shown.len()), "{}", shown.len());
        assert_eq!(shown.last(), Some(&notice("all the same")));
    }

    #[test]
    fn at_the_end_nobody_waits_for_ever() {
        let shown = Arc::new(Mutex::new(Vec::new()));
        let gate = shown.clone();
        let mut sink = Unhurried::new(move || Box::new(Gate(gate))).unwrap();
        let closed = shown.lock().unwrap();
        sink.emit(&notice("never shown"));
        drop(sink);
        assert_eq!(closed.len(), 0);
    }
}
