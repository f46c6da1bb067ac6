//! What all parts of a pass share: the batch, its runs, and which of them adapt a linear layer.

use std::ops::Range;

use tch::{TchError, Tensor};

use super::tapes::{LayerTape, LoraTapes};
use crate::model::attention::{AttentionShape, Queries};
use crate::model::backend::{AdaptedRows, Attended, Backend, FrozenOf};
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
    ) -> Result<Self, TchError> {
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
        RowDropouts::new(self.spans(rows).zip(self.passes.iter().map(|pass| pass.dropout_at(site))))
    }

    /// The batch as attention sees it.
    pub(super) fn attended(&self) -> Attended<'_, B> {
        let LayerShape { heads, head_size, .. } = self.config.graph.shape;
        let shape = AttentionShape { heads, head_size, longest: self.config.longest_sequence() };
        Attended { layout: self.layout, batch: &self.batch, shape }
    }

    /// Whether any run adapts a linear layer.
    pub(super) fn adapted(&self, index: usize, module: LinearRole) -> bool {
        self.passes.iter().any(|pass| pass.adapter.lora(index, module).is_some())
    }

    /// The runs that adapt a linear layer.
    fn adapted_rows(&self, (index, module): (usize, LinearRole), rows: Queries) -> Vec<AdaptedRows<'_>> {
        let runs = self.passes.iter().zip(self.spans(rows));
        let adapted = runs.filter_map(|(pass, rows)| {
            let lora = pass.adapter.lora(index, module)?;
            Some(AdaptedRows { lora, rows, dropout: pass.dropout_at(Site::Adapter(lora.site)) })
        });
        adapted.collect()
    }

    /// Adds the LoRA updates of all runs that adapt `linear` to `output`, in place.
    pub(super) fn adapt(
        &self,
        linear: (usize, LinearRole),
        rows: Queries,
        input: &Tensor,
        output: &Tensor,
        lora: &mut LoraTapes<B>,
    ) -> Result<(), TchError> {
        let adapted = self.adapted_rows(linear, rows);
        if !adapted.is_empty() {
            lora.push((linear.1, self.backend.lora(&adapted, input, output)?));
        }
        Ok(())
    }

    pub(super) fn adapt_backward(
        &self,
        linear: (usize, LinearRole),
        rows: Queries,
        tape: &LayerTape<B>,
        gradient: &Tensor,
        input: Option<&Tensor>,
    ) -> Result<(), TchError> {
        match tape.lora.iter().find(|(module, _)| *module == linear.1) {
            Some((_, saved)) => self.backend.lora_backward(&self.adapted_rows(linear, rows), saved, gradient, input),
            None => Ok(()),
        }
    }
}
