//! `sweep predict` and `sweep export` on real, small trained runs.

mod continuing;
mod exporting;
mod from_hub;
mod labels;
mod predicting;
mod random_numbers;
mod support;
mod testing;
