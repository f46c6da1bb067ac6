//! Agreement with transformers + peft, on reference folders that their own script made.
//!
//! Folders: those committed under `tests/fixtures/reference`, `../shared/reference` where it exists, and every folder in
//! `SWEEP_REFERENCES` (colon-separated).

mod needs;

use std::path::{Path, PathBuf};

use serde::Deserialize;
use sweep::data::{Encoded, Tokenizer};
use sweep::metrics::Scores;
use sweep::model::{
    Adapter, Base, Classifier, Layout, Purpose, RunPass, StepDropout, StreamKey, peft, tokenizer_class,
};
use sweep::spec::{DatasetSpec, Evaluation, LrScheduler, Metric, PlannedRun, Precision, RunId, RunSpec};
use sweep::task::{self, Targets};
use sweep::train::{Examples, Member, Orders, Pack, PackPlace, TrainingData, evaluate};
use tch::{Device, Kind, Tensor};

#[derive(Deserialize)]
struct Batches {
    texts: Vec<String>,
    labels: Vec<u32>,
    input_ids: Vec<Vec<u32>>,
    order: Vec<Vec<usize>>,
    batch_size: usize,
    grad_accumulation: usize,
    max_length: usize,
}

#[derive(Deserialize)]
struct Forward {
    input_ids: Vec<Vec<u32>>,
    logits: Vec<Vec<f32>>,
}

#[derive(Deserialize)]
struct Trajectory {
    lr: f64,
    weight_decay: f64,
    max_grad_norm: f64,
    warmup_steps: usize,
    total_steps: usize,
    steps: Vec<Step>,
}

#[derive(Deserialize, Debug, Default)]
struct Step {
    losses: Vec<f64>,
    lr: f64,
    grad_norm: f64,
}

#[derive(Deserialize)]
struct Eval {
    texts: Vec<String>,
    labels: Vec<u32>,
    predictions: Vec<u32>,
    loss: f64,
    #[serde(flatten)]
    scores: Scores,
}

/// What `dropout.py` measured.
#[derive(Deserialize)]
struct Noise {
    probability: f64,
    hidden: Variance,
    attention: Variance,
    classifier: Variance,
    lora: Variance,
}

#[derive(Deserialize, Debug)]
struct Variance {
    variance: f64,
    /// The standard error.
    error: f64,
}

/// The processor, or the GPU that SWEEP_TEST_DEVICE names (`cuda:0`).
fn device() -> Device {
    match std::env::var("SWEEP_TEST_DEVICE") {
        Ok(name) if name != "cpu" => Device::Cuda(name.trim_start_matches("cuda:").parse().unwrap()),
        _ => Device::Cpu,
    }
}

struct Reference {
    folder: PathBuf,
    base: Base,
    batches: Batches,
    eval: Eval,
}

impl Reference {
    fn open(folder: &Path) -> Reference {
        let base = Base::load(&folder.join("model"), 4, Precision::Fp32, device()).unwrap();
        assert_eq!(base.backend.slower_because, None);
        Reference {
            base,
            batches: read(folder, "batches.json"),
            eval: read(folder, "eval.json"),
            folder: folder.into(),
        }
    }

    fn adapter(&self, name: &str) -> Adapter {
        peft::load(&self.folder.join(name), &self.base).unwrap()
    }

    fn tokens(&self, texts: &[String]) -> Encoded {
        let tokenizer = Tokenizer::load(&self.folder.join("model"), self.batches.max_length, tokenizer_class).unwrap();
        tokenizer.encode(texts).unwrap()
    }

    fn data(&self) -> TrainingData {
        let examples = |tokens: Encoded, labels: &[u32]| Examples {
            rows: (0..labels.len()).collect(),
            labels: labels.to_vec(),
            tokens,
        };
        TrainingData {
            train: examples(encoded(&self.batches.input_ids), &self.batches.labels),
            evaluation: examples(self.tokens(&self.eval.texts), &self.eval.labels),
            test: None,
            targets: Targets::of_classes((0..4).map(|class| class.to_string()).collect()),
            overview: None,
            digest: String::new(),
            token_lengths: None,
        }
    }

    fn run(&self, trajectory: &Trajectory) -> PlannedRun {
        let spec = RunSpec {
            model: "model".into(),
            dataset: DatasetSpec {
                path: "data".into(),
                split: "train".into(),
                text: vec![],
                label: None,
                limit: None,
                evaluation: Evaluation::Split("test".into()),
                test: None,
                reading: Default::default(),
                missing_label: None,
            },
            init_adapter: None,
            max_length: self.batches.max_length,
            rank: 1,
            lora_alpha: 1.0,
            lora_dropout: 0.0,
            target_modules: vec![],
            hidden_dropout: 0.0,
            attention_dropout: 0.0,
            classifier_dropout: 0.0,
            extra_dropout: 0.0,
            learning_rate: trajectory.lr,
            weight_decay: trajectory.weight_decay,
            lr_scheduler: LrScheduler::Cosine,
            warmup_ratio: 0.15,
            batch_size: self.batches.batch_size,
            eval_batch_size: 32,
            gradient_accumulation_steps: self.batches.grad_accumulation,
            max_grad_norm: trajectory.max_grad_norm,
            epochs: self.batches.order.len(),
            precision: Precision::Fp32,
            seed: 0,
            init_seed: None,
            order_seed: None,
            dropout_seed: None,
            metric_for_best: Metric::ACCURACY,
            early_stopping: None,
        };
        PlannedRun { id: RunId("reference".into()), label: "base".into(), configuration: "base".into(), spec }
    }
}

fn read<T: for<'a> Deserialize<'a>>(folder: &Path, name: &str) -> T {
    let path = folder.join(name);
    let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    serde_json::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn encoded(ids: &[Vec<u32>]) -> Encoded {
    let mut encoded = Encoded::with_capacity(ids.len(), ids.iter().map(Vec::len).sum());
    for ids in ids {
        encoded.push(ids);
    }
    encoded
}

fn folders() -> Vec<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut folders = Vec::new();
    for parent in [root.join("tests/fixtures/reference"), root.join("../shared/reference")] {
        let Ok(entries) = std::fs::read_dir(parent) else { continue };
        folders
            .extend(entries.map(|entry| entry.unwrap().path()).filter(|path| path.join("trajectory.json").is_file()));
    }
    if let Ok(named) = std::env::var("SWEEP_REFERENCES") {
        folders.extend(named.split(':').filter(|name| !name.is_empty()).map(PathBuf::from));
    }
    folders.sort();
    assert!(!folders.is_empty(), "no reference folder found");
    folders
}

fn assert_close(what: &str, ours: f64, theirs: f64, relative: f64) {
    let tolerance = relative * theirs.abs().max(1e-6);
    assert!((ours - theirs).abs() <= tolerance, "{what}: {ours} instead of {theirs}");
}

#[test]
fn token_ids_are_equal() {
    for folder in folders() {
        let reference = Reference::open(&folder);
        let tokens = reference.tokens(&reference.batches.texts);
        for (index, ids) in reference.batches.input_ids.iter().enumerate() {
            assert_eq!(tokens.get(index), &ids[..], "{}: text {index}", folder.display());
        }
    }
}

#[test]
fn logits_are_equal() {
    for folder in folders() {
        let reference = Reference::open(&folder);
        let forward: Forward = read(&folder, "forward.json");
        let adapter = reference.adapter("adapter_init");
        let tokens = encoded(&forward.input_ids);
        let layout = Layout::new(&[tokens.iter().collect()], device()).unwrap();
        let passes = [RunPass { adapter: &adapter, dropout: None }];
        let logits = Classifier::new(&reference.base, &layout, &passes).evaluate().unwrap();
        let expected = Tensor::from_slice2(&forward.logits);
        let difference = (logits.to_device(Device::Cpu) - expected).abs().max().double_value(&[]);
        assert!(difference < 1e-5, "{}: logits differ by {difference}", folder.display());
    }
}

#[test]
fn trajectory_final_adapter_and_evaluation_are_equal() {
    for folder in folders() {
        let reference = Reference::open(&folder);
        let trajectory: Trajectory = read(&folder, "trajectory.json");
        let data = reference.data();
        let member = Member::new(
            reference.run(&trajectory),
            reference.adapter("adapter_init"),
            &data,
            Orders::Given(reference.batches.order.clone()),
        )
        .unwrap();
        assert_eq!(member.schedule.warmup_steps, trajectory.warmup_steps);
        assert_eq!(member.schedule.total_steps, trajectory.total_steps);
        let (steps, member) = train(&reference, &data, member);
        let name = folder.display();
        assert_eq!(steps.len(), trajectory.steps.len(), "{name}: optimizer steps");
        for (index, (ours, theirs)) in steps.iter().zip(&trajectory.steps).enumerate() {
            assert_eq!(ours.losses.len(), theirs.losses.len(), "{name}: step {index}");
            for (ours, theirs) in ours.losses.iter().zip(&theirs.losses) {
                assert_close(&format!("{name}: loss of step {index}"), *ours, *theirs, 1e-4);
            }
            assert_close(&format!("{name}: learning rate of step {index}"), ours.lr, theirs.lr, 1e-4);
            assert_close(&format!("{name}: gradient norm of step {index}"), ours.grad_norm, theirs.grad_norm, 1e-4);
        }
        let expected = reference.adapter("adapter_final").parameters.values;
        let difference = (&member.adapter.parameters.values - expected).abs().max().double_value(&[]);
        assert!(difference < 1e-4, "{name}: the final adapter differs by {difference}");
        check_evaluation(&reference, &data, &member.adapter);
    }
}

fn train(reference: &Reference, data: &TrainingData, member: Member) -> (Vec<Step>, Member) {
    let place = PackPlace { member: Some(member), waiting: Default::default() };
    let mut pack = Pack::new(&reference.base, data, vec![place]);
    let mut steps = Vec::new();
    let mut window = Step::default();
    while !pack.member(0).unwrap().finished() {
        let done = pack.step().unwrap();
        window.losses.extend(pack.read_losses().unwrap().iter().map(|read| read.loss));
        for update in done.into_iter().filter_map(|step| step.update) {
            window.lr = update.learning_rate;
            window.grad_norm = update.gradient_norm.double_value(&[]);
            steps.push(std::mem::take(&mut window));
        }
        let member = pack.member(0).unwrap();
        if member.epoch_done() {
            member.next_epoch(data.train.len());
        }
    }
    (steps, pack.places.remove(0).member.unwrap())
}

fn check_evaluation(reference: &Reference, data: &TrainingData, adapter: &Adapter) {
    let name = reference.folder.display();
    let evaluation = &evaluate(&reference.base, task::DEFAULT, &[adapter], &data.evaluation, 32, None).unwrap()[0];
    for (index, (row, expected)) in evaluation.outputs.chunks(4).zip(&reference.eval.predictions).enumerate() {
        let predicted = (0..4).max_by(|&a, &b| row[a].total_cmp(&row[b])).unwrap();
        assert_eq!(predicted as u32, *expected, "{name}: prediction {index}");
    }
    let figure = |metric| evaluation.figures.metric(metric).unwrap();
    let theirs = &reference.eval.scores;
    for (what, ours, theirs) in [
        ("accuracy", figure(Metric::ACCURACY), theirs.accuracy),
        ("precision", figure(Metric::PRECISION), theirs.precision),
        ("recall", figure(Metric::RECALL), theirs.recall),
        ("f1", figure(Metric::F1), theirs.f1),
    ] {
        assert!((ours - theirs).abs() < 1e-9, "{name}: {what} {ours} instead of {theirs}");
    }
    assert_close(&format!("{name}: evaluation loss"), figure(Metric::EVAL_LOSS), reference.eval.loss, 1e-4);
}

/// How much each kind of dropout makes the logits vary: more or less where it acts at other places than in transformers.
#[test]
#[cfg_attr(debug_assertions, ignore = "its 6,400 passes take minutes where nothing is optimized")]
fn dropout_acts_where_it_does_in_transformers() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/reference");
    for family in ["bert", "distilbert", "roberta", "xlm-roberta"] {
        let reference = Reference::open(&root.join(family));
        let noise: Noise = read(&reference.folder, "dropout.json");
        let forward: Forward = read(&reference.folder, "forward.json");
        let p = noise.probability;
        for (kind, theirs, [hidden, attention, classifier, lora]) in [
            ("hidden", &noise.hidden, [p, 0.0, 0.0, 0.0]),
            ("attention", &noise.attention, [0.0, p, 0.0, 0.0]),
            ("classifier", &noise.classifier, [0.0, 0.0, p, 0.0]),
            ("lora", &noise.lora, [0.0, 0.0, 0.0, p]),
        ] {
            let key = StreamKey::new(7, Purpose::Dropout);
            let dropout = StepDropout { key, hidden, attention, lora, classifier, extra: 0.0 };
            let ours = variance(&reference, &encoded(&forward.input_ids), dropout);
            let error = ours.error.hypot(theirs.error);
            let off = (ours.variance - theirs.variance) / error;
            assert!(error < 0.1 * theirs.variance, "{family}, {kind}: too few passes to tell");
            assert!(off.abs() < 4.0, "{family}, {kind}: {ours:?} instead of {theirs:?}, off by {off} standard errors");
        }
    }
}

/// Of the logits over many passes that differ in their masks.
fn variance(reference: &Reference, tokens: &Encoded, dropout: StepDropout) -> Variance {
    const PASSES: i64 = 400;
    let adapter = reference.adapter("adapter_init");
    let layout = Layout::new(&[tokens.iter().collect()], device()).unwrap();
    let logits = (0..PASSES).map(|pass| {
        let dropout = StepDropout { key: dropout.key.with(pass as u64), ..dropout };
        let passes = [RunPass { adapter: &adapter, dropout: Some(dropout) }];
        Classifier::new(&reference.base, &layout, &passes).evaluate().unwrap()
    });
    let logits = Tensor::stack(&logits.collect::<Vec<_>>(), 0).to_kind(Kind::Double);
    let mean = logits.mean_dim(0, true, None);
    let squares = (logits - mean).square().mean_dim([1, 2].as_slice(), false, None);
    Variance {
        variance: squares.mean(None).double_value(&[]),
        error: squares.std(true).double_value(&[]) / (PASSES as f64).sqrt(),
    }
}

/// Where there is a GPU, all tests of this file once more on it.
#[test]
fn kernels_of_a_gpu_give_the_same() {
    if std::env::var_os("SWEEP_TEST_DEVICE").is_some() {
        return;
    }
    if !tch::Cuda::is_available() {
        return needs::skip("cuda", "libtorch finds no GPU");
    }
    let mut all = std::process::Command::new(std::env::current_exe().unwrap());
    let status = all.env("SWEEP_TEST_DEVICE", "cuda:0").arg("--test-threads=1").status().unwrap();
    assert!(status.success(), "{status}");
}
