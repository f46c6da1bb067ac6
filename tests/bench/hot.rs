//! The hot pieces: dropout masks, batching, expansion and planning of sweeps, LoRA's part of a step.
//!
//! `cargo bench` runs them.

use std::hint::black_box;
use std::path::Path;

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use sweep::execute::{PlanOptions, plan_packs, relative_duration};
use sweep::model::{
    Adapter, AdapterShape, Base, Classifier, Dropout, Layout, Purpose, RunPass, StepDropout, StreamKey, dropout_mask,
    family_named, family_names,
};
use sweep::spec::{
    AdapterFacts, DatasetSpec, Facts, FactsError, FamilyNames, ModelFacts, PlannedRun, Precision, RunId, Segment,
    SweepFile,
};
use tch::{Device, Kind, Tensor};

fn masks(c: &mut Criterion) {
    // As in a worker, where the thread that trains is one of the pool.
    rayon::ThreadPoolBuilder::new().use_current_thread().build_global().expect("the first use of the pool");
    let dropout = Dropout::new(StreamKey::new(1, Purpose::Dropout), 0.2).expect("0.2 is a probability");
    let mut group = c.benchmark_group("dropout mask");
    group.throughput(Throughput::Elements(850 * 768));
    let rows = Tensor::zeros([850, 768], (Kind::Float, Device::Cpu));
    group.bench_function("850 x 768", |b| b.iter(|| dropout_mask(Some(dropout), &rows).expect("fits in memory")));
    group.finish();
}

/// Micro-batches of 16 sequences of 10 to 40 tokens for so many runs.
fn batches(runs: usize) -> Vec<Vec<Vec<u32>>> {
    let length = |sequence: usize| 10 + sequence * 37 % 31;
    (0..runs).map(|run| (0..16).map(|s| (0..length(run * 16 + s) as u32).collect()).collect()).collect()
}

fn laid_out(batches: &[Vec<Vec<u32>>]) -> Layout {
    let runs: Vec<Vec<&[u32]>> = batches.iter().map(|batch| batch.iter().map(Vec::as_slice).collect()).collect();
    Layout::new(&runs, Device::Cpu).expect("fits in memory")
}

fn batching(c: &mut Criterion) {
    let mut group = c.benchmark_group("batching");
    for runs in [1, 16] {
        let batches = batches(runs);
        group.bench_with_input(BenchmarkId::from_parameter(runs), &batches, |b, batches| b.iter(|| laid_out(batches)));
    }
    group.finish();
}

/// A model and a data set whose contents are known without reading them.
struct SomeFacts;

impl Facts for SomeFacts {
    fn families(&self) -> Vec<&'static FamilyNames> {
        family_names()
    }

    fn model(&self, _: &str) -> Result<ModelFacts, FactsError> {
        Ok(ModelFacts { family: family_named("roberta").unwrap(), layers: 12, digest: "model".into() })
    }

    fn adapter(&self, name: &str, _: &str) -> Result<AdapterFacts, FactsError> {
        Err(FactsError::new(format!("{name}: no run begins with an adapter")))
    }

    fn dataset_digest(&self, _: &DatasetSpec) -> Result<String, FactsError> {
        Ok("data".into())
    }
}

fn expansion(c: &mut Criterion) {
    let list = |count: usize| (1..=count).map(|i| i.to_string()).collect::<Vec<_>>().join(", ");
    let text = format!(
        "base: {{dataset: data.csv}}\ngrid: {{rank: [{}], epochs: [{}], batch_size: [{}]}}\n",
        list(20),
        list(25),
        list(20)
    );
    let mut group = c.benchmark_group("expansion");
    group.sample_size(10);
    group.bench_function("10,000 runs", |b| {
        b.iter(|| {
            let file = SweepFile::parse(black_box(&text), Path::new("no-such-folder")).expect("a valid file");
            file.resolve(&SomeFacts).expect("valid runs")
        });
    });
    group.finish();
}

/// As many runs as a sweep may reasonably have, of seven lengths.
fn planning(c: &mut Criterion) {
    let text = "base: {dataset: data.csv}\n";
    let file = SweepFile::parse(text, Path::new("no-such-folder")).expect("a valid file");
    let base = file.resolve(&SomeFacts).expect("a valid run").runs.swap_remove(0);
    let run = |number: usize| {
        let mut run = base.clone();
        run.id = RunId(format!("{number:012x}"));
        run.spec.epochs = 1 + number % 7;
        Segment::whole(run)
    };
    let segments: Vec<Segment> = (0..100_000).map(run).collect();
    let duration = |run: &PlannedRun| relative_duration(&run.spec, Some(240));
    let mut group = c.benchmark_group("planning");
    group.sample_size(10);
    group.bench_function("100,000 runs", |b| {
        b.iter(|| {
            plan_packs(
                black_box(&segments),
                &PlanOptions { max_pack: 16, duration: &duration, sharing: None, memory: None },
            )
        });
    });
    group.finish();
}

/// A step of the small test model with LoRA on every linear layer, and with the head alone.
fn lora(c: &mut Criterion) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/reference/bert/model");
    let base = Base::load(&folder, 4, Precision::Fp32, Device::Cpu).expect("the fixture is complete");
    let batches = batches(1);
    let layout = laid_out(&batches);
    let modules: Vec<String> = (0..base.config.layers())
        .flat_map(|layer| {
            ["attention.self.query", "attention.self.value", "intermediate.dense", "output.dense"]
                .map(|module| format!("bert.encoder.layer.{layer}.{module}"))
        })
        .collect();
    let mut group = c.benchmark_group("forward and backward");
    for (name, modules) in [("with LoRA", modules.as_slice()), ("head only", &[])] {
        let shape = AdapterShape::lora(&base.config, modules, 16, 32.0);
        let adapter = Adapter::new(&base, shape.expect("modules of the model"), 1).expect("fits in memory");
        let key = StreamKey::new(1, Purpose::Dropout);
        let dropout = StepDropout { key, hidden: 0.2, attention: 0.2, lora: 0.05, classifier: 0.2, extra: 0.0 };
        let passes = [RunPass { adapter: &adapter, dropout: Some(dropout) }];
        group.bench_function(name, |b| {
            let _guard = tch::no_grad_guard();
            b.iter(|| {
                let classifier = Classifier::new(&base, &layout, &passes);
                let (logits, backward) = classifier.forward().expect("a valid batch");
                backward.accumulate(&logits).expect("a valid batch");
            });
        });
    }
    group.finish();
}

criterion_group!(hot, masks, batching, expansion, planning, lora);
criterion_main!(hot);
