//! Runs that leave the pack before their end: their loss is no number, or somebody asked for it.

use super::super::member::Member;
use super::super::pack::ReadLoss;
use super::super::{TrainError, state};
use super::Session;
use super::ending::result;
use crate::event::{Event, Outcome, StopReason};
use crate::spec::RunId;

impl Session<'_, '_> {
    pub(super) fn diverged(&mut self, loss: &ReadLoss) -> Result<(), TrainError> {
        let Some(member) = self.pack.places[loss.place].member.take() else {
            return Ok(());
        };
        let outcome = Outcome::Diverged { epoch: loss.epoch + 1, step: loss.step };
        self.recorder.ended(member.id(), &outcome)?;
        self.sink.emit(&Event::RunFinished { run: member.id().clone(), outcome });
        Ok(())
    }

    /// Lets runs stop that are asked to, between two steps; true where one was. The others do not notice: as after a run that
    /// diverged, its place goes to the next one.
    pub(super) fn stop_asked(&mut self) -> Result<bool, TrainError> {
        let asked = self.recorder.asked_to_stop()?;
        if asked.is_empty() {
            return Ok(false);
        }
        self.read_losses()?;
        for run in &asked {
            self.stop_run(run)?;
        }
        self.pack.restart_clock();
        Ok(true)
    }

    fn stop_run(&mut self, run: &RunId) -> Result<(), TrainError> {
        for place in 0..self.pack.places.len() {
            let place = &mut self.pack.places[place];
            if let Some(member) = place.member.take_if(|member| member.id() == run) {
                return self.stop_member(&member);
            }
            let waiting = place.waiting.len();
            place.waiting.retain(|other| other != run);
            if place.waiting.len() < waiting {
                let outcome = self.recorder.withdrawn(run)?;
                self.sink.emit(&Event::RunFinished { run: run.clone(), outcome });
                return Ok(());
            }
        }
        Ok(())
    }

    /// What it leaves is that of its best epoch, and its state within the epoch it is in.
    fn stop_member(&mut self, member: &Member) -> Result<(), TrainError> {
        let outcome = Outcome::Stopped { epoch: member.progress.epoch, because: StopReason::Request };
        let state = state::save_run(member)?;
        let left = member.best.as_ref().map(|best| result(self.job, member, best, None)).transpose()?;
        self.recorder.stopped(member.id(), &outcome, left.as_ref(), &state)?;
        self.sink.emit(&Event::RunFinished { run: member.id().clone(), outcome });
        Ok(())
    }
}
