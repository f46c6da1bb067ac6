//! Frozen linear layers.

use tch::{Kind, Tensor};

use super::isa::Tiles;
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

/// A frozen `[out, in]` matrix, laid out once for each direction; products are float32.
#[derive(Debug)]
pub struct Weight<T> {
    pub forward: Panels<T>,
    pub backward: Panels<T>,
}

impl<T: Tiles> Weight<T> {
    /// `weight` is `[out, in]` in the precision of products.
    pub fn new(tiles: T, weight: &Tensor) -> Result<Self, ComputeError> {
        let (out, input) = (weight.size()[0] as usize, weight.size()[1] as usize);
        let weight = weight.f_to_kind(Kind::Float)?;
        let borrows = Borrows::new();
        let values = borrows.values(&weight)?;
        Ok(Weight {
            forward: Panels::new(tiles, Matrix { values, row: 1, column: input }, input, out),
            backward: Panels::new(tiles, Matrix { values, row: input, column: 1 }, out, input),
        })
    }

    /// `x @ weight.T`, `[rows, out]`.
    pub fn product(&self, x: &Tensor) -> Result<Tensor, ComputeError> {
        multiply(&self.forward, x, Onto::Nothing)
    }

    /// `x @ weight.T + bias`, as [`Self::product`].
    pub fn product_with_bias(&self, x: &Tensor, bias: &Tensor) -> Result<Tensor, ComputeError> {
        multiply(&self.forward, x, Onto::Bias(Borrows::new().values(bias)?))
    }

    /// `gradient @ weight + onto`; `onto` is used up.
    pub fn backward_onto(&self, gradient: &Tensor, onto: Tensor) -> Result<Tensor, ComputeError> {
        let (mut onto, borrows) = (onto, Borrows::new());
        self.backward.multiply(borrows.rows(gradient)?.matrix(0), borrows.rows_mut(&mut onto)?, Onto::Itself);
        Ok(onto)
    }

    /// `gradient @ weight`, `[rows, in]`: what [`Self::product`] passes back.
    pub fn backward(&self, gradient: &Tensor) -> Result<Tensor, ComputeError> {
        multiply(&self.backward, gradient, Onto::Nothing)
    }
}

fn multiply<T: Tiles>(panels: &Panels<T>, left: &Tensor, onto: Onto<'_>) -> Result<Tensor, ComputeError> {
    let mut out = empty(&[left.size()[0], panels.columns() as i64])?;
    let borrows = Borrows::new();
    panels.multiply(borrows.rows(left)?.matrix(0), borrows.rows_mut(&mut out)?, onto);
    Ok(out)
}
