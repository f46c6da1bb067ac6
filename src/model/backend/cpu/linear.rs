//! Frozen linear layers.

use tch::{Kind, Tensor};

use super::isa::{InstructionSet, Tiles};
use super::matrix::Matrix;
use super::panels::{Onto, Panels};
use super::{Borrows, empty};
use crate::model::compute_error::ComputeError;

/// A frozen linear layer.
#[derive(Debug)]
pub struct Linear<T> {
    pub weight: Weight<T>,
    /// `[out]`
    pub bias: Tensor,
}

/// A frozen `[out, in]` matrix; products are float32.
#[derive(Debug)]
pub enum Weight<T> {
    /// For libtorch's products, in their precision.
    Plain(Tensor),
    /// For our own products: laid out once for each direction.
    Packed { forward: Panels<T>, backward: Panels<T> },
}

impl<T: Tiles> Weight<T> {
    /// `weight` is `[out, in]` in the precision of products.
    pub fn new<I: InstructionSet<Tiles = T>>(isa: I, weight: Tensor) -> Result<Self, ComputeError> {
        let Some(tiles) = isa.tiles(weight.kind()) else {
            return Ok(Weight::Plain(weight));
        };
        let (out, input) = (weight.size()[0] as usize, weight.size()[1] as usize);
        let weight = weight.f_to_kind(Kind::Float)?;
        let borrows = Borrows::new();
        let values = borrows.values(&weight)?;
        let forward = Panels::new(tiles, Matrix { values, row: 1, column: input }, input, out);
        let backward = Panels::new(tiles, Matrix { values, row: input, column: 1 }, out, input);
        Ok(Weight::Packed { forward, backward })
    }

    /// `x @ weight.T`, `[rows, out]`.
    pub fn product(&self, x: &Tensor) -> Result<Tensor, ComputeError> {
        match self {
            Weight::Plain(weight) => {
                Ok(x.f_to_kind(weight.kind())?.f_matmul(&weight.f_tr()?)?.f_to_kind(Kind::Float)?)
            }
            Weight::Packed { forward, .. } => multiply(forward, x, Onto::Nothing),
        }
    }

    /// `x @ weight.T + bias`, as [`Self::product`].
    pub fn product_with_bias(&self, x: &Tensor, bias: &Tensor) -> Result<Tensor, ComputeError> {
        match self {
            Weight::Plain(_) => Ok(self.product(x)?.f_add_(bias)?),
            Weight::Packed { forward, .. } => multiply(forward, x, Onto::Bias(Borrows::new().values(bias)?)),
        }
    }

    /// `gradient @ weight + onto`; `onto` is used up.
    pub fn backward_onto(&self, gradient: &Tensor, onto: Tensor) -> Result<Tensor, ComputeError> {
        match self {
            // Not in place: another handle to the same values may be in use.
            Weight::Plain(_) => Ok(self.backward(gradient)?.f_add_(&onto)?),
            Weight::Packed { backward, .. } => {
                let (mut onto, borrows) = (onto, Borrows::new());
                backward.multiply(borrows.rows(gradient)?.matrix(0), borrows.rows_mut(&mut onto)?, Onto::Itself);
                Ok(onto)
            }
        }
    }

    /// `gradient @ weight`, `[rows, in]`: what [`Self::product`] passes back.
    pub fn backward(&self, gradient: &Tensor) -> Result<Tensor, ComputeError> {
        match self {
            Weight::Plain(weight) => Ok(gradient.f_to_kind(weight.kind())?.f_matmul(weight)?.f_to_kind(Kind::Float)?),
            Weight::Packed { backward, .. } => multiply(backward, gradient, Onto::Nothing),
        }
    }
}

fn multiply<T: Tiles>(panels: &Panels<T>, left: &Tensor, onto: Onto<'_>) -> Result<Tensor, ComputeError> {
    let mut out = empty(&[left.size()[0], panels.columns() as i64])?;
    let borrows = Borrows::new();
    panels.multiply(borrows.rows(left)?.matrix(0), borrows.rows_mut(&mut out)?, onto);
    Ok(out)
}
