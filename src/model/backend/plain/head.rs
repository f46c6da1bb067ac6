//! Linear layers of the classification heads: a product for each run.

use std::ops::Range;

use tch::{Kind, Tensor};

use crate::model::adapter::HeadLinear;
use crate::model::backend::HeadRows;
use crate::model::compute_error::ComputeError;

pub fn product(heads: &HeadRows<'_>, x: &Tensor) -> Result<Tensor, ComputeError> {
    let run = |(linear, rows): &(&HeadLinear, Range<usize>)| {
        Ok::<_, ComputeError>(linear.bias.value.f_addmm(&narrow(x, rows)?, &linear.weight.value.f_tr()?)?)
    };
    Ok(Tensor::f_cat(&heads.iter().map(run).collect::<Result<Vec<_>, _>>()?, 0)?)
}

pub fn product_backward(heads: &HeadRows<'_>, gradient: &Tensor) -> Result<Tensor, ComputeError> {
    let run = |(linear, rows): &(&HeadLinear, Range<usize>)| {
        Ok::<_, ComputeError>(narrow(gradient, rows)?.f_mm(&linear.weight.value)?)
    };
    Ok(Tensor::f_cat(&heads.iter().map(run).collect::<Result<Vec<_>, _>>()?, 0)?)
}

/// Adds to the gradients of weights and biases.
pub fn accumulate(heads: &HeadRows<'_>, gradient: &Tensor, x: &Tensor) -> Result<(), ComputeError> {
    for (linear, rows) in heads {
        let (gradient, x) = (narrow(gradient, rows)?, narrow(x, rows)?);
        let _ = linear.weight.gradient.shallow_clone().f_addmm_(&gradient.f_tr()?, &x)?;
        let sums = gradient.f_sum_dim_intlist([0i64].as_slice(), false, Kind::Float)?;
        let _ = linear.bias.gradient.shallow_clone().f_add_(&sums)?;
    }
    Ok(())
}

fn narrow(x: &Tensor, rows: &Range<usize>) -> Result<Tensor, ComputeError> {
    Ok(x.f_narrow(0, rows.start as i64, rows.len() as i64)?)
}
