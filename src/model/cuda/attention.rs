//! Attention where sequences lie, without padding.

use std::ops::Range;

use tch::{TchError, Tensor};

use super::super::attention::{AttentionGradient, Heads, Queries};
use super::super::dropout::Dropout;
use super::super::layout::{Layout, Sequence, upload};
use super::launch::{Address, Argument, LANES, RUNS, Rows, Run, Runs};
use super::program::{Function, Products, Program};

const WARPS: u32 = 4;
/// Numbers that describe a piece.
const FIELDS: usize = 6;

/// All sequences of as many runs as fit in a launch, in pieces of so many tokens as a block takes.
#[derive(Debug)]
pub struct Pieces {
    runs: Range<usize>,
    /// Pieces at the front that are parts of sequences; the others are whole ones.
    partial: usize,
    /// `[pieces, 6]` int32; those of long sequences first, since they take longest.
    table: Tensor,
}

impl Pieces {
    /// Of all sequences of a layout.
    pub fn of(program: &Program, sequences: &[Sequence], runs: usize) -> Result<Vec<Self>, TchError> {
        let tokens = program.products.tokens_per_piece();
        (0..runs)
            .step_by(RUNS)
            .map(|first| {
                let runs = first..runs.min(first + RUNS);
                let table = table(sequences, &runs, tokens);
                let partial = table.chunks(FIELDS).take_while(|piece| piece[1] > tokens as i32).count();
                let table = Tensor::f_from_slice(&table)?.f_view([-1, FIELDS as i64])?;
                Ok(Pieces { runs, partial, table: upload(table, program.device())? })
            })
            .collect()
    }

    fn count(&self) -> usize {
        self.table.size()[0] as usize
    }

    fn dropouts(&self, dropouts: &[Option<Dropout>]) -> Runs {
        Runs::new(dropouts[self.runs.clone()].iter().map(|dropout| Run::new(0, *dropout)))
    }
}

fn table(sequences: &[Sequence], runs: &Range<usize>, tokens: usize) -> Vec<i32> {
    let mut members: Vec<(usize, &Sequence)> =
        sequences.iter().enumerate().filter(|(_, sequence)| runs.contains(&sequence.run)).collect();
    members.sort_by_key(|(_, sequence)| std::cmp::Reverse(sequence.len));
    let piece = |(number, sequence): (usize, &Sequence), first: usize| {
        [sequence.start, sequence.len, first, sequence.index_in_run, sequence.run - runs.start, number]
            .map(|field| field as i32)
    };
    members
        .into_iter()
        .flat_map(|member| (0..member.1.len).step_by(tokens).map(move |first| (member, first)))
        .flat_map(|(member, first)| piece(member, first))
        .collect()
}

/// What the backward pass needs.
#[derive(Debug)]
pub struct Tape {
    queries: Queries,
    query: Tensor,
    key_value: Tensor,
    context: Tensor,
    /// `[rows or sequences, heads]`: logarithms of what softmax divided by.
    normalizer: Tensor,
    dropouts: Vec<Option<Dropout>>,
}

/// Where query, key and value lie.
#[repr(C)]
struct Inputs {
    query: Address,
    key: Address,
    value: Address,
    query_stride: i32,
    key_stride: i32,
    firsts: bool,
}

// As in kernels/attention.cuh.
const _: () = assert!(FIELDS * size_of::<i32>() == 24 && size_of::<Inputs>() == 40);

// SAFETY: `Inputs` of kernels/attention.cuh.
unsafe impl Argument for Inputs {}

impl Inputs {
    fn of(queries: Queries, query: &Tensor, key_value: &Tensor) -> Result<Self, TchError> {
        let width = key_value.size()[1] / 2;
        let (query, key) = (Rows::of(query)?, Rows::of(key_value)?);
        Ok(Inputs {
            query: query.address,
            key: key.address,
            value: Address::of(&key_value.f_narrow(1, width, width)?),
            query_stride: query.stride,
            key_stride: key.stride,
            firsts: queries == Queries::Firsts,
        })
    }
}

fn scale(heads: Heads) -> f32 {
    1.0 / (heads.size as f32).sqrt()
}

/// `query`: `[rows or sequences, width]`; `key_value`: `[rows, 2 * width]`; views are fine. Returns the context, shaped as
/// `query`.
pub fn forward(
    program: &Program,
    layout: &Layout,
    heads: Heads,
    queries: Queries,
    (query, key_value): (&Tensor, &Tensor),
    dropouts: Vec<Option<Dropout>>,
) -> Result<(Tensor, Tape), TchError> {
    let context = program.values(&query.size())?;
    let normalizer = program.floats(&[query.size()[0], heads.count])?;
    let inputs = Inputs::of(queries, query, key_value)?;
    for pieces in layout.pieces(program)? {
        // SAFETY: pieces are of this layout's rows and sequences, as the tensors are.
        unsafe {
            program.launch(
                Function::AttentionForward,
                [pieces.count(), heads.count as usize, 1],
                WARPS * LANES,
                &[
                    &Address::of_whole(&pieces.table)?,
                    &inputs,
                    &scale(heads),
                    &Address::of_whole(&context)?,
                    &(heads.width() as i32),
                    &Address::of_whole(&normalizer)?,
                    &pieces.dropouts(&dropouts),
                ],
            )?;
        }
    }
    let (query, key_value) = (query.shallow_clone(), key_value.shallow_clone());
    let saved = context.shallow_clone();
    Ok((context, Tape { queries, query, key_value, context: saved, normalizer, dropouts }))
}

/// `gradient`: of the context.
pub fn backward(
    program: &Program,
    layout: &Layout,
    heads: Heads,
    tape: &Tape,
    gradient: &Tensor,
) -> Result<AttentionGradient, TchError> {
    let (rows, width) = (tape.key_value.size()[0], heads.width());
    let result = match tape.queries {
        Queries::Tokens => AttentionGradient::Joined(program.values(&[rows, 3 * width])?),
        Queries::Firsts => AttentionGradient::Apart {
            query: program.values(&tape.query.size())?,
            key_value: program.values(&[rows, 2 * width])?,
        },
    };
    let (query, key_value) = result.apart(width)?;
    let inputs = Inputs::of(tape.queries, &tape.query, &tape.key_value)?;
    let (query, key) = (Rows::of(&query)?, Rows::of(&key_value)?);
    let gradients = Gradients {
        context: Address::of_whole(&tape.context)?,
        gradient: Address::of_whole(gradient)?,
        normalizer: Address::of_whole(&tape.normalizer)?,
        query_gradient: query.address,
        key_gradient: key.address,
        value_gradient: Address::of(&key_value.f_narrow(1, width, width)?),
        context_stride: width as i32,
        query_stride: query.stride,
        key_stride: key.stride,
        partial: 0,
    };
    for pieces in layout.pieces(program)? {
        let dropouts = pieces.dropouts(&tape.dropouts);
        match program.products {
            Products::OnTensorCores => backward_at_once(program, heads, pieces, &inputs, gradients, &dropouts)?,
            Products::OfFloats => {
                let inner = program.floats(&tape.normalizer.size())?;
                backward_in_two(program, heads, pieces, &inputs, gradients, (&inner, &dropouts))?;
            }
        }
    }
    Ok(result)
}

/// Where the backward pass finds what it needs, and puts the gradients of query, key and value.
#[repr(C)]
#[derive(Clone, Copy)]
struct Gradients {
    context: Address,
    gradient: Address,
    normalizer: Address,
    query_gradient: Address,
    key_gradient: Address,
    value_gradient: Address,
    context_stride: i32,
    query_stride: i32,
    key_stride: i32,
    partial: i32,
}

// As in kernels/attention_bf16_backward.cu.
const _: () = assert!(size_of::<Gradients>() == 64);

// SAFETY: `Backward` of kernels/attention_bf16_backward.cu.
unsafe impl Argument for Gradients {}

/// Two blocks for each part of a sequence, one for each whole sequence.
fn backward_at_once(
    program: &Program,
    heads: Heads,
    pieces: &Pieces,
    inputs: &Inputs,
    gradients: Gradients,
    dropouts: &Runs,
) -> Result<(), TchError> {
    let gradients = Gradients { partial: pieces.partial as i32, ..gradients };
    let grid = [pieces.count() + pieces.partial, heads.count as usize, 1];
    let arguments: [&dyn Argument; 5] =
        [&Address::of_whole(&pieces.table)?, inputs, &gradients, &scale(heads), dropouts];
    // SAFETY: as in the forward pass; gradients are as large as what they are gradients of.
    unsafe { program.launch(Function::AttentionBackward, grid, WARPS * LANES, &arguments) }
}

/// First for queries, then for keys, which read what the first launch leaves in `inner`.
fn backward_in_two(
    program: &Program,
    heads: Heads,
    pieces: &Pieces,
    inputs: &Inputs,
    gradients: Gradients,
    (inner, dropouts): (&Tensor, &Runs),
) -> Result<(), TchError> {
    let (table, inner) = (Address::of_whole(&pieces.table)?, Address::of_whole(inner)?);
    let grid = [pieces.count(), heads.count as usize, 1];
    let of_queries: [&dyn Argument; 11] = [
        &table,
        inputs,
        &scale(heads),
        &gradients.context,
        &gradients.gradient,
        &gradients.context_stride,
        &gradients.normalizer,
        &inner,
        &gradients.query_gradient,
        &gradients.query_stride,
        dropouts,
    ];
    let of_keys: [&dyn Argument; 11] = [
        &table,
        inputs,
        &scale(heads),
        &gradients.gradient,
        &gradients.context_stride,
        &gradients.normalizer,
        &inner,
        &gradients.key_gradient,
        &gradients.value_gradient,
        &gradients.key_stride,
        dropouts,
    ];
    // SAFETY: as in the forward pass; gradients are as large as what they are gradients of.
    unsafe {
        program.launch(Function::AttentionQueries, grid, WARPS * LANES, &of_queries)?;
        program.launch(Function::AttentionKeys, grid, WARPS * LANES, &of_keys)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_token_is_in_one_piece_and_long_sequences_come_first() {
        let lengths = [5, 70, 32];
        let mut start = 0;
        let sequences: Vec<Sequence> = lengths
            .iter()
            .enumerate()
            .map(|(run, &len)| {
                start += len;
                Sequence { start: start - len, len, index_in_run: 4, run }
            })
            .collect();
        let pieces: Vec<[i32; FIELDS]> =
            table(&sequences, &(1..3), 32).chunks(FIELDS).map(|p| p.try_into().unwrap()).collect();
        assert_eq!(pieces, [[5, 70, 0, 4, 0, 1], [5, 70, 32, 4, 0, 1], [5, 70, 64, 4, 0, 1], [75, 32, 0, 4, 1, 2]]);
    }
}
