//! The recorded metrics: what each is called, how it is measured, in which unit, which values are better, and where it is
//! shown. A metric is a [`Definition`] in a file of its own (or beside those that it is like) and a line of the
//! registry; files, hypotheses, charts and tables take it from there.

mod definition;
mod evaluated;
mod handle;
mod probabilities;
mod registry;
mod scores;
mod training;
mod values;

pub use definition::{ByExample, Definition, Measured, Table, Titles, TrainingTotals};
pub use evaluated::{Evaluated, Examples};
pub use handle::Metric;
pub use values::MetricValues;
