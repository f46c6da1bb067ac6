//! A frozen weight in the form in which it is multiplied.

use tch::{Kind, TchError, Tensor};

use super::cpu::pairs::Pairs;
use super::cpu::panels::{Matrix, Onto, Panels};
use super::cpu::tile::Engine;
use super::cpu::{Borrows, empty};
use super::elementwise::Kernels;

/// A frozen `[out, in]` matrix.
#[derive(Debug)]
pub enum Weight {
    /// For libtorch, in the precision of products; results are float32.
    Plain(Tensor),
    /// For libtorch on a GPU with our own kernels, where values stay in the precision of products. The bias as well.
    Device { weight: Tensor, bias: Tensor },
    /// For our own products on the CPU: laid out once for each direction.
    Packed { forward: Panels, backward: Panels },
}

impl Weight {
    /// For a GPU with our own kernels; `weight` as for [`Self::new`], `bias` (`[out]`) is what is added to its products.
    pub fn on_device(weight: Tensor, bias: &Tensor) -> Result<Self, TchError> {
        let bias = bias.f_to_kind(weight.kind())?;
        Ok(Weight::Device { weight, bias })
    }

    /// `weight` is `[out, in]` in the precision of products.
    pub fn new(weight: Tensor, kernels: Kernels) -> Result<Self, TchError> {
        let pairs = Pairs::detect().filter(|_| weight.kind() == Kind::BFloat16);
        let ours = kernels == Kernels::Fused && (pairs.is_some() || weight.kind() == Kind::Float);
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

    /// `x @ weight.T`, `[rows, out]` in float32, or on a GPU with our own kernels in the precision of products.
    pub fn product(&self, x: &Tensor) -> Result<Tensor, TchError> {
        match self {
            Weight::Plain(weight) => x.f_to_kind(weight.kind())?.f_matmul(&weight.f_tr()?)?.f_to_kind(Kind::Float),
            Weight::Device { weight, .. } => x.f_to_kind(weight.kind())?.f_mm(&weight.f_tr()?),
            Weight::Packed { forward, .. } => multiply(forward, x, Onto::Nothing),
        }
    }

    /// `x @ weight.T + bias`, as [`Self::product`].
    pub fn product_with_bias(&self, x: &Tensor, bias: &Tensor) -> Result<Tensor, TchError> {
        match self {
            Weight::Plain(_) => Ok(self.product(x)?.f_add_(bias)?),
            Weight::Device { weight, bias } => bias.f_addmm(&x.f_to_kind(weight.kind())?, &weight.f_tr()?),
            Weight::Packed { forward, .. } => multiply(forward, x, Onto::Bias(Borrows::new().values(bias)?)),
        }
    }

    /// `gradient @ weight + onto`; `onto` is used up.
    pub fn backward_onto(&self, gradient: &Tensor, onto: Tensor) -> Result<Tensor, TchError> {
        match self {
            // Not in place: another handle to the same values may be in use.
            Weight::Plain(_) => self.backward(gradient)?.f_add_(&onto),
            Weight::Device { weight, .. } => {
                let mut onto = onto;
                onto.f_addmm_(gradient, weight)
            }
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
            Weight::Device { weight, .. } => gradient.f_to_kind(weight.kind())?.f_mm(weight),
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
