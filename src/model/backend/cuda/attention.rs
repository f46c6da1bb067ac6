//! Attention where sequences lie, without padding.

use std::ops::Range;

use tch::Tensor;

use super::constants::Constant;
use super::launch::{Address, Argument, LANES, RUNS, Rows, Run, Runs, int};
use super::program::{Function, Products, Program, Sizes};
use crate::model::attention::{AttentionGradient, AttentionShape, Queries};
use crate::model::compute_error::ComputeError;
use crate::model::dropout::Dropout;
use crate::model::layout::{Layout, Sequence, upload};

const WARPS: u32 = 4;
/// Numbers that describe a piece.
const FIELDS: usize = 6;

/// The sequences of a layout, as the kernels take them.
#[derive(Debug)]
pub struct Batch {
    pieces: Vec<Pieces>,
    /// Of the layout.
    rows: usize,
    sequences: usize,
}

impl Batch {
    pub fn new(program: &Program, layout: &Layout) -> Result<Self, ComputeError> {
        let pieces = Pieces::new(program, &layout.sequences, layout.runs.len())?;
        Ok(Batch { pieces, rows: layout.rows, sequences: layout.sequences.len() })
    }
}

/// All sequences of as many runs as fit in a launch, in pieces of so many tokens as a block takes.
#[derive(Debug)]
struct Pieces {
    runs: Range<usize>,
    /// Pieces at the front that are parts of sequences; the others are whole ones.
    partial: usize,
    /// `[pieces, 6]` int32; those of long sequences first, since they take longest.
    table: Tensor,
}

impl Pieces {
    /// Of all sequences of a layout.
    fn new(program: &Program, sequences: &[Sequence], runs: usize) -> Result<Vec<Self>, ComputeError> {
        let tokens = program.products.tokens_per_piece();
        (0..runs)
            .step_by(RUNS)
            .map(|first| {
                let runs = first..runs.min(first + RUNS);
                let table = table(sequences, &runs, tokens)?;
                let partial = table.chunks(FIELDS).take_while(|piece| piece[1] > tokens as i32).count();
                let table = Tensor::f_from_slice(&table)?.f_view([-1, FIELDS as i64])?;
                Ok(Pieces { runs, partial, table: upload(table, program.device())? })
            })
            .collect()
    }

    fn count(&self) -> usize {
        self.table.size()[0] as usize
    }

    fn address(&self, program: &Program) -> Result<Address, ComputeError> {
        program.memory().short_integers(&self.table, &[self.count(), FIELDS])
    }

    fn dropouts(&self, dropouts: &[Option<Dropout>]) -> Runs {
        Runs::new(dropouts[self.runs.clone()].iter().map(|dropout| Run::new(0, *dropout)))
    }
}

fn table(sequences: &[Sequence], runs: &Range<usize>, tokens: usize) -> Result<Vec<i32>, ComputeError> {
    let mut members: Vec<(usize, &Sequence)> =
        sequences.iter().enumerate().filter(|(_, sequence)| runs.contains(&sequence.run)).collect();
    members.sort_by_key(|(_, sequence)| std::cmp::Reverse(sequence.len));
    let piece = |(number, sequence): (usize, &Sequence), first: usize| {
        [sequence.start, sequence.len, first, sequence.index_in_run, sequence.run - runs.start, number].map(int)
    };
    members
        .into_iter()
        .flat_map(|member| (0..member.1.len).step_by(tokens).map(move |first| (member, first)))
        .flat_map(|(member, first)| piece(member, first))
        .collect()
}

/// What the backward pass needs.
#[derive(Debug)]
pub struct AttentionTape {
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

/// For the kernels.
pub const CONSTANTS: [Constant; 4] = [
    ("ATTENTION_WARPS", WARPS as usize),
    ("PIECE_BYTES", FIELDS * size_of::<i32>()),
    ("INPUTS_BYTES", size_of::<Inputs>()),
    ("GRADIENTS_BYTES", size_of::<Gradients>()),
];

// SAFETY: `Inputs` of kernels/attention.cuh.
unsafe impl Argument for Inputs {}

impl Inputs {
    fn new(sizes: Checked<'_>, queries: Queries, query: &Tensor, key_value: &Tensor) -> Result<Self, ComputeError> {
        let (query, key, value) = sizes.sides(query, key_value)?;
        Ok(Inputs {
            query: query.address,
            key: key.address,
            value: value.address,
            query_stride: query.stride,
            key_stride: key.stride,
            firsts: queries == Queries::Firsts,
        })
    }
}

/// Sizes that fit the program, and a layout whose pieces fit them.
#[derive(Clone, Copy)]
struct Checked<'a> {
    program: &'a Program,
    /// Of keys and values.
    rows: usize,
    /// Rows of queries: as many, or one for each sequence.
    queries: usize,
    width: usize,
    heads: usize,
}

impl<'a> Checked<'a> {
    fn new(
        program: &'a Program,
        (layout, batch): (&Layout, &Batch),
        shape: AttentionShape,
        queries: Queries,
    ) -> Result<Self, ComputeError> {
        let Sizes { width, heads } = program.sizes;
        let (rows, sequences) = (layout.rows, layout.sequences.len());
        let queries = if queries == Queries::Tokens { rows } else { sequences };
        let inside = |sequence: &Sequence| sequence.start + sequence.len <= rows;
        let same_sizes = shape.heads as usize == heads && shape.width() as usize == width;
        let same_layout = batch.rows == rows && batch.sequences == sequences;
        if !(same_sizes && same_layout && layout.sequences.iter().all(inside)) {
            return Err(ComputeError::Operands(format!(
                "attention was given {shape:?} and {rows} rows that do not fit"
            )));
        }
        Ok(Checked { program, rows, queries, width, heads })
    }

    /// Query, key and value, where the latter two lie side by side.
    fn sides(self, query: &Tensor, key_value: &Tensor) -> Result<(Rows, Rows, Rows), ComputeError> {
        let (memory, width) = (self.program.memory(), self.width as i64);
        let side = |first: i64| memory.rows(&key_value.f_narrow(1, first, width)?, self.rows, self.width);
        Ok((memory.rows(query, self.queries, self.width)?, side(0)?, side(width)?))
    }

    /// A context or its gradient.
    fn context(self, tensor: &Tensor) -> Result<Address, ComputeError> {
        self.program.memory().values(tensor, &[self.queries, self.width])
    }

    /// A number for each query and head.
    fn each(self, tensor: &Tensor) -> Result<Address, ComputeError> {
        self.program.memory().floats(tensor, &[self.queries, self.heads])
    }
}

fn scale(shape: AttentionShape) -> f32 {
    1.0 / (shape.head_size as f32).sqrt()
}

/// `query`: `[rows or sequences, width]`; `key_value`: `[rows, 2 * width]`; views are fine. Returns the context, shaped as
/// `query`.
pub fn forward(
    program: &Program,
    (layout, batch): (&Layout, &Batch),
    shape: AttentionShape,
    queries: Queries,
    (query, key_value): (&Tensor, &Tensor),
    dropouts: Vec<Option<Dropout>>,
) -> Result<(Tensor, AttentionTape), ComputeError> {
    let sizes = Checked::new(program, (layout, batch), shape, queries)?;
    let context = program.values(&query.size())?;
    let normalizer = program.floats(&[query.size()[0], shape.heads])?;
    let inputs = Inputs::new(sizes, queries, query, key_value)?;
    let (to, divided, width) = (sizes.context(&context)?, sizes.each(&normalizer)?, int(sizes.width)?);
    for pieces in &batch.pieces {
        // SAFETY: the parameters of `attention_forward` in their order. Sizes were checked: heads are the program's, pieces are
        // of this layout's rows and sequences, and tensors have as many rows.
        unsafe {
            program.launch(
                Function::AttentionForward,
                [pieces.count(), shape.heads as usize, 1],
                WARPS * LANES,
                &[
                    &pieces.address(program)?,
                    &inputs,
                    &scale(shape),
                    &to,
                    &width,
                    &divided,
                    &pieces.dropouts(&dropouts),
                ],
            )?;
        }
    }
    let (query, key_value) = (query.shallow_clone(), key_value.shallow_clone());
    let saved = context.shallow_clone();
    Ok((context, AttentionTape { queries, query, key_value, context: saved, normalizer, dropouts }))
}

/// `gradient`: of the context.
pub fn backward(
    program: &Program,
    (layout, batch): (&Layout, &Batch),
    shape: AttentionShape,
    tape: &AttentionTape,
    gradient: &Tensor,
) -> Result<AttentionGradient, ComputeError> {
    let (rows, width) = (tape.key_value.size()[0], shape.width());
    let result = match tape.queries {
        Queries::Tokens => AttentionGradient::Joined(program.values(&[rows, 3 * width])?),
        Queries::Firsts => AttentionGradient::Apart {
            query: program.values(&tape.query.size())?,
            key_value: program.values(&[rows, 2 * width])?,
        },
    };
    let (query, key_value) = result.apart(width)?;
    let sizes = Checked::new(program, (layout, batch), shape, tape.queries)?;
    let inputs = Inputs::new(sizes, tape.queries, &tape.query, &tape.key_value)?;
    let (query, key, value) = sizes.sides(&query, &key_value)?;
    let gradients = Gradients {
        context: sizes.context(&tape.context)?,
        gradient: sizes.context(gradient)?,
        normalizer: sizes.each(&tape.normalizer)?,
        query_gradient: query.address,
        key_gradient: key.address,
        value_gradient: value.address,
        context_stride: int(sizes.width)?,
        query_stride: query.stride,
        key_stride: key.stride,
        partial: 0,
    };
    for pieces in &batch.pieces {
        let dropouts = pieces.dropouts(&tape.dropouts);
        match program.products {
            Products::OnTensorCores => backward_at_once(program, shape, pieces, &inputs, gradients, &dropouts)?,
            Products::OfFloats => {
                let inner = program.floats(&tape.normalizer.size())?;
                let each = sizes.each(&inner)?;
                backward_in_two(program, shape, pieces, &inputs, gradients, (each, &dropouts))?;
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

// SAFETY: `Backward` of kernels/attention_bf16_backward.cu.
unsafe impl Argument for Gradients {}

/// Two blocks for each part of a sequence, one for each whole sequence.
fn backward_at_once(
    program: &Program,
    shape: AttentionShape,
    pieces: &Pieces,
    inputs: &Inputs,
    gradients: Gradients,
    dropouts: &Runs,
) -> Result<(), ComputeError> {
    let gradients = Gradients { partial: int(pieces.partial)?, ..gradients };
    let grid = [pieces.count() + pieces.partial, shape.heads as usize, 1];
    let arguments: [&dyn Argument; 5] = [&pieces.address(program)?, inputs, &gradients, &scale(shape), dropouts];
    // SAFETY: the parameters of `attention_backward` in their order; sizes were checked, as in the forward pass, also those of
    // gradients.
    unsafe { program.launch(Function::AttentionBackward, grid, WARPS * LANES, &arguments) }
}

/// First for queries, then for keys, which read what the first launch leaves in `inner`.
fn backward_in_two(
    program: &Program,
    shape: AttentionShape,
    pieces: &Pieces,
    inputs: &Inputs,
    gradients: Gradients,
    (inner, dropouts): (Address, &Runs),
) -> Result<(), ComputeError> {
    let table = pieces.address(program)?;
    let grid = [pieces.count(), shape.heads as usize, 1];
    let of_queries: [&dyn Argument; 11] = [
        &table,
        inputs,
        &scale(shape),
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
        &scale(shape),
        &gradients.gradient,
        &gradients.context_stride,
        &gradients.normalizer,
        &inner,
        &gradients.key_gradient,
        &gradients.value_gradient,
        &gradients.key_stride,
        dropouts,
    ];
    // SAFETY: the parameters of `attention_queries` in their order; sizes were checked, as in the forward pass, also those of
    // gradients.
    unsafe { program.launch(Function::AttentionQueries, grid, WARPS * LANES, &of_queries)? };
    // SAFETY: those of `attention_keys`, likewise.
    unsafe { program.launch(Function::AttentionKeys, grid, WARPS * LANES, &of_keys) }
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
            table(&sequences, &(1..3), 32).unwrap().chunks(FIELDS).map(|p| p.try_into().unwrap()).collect();
        assert_eq!(pieces, [[5, 70, 0, 4, 0, 1], [5, 70, 32, 4, 0, 1], [5, 70, 64, 4, 0, 1], [75, 32, 0, 4, 1, 2]]);
    }
}
