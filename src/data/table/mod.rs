//! Rows of chosen columns out of a CSV, Parquet or JSON file of any size, one reader for training and prediction.
//!
//! One rule for all formats: a missing value is none (CSV has none: an empty cell is an empty text); a table that has its columns and
//! no rows is a table without rows; a file in which there is nothing at all is an error; numbers are as they stand in the file.

mod csv;
mod format;
mod json;
mod json_fields;
mod json_objects;
mod kind;
mod lines;
mod open;
mod parquet;
mod record;
mod records;
mod swallowed;
mod table_rows;

pub(super) use format::Format;
pub use format::is_separated;
pub use lines::TextLines;
pub(super) use table_rows::{ReadOptions, Rows, Table};
