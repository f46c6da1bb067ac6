//! When another attempt may do better, and how long it waits.

use std::time::Duration;

use super::client::{Failed, Failure};

/// Waiting times between attempts that gain nothing, in pauses of [`super::Patience`].
const WAITS: [u32; 3] = [1, 3, 10];
/// A server that asks for a longer wait is not waited for.
const LONGEST: Duration = Duration::from_secs(120);

/// The attempts that are left.
pub(super) struct Retries {
    pause: Duration,
    made: usize,
}

impl Retries {
    /// `pause`: before the second attempt.
    pub fn new(pause: Duration) -> Self {
        Retries { pause, made: 0 }
    }

    /// What came is worth having: the count begins anew.
    pub fn gained(&mut self) {
        self.made = 0;
    }

    /// How long to wait before another attempt; none where there is no use in one.
    pub fn wait(&mut self, failed: &Failed) -> Option<Duration> {
        let stated = match &failed.failure {
            Failure::Unreachable(_) | Failure::Cut(_) | Failure::Short { .. } => Duration::ZERO,
            Failure::Status { status: 408 | 429 | 500 | 502 | 503 | 504, retry_after } => {
                retry_after.unwrap_or_default()
            }
            Failure::Status { .. } | Failure::Untrusted(_) | Failure::Odd(_) => return None,
        };
        let own = self.pause * *WAITS.get(self.made)?;
        self.made += 1;
        (stated <= LONGEST).then_some(own.max(stated))
    }
}

/// Attempts until one succeeds or there is no use in another; `waiting` hears of each wait.
pub(super) fn patiently<T>(
    pause: Duration,
    waiting: &dyn Fn(&Failed, Duration),
    mut attempt: impl FnMut() -> Result<T, Failed>,
) -> Result<T, Failed> {
    let mut retries = Retries::new(pause);
    loop {
        let failed = match attempt() {
            Ok(found) => return Ok(found),
            Err(failed) => failed,
        };
        let Some(wait) = retries.wait(&failed) else {
            return Err(failed);
        };
        waiting(&failed, wait);
        std::thread::sleep(wait);
    }
}

#[cfg(test)]
mod tests {
    use super::super::address::Address;
    use super::*;

    fn failed(failure: Failure) -> Failed {
        Failed { address: Address::parse("http://h").unwrap(), failure }
    }

    fn waits(failure: impl Fn() -> Failure) -> Vec<u64> {
        let mut retries = Retries::new(Duration::from_millis(300));
        std::iter::from_fn(|| retries.wait(&failed(failure()))).map(|wait| wait.as_millis() as u64).collect()
    }

    #[test]
    fn h3_attempts_are_few_and_waits_bounded() {
        let busy = |status: u16, seconds: Option<u64>| {
            waits(move || Failure::Status { status, retry_after: seconds.map(Duration::from_secs) })
        };
        assert_eq!(waits(|| Failure::Unreachable(String::new())), [300, 900, 3000]);
        assert_eq!(busy(503, None), [300, 900, 3000]);
        assert_eq!(busy(429, Some(2)), [2000, 2000, 3000]);
        assert!(busy(429, Some(3600)).is_empty());
        assert!(busy(404, None).is_empty());
        assert!(waits(|| Failure::Odd(String::new())).is_empty());
    }
}
