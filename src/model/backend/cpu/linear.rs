//! Frozen linear layers.

use tch::{Kind, TchError, Tensor};

use super::pairs::Pairs;
use super::panels::{Matrix, Onto, Panels};
use super::tile::Engine;
use super::{Borrows, empty};

/// A frozen linear layer.
#[derive(Debug)]
pub struct Linear {
    pub weight: Weight,
    /// `[out]`
    pub bias: Tensor,
}

/// A frozen `[out, in]` matrix; products are float32.
#[derive(Debug)]
pub enum Weight {
    /// For libtorch's products, in their precision.
    Plain(Tensor),
    /// For our own products: laid out once for each direction.
    Packed { forward: Panels, backward: Panels },
}

impl Weight {
    /// `weight` is `[out, in]` in the precision of products.
    pub fn new(weight: Tensor) -> Result<Self, TchError> {
        let pairs = Pairs::detect().filter(|_| weight.kind() == Kind::BFloat16);
        let ours = pairs.is_some() || weight.kind() == Kind::Float;
        let Some(engine) = Engine::detect().filter(|_| ours) else {
            return Ok(Weight::Plain(weight));
        };
        let (out, input) = (weight.size()[0] as usize, weight.size()[1] as usize);
        let weight = weight.f_to_kind(Kind::Float)?;
        let borrows = Borrows::new();
        let values = borrows.values(&weight)?;
        let panels = |matrix, inner, columns| match pairs {
            Some(pairs) => Panels::paired(engine, pairs, matrix, inner, columns),
            None => Panels::new(engine, matrix, inner, columns),
        };
        let forward = panels(Matrix { values, row: 1, column: input }, input, out);
        let backward = panels(Matrix { values, row: input, column: 1 }, out, input);
        Ok(Weight::Packed { forward, backward })
    }

    /// `x @ weight.T`, `[rows, out]`.
    pub fn product(&self, x: &Tensor) -> Result<Tensor, TchError> {
        match self {
            Weight::Plain(weight) => x.f_to_kind(weight.kind())?.f_matmul(&weight.f_tr()?)?.f_to_kind(Kind::Float),
            Weight::Packed { forward, .. } => multiply(forward, x, Onto::Nothing),
        }
    }

    /// `x @ weight.T + bias`, as [`Self::product`].
    pub fn product_with_bias(&self, x: &Tensor, bias: &Tensor) -> Result<Tensor, TchError> {
        match self {
            Weight::Plain(_) => Ok(self.product(x)?.f_add_(bias)?),
            Weight::Packed { forward, .. } => multiply(forward, x, Onto::Bias(Borrows::new().values(bias)?)),
        }
    }

    /// `gradient @ weight + onto`; `onto` is used up.
    pub fn backward_onto(&self, gradient: &Tensor, onto: Tensor) -> Result<Tensor, TchError> {
        match self {
            // Not in place: another handle to the same values may be in use.
            Weight::Plain(_) => self.backward(gradient)?.f_add_(&onto),
            Weight::Packed { backward, .. } => {
                let (mut onto, borrows) = (onto, Borrows::new());
                backward.multiply(borrows.rows(gradient)?.matrix(0), borrows.rows_mut(&mut onto)?, Onto::Itself);
                Ok(onto)
            }
        }
    }

    /// `gradient @ weight`, `[rows, in]`: what [`Self::product`] passes back.
    pub fn backward(&self, gradient: &Tensor) -> Result<Tensor, TchError> {
        match self {
            Weight::Plain(weight) => gradient.f_to_kind(weight.kind())?.f_matmul(weight)?.f_to_kind(Kind::Float),
            Weight::Packed { backward, .. } => multiply(backward, gradient, Onto::Nothing),
        }
    }
}

fn multiply(panels: &Panels, left: &Tensor, onto: Onto<'_>) -> Result<Tensor, TchError> {
    let mut out = empty(&[left.size()[0], panels.columns() as i64])?;
    let borrows = Borrows::new();
    panels.multiply(borrows.rows(left)?.matrix(0), borrows.rows_mut(&mut out)?, onto);
    Ok(out)
}
