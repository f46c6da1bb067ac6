//! The resolved run: every parameter has its value.

use serde::{Deserialize, Serialize};

use crate::metrics::Metric;

use super::early_stopping::EarlyStopping;
use super::reading::Reading;

/// The stable name of a run: a hash over its resolved parameters and over the data and model contents, as 12 lower-case
/// hexadecimal digits.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct RunId(pub String);

impl std::fmt::Display for RunId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

/// One run with all its parameters. Field order is the order in files and tables.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RunSpec {
    /// A model folder, or a hub name (`owner/name`, `owner/name@revision`).
    pub model: String,
    pub dataset: DatasetSpec,
    /// The folder (or hub name) of an adapter that training begins with; `rank`, `lora_alpha` and `target_modules` are the
    /// adapter's then. None: a new adapter.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub init_adapter: Option<String>,
    /// Longest sequence in tokens, special tokens included; longer texts are cut.
    pub max_length: usize,
    /// LoRA rank.
    pub rank: usize,
    /// LoRA numerator: the update is scaled by `lora_alpha / rank`.
    pub lora_alpha: f64,
    pub lora_dropout: f64,
    /// Full module names as PEFT has them (`roberta.encoder.layer.0.attention.self.query`), in model order, no doubles.
    pub target_modules: Vec<String>,
    pub hidden_dropout: f64,
    pub attention_dropout: f64,
    pub classifier_dropout: f64,
    /// Dropout on the features before the classification head (the paper's wrapper declares one of 0.3, but returns the
    /// logits unchanged where they exist, so there it never acts; hence the default 0).
    pub extra_dropout: f64,
    pub learning_rate: f64,
    pub weight_decay: f64,
    pub lr_scheduler: LrScheduler,
    /// Share of the optimizer steps over which the learning rate rises from 0.
    pub warmup_ratio: f64,
    /// Examples per micro-batch.
    pub batch_size: usize,
    pub eval_batch_size: usize,
    /// Micro-batches per optimizer step.
    pub gradient_accumulation_steps: usize,
    /// Gradients are scaled down to this norm.
    pub max_grad_norm: f64,
    pub epochs: usize,
    pub precision: Precision,
    pub seed: u64,
    /// Of the initial values of the adapter and of a new head. None: `seed`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub init_seed: Option<u64>,
    /// Of the order of training examples. None: `seed`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub order_seed: Option<u64>,
    /// Of dropout masks. None: `seed`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dropout_seed: Option<u64>,
    /// The metric that chooses the best epoch.
    pub metric_for_best: Metric,
    /// When the run ends before its last epoch. None: it does not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub early_stopping: Option<EarlyStopping>,
}

/// Where the examples come from and which of them are held out.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DatasetSpec {
    /// A file, a folder with split files, or a hub name (`owner/name`, `owner/name@revision`).
    pub path: String,
    /// The split trained on, where `path` has splits.
    pub split: String,
    /// Columns joined by a space to make the text; empty: detect.
    pub text: Vec<String>,
    /// The label column; none: detect.
    pub label: Option<String>,
    /// Keep only the first rows of the training source, before anything is held out.
    pub limit: Option<usize>,
    pub evaluation: Evaluation,
    /// Examples that choose nothing: a run is judged on them when it is over. None: it is judged on the evaluation examples,
    /// among which the best epoch is chosen. Rows are held out for it before any are held out for the evaluation.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub test: Option<Evaluation>,
    /// How CSV and TSV files are read, of the evaluation and the test as well.
    #[serde(default, skip_serializing_if = "Reading::is_usual")]
    pub reading: Reading,
    /// What becomes of rows whose label is missing; none: an error.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub missing_label: Option<MissingLabel>,
}

/// What becomes of rows whose label is missing: empty, or what `pandas` takes for a missing value (`nan`, `NULL`, `None`, `NA`
/// ...).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MissingLabel {
    /// They are left out, of training, evaluation and test.
    Drop,
    /// Only an empty label is missing (an error): the others are the names of classes.
    Keep,
}

impl MissingLabel {
    pub const NAMES: [(&'static str, MissingLabel); 2] = [("drop", MissingLabel::Drop), ("keep", MissingLabel::Keep)];

    pub fn name(self) -> &'static str {
        match self {
            MissingLabel::Drop => "drop",
            MissingLabel::Keep => "keep",
        }
    }
}

/// Where the examples of the evaluation, or of the test, come from.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Evaluation {
    /// A separate file.
    File(String),
    /// Another split of the same data set.
    Split(String),
    /// Held out of the training rows exactly as Hugging Face `train_test_split(test_size, seed)` does.
    HeldOut { size: HeldOut, seed: u64 },
}

/// How much is held out.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum HeldOut {
    Examples(usize),
    Fraction(f64),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LrScheduler {
    Cosine,
    Linear,
    Constant,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Precision {
    /// IEEE single precision products.
    Fp32,
    /// Single precision with TF32 products on CUDA.
    Tf32,
    /// Frozen weights and products in bfloat16; adapters, optimizer, LayerNorm and loss in single precision.
    Bf16,
}
