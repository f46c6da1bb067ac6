//! What libtorch's operations give, on which the other backends are compared: a few steps of each family, and the dropouts of a
//! pass at every kind of site.

use std::path::{Path, PathBuf};

use serde_json::json;
use sweep::data::{Classes, Tokenizer};
use sweep::model::{
    Adapter, AdapterShape, BackendRequest, Base, Purpose, RunPass, Site, StepDropout, StreamKey, dropout_mask,
    tokenizer_class,
};
use sweep::spec::{DatasetSpec, Evaluation, HeldOut, PlannedRun, Precision, RunId, RunSpec};
use sweep::task::Targets;
use sweep::train::{Examples, Member, Orders, Pack, PackPlace, TrainingData};
use tch::{Device, Kind, Tensor};

use super::adapters::{FAMILIES, numbers};
use super::{Line, hash_of_floats};

pub fn lines() -> Vec<Line> {
    // libtorch divides a product among its threads.
    tch::set_num_threads(1);
    let mut lines = Vec::new();
    for (family, prefix) in FAMILIES {
        for precision in [Precision::Fp32, Precision::Bf16] {
            lines.extend(trained(family, prefix, precision));
        }
    }
    lines.extend(masks());
    lines
}

fn model(family: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/reference").join(family).join("model")
}

/// As in the sweep of [`super::adapters`], all that a pack allows its runs to differ in.
fn runs(family: &str, prefix: &str) -> [RunSpec; 2] {
    let modules: [&[&str]; 2] = match family {
        "distilbert" => [
            &[
                "transformer.layer.0.attention.q_lin",
                "transformer.layer.0.ffn.lin1",
                "transformer.layer.1.attention.out_lin",
            ],
            &["transformer.layer.1.attention.v_lin"],
        ],
        _ => [
            &[
                "encoder.layer.0.attention.self.query",
                "encoder.layer.0.intermediate.dense",
                "encoder.layer.1.output.dense",
            ],
            &["encoder.layer.1.attention.self.value"],
        ],
    };
    let spec = |place: usize, rank: usize, batch: usize, accumulation: usize, attention: f64| {
        let names: Vec<String> = modules[place].iter().map(|module| format!("{prefix}.{module}")).collect();
        let spec = json!({
            "model": "", "dataset": DatasetSpec::at("newswire.csv"), "max_length": 40, "rank": rank, "lora_alpha": 12.0,
            "lora_dropout": 0.1, "target_modules": names, "hidden_dropout": 0.2, "attention_dropout": attention,
            "classifier_dropout": 0.2, "extra_dropout": 0.1, "learning_rate": 2e-3, "weight_decay": 0.1,
            "lr_scheduler": "linear", "warmup_ratio": 0.0, "batch_size": batch, "eval_batch_size": 16,
            "gradient_accumulation_steps": accumulation, "max_grad_norm": 1.0, "epochs": 1, "precision": "fp32",
            "seed": place + 1, "metric_for_best": "accuracy",
        });
        serde_json::from_value(spec).unwrap()
    };
    [spec(0, 4, 16, 1, 0.2), spec(1, 2, 8, 2, 0.0)]
}

fn data(family: &str) -> TrainingData {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("sweeps/data/newswire.csv");
    let evaluation = Evaluation::HeldOut { size: HeldOut::Examples(100), seed: 42 };
    let dataset = sweep::data::load(&DatasetSpec { evaluation, ..DatasetSpec::at("") }, &path, Classes::learn).unwrap();
    let tokenizer = Tokenizer::load(&model(family), 40, tokenizer_class).unwrap();
    let first = |examples: &sweep::data::Examples, count: usize| {
        let tokens = tokenizer.encode(&examples.texts[..count]).unwrap();
        Examples { tokens, labels: examples.labels[..count].to_vec(), rows: examples.rows[..count].to_vec() }
    };
    TrainingData {
        train: first(&dataset.train, 48),
        evaluation: first(&dataset.evaluation, 16),
        test: None,
        targets: Targets::of_classes(dataset.class_names),
        overview: None,
        digest: dataset.digest,
        token_lengths: None,
    }
}

fn trained(family: &str, prefix: &str, precision: Precision) -> Vec<Line> {
    let base = Base::load_on(BackendRequest::Plain, &model(family), 4, precision, Device::Cpu).unwrap();
    let data = data(family);
    let place = |spec: RunSpec| {
        let shape = AdapterShape::of_run(&base.config, &spec).unwrap();
        let adapter = Adapter::new(&base, shape, spec.init_seed()).unwrap();
        let run =
            PlannedRun { id: RunId(spec.seed.to_string()), label: "run".into(), configuration: "run".into(), spec };
        let member = Member::new(run, adapter, &data, Orders::Keyed).unwrap();
        PackPlace { member: Some(member), waiting: Default::default() }
    };
    let mut pack = Pack::new(&base, &data, runs(family, prefix).map(place).into());
    for _ in 0..3 {
        pack.step().unwrap();
        pack.read_losses().unwrap();
    }
    let mut line = |index: usize| {
        let values = &pack.member(index).unwrap().adapter.parameters.values;
        let values = Vec::<f32>::try_from(values.view([-1])).unwrap();
        let name = format!("adapter {family} {} of the plain backend, seed {}", precision.name(), index + 1);
        (name, numbers(&values))
    };
    vec![line(0), line(1)]
}

/// The bits of each kind of site, by the numbers of the streams.
fn masks() -> Vec<Line> {
    let base = Base::load_on(BackendRequest::Plain, &model("bert"), 4, Precision::Fp32, Device::Cpu).unwrap();
    let [_, spec] = runs("bert", "bert");
    let spec = RunSpec { target_modules: vec!["bert.encoder.layer.1.output.dense".to_owned()], ..spec };
    let adapter = Adapter::new(&base, AdapterShape::of_run(&base.config, &spec).unwrap(), 1).unwrap();
    let key = StreamKey::new(7, Purpose::Dropout).with(3);
    let step = StepDropout { key, hidden: 0.1, attention: 0.2, lora: 0.3, classifier: 0.4, extra: 0.5 };
    let pass = RunPass { adapter: &adapter, dropout: Some(step) };
    let sites = [
        Site::Embeddings,
        Site::Extra,
        Site::Head(0),
        Site::Head(1),
        Site::Attention(0),
        Site::Attention(11),
        Site::AttentionOutput(2),
        Site::Output(2),
        Site::Adapter(adapter.shape.targets[0].of(&base.config.graph).unwrap().site),
    ];
    let like = Tensor::zeros([5, 70], (Kind::Float, Device::Cpu));
    let line = |site: Site| {
        let mask = dropout_mask(pass.dropout_at(site), &like).unwrap().unwrap();
        (format!("mask of a pass at {site:?}"), hash_of_floats(&Vec::<f32>::try_from(mask.view([-1])).unwrap()))
    };
    sites.map(line).into()
}
