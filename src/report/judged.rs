//! What runs are judged on: the examples of their test where they have one, which choose nothing, or else those of the
//! evaluation, among which the best epoch is chosen.

use crate::event::EpochRecord;
use crate::spec::Metric;
use crate::words::counted;

use super::model::{Answers, Report, Run};

impl Run {
    pub fn has_test(&self) -> bool {
        self.spec.dataset.test.is_some()
    }

    /// A metric of the best epoch's parameters on the examples that the run is judged on; of what is measured while training,
    /// the best epoch's. None where the run has no best epoch, or has a test that did not take place.
    pub fn judged(&self, name: Metric) -> Option<f64> {
        self.judged_at(self.best_epoch()?, name, |run| Some(run.test?.best))
    }

    /// The same of the last epoch's parameters.
    pub fn judged_at_last(&self, name: Metric) -> Option<f64> {
        self.judged_at(self.epochs.last()?, name, |run| run.test.map(|test| test.last.unwrap_or(test.best)))
    }

    fn judged_at(
        &self,
        epoch: &EpochRecord,
        name: Metric,
        tested: impl Fn(&Run) -> Option<crate::event::Figures>,
    ) -> Option<f64> {
        if name.is_of_training() || !self.has_test() { Some(epoch.metric(name)) } else { tested(self)?.metric(name) }
    }

    /// How many examples the run is judged on; none before it has started.
    pub fn judged_examples(&self) -> Option<usize> {
        let facts = self.facts.as_ref()?;
        if self.has_test() { facts.test_examples } else { Some(facts.eval_examples) }
    }

    /// What the last epoch predicted, where that was read.
    pub fn last_answers(&self) -> Option<&Answers> {
        let last_is_best = self.epochs.last()?.epoch == self.best_epoch()?.epoch;
        if last_is_best { self.answers.as_ref() } else { self.last_answers.as_ref() }
    }
}

/// [`Report::judged_title`] of runs with or without a test.
pub(super) fn judged_title(name: Metric, tested: bool) -> &'static str {
    if tested { name.titles().test } else { name.titles().evaluation }
}

impl Report {
    /// Whether all runs are judged on a test.
    pub fn has_test(&self) -> bool {
        !self.runs.is_empty() && self.runs.iter().all(Run::has_test)
    }

    /// The accuracy that runs are judged by, with the part it is of: the name of an axis.
    pub(crate) fn judged_accuracy(&self) -> &'static str {
        if self.has_test() { "Accuracy (test)" } else { "Accuracy (evaluation)" }
    }

    /// Test examples, where all started runs agree; none where there is no test.
    pub fn test_examples(&self) -> Option<usize> {
        let mut counts = self.runs.iter().filter(|run| run.facts.is_some()).map(Run::judged_examples);
        let first = counts.next()?.filter(|_| self.has_test())?;
        counts.all(|count| count == Some(first)).then_some(first)
    }

    /// `160 evaluation examples`; `chosen on 640 evaluation examples, judged on 7,600 test examples`. None where runs differ.
    pub(crate) fn examples_in_words(&self) -> Option<String> {
        let chosen = counted(self.eval_examples()?, "evaluation example");
        match self.test_examples() {
            Some(tested) => Some(format!("chosen on {chosen}, judged on {}", counted(tested, "test example"))),
            None => Some(chosen).filter(|_| !self.has_test()),
        }
    }

    /// An example that runs are judged on, in words.
    pub(crate) fn judged_example(&self) -> &'static str {
        if self.has_test() { "test example" } else { "evaluation example" }
    }

    /// A metric that is judged, as a heading: the loss is that of the test where there is one.
    pub(crate) fn judged_title(&self, name: Metric) -> &'static str {
        judged_title(name, self.has_test())
    }

    /// How the best epochs were chosen, as a sentence that a reader of the figures needs.
    pub(crate) fn selection_in_words(&self) -> &'static str {
        if self.has_test() {
            "The best epoch of each run is chosen on the evaluation examples; figures at the best epoch, differences and verdicts \
             are of the test examples, which choose nothing. Curves over epochs are of the evaluation examples."
        } else {
            "The best epoch of each run is chosen on the evaluation examples that are judged, so figures at the best epoch are \
             somewhat too good, the more the more epochs there are to choose from; a test part (`dataset.test`) would choose \
             nothing."
        }
    }
}
