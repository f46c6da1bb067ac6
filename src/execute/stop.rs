//! Cooperative stopping: somebody sets a flag, the step boundary sees it.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Shared between signal handlers and the step loop. Clones see the same flag.
#[derive(Clone, Debug, Default)]
pub struct Stop(Arc<AtomicUsize>);

impl Stop {
    /// The underlying cell: 0, or the number of the signal that asked to stop.
    pub fn cell(&self) -> Arc<AtomicUsize> {
        self.0.clone()
    }

    /// Asks to stop at the next step boundary.
    pub fn request(&self, signal: usize) {
        self.0.store(signal, Ordering::SeqCst);
    }

    pub fn requested(&self) -> bool {
        self.signal() != 0
    }

    /// Whether it was the signal by which batch systems warn before a time limit.
    pub fn is_warning(&self) -> bool {
        i32::try_from(self.signal()) == Ok(signal_hook::consts::SIGUSR2)
    }

    /// The signal that asked to stop; 0 when none did.
    pub fn signal(&self) -> usize {
        self.0.load(Ordering::SeqCst)
    }
}
