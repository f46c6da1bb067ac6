//! What a session tells of its runs.

use super::super::member::Member;
use crate::event::Event;

pub(super) fn started_event(member: &Member, (trainable_parameters, total_parameters): (usize, usize)) -> Event {
    Event::RunStarted {
        run: member.id().clone(),
        label: member.run.label.clone(),
        step: member.progress.step,
        steps: member.schedule.total_steps,
        epochs: member.spec().epochs,
        until: member.pauses_after(),
        trainable_parameters,
        total_parameters,
    }
}

/// Of a run that has done a step in its epoch.
pub(super) fn progress_event(member: &Member) -> Event {
    let sums = &member.progress.sums;
    Event::Progress {
        run: member.id().clone(),
        epoch: member.progress.epoch + 1,
        step: member.progress.step,
        steps: member.schedule.total_steps,
        train_loss: sums.loss / sums.examples as f64,
        learning_rate: member.last_learning_rate(),
        examples_per_second: rate(sums.examples, sums.seconds),
        tokens_per_second: rate(sums.tokens, sums.seconds),
    }
}

/// A count for each second; 0 where no time was measured.
pub(super) fn rate(count: usize, seconds: f64) -> f64 {
    if seconds > 0.0 { count as f64 / seconds } else { 0.0 }
}
