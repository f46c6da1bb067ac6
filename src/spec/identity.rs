//! A run's id: a hash of what it computes, not of where its inputs lie.

use serde::Serialize;

use super::{
    DatasetSpec, EarlyStopping, Evaluation, HeldOut, LrScheduler, Metric, MissingLabel, Precision, Quoting,
    ResidualDropout, RunId, RunSpec, Separator,
};

/// What a run's id is a hash of, as JSON without blanks, keys in alphabetical order.
#[derive(Serialize)]
struct Identity<'a> {
    attention_dropout: f64,
    batch_size: usize,
    classifier_dropout: f64,
    dataset: DatasetIdentity<'a>,
    /// Here and below: only where it is not `seed`.
    #[serde(skip_serializing_if = "Option::is_none")]
    dropout_seed: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    early_stopping: Option<EarlyStopping>,
    epochs: usize,
    eval_batch_size: usize,
    extra_dropout: f64,
    /// Of this structure: a change of its meaning changes every id.
    format: u32,
    gradient_accumulation_steps: usize,
    hidden_dropout: f64,
    /// The digest of its contents.
    #[serde(skip_serializing_if = "Option::is_none")]
    init_adapter: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    init_seed: Option<u64>,
    learning_rate: f64,
    lora_alpha: f64,
    lora_dropout: f64,
    lr_scheduler: LrScheduler,
    max_grad_norm: f64,
    max_length: usize,
    metric_for_best: Metric,
    /// The digest of its contents.
    model: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    order_seed: Option<u64>,
    precision: Precision,
    rank: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    rehearsal_of: Option<&'a str>,
    /// Only where `hidden_dropout` acts, and not on the output of both blocks of a layer.
    #[serde(skip_serializing_if = "Option::is_none")]
    residual_dropout: Option<&'a str>,
    seed: u64,
    target_modules: &'a [String],
    warmup_ratio: f64,
    weight_decay: f64,
}

/// A data set without its location.
#[derive(Serialize)]
pub(super) struct DatasetIdentity<'a> {
    digest: &'a str,
    evaluation: EvaluationIdentity<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    header: Option<bool>,
    label: Option<&'a str>,
    limit: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    missing_label: Option<MissingLabel>,
    #[serde(skip_serializing_if = "Option::is_none")]
    quoting: Option<Quoting>,
    #[serde(skip_serializing_if = "Option::is_none")]
    separator: Option<Separator>,
    split: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    test: Option<EvaluationIdentity<'a>>,
    text: &'a [String],
}

#[derive(Serialize)]
#[serde(rename_all = "snake_case")]
enum EvaluationIdentity<'a> {
    /// A file, whose contents are in the digest.
    File,
    HeldOut {
        seed: u64,
        size: HeldOut,
    },
    Split(&'a str),
}

impl<'a> DatasetIdentity<'a> {
    pub fn new(dataset: &'a DatasetSpec, digest: &'a str) -> Self {
        DatasetIdentity {
            digest,
            evaluation: EvaluationIdentity::new(&dataset.evaluation),
            header: dataset.reading.header,
            label: dataset.label.as_deref(),
            limit: dataset.limit,
            missing_label: dataset.missing_label,
            quoting: dataset.reading.quoting,
            separator: dataset.reading.separator,
            split: &dataset.split,
            test: dataset.test.as_ref().map(EvaluationIdentity::new),
            text: &dataset.text,
        }
    }
}

impl<'a> EvaluationIdentity<'a> {
    fn new(part: &'a Evaluation) -> Self {
        match part {
            Evaluation::File(_) => EvaluationIdentity::File,
            Evaluation::HeldOut { size, seed } => EvaluationIdentity::HeldOut { seed: *seed, size: *size },
            Evaluation::Split(split) => EvaluationIdentity::Split(split),
        }
    }
}

/// The contents of a run's inputs.
#[derive(Clone, Copy, Debug)]
pub(super) struct Digests<'a> {
    pub model: &'a str,
    /// Of the model's family: another one computes something else from the same contents.
    pub residual_dropout: ResidualDropout,
    pub dataset: &'a str,
    /// Of the adapter that training begins with.
    pub adapter: Option<&'a str>,
}

/// The id of a run. Runs of a rehearsal may be alike in everything but the configuration they stand for, so that is then
/// part of their identity.
pub(super) fn run_id(spec: &RunSpec, digests: Digests<'_>, rehearsal_of: Option<&str>) -> RunId {
    // Room for most identities at once: this runs for every run of a sweep.
    let mut json = Vec::with_capacity(2048);
    serde_json::to_writer(&mut json, &Identity::new(spec, digests, rehearsal_of))
        .expect("numbers, texts and lists always have a JSON form");
    let hash = blake3::hash(&json);
    let mut first = [0; 8];
    first[2..].copy_from_slice(&hash.as_bytes()[..6]);
    RunId(format!("{:012x}", u64::from_be_bytes(first)))
}

impl<'a> Identity<'a> {
    fn new(spec: &'a RunSpec, digests: Digests<'a>, rehearsal_of: Option<&'a str>) -> Self {
        let own = |seed: u64| Some(seed).filter(|seed| *seed != spec.seed);
        Identity {
            attention_dropout: spec.attention_dropout,
            batch_size: spec.batch_size,
            classifier_dropout: spec.classifier_dropout,
            dataset: DatasetIdentity::new(&spec.dataset, digests.dataset),
            dropout_seed: own(spec.dropout_seed()),
            early_stopping: spec.early_stopping,
            epochs: spec.epochs,
            eval_batch_size: spec.eval_batch_size,
            extra_dropout: spec.extra_dropout,
            format: 1,
            gradient_accumulation_steps: spec.gradient_accumulation_steps,
            hidden_dropout: spec.hidden_dropout,
            init_adapter: digests.adapter,
            init_seed: own(spec.init_seed()),
            learning_rate: spec.learning_rate,
            lora_alpha: spec.lora_alpha,
            lora_dropout: spec.lora_dropout,
            lr_scheduler: spec.lr_scheduler,
            max_grad_norm: spec.max_grad_norm,
            max_length: spec.max_length,
            metric_for_best: spec.metric_for_best,
            model: digests.model,
            order_seed: own(spec.order_seed()),
            precision: spec.precision,
            rank: spec.rank,
            rehearsal_of,
            residual_dropout: match digests.residual_dropout {
                ResidualDropout::FeedForwardBlock if spec.hidden_dropout > 0.0 => Some("feed_forward_block"),
                ResidualDropout::FeedForwardBlock | ResidualDropout::BothBlocks => None,
            },
            seed: spec.seed,
            target_modules: &spec.target_modules,
            warmup_ratio: spec.warmup_ratio,
            weight_decay: spec.weight_decay,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::super::Reading;
    use super::super::draft::Draft;
    use super::super::source_seed::Seeds;
    use super::*;

    const DIGESTS: Digests<'_> =
        Digests { model: "m", residual_dropout: ResidualDropout::BothBlocks, dataset: "d", adapter: None };

    fn spec() -> RunSpec {
        let draft = Draft::paper();
        let seeds = Seeds::for_run(&draft.scalars.source_seeds, draft.scalars.seed).unwrap();
        draft.resolved(&seeds, vec!["roberta.encoder.layer.0.attention.self.query".to_owned()])
    }

    #[test]
    fn every_parameter_is_part_of_the_identity() {
        let reference = run_id(&spec(), DIGESTS, None);
        let json = serde_json::to_value(spec()).unwrap();
        let mut seen = BTreeSet::from([reference]);
        for (name, value) in json.as_object().unwrap() {
            let changed = match (name.as_str(), value) {
                ("model" | "dataset" | "init_adapter", _) => continue,
                ("lr_scheduler", _) => "linear".into(),
                ("precision", _) => "bf16".into(),
                ("metric_for_best", _) => "f1".into(),
                ("target_modules", _) => serde_json::json!([]),
                (_, value) if value.is_u64() => (value.as_u64().unwrap() + 1).into(),
                (_, value) => (value.as_f64().unwrap() + 0.01).into(),
            };
            let mut other = json.clone();
            other[name] = changed;
            let other: RunSpec = serde_json::from_value(other).unwrap();
            assert!(seen.insert(run_id(&other, DIGESTS, None)), "{name} does not change the id");
        }
        assert!(seen.insert(run_id(&spec(), Digests { model: "other", ..DIGESTS }, None)));
        assert!(seen.insert(run_id(&spec(), Digests { dataset: "other", ..DIGESTS }, None)));
        assert!(seen.insert(run_id(&spec(), Digests { adapter: Some("a"), ..DIGESTS }, None)));
        assert!(seen.insert(run_id(&spec(), DIGESTS, Some("base"))));
    }

    #[test]
    fn where_dropout_acts_is_part_of_the_identity_where_there_is_dropout() {
        let feed_forward = Digests { residual_dropout: ResidualDropout::FeedForwardBlock, ..DIGESTS };
        assert_ne!(run_id(&spec(), feed_forward, None), run_id(&spec(), DIGESTS, None));
        let none = RunSpec { hidden_dropout: 0.0, ..spec() };
        assert_eq!(run_id(&none, feed_forward, None), run_id(&none, DIGESTS, None));
    }

    #[test]
    fn seeds_of_single_sources_are_part_of_the_identity_where_they_are_set_apart() {
        let id = |[init_seed, order_seed, dropout_seed]: [Option<u64>; 3]| {
            run_id(&RunSpec { init_seed, order_seed, dropout_seed, ..spec() }, DIGESTS, None)
        };
        let same = run_id(&spec(), DIGESTS, None);
        assert_eq!(id([Some(42), Some(42), Some(42)]), same);
        let apart = [[Some(7), None, None], [None, Some(7), None], [None, None, Some(7)], [Some(7), Some(7), Some(7)]];
        assert_eq!(BTreeSet::from_iter(apart.map(id).into_iter().chain([same])).len(), 5);
    }

    /// D6: nothing changes where the field is not used.
    #[test]
    fn what_becomes_of_missing_labels_is_part_of_the_identity() {
        let id = |rule| {
            let mut spec = spec();
            spec.dataset.missing_label = rule;
            run_id(&spec, DIGESTS, None)
        };
        let ids = [None, Some(MissingLabel::Drop), Some(MissingLabel::Keep)].map(id);
        assert_eq!(ids[0], run_id(&spec(), DIGESTS, None));
        assert_eq!(BTreeSet::from(ids).len(), 3);
    }

    /// Nothing changes where there is none; then what it is counts, and not where its file lies.
    #[test]
    fn the_test_is_part_of_the_identity() {
        let id = |test: Option<Evaluation>| {
            let mut spec = spec();
            spec.dataset.test = test;
            run_id(&spec, DIGESTS, None)
        };
        let held_out = |size, seed| Some(Evaluation::HeldOut { size: HeldOut::Examples(size), seed });
        let file = |path: &str| Some(Evaluation::File(path.to_owned()));
        let split = |name: &str| Some(Evaluation::Split(name.to_owned()));
        let ids =
            [None, held_out(10, 1), held_out(11, 1), held_out(10, 2), file("a"), split("test"), split("dev")].map(id);
        assert_eq!(ids[0], run_id(&spec(), DIGESTS, None));
        assert_eq!(id(file("b")), ids[4]);
        assert_eq!(BTreeSet::from(ids).len(), 7);
    }

    #[test]
    fn how_files_are_read_is_part_of_the_identity() {
        let usual = spec().dataset.reading;
        let readings = [
            usual,
            Reading { header: Some(false), ..usual },
            Reading { quoting: Some(Quoting::None), ..usual },
            Reading { separator: Some(Separator::TAB), ..usual },
        ];
        let ids = readings.map(|reading| {
            let mut spec = spec();
            spec.dataset.reading = reading;
            run_id(&spec, DIGESTS, None)
        });
        assert_eq!(BTreeSet::from(ids).len(), readings.len());
    }

    #[test]
    fn locations_are_not_part_of_the_identity() {
        let mut moved = spec();
        moved.model = "/elsewhere/model".to_owned();
        moved.dataset.path = "/elsewhere/data.csv".to_owned();
        assert_eq!(run_id(&moved, DIGESTS, None), run_id(&spec(), DIGESTS, None));
        moved.init_adapter = Some("/elsewhere/adapter".to_owned());
        assert_eq!(run_id(&moved, DIGESTS, None), run_id(&spec(), DIGESTS, None));
        moved.dataset.evaluation = Evaluation::File("a.csv".to_owned());
        let first = run_id(&moved, DIGESTS, None);
        assert_ne!(first, run_id(&spec(), DIGESTS, None));
        moved.dataset.evaluation = Evaluation::File("b.csv".to_owned());
        assert_eq!(run_id(&moved, DIGESTS, None), first);
    }

    /// Ids name folders of results: they must not change by accident. (The id is the beginning of the BLAKE3 hash of the
    /// text, as any implementation gives it.)
    #[test]
    fn the_identity_of_the_papers_run() {
        let spec = spec();
        let json = serde_json::to_string(&Identity::new(&spec, DIGESTS, None)).unwrap();
        let expected = concat!(
            r#"{"attention_dropout":0.2,"batch_size":16,"classifier_dropout":0.2,"dataset":{"digest":"d","evaluation":"#,
            r#"{"held_out":{"seed":42,"size":{"examples":640}}},"label":null,"limit":null,"split":"train","text":[]},"#,
            r#""epochs":5,"eval_batch_size":64,"extra_dropout":0.0,"format":1,"gradient_accumulation_steps":2,"#,
            r#""hidden_dropout":0.2,"learning_rate":0.00003,"lora_alpha":32.0,"lora_dropout":0.05,"#,
            r#""lr_scheduler":"cosine","max_grad_norm":1.0,"max_length":512,"metric_for_best":"accuracy","model":"m","#,
            r#""precision":"fp32","rank":16,"seed":42,"#,
            r#""target_modules":["roberta.encoder.layer.0.attention.self.query"],"warmup_ratio":0.15,"weight_decay":0.1}"#,
        );
        assert_eq!(json, expected);
        assert_eq!(run_id(&spec, DIGESTS, None).0, "2f5eb8a03ec7");
    }

    #[test]
    fn keys_are_in_alphabetical_order() {
        let mut spec = spec();
        let (quoting, separator) = (Some(Quoting::None), Some(Separator::TAB));
        spec.dataset.reading = Reading { header: Some(false), quoting, separator };
        (spec.init_seed, spec.order_seed, spec.dropout_seed) = (Some(1), Some(2), Some(3));
        spec.dataset.test = Some(Evaluation::Split("test".to_owned()));
        spec.early_stopping = Some(EarlyStopping { min_delta: 0.001, patience: 2 });
        let digests = Digests { adapter: Some("a"), ..DIGESTS };
        let json = serde_json::to_value(Identity::new(&spec, digests, Some("base"))).unwrap();
        for object in [&json, &json["early_stopping"], &json["dataset"], &json["dataset"]["evaluation"]["held_out"]] {
            let keys: Vec<&String> = object.as_object().unwrap().keys().collect();
            assert!(keys.is_sorted(), "{keys:?}");
        }
    }
}
