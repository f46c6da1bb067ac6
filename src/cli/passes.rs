//! How much arithmetic a pack is, before it is trained.

use crate::execute::{computed_below, lowest_layer};
use crate::model::ModelConfig;
use crate::spec::{PackPlan, RunId, RunSpec};
use crate::train::{KEPT_OF_EVALUATION, KEPT_OF_SAMPLE, KEPT_OF_TEST, TokenOperations, sample_size};

use super::preflight::CostSource;

/// The tokens that a run goes through.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Passes {
    /// In training, over all epochs.
    trained: f64,
    /// The evaluation, the sample of training examples, and the test.
    evaluated: [Evaluated; 3],
}

/// Examples that are evaluated again and again.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Evaluated {
    /// Each time.
    tokens: f64,
    times: f64,
    /// The part of them whose states below all adapters are kept.
    kept: f64,
}

impl Passes {
    /// Of a run whose texts have so many tokens in the mean.
    pub fn of_run(run: &RunSpec, source: &CostSource, tokens_per_text: f64) -> Self {
        const FLOAT: f64 = 4.0;
        let sizes = source.sizes;
        let bytes = FLOAT * source.config.graph.shape.width as f64;
        let evaluated = |examples: usize, times: usize, most: u64| {
            let tokens = examples as f64 * tokens_per_text;
            Evaluated { tokens, times: times as f64, kept: (most as f64 / (tokens * bytes).max(1.0)).min(1.0) }
        };
        let evaluation = sizes.evaluation.unwrap_or(0);
        Self {
            trained: (run.epochs * sizes.train) as f64 * tokens_per_text,
            evaluated: [
                evaluated(evaluation, run.epochs, KEPT_OF_EVALUATION),
                evaluated(sample_size(sizes.train, evaluation), run.epochs, KEPT_OF_SAMPLE),
                // With the parameters of the best and of the last epoch.
                evaluated(sizes.test.unwrap_or(0), 2, KEPT_OF_TEST),
            ],
        }
    }
}

impl Evaluated {
    fn all(self) -> f64 {
        self.tokens * self.times
    }

    /// The tokens that go through the layers below all adapters, for all runs of a pack together.
    fn below(self) -> f64 {
        self.tokens * (self.kept + (1.0 - self.kept) * self.times)
    }
}

/// Floating-point operations of a pack. The layers below all adapters are computed once for runs that are alike there, and in
/// evaluations once for all; `passes` has a run's settings and what it goes through. None where a run's are not known.
pub fn operations<'a>(
    config: &ModelConfig,
    pack: &PackPlan,
    passes: &dyn Fn(&RunId) -> Option<(&'a RunSpec, Passes)>,
) -> Option<f64> {
    let runs: Vec<(&RunSpec, Passes)> = pack.runs().map(passes).collect::<Option<_>>()?;
    let adapted = |spec: &RunSpec| lowest_layer(spec).unwrap_or(config.layers());
    let forward = TokenOperations::divided_at(config, runs.iter().map(|(spec, _)| adapted(spec)).min()?);
    // Those that are trained at once: of a place the first.
    let at_once: Vec<&RunSpec> = pack.places.iter().filter_map(|place| Some(passes(place.first()?)?.0)).collect();
    let share = computed_below(&at_once);
    let of_run = |(spec, passes): &(&RunSpec, Passes)| {
        let backward = TokenOperations::divided_at(config, adapted(spec)).above;
        let evaluated: f64 = passes.evaluated.iter().map(|part| part.all()).sum();
        passes.trained * (share * forward.below + forward.above + backward) + evaluated * forward.above
    };
    let evaluated_below = |(_, passes): &(&RunSpec, Passes)| passes.evaluated.iter().map(|part| part.below()).sum();
    let once = runs.iter().map(evaluated_below).fold(0.0, f64::max);
    Some(runs.iter().map(of_run).sum::<f64>() + once * forward.below)
}
