//! A space that is searched by samples: batches of points, rungs at which runs stop, and the confirmation of the best.

mod budget;
mod confirm;
mod history;
mod stopping;
mod untried;

use std::sync::Arc;

use crate::metrics::Metric;
use crate::spec::{Point, SearchBudget, SearchDesign, SearchRecord, TriedPoint};

use super::generation::{FinishedGeneration, Generation};
use super::method::{Method, Question, method};
use super::search::{Costs, Search, SearchError};
use budget::Budget;
use history::History;
use untried::Untried;

/// The section `search` of a sweep file.
#[derive(Clone)]
pub struct SampledSearch {
    design: Arc<SearchDesign>,
    method: &'static dyn Method,
}

impl SampledSearch {
    /// None: there is no method of that name.
    pub fn new(design: Arc<SearchDesign>) -> Option<Self> {
        let method = method(&design.settings().method)?;
        Some(SampledSearch { design, method })
    }

    /// The points of the samples from `first` on that belong to its batch, as many as are asked for at most. A batch is chosen
    /// by the results of the samples before it, whether it is planned at once or, with a larger `samples`, in parts.
    fn batch(&self, history: &History<'_>, first: usize, most: usize) -> Vec<Point> {
        let settings = self.design.settings();
        let begin = first - first % settings.batch;
        let count = (settings.batch - first % settings.batch).min(most);
        let samples = history.samples();
        let mut pending: Vec<Point> = samples[begin..first].iter().map(|sample| sample.point.clone()).collect();
        let mut space = Untried::new(&self.design, history.runs_of_samples().cloned().collect());
        let mut chosen = Vec::with_capacity(count);
        for number in first..first + count {
            let question = Question {
                space: &space,
                seed: settings.seed,
                initial: settings.initial.len(),
                finished: &samples[..begin],
                pending: &pending,
            };
            let given = self.design.initial().get(number).filter(|point| question.is_new(point)).cloned();
            let Some(point) = given.or_else(|| self.method.propose(&question)) else {
                break;
            };
            space.take(&point);
            pending.push(point.clone());
            chosen.push(point);
        }
        chosen
    }

    /// New samples, as far as their number and the budget allow.
    fn add_samples(
        &self,
        history: &History<'_>,
        budget: &mut Budget<'_>,
        generation: &mut Generation,
    ) -> Result<(), SearchError> {
        let settings = self.design.settings();
        let first = history.trials().len();
        for point in self.batch(history, first, settings.samples.saturating_sub(first)) {
            let mut runs = self.design.runs(std::slice::from_ref(&point), &settings.seeds)?;
            // Those that the sweep file names are trained, and to their end.
            runs.retain(|run| !history.knows(&run.id));
            let until = |epochs: usize| stopping::first_rung(settings, epochs);
            let mut taken = runs.iter().map(|run| (run, 0, until(run.spec.epochs).unwrap_or(run.spec.epochs)));
            if !budget.takes(&mut taken)? {
                break;
            }
            for run in runs {
                if let Some(rung) = until(run.spec.epochs) {
                    generation.until.insert(run.id.clone(), rung);
                }
                generation.runs.push(run);
            }
            generation.points.push(TriedPoint {
                configuration: self.design.label(&point),
                point: point.recorded(self.design.dimensions()),
            });
        }
        Ok(())
    }
}

impl Search for SampledSearch {
    fn name(&self) -> &str {
        self.method.name()
    }

    fn record(&self) -> Option<SearchRecord> {
        Some(self.design.record())
    }

    fn definition(&self) -> Option<String> {
        Some(self.design.definition())
    }

    fn metric(&self) -> Option<Metric> {
        Some(self.design.settings().metric)
    }

    fn needs_speed(&self) -> bool {
        matches!(self.design.settings().budget, Some(SearchBudget::Hours { .. }))
    }

    fn next(&self, finished: &[FinishedGeneration<'_>], costs: Costs<'_>) -> Result<Option<Generation>, SearchError> {
        let history = History::read(&self.design, finished)?;
        let mut budget = Budget::new(self.design.settings().budget, finished, &history, costs)?;
        let mut generation = Generation::default();
        stopping::add_promoted(self.design.settings(), &history, &mut budget, &mut generation)?;
        self.add_samples(&history, &mut budget, &mut generation)?;
        if generation.points.is_empty() && generation.runs.is_empty() {
            stopping::add_last(self.design.settings(), &history, &mut generation);
        }
        if generation.points.is_empty() && generation.runs.is_empty() {
            confirm::add(&self.design, &history, &mut generation)?;
        }
        let is_empty = generation.points.is_empty() && generation.runs.is_empty();
        Ok(Some(generation).filter(|_| !is_empty))
    }
}
