//! The names of the files of a model folder, as `transformers` writes them.

/// The configuration.
pub const CONFIG: &str = "config.json";
/// The weights, in one file.
pub const WEIGHTS: &str = "model.safetensors";
/// Which of several files has which weight.
pub const WEIGHTS_INDEX: &str = "model.safetensors.index.json";

/// The whole tokenizer.
pub const TOKENIZER: &str = "tokenizer.json";
pub const TOKENIZER_CONFIG: &str = "tokenizer_config.json";
/// The vocabulary of a byte-level tokenizer.
pub const VOCABULARY: &str = "vocab.json";
/// Its merges.
pub const MERGES: &str = "merges.txt";
/// The vocabulary of a `WordPiece` tokenizer.
pub const WORD_PIECES: &str = "vocab.txt";
pub const SPECIAL_TOKENS: &str = "special_tokens_map.json";
pub const ADDED_TOKENS: &str = "added_tokens.json";

/// What a tokenizer may consist of, as far as this program reads it.
pub const TOKENIZER_FILES: [&str; 7] =
    [TOKENIZER, TOKENIZER_CONFIG, VOCABULARY, MERGES, WORD_PIECES, SPECIAL_TOKENS, ADDED_TOKENS];
