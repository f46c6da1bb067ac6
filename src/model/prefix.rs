//! What runs have in common below the layers that they adapt.
//!
//! Randomness is keyed by seed and place, not by run. So runs with the same seed, batch and dropouts have the same
//! activations up to the lowest layer that any run of the batch adapts; in evaluation, where nothing is dropped, all runs
//! have. Those rows are computed once and copied.

use tch::Tensor;

use super::compute_error::ComputeError;
use super::layout::{Layout, upload};
use super::pass::RunPass;

/// The batch up to some layer, with one run for each group of equal ones.
pub struct Prefix<'a> {
    /// Layers that no run adapts.
    pub layers: usize,
    pub layout: Layout,
    /// One per run of `layout`.
    pub passes: Vec<RunPass<'a>>,
    /// `[rows of the whole batch]` int64: the row of `layout` that each of them equals.
    pub rows: Tensor,
}

impl<'a> Prefix<'a> {
    /// None where nothing would be saved. `layers` is the number of layers of which every token's result is needed.
    pub fn shared(layout: &Layout, passes: &[RunPass<'a>], layers: usize) -> Result<Option<Self>, ComputeError> {
        let lowest = passes.iter().filter_map(|pass| pass.adapter.lowest()).map(|(layer, _)| layer).min();
        let layers = lowest.unwrap_or(layers).min(layers);
        let mut chosen = Vec::<usize>::new();
        let groups: Vec<usize> = (0..passes.len())
            .map(|run| {
                let same = |&other: &usize| {
                    passes[run].same_below_adapters(&passes[other]) && layout.same_sequences(run, other)
                };
                chosen.iter().position(same).unwrap_or_else(|| {
                    chosen.push(run);
                    chosen.len() - 1
                })
            })
            .collect();
        if layers == 0 || chosen.len() == passes.len() {
            return Ok(None);
        }
        let part = layout.select(&chosen)?;
        let rows: Vec<i64> =
            groups.iter().flat_map(|&group| part.runs[group].rows.clone()).map(|row| row as i64).collect();
        Ok(Some(Prefix {
            layers,
            passes: chosen.iter().map(|&run| passes[run]).collect(),
            rows: upload(Tensor::f_from_slice(&rows)?, layout.device)?,
            layout: part,
        }))
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use tch::Device;

    use super::super::adapter::{Adapter, AdapterShape};
    use super::super::base::Base;
    use super::super::pass::StepDropout;
    use super::super::random::{Purpose, StreamKey};
    use super::*;
    use crate::model::graph::LinearRole;
    use crate::spec::Precision;

    fn adapter(base: &Base, layer: usize) -> Adapter {
        let module = base.config.graph.linear(layer, LinearRole::Query).unwrap().linear.name.clone();
        Adapter::new(base, AdapterShape::lora(&base.config, &[module], 2, 2.0).unwrap(), 1).unwrap()
    }

    #[test]
    fn runs_that_share_seed_batch_and_dropouts_are_computed_once_below_their_adapters() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/reference/roberta/model");
        let base = Base::load(&folder, 4, Precision::Fp32, Device::Cpu).unwrap();
        let (low, high) = (adapter(&base, 1), adapter(&base, 2));
        let dropout = |seed, lora| {
            let key = StreamKey::new(seed, Purpose::Dropout);
            Some(StepDropout { key, hidden: 0.1, attention: 0.2, lora, classifier: 0.0, extra: 0.0 })
        };
        let (one, two) = ([5u32, 6, 7], [8u32, 9]);
        let batch = || -> Vec<&[u32]> { vec![&one, &two] };
        let layout = Layout::new(&[batch(), batch(), batch(), vec![&two, &one]], Device::Cpu).unwrap();
        let pass = |adapter, dropout| RunPass { adapter, dropout };
        let passes = [
            pass(&high, dropout(1, 0.0)),
            pass(&low, dropout(1, 0.3)),
            pass(&high, dropout(2, 0.0)),
            pass(&high, dropout(1, 0.0)),
        ];
        let prefix = Prefix::shared(&layout, &passes, 2).unwrap().unwrap();
        assert_eq!(prefix.layers, 1, "the lowest layer of any run");
        assert_eq!(prefix.layout.rows, 15, "the first two runs are one; another seed and another order are not");
        let rows = Vec::<i64>::try_from(prefix.rows).unwrap();
        assert_eq!(rows, (0..5).chain(0..5).chain(5..10).chain(10..15).collect::<Vec<i64>>());

        let evaluation = passes[..3].iter().map(|pass| RunPass { dropout: None, ..*pass }).collect::<Vec<_>>();
        let layout = layout.select(&[0, 1, 2]).unwrap();
        assert_eq!(Prefix::shared(&layout, &evaluation, 2).unwrap().unwrap().layout.rows, 5);

        let lowest = adapter(&base, 0);
        let nothing_below = [pass(&high, None), pass(&lowest, None)];
        assert!(Prefix::shared(&layout.select(&[0, 1]).unwrap(), &nothing_below, 2).unwrap().is_none());
    }
}
