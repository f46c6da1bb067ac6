//! `--events`: every event as a line of JSON, in a file or on standard output.

use std::fs::{File, OpenOptions};
use std::io::{self, ErrorKind, Read, Seek, SeekFrom, Write};
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{self, Receiver, Sender};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use crate::event::{Event, Sink, SinkError, WrittenEvent};

/// With so many lines not written yet, those that the next one of their kind makes out of date are left out.
const BACKLOG: usize = 1000;
/// How long the last lines are waited for at the end.
const PATIENCE: Duration = Duration::from_secs(5);

/// Stands for standard output.
pub const STANDARD_OUTPUT: &str = "-";

/// Writes lines in a thread of its own, so that a reader who stands still holds up nothing.
pub struct EventsFile {
    sweep: String,
    /// None when it is over.
    lines: Option<Sender<Vec<u8>>>,
    waiting: Arc<AtomicUsize>,
    failure: Arc<Failure>,
    /// Closed by the thread when all is written.
    ended: Receiver<()>,
}

/// What kept a line from being written, the first time.
#[derive(Default)]
struct Failure {
    /// To be told.
    new: Mutex<Option<io::Error>>,
    all: AtomicUsize,
}

impl EventsFile {
    /// Appends to a file, whatever it holds: a sweep that is resumed goes on in it.
    ///
    /// # Errors
    /// The file cannot be opened.
    pub fn open(path: &Path, sweep: &str) -> io::Result<Self> {
        let out: Box<dyn Write + Send> =
            if path == Path::new(STANDARD_OUTPUT) { Box::new(io::stdout()) } else { Box::new(appended(path)?) };
        let (lines, from) = mpsc::channel::<Vec<u8>>();
        let (end, ended) = mpsc::channel::<()>();
        let (waiting, failure) = (Arc::new(AtomicUsize::new(0)), Arc::new(Failure::default()));
        let (left, told) = (waiting.clone(), failure.clone());
        let write = move || {
            write_lines(out, &from, &left, &told);
            drop(end);
        };
        std::thread::Builder::new().name("events".into()).spawn(write)?;
        Ok(Self { sweep: sweep.to_owned(), lines: Some(lines), waiting, failure, ended })
    }

    /// Whether all lines were written.
    pub fn finish(mut self) -> bool {
        drop(self.lines.take());
        // Nothing is ever sent: it ends with the thread, or with our patience.
        let over = self.ended.recv_timeout(PATIENCE) == Err(mpsc::RecvTimeoutError::Disconnected);
        over && self.failure.all.load(Ordering::Relaxed) == 0
    }
}

fn appended(path: &Path) -> io::Result<File> {
    let mut file = OpenOptions::new().append(true).create(true).open(path)?;
    // What was killed while it wrote a line left half of it.
    if file.metadata()?.is_file() && file.seek(SeekFrom::End(0))? > 0 && !ends_a_line(path)? {
        file.write_all(b"\n")?;
    }
    Ok(file)
}

fn ends_a_line(path: &Path) -> io::Result<bool> {
    let mut file = File::open(path)?;
    file.seek(SeekFrom::End(-1))?;
    let mut last = [0];
    file.read_exact(&mut last)?;
    Ok(last == *b"\n")
}

fn write_lines(mut out: Box<dyn Write + Send>, from: &Receiver<Vec<u8>>, left: &AtomicUsize, failure: &Failure) {
    let mut gone = false;
    for line in from {
        left.fetch_sub(1, Ordering::Relaxed);
        if gone {
            continue;
        }
        match out.write_all(&line).and_then(|()| out.flush()) {
            Ok(()) => {}
            // A reader that has seen enough (`| head`) is no error.
            Err(error) if error.kind() == ErrorKind::BrokenPipe => gone = true,
            Err(error) => {
                if failure.all.fetch_add(1, Ordering::Relaxed) == 0 {
                    *failure.new.lock().unwrap_or_else(PoisonError::into_inner) = Some(error);
                }
            }
        }
    }
}

impl Sink for EventsFile {
    fn emit(&mut self, event: &Event) {
        let soon_out_of_date = matches!(event, Event::Progress { .. } | Event::Evaluating { .. });
        if soon_out_of_date && self.waiting.load(Ordering::Relaxed) >= BACKLOG {
            return;
        }
        let line = WrittenEvent::new(&self.sweep, event, SystemTime::now()).line();
        if let (Some(lines), Some(line)) = (&self.lines, line) {
            self.waiting.fetch_add(1, Ordering::Relaxed);
            // The thread ends after us.
            lines.send(line).ok();
        }
    }

    fn take_error(&mut self) -> Option<SinkError> {
        Some(self.failure.new.lock().unwrap_or_else(PoisonError::into_inner).take()?.into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::spec::RunId;

    fn lines(path: &Path) -> Vec<String> {
        std::fs::read_to_string(path).unwrap().lines().map(str::to_owned).collect()
    }

    #[test]
    fn a_file_is_gone_on_with_after_half_a_line() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("events.jsonl");
        for (epoch, before) in [(1, 0), (2, 2)] {
            let mut file = EventsFile::open(&path, "a").unwrap();
            file.emit(&Event::Evaluating { run: RunId("r".to_owned()), epoch });
            assert!(file.finish());
            assert_eq!(lines(&path).len(), before + 1);
            OpenOptions::new().append(true).open(&path).unwrap().write_all(b"{\"half").unwrap();
        }
        assert!(lines(&path)[0].contains(r#""epoch":1"#) && lines(&path)[2].contains(r#""epoch":2"#));
    }

    #[test]
    fn what_cannot_be_written_is_told_once() {
        let full = Path::new("/dev/full");
        if !full.exists() {
            return;
        }
        let mut file = EventsFile::open(full, "a").unwrap();
        let event = Event::Notice { run: None, message: String::new() };
        file.emit(&event);
        file.emit(&event);
        let first = (0..500).find_map(|_| {
            std::thread::sleep(Duration::from_millis(10));
            file.take_error()
        });
        assert!(first.is_some() && file.take_error().is_none());
        assert!(!file.finish());
    }
}
