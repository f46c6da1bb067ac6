//! A run while a sweep is being expanded: cheap to copy, every parameter set, the model not yet asked.

use std::sync::Arc;

use super::parameter::{Count, Number, Parameter};
use super::setting::Setting;
use super::source_seed::{Seeds, SourceSeed, VariationSource};
use super::targets::Targets;
use super::{DatasetSpec, EarlyStopping, LrScheduler, Metric, Precision, RunSpec};

/// All parameters of a run.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Draft {
    pub model: Arc<str>,
    pub dataset: Arc<DatasetSpec>,
    pub init_adapter: Option<Arc<str>>,
    pub targets: Arc<Targets>,
    pub scalars: Scalars,
}

/// The parameters that are small.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Scalars {
    pub counts: [usize; 6],
    pub numbers: [f64; 9],
    /// None: as `hidden_dropout`.
    pub classifier_dropout: Option<f64>,
    pub lr_scheduler: LrScheduler,
    pub precision: Precision,
    pub seed: u64,
    /// By [`VariationSource`].
    pub source_seeds: [SourceSeed; 4],
    pub metric_for_best: Metric,
    pub early_stopping: Option<EarlyStopping>,
}

impl Scalars {
    /// The paper's recipe.
    fn paper() -> Scalars {
        let mut counts = [0; 6];
        for (count, value) in [
            (Count::MaxLength, 512),
            (Count::Rank, 16),
            (Count::BatchSize, 16),
            (Count::EvalBatchSize, 64),
            (Count::Accumulation, 2),
            (Count::Epochs, 5),
        ] {
            counts[count as usize] = value;
        }
        let mut numbers = [0.0; 9];
        for (number, value) in [
            (Number::LoraAlpha, 32.0),
            (Number::LoraDropout, 0.05),
            (Number::HiddenDropout, 0.2),
            (Number::AttentionDropout, 0.2),
            (Number::ExtraDropout, 0.0),
            (Number::LearningRate, 3e-5),
            (Number::WeightDecay, 0.1),
            (Number::WarmupRatio, 0.15),
            (Number::MaxGradNorm, 1.0),
        ] {
            numbers[number as usize] = value;
        }
        Scalars {
            counts,
            numbers,
            classifier_dropout: None,
            lr_scheduler: LrScheduler::Cosine,
            precision: Precision::Fp32,
            seed: 42,
            source_seeds: SourceSeed::DEFAULTS,
            metric_for_best: Metric::ACCURACY,
            early_stopping: None,
        }
    }

    pub fn count(&self, count: Count) -> usize {
        self.counts[count as usize]
    }

    pub fn number(&self, number: Number) -> f64 {
        self.numbers[number as usize]
    }

    pub fn classifier_dropout(&self) -> f64 {
        self.classifier_dropout.unwrap_or(self.number(Number::HiddenDropout))
    }
}

impl Draft {
    /// The paper's recipe: what a sweep file need not say.
    pub fn paper() -> Draft {
        Draft {
            model: "FacebookAI/roberta-base".into(),
            dataset: DatasetSpec::at("fancyzhx/ag_news").into(),
            init_adapter: None,
            targets: Targets::paper().into(),
            scalars: Scalars::paper(),
        }
    }

    fn apply(&mut self, setting: &Setting) {
        let scalars = &mut self.scalars;
        match setting {
            Setting::Model(name) => self.model = name.clone(),
            Setting::Dataset(dataset) => self.dataset = dataset.clone(),
            Setting::DatasetField(field) => field.apply(Arc::make_mut(&mut self.dataset)),
            Setting::InitAdapter(name) => self.init_adapter.clone_from(name),
            Setting::TargetModules(targets) => self.targets = targets.clone(),
            Setting::Count(count, value) => scalars.counts[*count as usize] = *value,
            Setting::Number(number, value) => scalars.numbers[*number as usize] = *value,
            Setting::ClassifierDropout(value) => scalars.classifier_dropout = *value,
            Setting::LrScheduler(value) => scalars.lr_scheduler = *value,
            Setting::Precision(value) => scalars.precision = *value,
            Setting::Seed(value) => scalars.seed = *value,
            Setting::SourceSeed(source, rule) => scalars.source_seeds[*source as usize] = *rule,
            Setting::MetricForBest(value) => scalars.metric_for_best = *value,
            Setting::EarlyStopping(rule) => scalars.early_stopping = *rule,
        }
    }

    /// This draft with the settings applied. A whole data set is set before single fields of it, whatever their order.
    pub fn with<'a>(&self, settings: impl Iterator<Item = &'a Setting> + Clone) -> Draft {
        let is_field = |setting: &&Setting| matches!(setting, Setting::DatasetField(_));
        let mut draft = self.clone();
        for setting in settings.clone().filter(|setting| !is_field(setting)) {
            draft.apply(setting);
        }
        for setting in settings.filter(is_field) {
            draft.apply(setting);
        }
        draft
    }

    /// A parameter's effective value; none for a data set field that is to be detected.
    pub fn get(&self, parameter: Parameter) -> Option<Setting> {
        let scalars = &self.scalars;
        Some(match parameter {
            Parameter::Model => Setting::Model(self.model.clone()),
            Parameter::Dataset => Setting::Dataset(self.dataset.clone()),
            Parameter::DatasetField(field) => Setting::DatasetField(field.setting_of(&self.dataset)?),
            Parameter::InitAdapter => Setting::InitAdapter(self.init_adapter.clone()),
            Parameter::TargetModules => Setting::TargetModules(self.targets.clone()),
            Parameter::Count(count) => Setting::Count(count, scalars.count(count)),
            Parameter::Number(number) => Setting::Number(number, scalars.number(number)),
            Parameter::ClassifierDropout => Setting::ClassifierDropout(Some(scalars.classifier_dropout())),
            Parameter::LrScheduler => Setting::LrScheduler(scalars.lr_scheduler),
            Parameter::Precision => Setting::Precision(scalars.precision),
            Parameter::Seed => Setting::Seed(scalars.seed),
            Parameter::SourceSeed(source) => Setting::SourceSeed(source, scalars.source_seeds[source as usize]),
            Parameter::MetricForBest => Setting::MetricForBest(scalars.metric_for_best),
            Parameter::EarlyStopping => Setting::EarlyStopping(scalars.early_stopping),
        })
    }

    /// This draft as one run has it: all seeds are numbers, and what follows another parameter has that one's value.
    pub fn at(&self, seeds: &Seeds) -> Draft {
        let mut draft = self.clone();
        draft.scalars.classifier_dropout = Some(self.scalars.classifier_dropout());
        draft.dataset = self.dataset_at(seeds);
        draft.scalars.seed = seeds.seed;
        draft.scalars.source_seeds = numbers([seeds.init, seeds.order, seeds.dropout], draft.dataset.split_seed());
        draft
    }

    /// The data set with the rows held out that a run holds out.
    pub fn dataset_at(&self, seeds: &Seeds) -> Arc<DatasetSpec> {
        match seeds.split {
            Some(split) if self.dataset.split_seed() != Some(split) => self.dataset.with_split_seed(split).into(),
            _ => self.dataset.clone(),
        }
    }

    /// The draft of a resolved run.
    pub fn from_run(spec: &RunSpec) -> Draft {
        let mut scalars = Scalars {
            classifier_dropout: Some(spec.classifier_dropout),
            lr_scheduler: spec.lr_scheduler,
            precision: spec.precision,
            seed: spec.seed,
            source_seeds: numbers(
                [spec.init_seed(), spec.order_seed(), spec.dropout_seed()],
                spec.dataset.split_seed(),
            ),
            metric_for_best: spec.metric_for_best,
            early_stopping: spec.early_stopping,
            ..Scalars::paper()
        };
        for (count, value) in [
            (Count::MaxLength, spec.max_length),
            (Count::Rank, spec.rank),
            (Count::BatchSize, spec.batch_size),
            (Count::EvalBatchSize, spec.eval_batch_size),
            (Count::Accumulation, spec.gradient_accumulation_steps),
            (Count::Epochs, spec.epochs),
        ] {
            scalars.counts[count as usize] = value;
        }
        for (number, value) in [
            (Number::LoraAlpha, spec.lora_alpha),
            (Number::LoraDropout, spec.lora_dropout),
            (Number::HiddenDropout, spec.hidden_dropout),
            (Number::AttentionDropout, spec.attention_dropout),
            (Number::ExtraDropout, spec.extra_dropout),
            (Number::LearningRate, spec.learning_rate),
            (Number::WeightDecay, spec.weight_decay),
            (Number::WarmupRatio, spec.warmup_ratio),
            (Number::MaxGradNorm, spec.max_grad_norm),
        ] {
            scalars.numbers[number as usize] = value;
        }
        Draft {
            model: spec.model.as_str().into(),
            dataset: spec.dataset.clone().into(),
            init_adapter: spec.init_adapter.as_deref().map(Arc::from),
            targets: Targets::named(&spec.target_modules).into(),
            scalars,
        }
    }

    /// The resolved run, once the modules are known by their full names.
    pub fn resolved(&self, seeds: &Seeds, target_modules: Vec<String>) -> RunSpec {
        let scalars = &self.scalars;
        RunSpec {
            model: self.model.to_string(),
            dataset: DatasetSpec::clone(&self.dataset_at(seeds)),
            init_adapter: self.init_adapter.as_deref().map(str::to_owned),
            max_length: scalars.count(Count::MaxLength),
            rank: scalars.count(Count::Rank),
            lora_alpha: scalars.number(Number::LoraAlpha),
            lora_dropout: scalars.number(Number::LoraDropout),
            target_modules,
            hidden_dropout: scalars.number(Number::HiddenDropout),
            attention_dropout: scalars.number(Number::AttentionDropout),
            classifier_dropout: scalars.classifier_dropout(),
            extra_dropout: scalars.number(Number::ExtraDropout),
            learning_rate: scalars.number(Number::LearningRate),
            weight_decay: scalars.number(Number::WeightDecay),
            lr_scheduler: scalars.lr_scheduler,
            warmup_ratio: scalars.number(Number::WarmupRatio),
            batch_size: scalars.count(Count::BatchSize),
            eval_batch_size: scalars.count(Count::EvalBatchSize),
            gradient_accumulation_steps: scalars.count(Count::Accumulation),
            max_grad_norm: scalars.number(Number::MaxGradNorm),
            epochs: scalars.count(Count::Epochs),
            precision: scalars.precision,
            seed: seeds.seed,
            init_seed: seeds.own(seeds.init),
            order_seed: seeds.own(seeds.order),
            dropout_seed: seeds.own(seeds.dropout),
            metric_for_best: scalars.metric_for_best,
            early_stopping: scalars.early_stopping,
        }
    }
}

/// Seeds of sources that are known as numbers; a data set without rows that are held out has none of the split.
fn numbers([init, order, dropout]: [u64; 3], split: Option<u64>) -> [SourceSeed; 4] {
    let mut numbers = SourceSeed::DEFAULTS;
    for (source, number) in
        [(VariationSource::Init, init), (VariationSource::Order, order), (VariationSource::Dropout, dropout)]
    {
        numbers[source as usize] = SourceSeed::Number(number);
    }
    if let Some(split) = split {
        numbers[VariationSource::Split as usize] = SourceSeed::Number(split);
    }
    numbers
}
