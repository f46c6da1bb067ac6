//! A run's numbers do not depend on its neighbours in a pack, nor on which backend computes them. Dropout is on.

mod needs;

use std::path::Path;

use sweep::data::{Classes, Encoded, Tokenizer};
use sweep::model::{Adapter, AdapterShape, BackendRequest, Base, tokenizer_class};
use sweep::spec::{DatasetSpec, Evaluation, LrScheduler, Metric, PlannedRun, Precision, RunId, RunSpec};
use sweep::task::{self, Targets};
use sweep::train::{Examples, FrozenStates, Member, Orders, Pack, PackPlace, TrainingData, evaluate};
use tch::Device;

/// Float rounding in taller products, over all steps.
const TOLERANCE: f64 = 2e-5;

fn fixture(name: &str) -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/reference").join(name).join("model")
}

fn base(name: &str, request: BackendRequest) -> Base {
    base_in(Precision::Fp32, name, request)
}

fn base_in(precision: Precision, name: &str, request: BackendRequest) -> Base {
    let base = Base::load_on(request, &fixture(name), 4, precision, device()).unwrap();
    assert_eq!(base.backend.slower_because, None);
    base
}

/// The processor, or the GPU that SWEEP_TEST_DEVICE names (`cuda:0`).
fn device() -> Device {
    match std::env::var("SWEEP_TEST_DEVICE") {
        Ok(name) if name != "cpu" => Device::Cuda(name.trim_start_matches("cuda:").parse().unwrap()),
        _ => Device::Cpu,
    }
}

/// Whether products are our own, whose rows do not depend on how many there are; libtorch's do.
fn own_products() -> bool {
    #[cfg(target_arch = "x86_64")]
    let found = std::is_x86_feature_detected!("avx2") && std::is_x86_feature_detected!("fma");
    #[cfg(not(target_arch = "x86_64"))]
    let found = cfg!(target_arch = "aarch64");
    found && device() == Device::Cpu
}

fn data(name: &str) -> TrainingData {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("sweeps/data/newswire.csv");
    let spec = dataset(&path);
    let dataset = sweep::data::load(&spec, &path, Classes::learn).unwrap();
    let tokenizer = Tokenizer::load(&fixture(name), 40, tokenizer_class).unwrap();
    let examples = |examples: &sweep::data::Examples, count: usize| {
        let tokens: Encoded = tokenizer.encode(&examples.texts[..count]).unwrap();
        Examples { tokens, labels: examples.labels[..count].to_vec(), rows: examples.rows[..count].to_vec() }
    };
    TrainingData {
        train: examples(&dataset.train, 45),
        evaluation: examples(&dataset.evaluation, 30),
        test: None,
        targets: Targets::of_classes(dataset.class_names),
        overview: Some(dataset.overview),
        digest: dataset.digest,
        token_lengths: None,
    }
}

fn dataset(path: &Path) -> DatasetSpec {
    DatasetSpec {
        path: path.display().to_string(),
        split: "train".into(),
        text: vec![],
        label: None,
        limit: None,
        evaluation: Evaluation::HeldOut { size: sweep::spec::HeldOut::Examples(100), seed: 42 },
        test: None,
        reading: Default::default(),
        missing_label: None,
    }
}

/// Three runs that differ in everything a pack allows.
fn runs(prefix: &str) -> Vec<RunSpec> {
    let name = |layer: usize, module: &str| format!("{prefix}.encoder.layer.{layer}.{module}");
    let first = RunSpec {
        model: String::new(),
        dataset: dataset(Path::new("newswire.csv")),
        init_adapter: None,
        max_length: 40,
        rank: 4,
        lora_alpha: 12.0,
        lora_dropout: 0.1,
        target_modules: vec![name(0, "attention.self.query"), name(1, "attention.self.value"), name(2, "output.dense")],
        hidden_dropout: 0.2,
        attention_dropout: 0.2,
        classifier_dropout: 0.2,
        extra_dropout: 0.0,
        learning_rate: 2e-3,
        weight_decay: 0.1,
        lr_scheduler: LrScheduler::Cosine,
        warmup_ratio: 0.15,
        batch_size: 8,
        eval_batch_size: 16,
        gradient_accumulation_steps: 2,
        max_grad_norm: 1.0,
        epochs: 2,
        precision: Precision::Fp32,
        seed: 1,
        init_seed: None,
        order_seed: None,
        dropout_seed: None,
        metric_for_best: Metric::ACCURACY,
        early_stopping: None,
    };
    let second = RunSpec {
        rank: 2,
        lora_alpha: 2.0,
        lora_dropout: 0.0,
        target_modules: vec![name(2, "attention.self.query"), name(2, "attention.self.key")],
        hidden_dropout: 0.0,
        attention_dropout: 0.3,
        batch_size: 5,
        gradient_accumulation_steps: 3,
        epochs: 1,
        seed: 2,
        ..first.clone()
    };
    let third = RunSpec {
        rank: 3,
        target_modules: vec![name(1, "attention.output.dense"), name(1, "intermediate.dense")],
        extra_dropout: 0.3,
        lr_scheduler: LrScheduler::Linear,
        batch_size: 16,
        gradient_accumulation_steps: 1,
        epochs: 3,
        seed: 3,
        ..first.clone()
    };
    vec![first, second, third]
}

fn member(base: &Base, data: &TrainingData, spec: RunSpec) -> Member {
    let config = &base.config;
    let shape = AdapterShape::of_run(config, &spec).unwrap();
    let adapter = Adapter::new(base, shape, spec.init_seed()).unwrap();
    let run = PlannedRun { id: RunId(spec.seed.to_string()), label: "run".into(), configuration: "run".into(), spec };
    Member::new(run, adapter, data, Orders::Keyed).unwrap()
}

/// How a pack is trained: tokens up to which micro-batches of one accumulation window share a pass.
const DEFAULT: Option<usize> = None;
const ONE_BY_ONE: Option<usize> = Some(0);

/// What training a run gives: the loss of every micro-batch, the final parameters, the final probabilities.
struct Trained {
    losses: Vec<f64>,
    parameters: Vec<f32>,
    probabilities: Vec<f32>,
}

fn train(base: &Base, data: &TrainingData, specs: &[RunSpec]) -> Vec<Trained> {
    train_with(base, data, specs, DEFAULT).0
}

/// [`train`], and the number of passes.
fn train_with(
    base: &Base,
    data: &TrainingData,
    specs: &[RunSpec],
    tokens_per_pass: Option<usize>,
) -> (Vec<Trained>, usize) {
    let mut passes = 0;
    let place =
        |spec: &RunSpec| PackPlace { member: Some(member(base, data, spec.clone())), waiting: Default::default() };
    let mut pack = Pack::new(base, data, specs.iter().map(place).collect());
    pack.tokens_per_pass = tokens_per_pass.unwrap_or(pack.tokens_per_pass);
    let mut losses = vec![Vec::new(); specs.len()];
    let mut done: Vec<Option<Trained>> = specs.iter().map(|_| None).collect();
    while pack.active().next().is_some() {
        pack.step().unwrap();
        passes += 1;
        for read in pack.read_losses().unwrap() {
            losses[read.place].push(read.loss);
        }
        for place in 0..specs.len() {
            let Some(member) = pack.member(place) else { continue };
            if member.epoch_done() {
                member.next_epoch(data.train.len());
            }
            if member.finished() {
                let member = pack.places[place].member.take().unwrap();
                let evaluation =
                    evaluate(base, task::DEFAULT, &[&member.adapter], &data.evaluation, 16, None).unwrap().remove(0);
                done[place] = Some(Trained {
                    losses: std::mem::take(&mut losses[place]),
                    parameters: Vec::<f32>::try_from(member.adapter.parameters.values.to_device(Device::Cpu)).unwrap(),
                    probabilities: evaluation.outputs,
                });
            }
        }
    }
    (done.into_iter().map(Option::unwrap).collect(), passes)
}

fn assert_same(what: &str, one: &Trained, other: &Trained) {
    assert_eq!(one.losses.len(), other.losses.len(), "{what}: micro-batches");
    let distance = |x: f64, y: f64| (x - y).abs();
    for (step, (&x, &y)) in one.losses.iter().zip(&other.losses).enumerate() {
        assert!(distance(x, y) < TOLERANCE, "{what}: loss of micro-batch {step}: {x} and {y}");
    }
    for (name, x, y) in
        [("parameter", &one.parameters, &other.parameters), ("probability", &one.probabilities, &other.probabilities)]
    {
        let largest = x.iter().zip(y.iter()).map(|(&x, &y)| distance(x.into(), y.into())).fold(0.0, f64::max);
        assert!(largest < TOLERANCE, "{what}: a {name} differs by {largest}");
    }
}

#[test]
fn a_run_gives_the_same_packed_and_alone() {
    for (folder, prefix) in [("roberta", "roberta"), ("bert", "bert")] {
        let (base, data) = (base(folder, BackendRequest::Fastest), data(folder));
        let specs = runs(prefix);
        let packed = train(&base, &data, &specs);
        for (spec, packed) in specs.iter().zip(&packed) {
            let alone = train(&base, &data, std::slice::from_ref(spec)).remove(0);
            assert_same(&format!("{folder}, run {}", spec.seed), packed, &alone);
        }
    }
}

#[test]
fn micro_batches_that_share_a_pass_give_what_they_give_one_by_one() {
    let (base, data) = (base("roberta", BackendRequest::Fastest), data("roberta"));
    let accumulating = |spec: RunSpec| RunSpec { batch_size: 2, gradient_accumulation_steps: 4, epochs: 2, ..spec };
    for specs in [runs("roberta")[..1].to_vec(), runs("roberta")] {
        let specs: Vec<RunSpec> = specs.into_iter().map(accumulating).collect();
        let (together, few) = train_with(&base, &data, &specs, DEFAULT);
        let (apart, many) = train_with(&base, &data, &specs, ONE_BY_ONE);
        // Of each epoch's 45 examples.
        assert_eq!(many, 2 * 23);
        assert!(few < many * 3 / 4, "{few} passes");
        for (spec, (together, apart)) in specs.iter().zip(together.iter().zip(&apart)) {
            assert_same(&format!("run {}", spec.seed), together, apart);
            if own_products() {
                assert_eq!(together.losses, apart.losses, "to the last bit");
                assert_eq!(together.parameters, apart.parameters, "to the last bit");
            }
        }
    }
}

#[test]
fn runs_that_share_a_prefix_give_what_they_give_alone() {
    let (base, data) = (base("roberta", BackendRequest::Fastest), data("roberta"));
    let first = RunSpec { seed: 7, batch_size: 8, epochs: 2, ..runs("roberta").remove(2) };
    let module = |layer: usize| vec![format!("roberta.encoder.layer.{layer}.output.dense")];
    let specs = [
        RunSpec { target_modules: module(1), ..first.clone() },
        RunSpec { target_modules: module(2), learning_rate: 1e-3, lora_dropout: 0.3, ..first.clone() },
        RunSpec { target_modules: module(2), seed: 8, ..first.clone() },
        RunSpec { target_modules: module(2), hidden_dropout: 0.1, ..first },
    ];
    for (number, (spec, packed)) in specs.iter().zip(train(&base, &data, &specs)).enumerate() {
        let alone = train(&base, &data, std::slice::from_ref(spec)).remove(0);
        assert_same(&format!("run {number}"), &packed, &alone);
    }
}

/// Initial values, the order of examples and dropout masks are random numbers of their own.
#[test]
fn a_source_of_variation_changes_nothing_but_itself() {
    let (base, data) = (base("roberta", BackendRequest::Fastest), data("roberta"));
    let plain = RunSpec { seed: 7, epochs: 1, ..runs("roberta").remove(2) };
    // The member of a run before its first step, and what it has after its last.
    let of = |spec: &RunSpec| {
        let member = member(&base, &data, spec.clone());
        let values = Vec::<f32>::try_from(member.adapter.parameters.values.to_device(Device::Cpu)).unwrap();
        let batch = member.micro_batch(0);
        let trained = train(&base, &data, std::slice::from_ref(spec)).remove(0).parameters;
        (values, batch.examples.to_vec(), batch.pass.dropout.unwrap().key, trained)
    };
    let own = |which: [bool; 3]| {
        let [init_seed, order_seed, dropout_seed] = which.map(|own| own.then_some(1007));
        of(&RunSpec { init_seed, order_seed, dropout_seed, ..plain.clone() })
    };
    let first = of(&plain);
    let other = of(&RunSpec { seed: 1007, ..plain.clone() });
    for which in [[true, false, false], [false, true, false], [false, false, true], [false; 3], [true; 3]] {
        let (values, examples, key, trained) = own(which);
        let from = |own: bool| if own { &other } else { &first };
        assert_eq!(values, from(which[0]).0, "{which:?}: initial values");
        assert_eq!(examples, from(which[1]).1, "{which:?}: order");
        assert_eq!(key, from(which[2]).2, "{which:?}: masks");
        for (whole, all) in [(&first, [false; 3]), (&other, [true; 3])] {
            assert_eq!(trained == whole.3, which == all, "{which:?}: to the last bit the run of that seed");
        }
    }
}

#[test]
fn evaluation_from_kept_states_gives_what_evaluation_from_the_tokens_gives() {
    let (base, data) = (base("roberta", BackendRequest::Fastest), data("roberta"));
    let adapter = |layer: usize| {
        let target_modules = vec![format!("roberta.encoder.layer.{layer}.attention.self.query")];
        let member = member(&base, &data, RunSpec { target_modules, ..runs("roberta").remove(layer) });
        // A new adapter changes nothing.
        let _ = member.adapter.parameters.values.shallow_clone().f_add_scalar_(0.05).unwrap();
        member.adapter
    };
    let (low, high) = (adapter(1), adapter(2));
    let mut frozen = FrozenStates::default();
    // The second time from what the first has kept; then other layers are frozen.
    for adapters in [vec![&low, &high], vec![&low, &high], vec![&high], vec![&low]] {
        let fresh = evaluate(&base, task::DEFAULT, &adapters, &data.evaluation, 16, None).unwrap();
        let kept = evaluate(&base, task::DEFAULT, &adapters, &data.evaluation, 16, Some(&mut frozen)).unwrap();
        for (fresh, kept) in fresh.iter().zip(&kept) {
            assert_eq!(fresh.outputs, kept.outputs);
        }
    }
}

#[test]
fn own_and_plain_backends_give_the_same() {
    let data = data("roberta");
    let specs = runs("roberta");
    let fused = train(&base("roberta", BackendRequest::Fastest), &data, &specs);
    let plain = train(&base("roberta", BackendRequest::Plain), &data, &specs);
    for ((spec, fused), plain) in specs.iter().zip(&fused).zip(&plain) {
        assert_same(&format!("run {}", spec.seed), fused, plain);
    }
}

#[test]
fn products_in_bfloat16_are_as_close_to_single_precision_as_libtorchs() {
    // Of two widths: on a GPU the second one suits tensor cores.
    for folder in ["roberta", "xlm-roberta"] {
        let data = data(folder);
        let specs = runs("roberta");
        let trained = |precision, request| train(&base_in(precision, folder, request), &data, &specs);
        let single = trained(Precision::Fp32, BackendRequest::Fastest);
        let (ours, libtorchs) =
            (trained(Precision::Bf16, BackendRequest::Fastest), trained(Precision::Bf16, BackendRequest::Plain));
        for ((spec, single), (ours, libtorchs)) in specs.iter().zip(&single).zip(ours.iter().zip(&libtorchs)) {
            let distance = |other: &Trained| {
                let squares = single.losses.iter().zip(&other.losses).map(|(x, y)| (x - y).powi(2));
                (squares.sum::<f64>() / single.losses.len() as f64).sqrt()
            };
            let (ours, libtorchs) = (distance(ours), distance(libtorchs));
            assert!(ours > 0.0, "run {}: nothing was rounded", spec.seed);
            // libtorch rounds each product as well; our kernels on a GPU also what lies between products.
            let allowed = if device() == Device::Cpu { 1.2 } else { 1.5 };
            assert!(
                ours < allowed * libtorchs,
                "run {}: losses differ by {ours}, libtorch's by {libtorchs}",
                spec.seed
            );
        }
    }
}

#[test]
fn a_run_in_less_than_float32_gives_the_same_packed_and_alone_to_the_last_bit() {
    if !own_products() {
        return needs::skip("avx2", "products are libtorch's here");
    }
    for precision in [Precision::Bf16, Precision::Tf32] {
        let (base, data) = (base_in(precision, "roberta", BackendRequest::Fastest), data("roberta"));
        let specs = runs("roberta");
        for (spec, packed) in specs.iter().zip(train(&base, &data, &specs)) {
            let alone = train(&base, &data, std::slice::from_ref(spec)).remove(0);
            assert_eq!(packed.losses, alone.losses, "{precision:?}, run {}", spec.seed);
            assert_eq!(packed.parameters, alone.parameters, "{precision:?}, run {}", spec.seed);
        }
    }
}

/// On a processor; a GPU's TF32 has ten bits of a number.
#[test]
fn tf32_on_a_processor_is_hundred_times_closer_to_single_precision_than_bfloat16() {
    if device() != Device::Cpu {
        return;
    }
    let (data, specs) = (data("roberta"), runs("roberta"));
    let trained = |precision| train(&base_in(precision, "roberta", BackendRequest::Fastest), &data, &specs);
    let [single, parts, rounded] = [Precision::Fp32, Precision::Tf32, Precision::Bf16].map(trained);
    for ((single, parts), rounded) in single.iter().zip(&parts).zip(&rounded) {
        let distance =
            |other: &Trained| single.losses.iter().zip(&other.losses).map(|(x, y)| (x - y).abs()).fold(0.0, f64::max);
        let (parts, rounded) = (distance(parts), distance(rounded));
        assert!(100.0 * parts < rounded, "losses differ by {parts}, in bfloat16 by {rounded}");
    }
}

#[test]
fn a_run_that_diverges_leaves_its_neighbours_alone() {
    let (base, data) = (base("roberta", BackendRequest::Fastest), data("roberta"));
    let specs = runs("roberta");
    let alone = train(&base, &data, &specs[..1]).remove(0);
    let place =
        |spec: &RunSpec| PackPlace { member: Some(member(&base, &data, spec.clone())), waiting: Default::default() };
    let mut pack = Pack::new(&base, &data, specs[..2].iter().map(place).collect());
    let poisoned = &pack.member(1).unwrap().adapter.parameters.values;
    let _ = poisoned.shallow_clone().fill_(f64::NAN);
    for expected in &alone.losses[..4] {
        pack.step().unwrap();
        let read = pack.read_losses().unwrap();
        assert!((read[0].loss - expected).abs() < TOLERANCE, "{} instead of {expected}", read[0].loss);
        assert!(read[1].loss.is_nan());
        // Its micro-batches go on; only a session takes it out of the pack.
        if pack.member(1).unwrap().epoch_done() {
            break;
        }
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
