//! Multi-head self-attention over a flat batch: sequences are laid side by side in buckets of similar length, or, on the
//! CPU or by our own kernels on a GPU, taken where they lie.

use tch::{Kind, TchError, Tensor};

use super::cpu;
use super::cpu::attention::first_tokens::{self, FirstTokensTape, HeadProjections};
use super::cuda;
use super::dropout::Dropout;
use super::elementwise::{Compute, foreign_tape};
use super::layout::{Bucket, Buckets, Layout};
use super::masks;
use super::pass::{RunPass, Site};

/// Sizes of the attention of one model.
#[derive(Clone, Copy, Debug)]
pub struct Heads {
    pub count: i64,
    /// Width of one head.
    pub size: i64,
    /// Longest sequence of the model; fixes where a row's dropout mask begins.
    pub longest: usize,
}

impl Heads {
    pub fn width(&self) -> i64 {
        self.count * self.size
    }
}

/// Which tokens ask.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Queries {
    /// Every token: `query` has a row per token.
    Tokens,
    /// The first token of each sequence: `query` has a row per sequence.
    Firsts,
}

/// What the backward pass of one bucket needs.
#[derive(Debug)]
pub struct BucketTape {
    /// `[members, heads, queries, size]`
    query: Tensor,
    /// `[members, heads, length, size]`
    key: Tensor,
    value: Tensor,
    /// After softmax, before dropout: `[members, heads, queries, length]`
    weights: Tensor,
    /// Dropout mask of the same shape.
    mask: Option<Tensor>,
}

/// What the backward pass needs.
#[derive(Debug)]
pub enum AttentionTape {
    Plain {
        queries: Queries,
        buckets: Vec<BucketTape>,
    },
    Fused(cpu::attention::RaggedTape),
    Cuda(cuda::attention::Tape),
    /// Of [`forward_of_states`].
    OfStates(FirstTokensTape),
}

/// Gradients of the inputs of [`forward`].
pub enum AttentionGradient {
    /// Where every token asks: query, key and value side by side, `[rows, 3 * width]`.
    Joined(Tensor),
    /// Where first tokens ask: `[sequences, width]` and `[rows, 2 * width]`.
    Apart { query: Tensor, key_value: Tensor },
}

impl AttentionGradient {
    /// Views of the query's gradient and of that of key and value.
    pub fn apart(&self, width: i64) -> Result<(Tensor, Tensor), TchError> {
        match self {
            Self::Joined(all) => Ok((all.f_narrow(1, 0, width)?, all.f_narrow(1, width, 2 * width)?)),
            Self::Apart { query, key_value } => Ok((query.shallow_clone(), key_value.shallow_clone())),
        }
    }
}

/// `query`: `[rows or sequences, width]`; `key_value`: `[rows, 2 * width]`. Returns the context, shaped as `query`.
pub fn forward(
    compute: Compute<'_>,
    layout: &Layout,
    heads: Heads,
    queries: Queries,
    (query, key_value): (&Tensor, &Tensor),
    passes: &[RunPass<'_>],
    layer: usize,
) -> Result<(Tensor, AttentionTape), TchError> {
    let dropouts = dropouts(passes, layer);
    let inputs = (query, key_value);
    match compute {
        Compute::Processor => {
            let (context, tape) = cpu::attention::forward(layout, heads, queries, inputs, dropouts)?;
            return Ok((context, AttentionTape::Fused(tape)));
        }
        Compute::Cuda(program) => {
            let (context, tape) = cuda::attention::forward(program, layout, heads, queries, inputs, dropouts)?;
            return Ok((context, AttentionTape::Cuda(tape)));
        }
        Compute::Plain => {}
    }
    let scale = 1.0 / (heads.size as f64).sqrt();
    let laid_out = layout.buckets()?;
    let mut contexts = Vec::with_capacity(laid_out.buckets.len());
    let mut tapes = Vec::with_capacity(laid_out.buckets.len());
    for bucket in &laid_out.buckets {
        let query =
            split(&query.f_index_select(0, query_rows(bucket, queries))?, bucket, heads)?.f_mul_scalar(scale)?;
        let gathered = key_value.f_index_select(0, &bucket.gather)?;
        let key = split(&gathered.f_narrow(1, 0, heads.width())?, bucket, heads)?;
        let value = split(&gathered.f_narrow(1, heads.width(), heads.width())?, bucket, heads)?;
        let scores = query.f_matmul(&key.f_transpose(2, 3)?)?.f_add(&bucket.bias)?;
        let weights = scores.f_softmax(-1, Kind::Float)?;
        let mask = masks::of_attention(layout, bucket, heads, queries, &dropouts)?;
        let dropped = match &mask {
            Some(mask) => weights.f_mul(mask)?,
            None => weights.shallow_clone(),
        };
        contexts.push(join(&dropped.f_matmul(&value)?, heads)?);
        tapes.push(BucketTape { query, key, value, weights, mask });
    }
    let context = Tensor::f_cat(&contexts, 0)?.f_index_select(0, places(laid_out, queries))?;
    Ok((context, AttentionTape::Plain { queries, buckets: tapes }))
}

fn dropouts(passes: &[RunPass<'_>], layer: usize) -> Vec<Option<Dropout>> {
    passes.iter().map(|pass| pass.dropout_at(Site::Attention(layer))).collect()
}

/// As [`forward`] for first tokens, from hidden states instead of keys and values.
pub fn forward_of_states(
    layout: &Layout,
    heads: Heads,
    projections: &HeadProjections,
    inputs: (&Tensor, &Tensor),
    passes: &[RunPass<'_>],
    layer: usize,
) -> Result<(Tensor, AttentionTape), TchError> {
    let (context, tape) = first_tokens::forward(layout, heads, projections, inputs, dropouts(passes, layer))?;
    Ok((context, AttentionTape::OfStates(tape)))
}

/// `gradient`: of the context of [`forward`].
pub fn backward(
    compute: Compute<'_>,
    layout: &Layout,
    heads: Heads,
    tape: &AttentionTape,
    gradient: &Tensor,
) -> Result<AttentionGradient, TchError> {
    let (queries, buckets) = match (tape, compute) {
        (AttentionTape::Fused(tape), _) => return cpu::attention::backward(layout, heads, tape, gradient),
        (AttentionTape::Cuda(tape), Compute::Cuda(program)) => {
            return cuda::attention::backward(program, layout, heads, tape, gradient);
        }
        (AttentionTape::Cuda(_), _) => return Err(foreign_tape()),
        (AttentionTape::Plain { queries, buckets }, _) => (*queries, buckets),
        (AttentionTape::OfStates(_), _) => {
            return Err(TchError::Torch("attention of hidden states has no keys and values".to_string()));
        }
    };
    let scale = 1.0 / (heads.size as f64).sqrt();
    let mut query_parts = Vec::with_capacity(buckets.len());
    let mut key_value_parts = Vec::with_capacity(buckets.len());
    let laid_out = layout.buckets()?;
    for (bucket, saved) in laid_out.buckets.iter().zip(buckets) {
        let mut rows = gradient.f_index_select(0, query_rows(bucket, queries))?;
        if queries == Queries::Tokens {
            // Padded queries repeat a real row; they have no gradient.
            rows = rows.f_mul(&bucket.real)?;
        }
        let context = split(&rows, bucket, heads)?;
        let dropped = match &saved.mask {
            Some(mask) => saved.weights.f_mul(mask)?,
            None => saved.weights.shallow_clone(),
        };
        let value = dropped.f_transpose(2, 3)?.f_matmul(&context)?;
        let mut weights = context.f_matmul(&saved.value.f_transpose(2, 3)?)?;
        if let Some(mask) = &saved.mask {
            weights = weights.f_mul(mask)?;
        }
        let scores = Tensor::f_internal_softmax_backward_data(&weights, &saved.weights, -1, Kind::Float)?;
        let query = scores.f_matmul(&saved.key)?.f_mul_scalar(scale)?;
        let key = scores.f_transpose(2, 3)?.f_matmul(&saved.query)?;
        query_parts.push(join(&query, heads)?);
        key_value_parts.push(Tensor::f_cat(&[join(&key, heads)?, join(&value, heads)?], 1)?);
    }
    let query = Tensor::f_cat(&query_parts, 0)?.f_index_select(0, places(laid_out, queries))?;
    let key_value = Tensor::f_cat(&key_value_parts, 0)?.f_index_select(0, &laid_out.padded_place)?;
    Ok(match queries {
        Queries::Tokens => AttentionGradient::Joined(Tensor::f_cat(&[query, key_value], 1)?),
        Queries::Firsts => AttentionGradient::Apart { query, key_value },
    })
}

fn query_rows(bucket: &Bucket, queries: Queries) -> &Tensor {
    match queries {
        Queries::Tokens => &bucket.gather,
        Queries::Firsts => &bucket.sequences,
    }
}

fn places(laid_out: &Buckets, queries: Queries) -> &Tensor {
    match queries {
        Queries::Tokens => &laid_out.padded_place,
        Queries::Firsts => &laid_out.bucket_place,
    }
}

/// `[members * positions, width]` -> `[members, heads, positions, size]`
fn split(rows: &Tensor, bucket: &Bucket, heads: Heads) -> Result<Tensor, TchError> {
    rows.f_reshape([bucket.members.len() as i64, -1, heads.count, heads.size])?.f_transpose(1, 2)?.f_contiguous()
}

/// `[members, heads, positions, size]` -> `[members * positions, width]`
fn join(parts: &Tensor, heads: Heads) -> Result<Tensor, TchError> {
    parts.f_transpose(1, 2)?.f_reshape([-1, heads.width()])
}
