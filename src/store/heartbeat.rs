//! Keeps the time of a claim fresh while its owner lives.

use std::fs::{File, OpenOptions};
use std::path::Path;
use std::sync::mpsc::{self, RecvTimeoutError, Sender};
use std::thread::JoinHandle;
use std::time::Duration;

use rustix::fs::{Timespec, Timestamps, UTIME_NOW};

use super::StoreError;
use super::error::failed_to;

/// Beats until it is dropped.
#[derive(Debug)]
pub(super) struct Heartbeat {
    /// Closing it ends the thread.
    stop: Option<Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Heartbeat {
    /// Beats on the file that `path` names now. A file that takes the name later is another's and is left alone.
    pub(super) fn start(path: &Path, every: Duration) -> Result<Self, StoreError> {
        let file = OpenOptions::new().write(true).open(path).map_err(failed_to("open", path))?;
        let (stop, stopped) = mpsc::channel();
        let beats = move || {
            while stopped.recv_timeout(every) == Err(RecvTimeoutError::Timeout) {
                // A beat that fails shows in the claim's age; the owner finds out before its next write.
                beat(&file).ok();
            }
        };
        let thread =
            std::thread::Builder::new().name("heartbeat".into()).spawn(beats).map_err(failed_to("watch", path))?;
        Ok(Self { stop: Some(stop), thread: Some(thread) })
    }
}

impl Drop for Heartbeat {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            thread.join().ok();
        }
    }
}

/// Sets the file's times to now by the clock of the file system, which on a network is its server's.
fn beat(file: &File) -> rustix::io::Result<()> {
    let now = Timespec { tv_sec: 0, tv_nsec: UTIME_NOW };
    rustix::fs::futimens(file, &Timestamps { last_access: now, last_modification: now })
}
