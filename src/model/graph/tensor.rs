//! A tensor of a checkpoint.

/// A tensor's Hugging Face name and its shape.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TensorShape {
    pub name: String,
    pub shape: Vec<i64>,
}

impl TensorShape {
    pub fn new(name: String, shape: &[i64]) -> Self {
        TensorShape { name, shape: shape.to_vec() }
    }

    pub fn elements(&self) -> i64 {
        self.shape.iter().product()
    }
}
