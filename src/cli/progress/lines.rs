//! Plain time-stamped lines: for files, pipes and the logs of batch systems.

use std::io::Write;
use std::time::{Instant, SystemTime};

use indicatif::HumanCount;

use crate::cli::text::{count, percent};
use crate::event::{EpochRecord, Event, Figures, Sink};
use crate::metrics::Metric;
use crate::spec::RunId;

use super::board::Board;

/// Writes one line per start, epoch and end of a run, and per notice.
pub struct Lines<W> {
    out: W,
    board: Board,
    clock: fn() -> SystemTime,
}

impl<W: Write> Lines<W> {
    pub fn new(out: W, runs: usize, clock: fn() -> SystemTime) -> Self {
        Lines { out, board: Board::new(runs, Instant::now()), clock }
    }

    fn line(&self, event: &Event) -> Option<String> {
        match event {
            Event::PackStarted { pack, device, runs } => {
                Some(format!("pack {pack} on {device}: {}", count(runs.len(), "run")))
            }
            Event::RunStarted { run, label, step, steps, epochs, until, trainable_parameters, total_parameters } => {
                let verb = if *step == 0 { "started" } else { "resumed" };
                let done = if *step == 0 { String::new() } else { format!("{} of ", HumanCount(*step as u64)) };
                Some(format!(
                    "{verb} {label} [{run}]: {done}{}, {}{}, {} trainable parameters of {}",
                    count(*steps, "step"),
                    count(*epochs, "epoch"),
                    until.map_or(String::new(), |until| format!(" (pauses after epoch {until})")),
                    HumanCount(*trainable_parameters as u64),
                    HumanCount(*total_parameters as u64),
                ))
            }
            Event::EpochFinished { run, record } => Some(self.epoch(run, record)),
            Event::Tested { run, epoch, figures } => Some(self.test(run, *epoch, figures)),
            Event::RunFinished { run, outcome } => {
                let (done, of) = (self.board.finished() + 1, self.board.runs);
                let (state, particulars) = self.board.ending(run, outcome);
                Some(format!("{state} {particulars} ({done}/{})", count(of, "run")))
            }
            Event::PackStopped { pack, finished: false } => {
                Some(format!("pack {pack} left unfinished: it goes on from its last checkpoint"))
            }
            Event::ModelLoaded { backend, slower_because: Some(reason) } => {
                Some(format!("note: computes with {backend}, slower than it could: {reason}"))
            }
            Event::Notice { run: Some(run), message } => Some(format!("note {}: {message}", self.board.label(run))),
            Event::Notice { run: None, message } => Some(format!("note: {message}")),
            Event::PackStopped { finished: true, .. }
            | Event::ModelLoaded { slower_because: None, .. }
            | Event::Progress { .. }
            | Event::Evaluating { .. }
            | Event::CheckpointSaved { .. } => None,
        }
    }

    fn test(&self, run: &RunId, epoch: usize, figures: &Figures) -> String {
        let figure = |metric| figures.metric(metric).unwrap_or(f64::NAN);
        format!(
            "test of epoch {epoch} {}: loss {:.4}, accuracy {}, F1 {:.4}",
            self.board.label(run),
            figure(Metric::EVAL_LOSS),
            percent(figure(Metric::ACCURACY)),
            figure(Metric::F1),
        )
    }

    fn epoch(&self, run: &RunId, record: &EpochRecord) -> String {
        let of = self.board.find(run).map_or_else(String::new, |active| format!("/{}", active.epochs));
        format!(
            "epoch {}{of} {}: train loss {:.4}, eval loss {:.4}, accuracy {}, F1 {:.4}, {} examples/s, {:.1} s",
            record.epoch,
            self.board.label(run),
            record.metric(Metric::TRAIN_LOSS),
            record.metric(Metric::EVAL_LOSS),
            percent(record.metric(Metric::ACCURACY)),
            record.metric(Metric::F1),
            HumanCount(record.examples_per_second.round() as u64),
            record.seconds,
        )
    }
}

impl<W: Write> Sink for Lines<W> {
    fn emit(&mut self, event: &Event) {
        // The label of a finished run is known only before the board takes its end into account.
        let line = self.line(event);
        self.board.apply(event, Instant::now());
        if let Some(line) = line {
            let time = humantime::format_rfc3339_seconds((self.clock)());
            // Training goes on when nobody reads its progress.
            let _ = writeln!(self.out, "{time} {line}");
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, UNIX_EPOCH};

    use super::*;
    use crate::event::Outcome;
    use crate::spec::PackId;

    fn noon() -> SystemTime {
        UNIX_EPOCH + Duration::from_secs(1_700_000_000)
    }

    fn started(run: &str, label: &str, step: usize) -> Event {
        Event::RunStarted {
            run: RunId(run.to_string()),
            label: label.to_string(),
            step,
            steps: 22_380,
            epochs: 3,
            until: None,
            trainable_parameters: 864_004,
            total_parameters: 125_512_712,
        }
    }

    fn finished(run: &str, outcome: Outcome) -> Event {
        Event::RunFinished { run: RunId(run.to_string()), outcome }
    }

    #[test]
    fn what_a_log_shows() {
        let pack = PackId("5ab0f3c2".to_string());
        let runs: Vec<RunId> = ["a1", "b2", "c3"].map(|run| RunId(run.to_string())).to_vec();
        let epoch = EpochRecord {
            epoch: 1,
            metrics: [
                (Metric::TRAIN_LOSS, 0.51239),
                (Metric::EVAL_LOSS, 0.40001),
                (Metric::ACCURACY, 0.9015625),
                (Metric::F1, 0.90123),
            ]
            .into_iter()
            .collect(),
            train_eval_loss: None,
            learning_rate: 1e-5,
            seconds: 61.24,
            examples_per_second: 1234.5,
            tokens_per_second: 50_000.0,
        };
        let events = [
            Event::PackStarted { pack: pack.clone(), device: "cuda:0".to_string(), runs },
            Event::ModelLoaded { backend: "cuda: kernels in bfloat16".to_string(), slower_because: None },
            Event::ModelLoaded { backend: "plain: libtorch".to_string(), slower_because: Some("no NVRTC".to_string()) },
            started("a1", "base, seed=1", 0),
            started("b2", "epochs=8, seed=1", 7460),
            started("c3", "rank=0", 0),
            Event::Evaluating { run: RunId("a1".to_string()), epoch: 1 },
            Event::EpochFinished { run: RunId("a1".to_string()), record: epoch },
            Event::CheckpointSaved { pack: pack.clone() },
            Event::Notice { run: None, message: "out of memory on cuda:0: the pack is halved".to_string() },
            Event::Notice { run: Some(RunId("a1".to_string())), message: "checkpoint restored".to_string() },
            finished("a1", Outcome::Completed { best_epoch: 1 }),
            finished("b2", Outcome::Diverged { epoch: 2, step: 9000 }),
            finished("c3", Outcome::Failed { reason: "cannot write metrics.csv".to_string() }),
            Event::PackStopped { pack, finished: false },
        ];
        let mut lines = Lines::new(Vec::new(), 7, noon);
        for event in &events {
            lines.emit(event);
        }
        insta::assert_snapshot!(String::from_utf8(lines.out).unwrap());
    }
}
