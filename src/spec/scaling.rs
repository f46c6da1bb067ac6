//! What a rehearsal scales, so that a small model on few rows learns something: by one factor for all configurations, so that
//! their ratios stay.

use std::collections::BTreeSet;

use super::cursor::shown_number;
use super::draft::Scalars;
use super::parameter::{Count, Number};
use super::{DatasetSpec, Evaluation, HeldOut, PlannedRun, Rehearsal, RunSpec};
use crate::words::counted;

/// Epochs of base in a rehearsal, where it has more; runs longer than base stay longer, up to [`MOST_EPOCHS`].
const BASE_EPOCHS: usize = 4;
const MOST_EPOCHS: usize = 6;

/// The factors of a rehearsal.
pub(super) struct Scaling {
    rate: Factor,
    batch: Factor,
    accumulation: Factor,
    /// Examples of an optimizer step of base, before and after.
    step: (usize, usize),
    epochs: Epochs,
}

/// What base's value becomes; every other one keeps its ratio to it.
struct Factor {
    from: f64,
    to: f64,
}

impl Factor {
    fn scale(&self, value: f64) -> f64 {
        // In this order base's own value becomes exactly what is wanted.
        value / self.from * self.to
    }

    /// At least 1.
    fn scale_count(&self, count: usize) -> usize {
        (self.scale(count as f64).round() as usize).max(1)
    }

    /// `× 67`, `÷ 4`; none where nothing is scaled.
    fn words(&self) -> Option<String> {
        let up = self.to > self.from;
        let (sign, amount) = if up { ('×', self.to / self.from) } else { ('÷', self.from / self.to) };
        let digits = if amount >= 10.0 || amount.fract() == 0.0 { 0 } else { 1 };
        (self.to != self.from).then(|| format!("{sign} {amount:.digits$}"))
    }
}

impl Scaling {
    pub fn new(base: &Scalars, runs: &[PlannedRun], rehearsal: &Rehearsal) -> Scaling {
        let rate = base.number(Number::LearningRate);
        let (batch, accumulation) = (base.count(Count::BatchSize), base.count(Count::Accumulation));
        let step = batch * accumulation;
        let wanted = rehearsal.examples_per_step.map_or(step, |wanted| wanted.min(step));
        // The micro-batch shrinks first; accumulation does where a micro-batch of one example is still too much.
        let shrink = wanted as f64 / step as f64;
        let (batch, accumulation) = (batch as f64, accumulation as f64);
        let smaller = (batch * shrink).max(1.0);
        let batch = Factor { from: batch, to: smaller };
        let accumulation = Factor { from: accumulation, to: accumulation * shrink * batch.from / smaller };
        let after = [&batch, &accumulation].map(|factor| factor.scale_count(factor.from as usize)).iter().product();
        Scaling {
            rate: Factor { from: rate, to: rehearsal.learning_rate.unwrap_or(rate) },
            batch,
            accumulation,
            step: (step, after),
            epochs: Epochs::new(runs, base.count(Count::Epochs)),
        }
    }

    pub fn apply(&self, spec: RunSpec) -> RunSpec {
        RunSpec {
            learning_rate: self.rate.scale(spec.learning_rate),
            batch_size: self.batch.scale_count(spec.batch_size),
            gradient_accumulation_steps: self.accumulation.scale_count(spec.gradient_accumulation_steps),
            epochs: self.epochs.rehearsed(spec.epochs),
            ..spec
        }
    }

    /// The epochs of base.
    pub fn base_epochs(&self) -> usize {
        self.epochs.base
    }

    /// What is scaled and how, a sentence each.
    pub fn sentences(&self, runs: &[PlannedRun], rehearsal: &Rehearsal) -> Vec<String> {
        let mut said = Vec::new();
        if let Some(by) = self.rate.words() {
            let (before, after) = (shown_number(self.rate.from), shown_number(self.rate.to));
            said.push(format!(
                "learning rate {by}: base's {before} becomes {after}, which suits the small model; the others keep their \
                 ratio to it"
            ));
        }
        let counts = [("batch size", &self.batch), ("gradient accumulation", &self.accumulation)];
        let shrunk: Vec<String> =
            counts.iter().filter_map(|(name, factor)| Some(format!("{name} {}", factor.words()?))).collect();
        if !shrunk.is_empty() {
            let (before, after) = self.step;
            said.push(format!(
                "{}: an optimizer step of base sees {after} examples instead of {before}, so that few rows make enough \
                 steps",
                shrunk.join(", ")
            ));
        }
        said.extend(self.epochs.sentence(runs));
        let tested = runs.iter().any(|run| run.spec.dataset.test.is_some());
        said.push(data(&rehearsal.dataset, rehearsal.max_length, tested));
        if runs.iter().any(|run| run.spec.seed != runs[0].spec.seed) {
            said.push("seeds: the first of every configuration only".to_owned());
        }
        said
    }
}

/// `data: 280 rows, 100 of them for evaluation, and 100 more for a test, of at most 96 tokens`
fn data(dataset: &DatasetSpec, max_length: usize, tested: bool) -> String {
    let rows = dataset.limit.map_or("all rows".to_owned(), |limit| counted(limit, "row"));
    let evaluation = match dataset.evaluation {
        Evaluation::HeldOut { size: HeldOut::Examples(examples), .. } => {
            format!(", {examples} of them for evaluation")
        }
        Evaluation::HeldOut { size: HeldOut::Fraction(share), .. } => {
            format!(", {} of them for evaluation", shown_number(share))
        }
        Evaluation::File(_) | Evaluation::Split(_) => String::new(),
    };
    let test = match dataset.test {
        Some(Evaluation::HeldOut { size: HeldOut::Examples(examples), .. }) if tested => {
            format!(", and {examples} more for a test")
        }
        _ => String::new(),
    };
    format!("data: {rows}{evaluation}{test}, of at most {max_length} tokens")
}

/// Epochs of a rehearsal.
struct Epochs {
    original_base: usize,
    base: usize,
    /// The different numbers above base's, ascending.
    longer: Vec<usize>,
}

impl Epochs {
    fn new(runs: &[PlannedRun], base: usize) -> Epochs {
        let longer: BTreeSet<usize> = runs.iter().map(|run| run.spec.epochs).filter(|epochs| *epochs > base).collect();
        Epochs { original_base: base, base: base.min(BASE_EPOCHS), longer: longer.into_iter().collect() }
    }

    fn rehearsed(&self, epochs: usize) -> usize {
        if epochs == self.original_base {
            return self.base;
        }
        match self.longer.iter().position(|longer| *longer == epochs) {
            Some(place) => (self.base + 1 + place).min(MOST_EPOCHS),
            None => epochs.min(self.base.max(2) - 1),
        }
    }

    /// `epochs: 5 become 4, 8 become 5`; none where all stay.
    fn sentence(&self, runs: &[PlannedRun]) -> Option<String> {
        let different: BTreeSet<usize> = runs.iter().map(|run| run.spec.epochs).collect();
        let fewer = different.into_iter().filter(|epochs| self.rehearsed(*epochs) != *epochs);
        let parts: Vec<String> = fewer.map(|epochs| format!("{epochs} become {}", self.rehearsed(epochs))).collect();
        (!parts.is_empty()).then(|| format!("epochs: {}", parts.join(", ")))
    }
}

#[cfg(test)]
mod tests {
    use super::super::draft::Draft;
    use super::*;

    fn scaling(batch: usize, accumulation: usize, examples_per_step: Option<usize>) -> Scaling {
        let mut base = Draft::paper().scalars;
        base.counts[Count::BatchSize as usize] = batch;
        base.counts[Count::Accumulation as usize] = accumulation;
        let rehearsal = Rehearsal {
            model: "small".to_owned(),
            dataset: DatasetSpec::at("small.csv"),
            max_length: 96,
            learning_rate: Some(2e-3),
            examples_per_step,
        };
        Scaling::new(&base, &[], &rehearsal)
    }

    fn steps(scaling: &Scaling, batches: &[(usize, usize)]) -> Vec<(usize, usize)> {
        let of = |(batch, accumulation): &(usize, usize)| {
            (scaling.batch.scale_count(*batch), scaling.accumulation.scale_count(*accumulation))
        };
        batches.iter().map(of).collect()
    }

    #[test]
    fn steps_shrink_by_the_micro_batch_first() {
        assert_eq!(
            steps(&scaling(16, 2, Some(8)), &[(16, 2), (8, 2), (32, 2), (16, 1)]),
            [(4, 2), (2, 2), (8, 2), (4, 1)]
        );
        assert_eq!(steps(&scaling(1, 32, Some(8)), &[(1, 32), (2, 32), (1, 8)]), [(1, 8), (2, 8), (1, 2)]);
        assert_eq!(steps(&scaling(2, 16, Some(8)), &[(2, 16)]), [(1, 8)]);
        assert_eq!(steps(&scaling(4, 1, Some(8)), &[(4, 1), (64, 1)]), [(4, 1), (64, 1)], "small steps stay");
        assert_eq!(steps(&scaling(16, 2, None), &[(16, 2)]), [(16, 2)]);
    }

    #[test]
    fn factors_are_said_as_people_say_them() {
        let words = |from: f64, to: f64| Factor { from, to }.words();
        assert_eq!(words(3e-5, 2e-3).as_deref(), Some("× 67"));
        assert_eq!(words(16.0, 4.0).as_deref(), Some("÷ 4"));
        assert_eq!(words(2.0, 5.0).as_deref(), Some("× 2.5"));
        assert_eq!(words(1.0, 1.0), None);
    }
}
