//! Dataset files, labels, splits, tokenizing, and the boundaries of batches.
//!
//! ```text
//! DatasetSpec + local folder -> files of each split -> rows -> columns, classes -> train and evaluation examples
//! texts + tokenizer files    -> token ids, flat (cached by content)
//! seed, epoch                -> order of the training examples -> micro-batches -> optimizer steps
//! ```
//!
//! Everything here is a pure function of file contents and parameters; nothing depends on threads or the clock.

mod batches;
mod card;
mod columns;
mod dataset;
mod digest;
mod encoded;
mod error;
mod examples;
mod files;
mod finding;
mod labels;
mod listing;
mod missing;
mod numpy;
mod order;
mod overview;
mod rows;
mod sample;
mod shards;
mod shown;
mod split;
mod suspicions;
mod table;
mod text_reader;
mod tokenizer;
mod truth;

pub use batches::EpochPlan;
pub use dataset::{Dataset, load};
pub use digest::digest_of_files;
pub use encoded::Encoded;
pub use error::{DataError, Position};
pub use examples::Examples;
pub use files::{has_files, needed_files};
pub use labels::{Classes, Coding, Gaps, LabelForm, LearnLabels, Misfit};
pub use order::{OrderKey, order};
pub use overview::{ClassRows, Columns, Overview};
pub use shown::visible;
pub use split::{HeldOutRows, held_out};
pub use table::{TextLines, is_separated};
pub use text_reader::{TextColumns, TextReader, TextRow};
pub use tokenizer::{CacheUse, TokenLengths, Tokenizer, TokenizerClasses, default_cache_folder};
pub use truth::Truth;
