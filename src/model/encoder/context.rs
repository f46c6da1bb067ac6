//! What all parts of a pass share: the batch, its runs, and which of them adapt a linear layer.

use std::ops::Range;

use tch::Tensor;

use super::adapted::OnBackend;
use super::tapes::{LayerTape, UpdateTapes};
use crate::model::adapter::{AdapterKind, UpdateRows};
use crate::model::attention::{AttentionShape, Queries};
use crate::model::backend::{Attended, Backend, FrozenOf};
use crate::model::compute_error::ComputeError;
use crate::model::config::ModelConfig;
use crate::model::dropout::RowDropouts;
use crate::model::graph::{LayerShape, LinearRole};
use crate::model::layout::Layout;
use crate::model::pass::{RunPass, Site};

/// One batch on its way through the encoder.
pub struct Encoder<'a, B: Backend> {
    pub(super) backend: &'a B,
    pub(super) config: &'a ModelConfig,
    pub(super) frozen: &'a FrozenOf<B>,
    pub(super) layout: &'a Layout,
    /// One per run of the layout.
    pub(super) passes: &'a [RunPass<'a>],
    batch: B::Batch,
}

impl<'a, B: Backend> Encoder<'a, B> {
    /// `passes`: one per run of the layout.
    pub fn new(
        backend: &'a B,
        (config, frozen): (&'a ModelConfig, &'a FrozenOf<B>),
        layout: &'a Layout,
        passes: &'a [RunPass<'a>],
    ) -> Result<Self, ComputeError> {
        Ok(Encoder { backend, config, frozen, layout, passes, batch: backend.batch(layout)? })
    }

    /// Each run's rows in a tensor with a row per token or per sequence.
    pub(super) fn spans(&self, rows: Queries) -> impl Iterator<Item = Range<usize>> {
        self.layout.runs.iter().map(move |span| match rows {
            Queries::Tokens => span.rows.clone(),
            Queries::Firsts => span.sequences.clone(),
        })
    }

    pub(super) fn dropouts(&self, site: Site, rows: Queries) -> RowDropouts {
        let acts = self.config.graph.shape.drops_at(site);
        let of_runs = self.passes.iter().map(|pass| pass.dropout_at(site).filter(|_| acts));
        RowDropouts::new(self.spans(rows).zip(of_runs))
    }

    /// The batch as attention sees it.
    pub(super) fn attended(&self) -> Attended<'_, B> {
        let LayerShape { heads, head_size, .. } = self.config.graph.shape;
        let shape = AttentionShape { heads, head_size, longest: self.config.longest_sequence() };
        Attended { layout: self.layout, batch: &self.batch, shape }
    }

    /// Whether any run adapts a linear layer.
    pub(super) fn adapted(&self, index: usize, module: LinearRole) -> bool {
        self.passes.iter().any(|pass| pass.adapter.update(index, module).is_some())
    }

    /// The runs that adapt a linear layer, those of one kind of adapter together.
    fn updates(
        &self,
        (index, module): (usize, LinearRole),
        rows: Queries,
    ) -> Vec<(&'static dyn AdapterKind, Vec<UpdateRows<'a>>)> {
        let mut kinds: Vec<(&'static dyn AdapterKind, Vec<UpdateRows<'a>>)> = Vec::new();
        for (pass, rows) in self.passes.iter().zip(self.spans(rows)) {
            let Some(own) = pass.adapter.update(index, module) else { continue };
            let (kind, dropout) = (pass.adapter.shape.kind, pass.dropout_at(Site::Adapter(own.site)));
            let run = UpdateRows { update: &*own.update, rows, dropout };
            match kinds.iter_mut().find(|(other, _)| other.name() == kind.name()) {
                Some((_, runs)) => runs.push(run),
                None => kinds.push((kind, vec![run])),
            }
        }
        kinds
    }

    /// Changes `output` by the updates of all runs that adapt `linear`, in place.
    pub(super) fn adapt(
        &self,
        linear: (usize, LinearRole),
        rows: Queries,
        input: &Tensor,
        output: &Tensor,
        tapes: &mut UpdateTapes<'a>,
    ) -> Result<(), ComputeError> {
        for (kind, runs) in self.updates(linear, rows) {
            let layer = &self.frozen.layers[linear.0];
            let frozen = OnBackend::new(self.backend, layer, linear.1, self.config.graph.shape.width);
            tapes.push((linear.1, kind.forward(Box::new(frozen), runs, input, output)?));
        }
        Ok(())
    }

    /// The gradient of a linear layer's frozen product, from that of its output; none where they are equal.
    pub(super) fn product_gradient(
        &self,
        module: LinearRole,
        tape: &LayerTape<'a, B>,
        gradient: &Tensor,
    ) -> Result<Option<Tensor>, ComputeError> {
        let mut changed = None;
        for (_, saved) in tape.updates.iter().filter(|(adapted, _)| *adapted == module) {
            changed = saved.product_gradient(changed.as_ref().unwrap_or(gradient))?.or(changed);
        }
        Ok(changed)
    }

    /// The gradients of the updates of a linear layer, from that of its output.
    pub(super) fn adapt_backward(
        &self,
        module: LinearRole,
        tape: &LayerTape<'a, B>,
        gradient: &Tensor,
        input: Option<&Tensor>,
    ) -> Result<(), ComputeError> {
        let mut own = tape.updates.iter().filter(|(adapted, _)| *adapted == module);
        own.try_for_each(|(_, saved)| saved.backward(gradient, input))
    }
}
