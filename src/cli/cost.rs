//! What a run will cost, before it runs: steps, tokens, parameters, memory.

use std::collections::BTreeMap;

use crate::data::EpochPlan;
use crate::execute::DeviceKind;
use crate::model::expected_memory;
use crate::spec::{PackPlan, PlannedRun, RunId, RunSpec};
use crate::train::{Footprint, KEPT_OF_TEST, frozen_memory};

use super::passes::{self, Passes};
use super::preflight::{CostSource, Preflight};

/// The cost of one run.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Cost {
    /// Over all epochs.
    pub optimizer_steps: usize,
    /// Real (unpadded) training tokens over all epochs, evaluation left out; none where the texts were not read. Then the
    /// memory is that for texts of `max_length`.
    pub tokens: Option<u64>,
    /// Parameters and memory.
    pub footprint: Footprint,
    /// Bytes of the frozen weights, which the runs of a pack share.
    pub frozen: u64,
    /// What training, evaluations and test go through; none where nothing is known of the texts' lengths.
    pub passes: Option<Passes>,
    /// Bytes of hidden states that are kept for the packs to come; 0 where there is no test.
    pub kept: u64,
    pub eval_examples: Option<usize>,
    /// On which the run is judged: those of the test where there is one, or else of the evaluation.
    pub judged_examples: Option<usize>,
    /// Of all parts.
    pub examples: Option<usize>,
}

/// Works out costs from what the runs read.
#[derive(Clone, Copy, Debug)]
pub struct Costs<'a> {
    inputs: &'a Preflight,
    device: DeviceKind,
}

impl<'a> Costs<'a> {
    /// Of runs on such a device.
    pub fn new(inputs: &'a Preflight, device: DeviceKind) -> Self {
        Costs { inputs, device }
    }

    /// Real (unpadded) training tokens of one epoch; none where they are not known.
    pub fn tokens_per_epoch(&self, run: &RunSpec) -> Option<u64> {
        Some(self.estimate(run)?.tokens? / run.epochs.max(1) as u64)
    }

    /// Floating-point operations of a pack of these runs; none where the texts' lengths are not known.
    pub fn operations(&self, pack: &PackPlan, runs: &BTreeMap<&RunId, &PlannedRun>) -> Option<f64> {
        let first = runs.get(pack.runs().next()?)?;
        passes::operations(&self.inputs.source(&first.spec)?.config, pack, &|run| {
            let run = runs.get(run)?;
            Some((&run.spec, self.estimate(&run.spec)?.passes?))
        })
    }

    /// None where something is wrong with what the run reads.
    pub fn estimate(&self, run: &RunSpec) -> Option<Cost> {
        self.inputs.source(run).map(|source| cost(run, source, self.device))
    }
}

fn cost(run: &RunSpec, source: &CostSource, device: DeviceKind) -> Cost {
    let sizes = source.sizes;
    let tested = run.dataset.test.is_some();
    let with_evaluation = sizes.evaluation.map(|evaluation| evaluation + sizes.train);
    // A resolved run has at least 1 of both.
    let batches = [run.batch_size, run.gradient_accumulation_steps].map(|size| size.max(1).try_into());
    let counted = source.tokens.map(|tokens| tokens as f64 / sizes.train.max(1) as f64);
    let passes = counted.or(sizes.tokens_per_text).map(|tokens| Passes::of_run(run, source, tokens));
    let memory = expected_memory(device.is_gpu(), &source.config, run.precision);
    let steps = match batches {
        [Ok(batch), Ok(accumulation)] => EpochPlan::new(sizes.train, batch, accumulation).steps(),
        _ => 0,
    };
    Cost {
        kept: if tested { kept_of_test(run, source) } else { 0 },
        optimizer_steps: steps * run.epochs,
        tokens: source.tokens.map(|tokens| tokens * run.epochs as u64),
        footprint: Footprint::new(&source.config, run, sizes.classes, source.longest, memory),
        frozen: frozen_memory(&source.config, run.precision, sizes.classes, memory.matrix_layouts),
        passes,
        eval_examples: sizes.evaluation,
        judged_examples: if tested { sizes.test } else { sizes.evaluation },
        examples: if tested {
            with_evaluation.zip(sizes.test).map(|(rows, test)| rows + test)
        } else {
            with_evaluation
        },
    }
}

/// Bytes of the hidden states of a test part that are kept at most: its texts may be as long as `max_length` allows.
fn kept_of_test(run: &RunSpec, source: &CostSource) -> u64 {
    const FLOAT: u64 = 4;
    let width = FLOAT * source.config.graph.shape.width.unsigned_abs();
    let rows = source.sizes.test.map(|examples| examples as u64 * run.max_length as u64);
    rows.map_or(KEPT_OF_TEST, |rows| KEPT_OF_TEST.min(rows.saturating_mul(width)))
}
