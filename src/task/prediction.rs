//! What is said of an example.

/// What a model says of an example.
#[derive(Clone, Debug, PartialEq)]
pub struct Answer {
    /// As a target.
    pub predicted: u32,
    /// One per output of the head: probabilities of classes, in class order.
    pub outputs: Vec<f32>,
}

/// One example's outcome after an epoch, as it is recorded.
#[derive(Clone, Debug, PartialEq)]
pub struct Prediction {
    /// The example's row in its source, counted from 0.
    pub example: usize,
    /// The target.
    pub label: u32,
    pub predicted: u32,
    /// As of [`Answer`].
    pub outputs: Vec<f32>,
}
