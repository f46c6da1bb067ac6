//! What the runs of a pack compute together: the layers below all that they adapt.

use std::collections::BTreeSet;

use crate::spec::{self, PlannedRun, RunSpec, Segment};

/// Most places in a pack of runs that share layers, where nobody says otherwise.
pub const MOST_SHARING: usize = 16;

/// How many more runs a pack takes where they share layers.
pub struct Sharing<'a> {
    /// Most places of a pack, however much its runs share.
    pub most: usize,
    /// Encoder layers of a run's model; none where nothing is known of it.
    pub layers: &'a dyn Fn(&PlannedRun) -> Option<usize>,
}

/// The encoder layers that a pass over a pack's runs computes, one for each run or once for those that are alike below their
/// adapters.
#[derive(Clone, Debug)]
pub(super) struct ComputedLayers {
    /// Of the model.
    layers: usize,
    /// The lowest layer that any of the runs adapts; [`Self::layers`] where none does.
    lowest: usize,
    alike: BTreeSet<Alike>,
    runs: usize,
}

impl ComputedLayers {
    pub fn of_none(layers: usize) -> Self {
        Self { layers, lowest: layers, alike: BTreeSet::new(), runs: 0 }
    }

    /// With one more run.
    pub fn with(&self, segment: &Segment) -> Self {
        let lowest = lowest_layer(&segment.run.spec).unwrap_or(self.layers).min(self.lowest);
        let alike = self.alike.iter().copied().chain([Alike::new(&segment.run.spec, segment.from)]).collect();
        Self { layers: self.layers, lowest, alike, runs: self.runs + 1 }
    }

    /// Whether they are no more layers than those of so many runs that share nothing.
    pub fn are_at_most_of(&self, runs: usize) -> bool {
        self.alike.len() * self.lowest + self.runs * (self.layers - self.lowest) <= runs * self.layers
    }
}

/// Of the layers below all adapters, the part that a pass over these runs computes: 1 where no two of them are alike there.
pub fn computed_below(runs: &[&RunSpec]) -> f64 {
    let alike: BTreeSet<Alike> = runs.iter().map(|spec| Alike::new(spec, 0)).collect();
    alike.len() as f64 / runs.len().max(1) as f64
}

/// The lowest layer that a run adapts.
pub fn lowest_layer(spec: &RunSpec) -> Option<usize> {
    spec.target_modules.iter().filter_map(|name| spec::layer_of(name)).min()
}

/// Equal for segments with the same sequences and the same masks in every pass.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Alike {
    order_seed: u64,
    dropout_seed: u64,
    batch_size: usize,
    /// The bits of the probabilities.
    dropouts: [u64; 2],
    first_epoch: usize,
}

impl Alike {
    fn new(spec: &RunSpec, first_epoch: usize) -> Self {
        Self {
            order_seed: spec.order_seed(),
            dropout_seed: spec.dropout_seed(),
            batch_size: spec.batch_size,
            dropouts: [spec.hidden_dropout, spec.attention_dropout].map(f64::to_bits),
            first_epoch,
        }
    }
}
