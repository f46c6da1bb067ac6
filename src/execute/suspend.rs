//! Ctrl-Z: workers stand still with their supervisor, and go on with it.
//!
//! Workers have process groups of their own, so what the terminal sends reaches the supervisor alone.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use signal_hook::consts::{SIGCONT, SIGSTOP, SIGTSTP};
use signal_hook::{SigId, flag, low_level};

/// While it lives, SIGTSTP of this process waits for [`Suspension::relay`]; before and after, it does what it does
/// elsewhere.
#[derive(Debug)]
pub(super) struct Suspension {
    requested: Arc<AtomicBool>,
    continued: Arc<AtomicBool>,
    over: Arc<AtomicBool>,
    handlers: Vec<SigId>,
}

impl Suspension {
    /// # Errors
    /// The handlers cannot be installed.
    pub(super) fn new() -> io::Result<Self> {
        let flag_of = || Arc::new(AtomicBool::new(false));
        let mut suspension = Self { requested: flag_of(), continued: flag_of(), over: flag_of(), handlers: Vec::new() };
        // Stays when it is over: without any handler the signal would be lost then.
        flag::register_conditional_default(SIGTSTP, suspension.over.clone())?;
        suspension.handlers.push(flag::register(SIGTSTP, suspension.requested.clone())?);
        suspension.handlers.push(flag::register(SIGCONT, suspension.continued.clone())?);
        Ok(suspension)
    }

    /// Where this process was asked to stand still, has everybody do so (`signal` sends a signal to all workers) and comes
    /// back when it is continued. Workers get SIGSTOP: SIGTSTP does not stop a process whose group has no terminal.
    pub(super) fn relay(&self, signal: impl Fn(i32)) {
        if self.requested.swap(false, Ordering::SeqCst) {
            signal(SIGSTOP);
            low_level::raise(SIGSTOP).ok();
            signal(SIGCONT);
        }
        if self.continued.swap(false, Ordering::SeqCst) {
            signal(SIGCONT);
        }
    }
}

impl Drop for Suspension {
    fn drop(&mut self) {
        self.over.store(true, Ordering::SeqCst);
        self.handlers.drain(..).for_each(|handler| {
            low_level::unregister(handler);
        });
    }
}
