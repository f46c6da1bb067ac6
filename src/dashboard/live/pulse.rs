//! When files are looked at, and who is told.

use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::watch;

/// Between two looks while nobody watches.
const UNWATCHED: Duration = Duration::from_secs(10);

/// When files are looked at, and who is told.
#[derive(Debug)]
pub struct Pulse {
    state: Mutex<State>,
    woken: Condvar,
    /// Counts looks that found a change.
    beats: watch::Sender<u64>,
}

#[derive(Debug, Default)]
struct State {
    listeners: usize,
    /// Somebody came who has not been told anything.
    wanted: bool,
    ended: bool,
}

/// Somebody who watches, as long as this lives.
#[derive(Debug)]
pub struct Listening {
    pulse: Arc<Pulse>,
    pub beats: watch::Receiver<u64>,
}

impl Pulse {
    pub fn new() -> Self {
        Self { state: Mutex::default(), woken: Condvar::new(), beats: watch::Sender::new(0) }
    }

    /// Files are looked at more often while somebody listens, and at once when the first one comes.
    pub fn listen(self: &Arc<Self>) -> Listening {
        let mut state = self.state();
        state.listeners += 1;
        state.wanted = true;
        self.woken.notify_all();
        Listening { pulse: Arc::clone(self), beats: self.beats.subscribe() }
    }

    /// Asks for a look at once: something was asked for that it will show.
    pub fn wake(&self) {
        self.state().wanted = true;
        self.woken.notify_all();
    }

    /// No look any more.
    pub fn end(&self) {
        self.state().ended = true;
        self.woken.notify_all();
    }

    pub(super) fn beat(&self) {
        self.beats.send_modify(|beats| *beats += 1);
    }

    /// Waits until the next look is due: `watched` after the last one while somebody listens. False where there is to be none.
    pub(super) fn wait(&self, watched: Duration) -> bool {
        let begun = Instant::now();
        let mut state = self.state();
        loop {
            if state.ended {
                return false;
            }
            let pause = if state.listeners > 0 { watched } else { UNWATCHED };
            let left = pause.saturating_sub(begun.elapsed());
            if left.is_zero() || std::mem::take(&mut state.wanted) {
                return true;
            }
            state =
                self.woken.wait_timeout(state, left).map_or_else(|poisoned| poisoned.into_inner().0, |woken| woken.0);
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // Counts and flags are whole whenever the lock is free.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Listening {
    fn drop(&mut self) {
        let mut state = self.pulse.state();
        state.listeners = state.listeners.saturating_sub(1);
    }
}
