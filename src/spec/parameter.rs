//! The parameters of a run: their names and what values they take.

use super::dataset::DatasetField;
use super::problem::{nearest, quoted};
use super::source_seed::VariationSource;

/// A parameter of a run, as sweep files name it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Parameter {
    Model,
    Dataset,
    DatasetField(DatasetField),
    InitAdapter,
    TargetModules,
    Count(Count),
    Number(Number),
    /// A number; without one it follows `hidden_dropout`.
    ClassifierDropout,
    LrScheduler,
    Precision,
    Seed,
    /// The seed of one source of variation; without one it follows `seed`, that of the split the data set.
    SourceSeed(VariationSource),
    MetricForBest,
    /// A mapping, or null.
    EarlyStopping,
}

/// A parameter that is a whole number. The discriminant is its place in [`super::draft::Draft`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Count {
    MaxLength,
    Rank,
    BatchSize,
    EvalBatchSize,
    Accumulation,
    Epochs,
}

/// A parameter that is a real number. The discriminant is its place in [`super::draft::Draft`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Number {
    LoraAlpha,
    LoraDropout,
    HiddenDropout,
    AttentionDropout,
    ExtraDropout,
    LearningRate,
    WeightDecay,
    WarmupRatio,
    MaxGradNorm,
}

/// The real numbers that a parameter takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Domain {
    /// 0 <= x < 1
    Dropout,
    /// 0 <= x <= 1
    Share,
    /// 0 < x <= 1
    Rate,
    /// 0 < x
    Positive,
}

impl Domain {
    pub fn contains(self, value: f64) -> bool {
        match self {
            Domain::Dropout => (0.0..1.0).contains(&value),
            Domain::Share => (0.0..=1.0).contains(&value),
            Domain::Rate => value > 0.0 && value <= 1.0,
            Domain::Positive => value > 0.0,
        }
    }

    pub fn words(self) -> &'static str {
        match self {
            Domain::Dropout => "at least 0 and below 1",
            Domain::Share => "from 0 to 1",
            Domain::Rate => "above 0 and at most 1",
            Domain::Positive => "above 0",
        }
    }
}

impl Count {
    /// Smallest and largest value. The upper ends are far beyond any use; they catch slips of the finger before memory
    /// does.
    pub fn bounds(self) -> (usize, usize) {
        match self {
            // The special tokens at both ends and one token of text.
            Count::MaxLength => (3, 65_536),
            Count::Rank => (1, 65_536),
            Count::BatchSize | Count::EvalBatchSize | Count::Accumulation => (1, 65_536),
            Count::Epochs => (1, 10_000),
        }
    }
}

impl Number {
    pub fn domain(self) -> Domain {
        match self {
            Number::LoraDropout | Number::HiddenDropout | Number::AttentionDropout | Number::ExtraDropout => {
                Domain::Dropout
            }
            Number::WeightDecay | Number::WarmupRatio => Domain::Share,
            Number::LearningRate => Domain::Rate,
            Number::LoraAlpha | Number::MaxGradNorm => Domain::Positive,
        }
    }
}

impl Parameter {
    /// Every parameter, in the order in which documents list them.
    const ALL: [Parameter; 40] = [
        Parameter::Model,
        Parameter::Dataset,
        Parameter::DatasetField(DatasetField::Path),
        Parameter::DatasetField(DatasetField::Split),
        Parameter::DatasetField(DatasetField::Text),
        Parameter::DatasetField(DatasetField::Label),
        Parameter::DatasetField(DatasetField::Limit),
        Parameter::DatasetField(DatasetField::Evaluation),
        Parameter::DatasetField(DatasetField::Test),
        Parameter::DatasetField(DatasetField::Header),
        Parameter::DatasetField(DatasetField::Quoting),
        Parameter::DatasetField(DatasetField::Separator),
        Parameter::DatasetField(DatasetField::MissingLabel),
        Parameter::InitAdapter,
        Parameter::Count(Count::MaxLength),
        Parameter::Count(Count::Rank),
        Parameter::Number(Number::LoraAlpha),
        Parameter::Number(Number::LoraDropout),
        Parameter::TargetModules,
        Parameter::Number(Number::HiddenDropout),
        Parameter::Number(Number::AttentionDropout),
        Parameter::ClassifierDropout,
        Parameter::Number(Number::ExtraDropout),
        Parameter::Number(Number::LearningRate),
        Parameter::Number(Number::WeightDecay),
        Parameter::LrScheduler,
        Parameter::Number(Number::WarmupRatio),
        Parameter::Count(Count::BatchSize),
        Parameter::Count(Count::EvalBatchSize),
        Parameter::Count(Count::Accumulation),
        Parameter::Number(Number::MaxGradNorm),
        Parameter::Count(Count::Epochs),
        Parameter::Precision,
        Parameter::Seed,
        Parameter::SourceSeed(VariationSource::Init),
        Parameter::SourceSeed(VariationSource::Order),
        Parameter::SourceSeed(VariationSource::Dropout),
        Parameter::SourceSeed(VariationSource::Split),
        Parameter::MetricForBest,
        Parameter::EarlyStopping,
    ];

    /// Every parameter with its name.
    pub const NAMES: [(&'static str, Parameter); Self::ALL.len()] = {
        let mut names = [("", Parameter::Model); Self::ALL.len()];
        let mut place = 0;
        while place < names.len() {
            names[place] = (Self::ALL[place].name(), Self::ALL[place]);
            place += 1;
        }
        names
    };

    pub const fn name(self) -> &'static str {
        match self {
            Parameter::Model => "model",
            Parameter::Dataset => "dataset",
            Parameter::DatasetField(DatasetField::Path) => "dataset.path",
            Parameter::DatasetField(DatasetField::Split) => "dataset.split",
            Parameter::DatasetField(DatasetField::Text) => "dataset.text",
            Parameter::DatasetField(DatasetField::Label) => "dataset.label",
            Parameter::DatasetField(DatasetField::Limit) => "dataset.limit",
            Parameter::DatasetField(DatasetField::Evaluation) => "dataset.eval",
            Parameter::DatasetField(DatasetField::Test) => "dataset.test",
            Parameter::DatasetField(DatasetField::Header) => "dataset.header",
            Parameter::DatasetField(DatasetField::Quoting) => "dataset.quoting",
            Parameter::DatasetField(DatasetField::Separator) => "dataset.separator",
            Parameter::DatasetField(DatasetField::MissingLabel) => "dataset.missing_label",
            Parameter::InitAdapter => "init_adapter",
            Parameter::Count(Count::MaxLength) => "max_length",
            Parameter::Count(Count::Rank) => "rank",
            Parameter::Number(Number::LoraAlpha) => "lora_alpha",
            Parameter::Number(Number::LoraDropout) => "lora_dropout",
            Parameter::TargetModules => "target_modules",
            Parameter::Number(Number::HiddenDropout) => "hidden_dropout",
            Parameter::Number(Number::AttentionDropout) => "attention_dropout",
            Parameter::ClassifierDropout => "classifier_dropout",
            Parameter::Number(Number::ExtraDropout) => "extra_dropout",
            Parameter::Number(Number::LearningRate) => "learning_rate",
            Parameter::Number(Number::WeightDecay) => "weight_decay",
            Parameter::LrScheduler => "lr_scheduler",
            Parameter::Number(Number::WarmupRatio) => "warmup_ratio",
            Parameter::Count(Count::BatchSize) => "batch_size",
            Parameter::Count(Count::EvalBatchSize) => "eval_batch_size",
            Parameter::Count(Count::Accumulation) => "gradient_accumulation_steps",
            Parameter::Number(Number::MaxGradNorm) => "max_grad_norm",
            Parameter::Count(Count::Epochs) => "epochs",
            Parameter::Precision => "precision",
            Parameter::Seed => "seed",
            Parameter::SourceSeed(VariationSource::Init) => "init_seed",
            Parameter::SourceSeed(VariationSource::Order) => "order_seed",
            Parameter::SourceSeed(VariationSource::Dropout) => "dropout_seed",
            Parameter::SourceSeed(VariationSource::Split) => "split_seed",
            Parameter::MetricForBest => "metric_for_best",
            Parameter::EarlyStopping => "early_stopping",
        }
    }

    /// How the same things are called elsewhere (transformers, peft, common usage).
    const ALSO_CALLED: [(&'static str, &'static str); 29] = [
        ("lr", "learning_rate"),
        ("r", "rank"),
        ("lora_r", "rank"),
        ("alpha", "lora_alpha"),
        ("adapter", "init_adapter"),
        ("lora_path", "init_adapter"),
        ("layers", "target_modules"),
        ("modules", "target_modules"),
        ("warmup", "warmup_ratio"),
        ("scheduler", "lr_scheduler"),
        ("lr_scheduler_type", "lr_scheduler"),
        ("num_train_epochs", "epochs"),
        ("num_epochs", "epochs"),
        ("per_device_train_batch_size", "batch_size"),
        ("per_device_eval_batch_size", "eval_batch_size"),
        ("accumulation", "gradient_accumulation_steps"),
        ("gradient_accumulation", "gradient_accumulation_steps"),
        ("hidden_dropout_prob", "hidden_dropout"),
        ("attention_probs_dropout_prob", "attention_dropout"),
        ("max_seq_length", "max_length"),
        ("metric_for_best_model", "metric_for_best"),
        ("early_stopping_patience", "early_stopping"),
        ("early_stopping_threshold", "early_stopping"),
        ("patience", "early_stopping"),
        ("dataset.evaluation", "dataset.eval"),
        ("data_seed", "order_seed"),
        ("shuffle_seed", "order_seed"),
        ("initialization_seed", "init_seed"),
        ("dataset.eval.seed", "split_seed"),
    ];

    pub fn named(name: &str) -> Option<Parameter> {
        Self::NAMES.iter().find(|(known, _)| *known == name).map(|(_, parameter)| *parameter)
    }

    /// The parameter that is called so here or, for certain, elsewhere.
    pub fn called(name: &str) -> Option<Parameter> {
        let also = || Self::ALSO_CALLED.iter().find(|(other, _)| *other == name).map(|(_, ours)| *ours);
        Self::named(name).or_else(|| also().and_then(Self::named))
    }

    /// Whether a run's value of another parameter may depend on this one's.
    pub fn decides(self, other: Parameter) -> bool {
        match (self, other) {
            (Parameter::Dataset, Parameter::DatasetField(_)) | (Parameter::DatasetField(_), Parameter::Dataset) => true,
            // The rows that are held out are part of a data set.
            (Parameter::Dataset | Parameter::DatasetField(_), Parameter::SourceSeed(VariationSource::Split)) => true,
            (Parameter::Number(Number::HiddenDropout), Parameter::ClassifierDropout) => true,
            _ => self == other,
        }
    }

    /// What to say of a name that is no parameter's.
    pub fn unknown(name: &str) -> String {
        let hint = match Self::meant(name) {
            Some(meant) => format!("; did you mean `{meant}`?"),
            None => String::new(),
        };
        format!("unknown parameter {}{hint}", quoted(name))
    }

    /// The parameter that was probably meant.
    pub fn meant(name: &str) -> Option<&'static str> {
        let also = Self::ALSO_CALLED.iter().find(|(other, _)| *other == name).map(|(_, ours)| *ours);
        also.or_else(|| nearest(name, Self::NAMES.iter().map(|(known, _)| *known)))
    }
}
