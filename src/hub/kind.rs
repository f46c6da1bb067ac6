//! What names stand for.

/// The hub name of the small model that comes with `make setup`.
pub const MINILM: &str = "sentence-transformers/all-MiniLM-L6-v2";

/// What a name stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Model,
    /// A LoRA adapter; its repository is one of models.
    Adapter,
    Dataset,
}

impl Kind {
    pub(super) fn word(self) -> &'static str {
        match self {
            Kind::Model => "model",
            Kind::Adapter => "adapter",
            Kind::Dataset => "dataset",
        }
    }

    /// What its folder in a cache begins with.
    pub(super) fn in_cache(self) -> &'static str {
        match self {
            Kind::Model | Kind::Adapter => "models",
            Kind::Dataset => "datasets",
        }
    }

    /// The option of the `hf` command, which downloads into the same cache.
    pub(super) fn hf_option(self) -> &'static str {
        match self {
            Kind::Model | Kind::Adapter => "",
            Kind::Dataset => " --repo-type dataset",
        }
    }
}
