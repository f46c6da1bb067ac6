//! What each parameter means, and what it is where a file does not say it.

use super::dataset::DatasetField;
use super::parameter::{Count, Number, Parameter};
use super::source_seed::VariationSource;

/// What is said of a parameter, in Markdown with links from `docs/`.
#[derive(Clone, Copy, Debug)]
pub(super) struct Described {
    pub default: &'static str,
    pub meaning: &'static str,
}

impl Parameter {
    /// What the reference and the JSON Schema say of it.
    pub fn described(self) -> Described {
        let (default, meaning) = described(self);
        Described { default, meaning }
    }
}

/// The default, and the meaning.
fn described(parameter: Parameter) -> (&'static str, &'static str) {
    match parameter {
        Parameter::Model => (
            "`FacebookAI/roberta-base`",
            "a RoBERTa, XLM-R, BERT or DistilBERT: a model folder (`config.json`, `model.safetensors`, tokenizer \
             files), or `owner/name` or `owner/name@revision` on the Hugging Face hub; \
             `sentence-transformers/all-MiniLM-L6-v2` comes with `make setup`",
        ),
        Parameter::Dataset => ("`fancyzhx/ag_news`", "a path alone, or a mapping of the keys below"),
        Parameter::DatasetField(DatasetField::Path) => (
            "",
            "a CSV, TSV, JSON (an object per line, or an array) or Parquet file, a folder with one file per split, \
             or a name on the Hugging Face hub (also `owner/name@revision`); relative paths are looked for beside \
             the sweep file first",
        ),
        Parameter::DatasetField(DatasetField::Split) => ("`train`", "the split trained on, where there are splits"),
        Parameter::DatasetField(DatasetField::Text) => {
            ("detected", "the text column, or a list of columns that are joined by a space")
        }
        Parameter::DatasetField(DatasetField::Label) => ("detected", "the label column"),
        Parameter::DatasetField(DatasetField::Limit) => ("all", "only so many rows, the first ones"),
        Parameter::DatasetField(DatasetField::Evaluation) => (
            "`{test_size: 640, seed: 42}`",
            "what is evaluated on: rows held out as Hugging Face `train_test_split` does (a number or a fraction), \
             another split (`{split: test}`), or a file's path",
        ),
        Parameter::DatasetField(DatasetField::Test) => (
            "none",
            "rows that choose nothing, in the forms of `dataset.eval`: a run is judged on them when it is over, \
             with the parameters of its best epoch (chosen on `eval`) and of its last. They are held out before \
             those of `eval`, are never trained on, and must be others than those of `eval`",
        ),
        Parameter::DatasetField(DatasetField::Header) => (
            "detected",
            "of CSV and TSV files: whether the first line names the columns. Without a header they are called \
             `column_1`, `column_2` ... (a single column: `text`)",
        ),
        Parameter::DatasetField(DatasetField::Quoting) => {
            ("`minimal`", "of CSV and TSV files: `none` makes a double quote a character like any other")
        }
        Parameter::DatasetField(DatasetField::Separator) => {
            ("`,` (of TSV files a tab)", "of CSV and TSV files: the character between cells: `\";\"`, `tab`")
        }
        Parameter::DatasetField(DatasetField::MissingLabel) => (
            "an error",
            "rows whose label is missing (empty, or what `pandas` takes for a missing value: `nan`, `NULL`, `None`, \
             `NA` ...): `drop` leaves them out; `keep` takes `None` and its like for names of classes",
        ),
        Parameter::InitAdapter => (
            "none",
            "an adapter to begin with, of this tool or of `peft`: its folder, a run's folder, or a hub name; \
             `rank`, `lora_alpha` and `target_modules` are the adapter's then, single ranks and scales included. \
             Biases and modules beside the head that `peft` trained stay as they are and are part of the result. \
             Its head is taken by the names of its classes (of the folder's `config.json`, the run's record or the \
             model), its rows in the order of the data's; a head for other classes is not used, and one that \
             nothing names is taken in the data's order; a note says which. The names that are said beside the adapter are a \
             part of the run's id",
        ),
        Parameter::Count(Count::MaxLength) => ("512", "longest sequence in tokens; longer texts are cut"),
        Parameter::Count(Count::Rank) => ("16", "LoRA rank"),
        Parameter::Number(Number::LoraAlpha) => ("32", "the update is scaled by `lora_alpha / rank`"),
        Parameter::Number(Number::LoraDropout) => ("0.05", "dropout on the input of an update"),
        Parameter::TargetModules => (
            "the paper's choice, for 12 layers",
            "which linear modules are adapted: full names as PEFT has them, `{layers: [0, 1], modules: [query, \
             output.dense]}`, `{layers: all, modules: [query]}`, or a list of these; modules are `query`, `key`, \
             `value`, `attention.output.dense`, `intermediate.dense`, `output.dense`; layers are counted from 0",
        ),
        Parameter::Number(Number::HiddenDropout) => ("0.2", "dropout inside the encoder"),
        Parameter::Number(Number::AttentionDropout) => ("0.2", "dropout on attention probabilities"),
        Parameter::ClassifierDropout => ("as `hidden_dropout`", "dropout in the classification head"),
        Parameter::Number(Number::ExtraDropout) => (
            "0",
            "dropout before the head; the paper's wrapper declares one of 0.3 but returns the model's own logits, \
             so there it never acts",
        ),
        Parameter::Number(Number::LearningRate) => ("3e-5", "the highest rate of the schedule"),
        Parameter::Number(Number::WeightDecay) => ("0.1", "AdamW's; not on biases and LayerNorm"),
        Parameter::LrScheduler => ("`cosine`", "`cosine`, `linear` or `constant`, each after the warm-up"),
        Parameter::Number(Number::WarmupRatio) => {
            ("0.15", "share of the optimizer steps over which the rate rises from 0")
        }
        Parameter::Count(Count::BatchSize) => ("16", "examples per micro-batch"),
        Parameter::Count(Count::Accumulation) => ("2", "micro-batches per optimizer step"),
        Parameter::Count(Count::EvalBatchSize) => ("64", "examples per batch of an evaluation"),
        Parameter::Number(Number::MaxGradNorm) => ("1", "gradients are scaled down to this norm"),
        Parameter::Count(Count::Epochs) => ("5", "passes over the training rows"),
        Parameter::Precision => (
            "`fp32`",
            "`fp32`, `tf32` (products on a GPU or with AMX; elsewhere `fp32`'s) or `bf16` (frozen weights and \
             products, on a GPU also what lies between them; [fast](speed.md) on GPUs, on processors with AMX and on AMD's with \
             AVX512_BF16; on others [as fast as `fp32`](kernels.md#products-on-a-processor), with less precision)",
        ),
        Parameter::Seed => ("42", "order of examples, initial weights, dropout; `seeds` repeats all configurations"),
        Parameter::SourceSeed(VariationSource::Init) => (
            "as `seed`",
            "the seed of the initial values of the adapter and of a new head alone: a number, or relative to the \
             run's seed (`seed + 1000`), so that it stays different for each of `seeds`",
        ),
        Parameter::SourceSeed(VariationSource::Order) => {
            ("as `seed`", "the seed of the order of the training examples alone, in the forms of `init_seed`")
        }
        Parameter::SourceSeed(VariationSource::Dropout) => {
            ("as `seed`", "the seed of the dropout masks alone, in the forms of `init_seed`")
        }
        Parameter::SourceSeed(VariationSource::Split) => (
            "the data set's own",
            "which rows `dataset.eval` holds out, in place of the seed that stands there: a number, or relative \
             (`seed`: each seed holds out other rows)",
        ),
        Parameter::MetricForBest => ("`accuracy`", "the recorded metric that chooses the epoch whose adapter is kept"),
        Parameter::EarlyStopping => (
            "none",
            "`{patience: 2, min_delta: 0.001}`: a run ends after so many evaluations in a row whose \
             `metric_for_best` is no better than the best one before by more than `min_delta` (0 where it is left \
             out), as with transformers' `EarlyStoppingCallback`. See [runs that end early](#runs-that-end-early)",
        ),
    }
}
