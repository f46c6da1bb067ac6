//! One process at a time downloads a repository.

use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use rustix::fs::{FlockOperation, flock};
use rustix::io::Errno;

use super::HubError;
use super::name::Repository;
use super::remote::Watch;

/// Where huggingface_hub has its locks, too.
const LOCKS: &str = ".locks";
/// Between two looks at a lock that another process holds.
const LOOK: Duration = Duration::from_millis(200);
/// A process whose download has not changed for so long is stuck: every wait of its own is shorter.
const STUCK: Duration = Duration::from_secs(600);

/// Waits for as long as the process that holds the lock gets on with its download. The system frees the lock of a process
/// that ends, however it ends.
///
/// `at_work`: the folders that its download changes.
///
/// # Errors
/// A lock that cannot be made, or is held by a process that is stuck.
pub(super) fn lock(
    cache: &Path,
    repository: &Repository,
    at_work: &[PathBuf],
    watch: &dyn Watch,
) -> Result<File, HubError> {
    let folder = repository.folder(&cache.join(LOCKS));
    fs::create_dir_all(&folder).map_err(|source| HubError::Write { path: folder.clone(), source })?;
    wait(&folder.join("sweep.lock"), &repository.given(), at_work, watch, STUCK)
}

fn wait(
    path: &Path,
    repository: &str,
    at_work: &[PathBuf],
    watch: &dyn Watch,
    stuck: Duration,
) -> Result<File, HubError> {
    let failed = |source: std::io::Error| HubError::Write { path: path.to_path_buf(), source };
    let file = File::options().create(true).truncate(false).write(true).open(path).map_err(failed)?;
    let mut since: Option<(Vec<Seen>, Instant)> = None;
    loop {
        match flock(&file, FlockOperation::NonBlockingLockExclusive) {
            Ok(()) => break,
            Err(Errno::WOULDBLOCK | Errno::INTR) => {}
            Err(error) => return Err(failed(error.into())),
        }
        let seen = seen(at_work);
        match &since {
            None => {
                watch.waiting(repository);
                since = Some((seen, Instant::now()));
            }
            Some((before, _)) if *before != seen => since = Some((seen, Instant::now())),
            Some((_, unchanged)) if unchanged.elapsed() >= stuck => {
                let holder = fs::read_to_string(path).unwrap_or_default().trim().chars().take(20).collect();
                return Err(HubError::Stuck { path: path.to_path_buf(), holder, minutes: stuck.as_secs() / 60 });
            }
            Some(_) => {}
        }
        std::thread::sleep(LOOK);
    }
    // For people who look for the process; nothing depends on it.
    let _ = file.set_len(0).and_then(|()| writeln!(&file, "{}", std::process::id()));
    Ok(file)
}

/// Name, length and time of change of a file.
type Seen = (PathBuf, u64, Option<std::time::SystemTime>);

/// The files in these folders.
fn seen(folders: &[PathBuf]) -> Vec<Seen> {
    let entries = folders.iter().flat_map(|folder| fs::read_dir(folder).into_iter().flatten().flatten());
    let mut seen: Vec<Seen> = entries
        .filter_map(|entry| {
            let metadata = entry.metadata().ok()?;
            Some((entry.path(), metadata.len(), metadata.modified().ok()))
        })
        .collect();
    seen.sort();
    seen
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    #[derive(Default)]
    struct Waits(AtomicUsize);

    impl Watch for Waits {
        fn begin(&self, _: &str, _: &str, _: u64) {}
        fn advance(&self, _: u64) {}
        fn end(&self) {}
        fn waiting(&self, _: &str) {
            self.0.fetch_add(1, Ordering::Relaxed);
        }
        fn retrying(&self, _: &str, _: &str, _: Duration) {}
    }

    #[test]
    fn h3_a_lock_is_waited_for_as_long_as_its_holder_gets_on() {
        let folder = tempfile::tempdir().unwrap();
        let (path, work) = (folder.path().join("lock"), folder.path().join("work"));
        fs::create_dir(&work).unwrap();
        let watch = Waits::default();
        let at_work = [work.clone()];
        let wait = |stuck: u64| wait(&path, "acme/x", &at_work, &watch, Duration::from_millis(stuck));
        let held = wait(0).unwrap();
        let error = wait(500).unwrap_err();
        assert!(
            matches!(&error, HubError::Stuck { holder, .. } if *holder == std::process::id().to_string()),
            "{error}"
        );
        // Longer than that, but the holder does something every second.
        std::thread::scope(|scope| {
            scope.spawn(move || {
                for step in 0..4 {
                    std::thread::sleep(Duration::from_millis(1000));
                    fs::write(work.join("part"), vec![0; step + 1]).unwrap();
                }
                drop(held);
            });
            wait(3000).unwrap();
        });
        assert_eq!(watch.0.load(Ordering::Relaxed), 2);
    }
}
