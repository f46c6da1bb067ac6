//! Texts to token ids, as the model's own tokenizer files say.

mod cache;
mod class;
mod encode;
mod files;
mod guard;
mod lengths;
mod settings;
mod unfit;

pub use cache::{CacheUse, default_cache_folder};
pub use class::TokenizerClasses;
pub use encode::Tokenizer;
pub use lengths::TokenLengths;
