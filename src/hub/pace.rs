//! How long is waited, and a reader that gives up on a server that sends next to nothing.

use std::io::{Error, ErrorKind, Read, Result};
use std::time::{Duration, Instant};

/// Fewer bytes than this in a window are no download: a modem brings a hundred times as many.
const LEAST: u64 = 1024;
/// Length of a window, in times that one read may take.
const READS: u32 = 3;

/// How long is waited.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Patience {
    /// For a connection, and for an answer about a file.
    pub answers: Duration,
    /// For more of a file.
    pub downloads: Duration,
    /// Before the second attempt; later ones come after longer pauses.
    pub pause: Duration,
}

impl Default for Patience {
    /// The first two are those of `huggingface_hub`.
    fn default() -> Self {
        let wait = Duration::from_secs(10);
        Patience { answers: wait, downloads: wait, pause: Duration::from_millis(300) }
    }
}

/// Bytes of a body, with an error where too few come in a window of time.
pub(super) struct Paced<R> {
    inner: R,
    window: Duration,
    begun: Instant,
    came: u64,
}

impl<R: Read> Paced<R> {
    /// `patience`: how long one read may take, at most.
    pub fn new(inner: R, patience: Duration) -> Self {
        Paced { inner, window: patience * READS, begun: Instant::now(), came: 0 }
    }
}

impl<R: Read> Read for Paced<R> {
    fn read(&mut self, buffer: &mut [u8]) -> Result<usize> {
        let count = self.inner.read(buffer)?;
        self.came += count as u64;
        let passed = self.begun.elapsed();
        if count > 0 && passed >= self.window {
            if self.came < LEAST {
                let said = format!("only {} bytes came in {:.1} s", self.came, passed.as_secs_f64());
                return Err(Error::new(ErrorKind::TimedOut, said));
            }
            (self.begun, self.came) = (Instant::now(), 0);
        }
        Ok(count)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// So many bytes at each read, each after this time.
    struct Drip(usize, Duration);

    impl Read for Drip {
        fn read(&mut self, buffer: &mut [u8]) -> Result<usize> {
            std::thread::sleep(self.1);
            let count = self.0.min(buffer.len());
            buffer[..count].fill(0);
            Ok(count)
        }
    }

    #[test]
    fn h3_a_byte_now_and_then_is_no_download() {
        let patience = Duration::from_millis(20);
        let read = |bytes: usize| {
            let drip = Drip(bytes, Duration::from_millis(10));
            Paced::new(drip, patience).take(bytes as u64 * 30).read_to_end(&mut Vec::new())
        };
        let error = read(1).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::TimedOut);
        assert_eq!(read(4096).unwrap(), 30 * 4096);
    }
}
