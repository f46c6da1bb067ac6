//! Writes what happens into the logs of runs and packs.

use crate::event::{EpochRecord, Event, Figures, Outcome, Sink, SinkError, StopReason};
use crate::metrics::Metric;
use crate::spec::PackId;
use crate::words::counted;

use super::{Store, StoreError};

/// A sink that appends to `log.txt` of the run an event is about, or of the pack in work.
///
/// A log that cannot be written must not end a training that can: the first such error is kept for
/// [`Sink::take_error`].
#[derive(Debug)]
pub struct LogSink {
    store: Store,
    pack: Option<PackId>,
    error: Option<StoreError>,
}

impl LogSink {
    pub fn new(store: Store) -> Self {
        Self { store, pack: None, error: None }
    }

    fn append(&self, event: &Event) -> Result<(), StoreError> {
        let to_pack =
            |message: &str| self.pack.as_ref().map_or(Ok(()), |pack| self.store.append_pack_log(pack, message));
        match event {
            Event::PackStarted { device, runs, .. } => {
                let runs: Vec<&str> = runs.iter().map(|run| run.0.as_str()).collect();
                to_pack(&format!("taken on {device}: runs {}", runs.join(", ")))
            }
            Event::RunStarted { run, step, steps, epochs, trainable_parameters, total_parameters, .. } => {
                let message = match step {
                    0 => format!(
                        "started: {trainable_parameters} trainable of {total_parameters} parameters, {}, {}",
                        counted(*epochs, "epoch"),
                        counted(*steps, "step")
                    ),
                    step => format!("resumed after step {step} of {steps}"),
                };
                self.store.append_run_log(run, &message)
            }
            Event::EpochFinished { run, record } => self.store.append_run_log(run, &epoch_line(record)),
            Event::Tested { run, epoch, figures } => self.store.append_run_log(run, &test_line(*epoch, figures)),
            Event::RunFinished { run, outcome } => self.store.append_run_log(run, &outcome_line(outcome)),
            Event::CheckpointSaved { .. } => to_pack("checkpoint saved"),
            Event::PackStopped { finished, .. } => {
                to_pack(if *finished { "finished" } else { "left unfinished; to be taken up again" })
            }
            Event::ModelLoaded { backend, slower_because: None } => to_pack(&format!("computes with {backend}")),
            Event::ModelLoaded { backend, slower_because: Some(reason) } => {
                to_pack(&format!("computes with {backend}, slower than it could: {reason}"))
            }
            Event::Notice { run: Some(run), message } => self.store.append_run_log(run, message),
            Event::Notice { run: None, message } => to_pack(message),
            Event::Progress { .. } | Event::Evaluating { .. } => Ok(()),
        }
    }
}

impl Sink for LogSink {
    fn emit(&mut self, event: &Event) {
        if let Event::PackStarted { pack, .. } = event {
            self.pack = Some(pack.clone());
        }
        if let Err(error) = self.append(event) {
            self.error.get_or_insert(error);
        }
        if matches!(event, Event::PackStopped { .. }) {
            self.pack = None;
        }
    }

    fn take_error(&mut self) -> Option<SinkError> {
        self.error.take().map(Into::into)
    }
}

fn epoch_line(record: &EpochRecord) -> String {
    format!(
        "epoch {}: train loss {:.4}, eval loss {:.4}, accuracy {:.4}, {:.1} s",
        record.epoch,
        record.metric(Metric::TRAIN_LOSS),
        record.metric(Metric::EVAL_LOSS),
        record.metric(Metric::ACCURACY),
        record.seconds
    )
}

fn test_line(epoch: usize, figures: &Figures) -> String {
    let figure = |metric| figures.metric(metric).unwrap_or(f64::NAN);
    format!("test of epoch {epoch}: loss {:.4}, accuracy {:.4}", figure(Metric::EVAL_LOSS), figure(Metric::ACCURACY))
}

fn outcome_line(outcome: &Outcome) -> String {
    match outcome {
        Outcome::Completed { best_epoch } => format!("completed: epoch {best_epoch} was the best"),
        Outcome::Diverged { epoch, step } => {
            format!("diverged: the loss was no finite number in epoch {epoch}, step {step}")
        }
        Outcome::Failed { reason } => format!("failed: {reason}"),
        Outcome::Stopped { epoch, because: StopReason::EarlyStopping } => {
            format!("stopped after epoch {epoch}: its metric improved no more")
        }
        Outcome::Stopped { epoch, because: StopReason::Pause } => {
            format!("stopped after epoch {epoch}, as planned; it may go on from there")
        }
        Outcome::Stopped { epoch, because: StopReason::Request } => {
            format!("stopped after epoch {epoch}, on request; it goes on from where it was where somebody extends it")
        }
    }
}
