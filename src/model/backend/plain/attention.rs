//! Multi-head self-attention over a flat batch: sequences are laid side by side in buckets of similar length.

use tch::{Kind, Tensor};

use super::attention_masks;
use super::buckets::{Bucket, Buckets};
use crate::model::attention::{AttentionGradient, AttentionShape, Queries};
use crate::model::compute_error::ComputeError;
use crate::model::dropout::Dropout;
use crate::model::layout::Layout;

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
pub struct AttentionTape {
    queries: Queries,
    buckets: Vec<BucketTape>,
}

/// `query`: `[rows or sequences, width]`; `key_value`: `[rows, 2 * width]`. Returns the context, shaped as `query`.
pub fn forward(
    (layout, buckets): (&Layout, &Buckets),
    shape: AttentionShape,
    queries: Queries,
    (query, key_value): (&Tensor, &Tensor),
    dropouts: &[Option<Dropout>],
) -> Result<(Tensor, AttentionTape), ComputeError> {
    let scale = shape.scale();
    let mut contexts = Vec::with_capacity(buckets.buckets.len());
    let mut tapes = Vec::with_capacity(buckets.buckets.len());
    for bucket in &buckets.buckets {
        let query =
            split(&query.f_index_select(0, query_rows(bucket, queries))?, bucket, shape)?.f_mul_scalar(scale)?;
        let gathered = key_value.f_index_select(0, &bucket.gather)?;
        let key = split(&gathered.f_narrow(1, 0, shape.width())?, bucket, shape)?;
        let value = split(&gathered.f_narrow(1, shape.width(), shape.width())?, bucket, shape)?;
        let scores = query.f_matmul(&key.f_transpose(2, 3)?)?.f_add(&bucket.bias)?;
        let weights = scores.f_softmax(-1, Kind::Float)?;
        let mask = attention_masks::of_bucket(layout, bucket, shape, queries, dropouts)?;
        let dropped = match &mask {
            Some(mask) => weights.f_mul(mask)?,
            None => weights.shallow_clone(),
        };
        contexts.push(join(&dropped.f_matmul(&value)?, shape)?);
        tapes.push(BucketTape { query, key, value, weights, mask });
    }
    let context = Tensor::f_cat(&contexts, 0)?.f_index_select(0, places(buckets, queries))?;
    Ok((context, AttentionTape { queries, buckets: tapes }))
}

/// `gradient`: of the context of [`forward`].
pub fn backward(
    laid_out: &Buckets,
    shape: AttentionShape,
    AttentionTape { queries, buckets }: &AttentionTape,
    gradient: &Tensor,
) -> Result<AttentionGradient, ComputeError> {
    let queries = *queries;
    let scale = shape.scale();
    let mut query_parts = Vec::with_capacity(buckets.len());
    let mut key_value_parts = Vec::with_capacity(buckets.len());
    for (bucket, saved) in laid_out.buckets.iter().zip(buckets) {
        let mut rows = gradient.f_index_select(0, query_rows(bucket, queries))?;
        if queries == Queries::Tokens {
            // Padded queries repeat a real row; they have no gradient.
            rows = rows.f_mul(&bucket.real)?;
        }
        let context = split(&rows, bucket, shape)?;
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
        query_parts.push(join(&query, shape)?);
        key_value_parts.push(Tensor::f_cat(&[join(&key, shape)?, join(&value, shape)?], 1)?);
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
fn split(rows: &Tensor, bucket: &Bucket, shape: AttentionShape) -> Result<Tensor, ComputeError> {
    Ok(rows
        .f_reshape([bucket.members.len() as i64, -1, shape.heads, shape.head_size])?
        .f_transpose(1, 2)?
        .f_contiguous()?)
}

/// `[members, heads, positions, size]` -> `[members * positions, width]`
fn join(parts: &Tensor, shape: AttentionShape) -> Result<Tensor, ComputeError> {
    Ok(parts.f_transpose(1, 2)?.f_reshape([-1, shape.width()])?)
}
