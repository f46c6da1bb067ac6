//! The LoRA update of one run on the CPU: dropout is applied where values are laid out for a product, and made again in
//! the backward pass.

use tch::{TchError, Tensor};

use super::super::adapter::Lora;
use super::super::dropout::Dropout;
use super::panels::{Matrix, Onto, Panels};
use super::tile::Engine;
use super::{Rows, RowsMut, empty, values, values_mut};

/// What the backward pass needs besides the layer's input.
#[derive(Debug)]
pub struct PanelTape {
    /// The layer's input, of all runs.
    input: Tensor,
    /// First row of the run.
    first: usize,
    dropout: Option<Dropout>,
    /// `[rows, rank]`: `dropout(input) @ A.T`
    low: Tensor,
    engine: Engine,
}

/// Adds `scale * dropout(input) A.T B.T` to `output`, the run's rows; they begin at `first` in `input`.
pub fn forward(
    engine: Engine,
    lora: &Lora,
    dropout: Option<Dropout>,
    (input, first): (&Tensor, usize),
    output: &mut Tensor,
) -> Result<PanelTape, TchError> {
    let sizes = Sizes::of(lora);
    let (a, b) = (values(&lora.a.value)?, values(&lora.b.value)?);
    let mut low = empty(&[output.size()[0], sizes.rank as i64])?;
    let down = Panels::new(engine, Matrix { values: a, row: 1, column: sizes.input }, sizes.input, sizes.rank);
    down.multiply_dropped(Rows::of(input)?.matrix(first), dropout, RowsMut::of(&mut low)?, Onto::Nothing);
    let turned = Matrix { values: b, row: 1, column: sizes.rank };
    let up = Panels::scaled(engine, turned, sizes.rank, sizes.output, lora.scale as f32);
    up.multiply(Rows::of(&low)?.matrix(0), RowsMut::of(output)?, Onto::Itself);
    Ok(PanelTape { input: input.shallow_clone(), first, dropout, low, engine })
}

/// Accumulates the gradients of A and B from the gradient of the run's output rows, and adds to that of its input rows.
pub fn backward(
    lora: &Lora,
    tape: &PanelTape,
    gradient: &Tensor,
    input_gradient: Option<&mut Tensor>,
) -> Result<(), TchError> {
    let (engine, sizes) = (tape.engine, Sizes::of(lora));
    let (rows, scale) = (gradient.size()[0] as usize, lora.scale as f32);
    let gradient = Rows::of(gradient)?;
    let mut b_gradient = lora.b.gradient.shallow_clone();
    let low = Matrix { values: values(&tape.low)?, row: sizes.rank, column: 1 };
    Panels::scaled(engine, low, rows, sizes.rank, scale).multiply(
        gradient.transposed(0),
        RowsMut::new(values_mut(&mut b_gradient)?, sizes.rank, sizes.rank),
        Onto::Itself,
    );

    let mut low = empty(&[rows as i64, sizes.rank as i64])?;
    let b = Matrix { values: values(&lora.b.value)?, row: sizes.rank, column: 1 };
    let up = Panels::scaled(engine, b, sizes.output, sizes.rank, scale);
    up.multiply(gradient.matrix(0), RowsMut::of(&mut low)?, Onto::Nothing);

    let input = Rows::of(&tape.input)?.matrix(tape.first);
    let input = match tape.dropout {
        Some(dropout) => Panels::dropped(engine, input, (rows, sizes.input), dropout),
        None => Panels::new(engine, input, rows, sizes.input),
    };
    let mut a_gradient = lora.a.gradient.shallow_clone();
    let a_rows = RowsMut::new(values_mut(&mut a_gradient)?, sizes.input, sizes.input);
    input.multiply(Rows::of(&low)?.transposed(0), a_rows, Onto::Itself);

    if let Some(input_gradient) = input_gradient {
        let a = Matrix { values: values(&lora.a.value)?, row: sizes.input, column: 1 };
        let onto = tape.dropout.map_or(Onto::Itself, Onto::Dropped);
        let down = Panels::new(engine, a, sizes.rank, sizes.input);
        down.multiply(Rows::of(&low)?.matrix(0), RowsMut::of(input_gradient)?, onto);
    }
    Ok(())
}

struct Sizes {
    input: usize,
    output: usize,
    rank: usize,
}

impl Sizes {
    fn of(lora: &Lora) -> Self {
        let (a, b) = (lora.a.value.size(), lora.b.value.size());
        Sizes { input: a[1] as usize, output: b[0] as usize, rank: a[0] as usize }
    }
}
