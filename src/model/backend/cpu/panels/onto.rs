//! What happens to what a product finds in its result.

/// What happens to the values of `out` when a product is written.
#[derive(Clone, Copy)]
pub enum Onto<'a> {
    /// They are overwritten.
    Nothing,
    /// They are overwritten; this row is added to each row of the product.
    Bias(&'a [f32]),
    /// The product is added to them.
    Itself,
}
