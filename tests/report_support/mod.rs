//! Results folders as a sweep would leave them, without training: smooth learning curves with seed noise, predictions
//! that agree with the recorded scores, runs in every state.

#![allow(dead_code, reason = "each integration test uses a part of it")]

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use sweep::event::{EpochRecord, Outcome, StopReason};
use sweep::metrics::{Confusion, Scores, confidence, log_loss};
use sweep::spec::{
    DatasetSpec, Evaluation, HeldOut, Hypothesis, LrScheduler, Metric, NamedChange, Observation, PackId, PackPlan,
    PlannedRun, Precision, ReferenceFigure, RunId, RunSpec, SearchRecord, Segment, Sweep, TriedPoint,
};
use sweep::store::{
    ClaimOptions, ExecutorKind, FORMAT_VERSION, Layout, Machine, PlanInput, PlannedSearch, ResultRecord, RunFolder,
    RunRecord, Store, Versions,
};
use sweep::task::{Prediction, Targets};
use sweep::train::RunFacts;

/// What becomes of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    Completes,
    Pending,
    /// Stops after this many epochs, without a result.
    Stops(usize),
    /// Its loss is no number after this many epochs.
    Diverges(usize),
    Fails,
    /// A search gives it up after this many epochs.
    IsStopped(usize),
    /// Its early stopping ends it after this many epochs.
    EndsEarly(usize),
    /// Somebody stops it after this many epochs.
    IsStoppedOnRequest(usize),
}

/// A configuration of a made-up sweep.
#[derive(Clone, Debug)]
pub struct Arm {
    pub name: String,
    pub spec: RunSpec,
    /// Accuracy that its curve approaches.
    pub accuracy: f64,
    /// How much the validation loss rises per epoch after the third.
    pub overfit: f64,
    /// One per seed, repeated when there are more seeds.
    pub fates: Vec<Fate>,
    /// Where it has other seeds than the sweep: 1 to this one.
    pub seeds: Option<u64>,
}

impl Arm {
    pub fn new(name: &str, accuracy: f64, change: impl FnOnce(&mut RunSpec)) -> Arm {
        let mut spec = base_spec();
        change(&mut spec);
        Arm { name: name.to_string(), spec, accuracy, overfit: 0.004, fates: vec![Fate::Completes], seeds: None }
    }

    pub fn overfit(self, overfit: f64) -> Arm {
        Arm { overfit, ..self }
    }

    pub fn seeds(self, seeds: u64) -> Arm {
        Arm { seeds: Some(seeds), ..self }
    }

    pub fn fates(self, fates: &[Fate]) -> Arm {
        Arm { fates: fates.to_vec(), ..self }
    }
}

/// A made-up sweep.
#[derive(Clone, Debug)]
pub struct Fake {
    pub name: String,
    pub description: String,
    pub rehearsal: bool,
    /// The first one is the baseline.
    pub arms: Vec<Arm>,
    pub changes: Vec<NamedChange>,
    pub scaled: Vec<String>,
    pub seeds: u64,
    pub examples: usize,
    pub classes: Vec<String>,
    pub hypotheses: Vec<Hypothesis>,
    pub observations: Vec<Observation>,
    pub looks: Vec<usize>,
    pub reference: Vec<ReferenceFigure>,
    /// Write per-example predictions.
    pub predictions: bool,
    /// Each seed is evaluated on other examples.
    pub split_varies: bool,
    /// The arms are samples of a search, which have these points.
    pub search: Option<(SearchRecord, Vec<TriedPoint>)>,
}

impl Fake {
    pub fn new(name: &str, arms: Vec<Arm>) -> Fake {
        Fake {
            name: name.to_string(),
            description: "What rank, learning rate and dropout do to a LoRA classifier.".to_string(),
            rehearsal: false,
            arms,
            changes: Vec::new(),
            scaled: Vec::new(),
            seeds: 3,
            examples: 640,
            classes: ["World", "Sports", "Business", "Sci/Tech"].map(String::from).to_vec(),
            hypotheses: Vec::new(),
            observations: Vec::new(),
            looks: Vec::new(),
            reference: vec![ReferenceFigure {
                source: "paper".to_string(),
                metric: "accuracy".to_string(),
                value: 0.928,
                epoch: None,
            }],
            predictions: true,
            split_varies: false,
            search: None,
        }
    }

    /// Writes the results folder of the sweep; returns its path.
    pub fn write(&self, results: &Path) -> PathBuf {
        let runs: Vec<(usize, PlannedRun)> = self
            .arms
            .iter()
            .enumerate()
            .flat_map(|(arm, planned)| {
                let seeds = planned.seeds.unwrap_or(self.seeds);
                (1..=seeds).map(move |seed| (arm, self.planned(arm, planned, seed)))
            })
            .collect();
        let sweep = Sweep {
            search: None,
            name: self.name.clone(),
            description: self.description.clone(),
            baseline: self.search.is_none().then(|| self.arms[0].name.clone()),
            runs: runs.iter().map(|(_, run)| run.clone()).collect(),
            changes: self.changes.clone(),
            scaled: self.scaled.clone(),
            originals: BTreeMap::new(),
            hypotheses: self.hypotheses.clone(),
            observations: self.observations.clone(),
            looks: self.looks.clone(),
            reference: self.reference.clone(),
            extends: Vec::new(),
        };
        let input = PlanInput {
            sweep: &sweep,
            search: match &self.search {
                Some((record, points)) => PlannedSearch {
                    name: record.settings.method.clone(),
                    definition: None,
                    record: Some(record.clone()),
                    points: points.clone(),
                },
                None => PlannedSearch::named("design"),
            },
            yaml: b"name: made up for a test\n",
            rehearsal: self.rehearsal,
            executor: ExecutorKind::Torch,
            command: &["sweep", "run", "sweeps/made up.yaml"].map(String::from),
            selected: None,
            until: runs.iter().filter_map(|(arm, run)| Some((run.id.clone(), self.stop(*arm, run)?))).collect(),
            claims: ClaimOptions::default(),
        };
        let opened = Store::create_or_open(results, &input, &one_pack_each).unwrap();
        let layout = opened.store.layout().clone();
        for (arm, run) in &runs {
            self.write_run(&layout, *arm, run);
        }
        layout.folder().to_owned()
    }

    fn planned(&self, index: usize, arm: &Arm, seed: u64) -> PlannedRun {
        let digits = mix(index as u64 * 1_000_003 + seed) & 0xffff_ffff_ffff;
        let label = if self.seeds > 1 { format!("{}, seed={seed}", arm.name) } else { arm.name.clone() };
        PlannedRun {
            id: RunId(format!("{digits:012x}")),
            label,
            configuration: arm.name.clone(),
            spec: RunSpec { seed, ..arm.spec.clone() },
        }
    }

    fn fate(&self, arm: usize, run: &PlannedRun) -> Fate {
        let fates = &self.arms[arm].fates;
        fates[(run.spec.seed as usize - 1) % fates.len()]
    }

    /// The epoch that a run is planned up to, where that is not its last one.
    fn stop(&self, arm: usize, run: &PlannedRun) -> Option<usize> {
        match self.fate(arm, run) {
            Fate::IsStopped(epoch) => Some(epoch),
            _ => None,
        }
    }

    fn write_run(&self, layout: &Layout, index: usize, run: &PlannedRun) {
        let arm = &self.arms[index];
        let fate = self.fate(index, run);
        let leaves_all = !matches!(fate, Fate::Stops(_) | Fate::Diverges(_) | Fate::Fails);
        if fate == Fate::Pending {
            return;
        }
        let files = layout.run(&run.id);
        fs::create_dir_all(files.folder()).unwrap();
        let facts = self.facts(run);
        write_json(
            &files.run_json(),
            &RunRecord {
                format_version: FORMAT_VERSION,
                executor: ExecutorKind::Torch,
                run: run.clone(),
                facts: facts.clone(),
                versions: Versions {
                    sweep: "0.1.0".to_string(),
                    git_commit: Some("0123abc".to_string()),
                    libtorch: Some("2.11.0".to_string()),
                    machine: Some(Machine {
                        processor: Some("Example 9000 @ 2.0GHz".to_string()),
                        instructions: Some("AVX-512".to_string()),
                        threads: Some(2),
                        gpu: None,
                    }),
                },
                extends: Vec::new(),
                started: "2026-01-02T03:04:05Z".to_string(),
            },
        );
        let recorded = match fate {
            Fate::Stops(epochs)
            | Fate::Diverges(epochs)
            | Fate::IsStopped(epochs)
            | Fate::EndsEarly(epochs)
            | Fate::IsStoppedOnRequest(epochs) => epochs.min(run.spec.epochs),
            Fate::Fails => 0,
            _ => run.spec.epochs,
        };
        let mut epochs: Vec<EpochRecord> = (1..=recorded).map(|epoch| curve(arm, run, epoch)).collect();
        let best = best_index(&epochs);
        if let Some(best) = best.filter(|_| leaves_all && self.predictions) {
            let rows = self.predict(run, epochs[best].metric(Metric::ACCURACY));
            for (metric, value) in scores(&rows, self.classes.len()).metrics() {
                epochs[best].metrics.set(metric, value);
            }
            agree(&mut epochs, best, &rows);
            write_predictions(&files, &self.classes, &rows);
        }
        if leaves_all {
            write_adapter(&files);
        }
        if fate == Fate::Diverges(recorded)
            && let Some(last) = epochs.last_mut()
        {
            last.metrics.set(Metric::TRAIN_LOSS, 8.0 * last.metric(Metric::TRAIN_LOSS));
            last.metrics.set(Metric::EVAL_LOSS, f64::NAN);
        }
        write_epochs(&files, &epochs);
        let outcome = match fate {
            Fate::Completes => Outcome::Completed { best_epoch: best.map_or(1, |i| epochs[i].epoch) },
            Fate::Diverges(epoch) => Outcome::Diverged { epoch, step: epoch * 40 },
            Fate::Fails => Outcome::Failed { reason: "worker died: signal 9 (killed), out of memory?".to_string() },
            Fate::IsStopped(epoch) => Outcome::Stopped { epoch, because: StopReason::Pause },
            Fate::EndsEarly(epoch) => Outcome::Stopped { epoch, because: StopReason::EarlyStopping },
            Fate::IsStoppedOnRequest(epoch) => Outcome::Stopped { epoch, because: StopReason::Request },
            Fate::Stops(_) | Fate::Pending => return,
        };
        write_json(
            &files.result_json(),
            &ResultRecord {
                format_version: FORMAT_VERSION,
                executor: ExecutorKind::Torch,
                run: run.id.clone(),
                outcome,
                best: best.map(|i| epochs[i].clone()),
                last_predictions: false,
                test: None,
                extended_from: None,
                stops: 0,
                epochs: epochs.len(),
                seconds: epochs.iter().map(|epoch| epoch.seconds).sum(),
                trainable_parameters: Some(facts.trainable_parameters),
                device: Some("cpu".to_string()),
                finished: "2026-01-02T04:04:05Z".to_string(),
            },
        );
    }

    fn facts(&self, run: &PlannedRun) -> RunFacts {
        let trainable_parameters = 593_668 + run.spec.rank * 16_896;
        RunFacts {
            trainable_parameters,
            total_parameters: 124_648_708 + trainable_parameters,
            train_examples: 4_360,
            eval_examples: self.examples,
            test_examples: None,
            targets: Targets::of_classes(self.classes.clone()),
            data: None,
            data_digest: "d".repeat(64),
            model_digest: "m".repeat(64),
            steps: 40 * run.spec.epochs,
            device: "cpu".to_string(),
            backend: None,
            token_lengths: None,
        }
    }

    /// Predictions with about the given accuracy. The same examples are hard for every run, as in real life.
    fn predict(&self, run: &PlannedRun, accuracy: f64) -> Vec<Prediction> {
        let classes = self.classes.len() as u32;
        let of_run = mix(u64::from_str_radix(&run.id.0, 16).unwrap());
        let first = if self.split_varies { run.spec.seed as usize * self.examples } else { 0 };
        (first..first + self.examples)
            .map(|example| {
                let label = (mix(example as u64) % u64::from(classes)) as u32;
                let hard = uniform(mix(example as u64 ^ 0x5eed));
                let luck = uniform(mix(of_run ^ example as u64));
                let right = 0.7 * hard + 0.3 * luck < quantile_of_blend(accuracy);
                // Neighbouring classes are mistaken for each other more often.
                let step = if uniform(mix(of_run ^ (example as u64) << 7)) < 0.7 { 1 } else { 2 };
                let predicted = if right { label } else { (label + step) % classes };
                let top = 0.55 + 0.44 * uniform(mix(of_run ^ (example as u64) << 9));
                let rest = (1.0 - top) / f64::from(classes - 1);
                let probability = |class: u32| {
                    if class == predicted { top as f32 } else { rest as f32 }
                };
                Prediction { example, label, predicted, outputs: (0..classes).map(probability).collect() }
            })
            .collect()
    }
}

/// The paper's recipe.
pub fn base_spec() -> RunSpec {
    RunSpec {
        model: "models/MiniLM".to_string(),
        dataset: DatasetSpec {
            path: "sweeps/data/newswire.csv".to_string(),
            split: "train".to_string(),
            text: vec!["text".to_string()],
            label: Some("label".to_string()),
            limit: None,
            evaluation: Evaluation::HeldOut { size: HeldOut::Examples(640), seed: 42 },
            test: None,
            reading: Default::default(),
            missing_label: None,
        },
        init_adapter: None,
        max_length: 512,
        rank: 16,
        lora_alpha: 32.0,
        lora_dropout: 0.05,
        target_modules: ["query", "key", "value"]
            .map(|module| format!("bert.encoder.layer.0.attention.self.{module}"))
            .to_vec(),
        hidden_dropout: 0.2,
        attention_dropout: 0.2,
        classifier_dropout: 0.2,
        extra_dropout: 0.0,
        learning_rate: 4e-4,
        weight_decay: 0.1,
        lr_scheduler: LrScheduler::Cosine,
        warmup_ratio: 0.15,
        batch_size: 16,
        eval_batch_size: 64,
        gradient_accumulation_steps: 2,
        max_grad_norm: 1.0,
        epochs: 5,
        precision: Precision::Fp32,
        seed: 1,
        init_seed: None,
        order_seed: None,
        dropout_seed: None,
        metric_for_best: Metric::ACCURACY,
        early_stopping: None,
    }
}

fn curve(arm: &Arm, run: &PlannedRun, epoch: usize) -> EpochRecord {
    let noise =
        |salt: u64| uniform(mix(u64::from_str_radix(&run.id.0, 16).unwrap() ^ salt ^ (epoch as u64) << 32)) - 0.5;
    let t = epoch as f64;
    let accuracy = (arm.accuracy - 0.12 * (-1.1 * (t - 0.6)).exp() + 0.012 * noise(1)).clamp(0.0, 1.0);
    let train_loss = 0.17 + 0.75 * (-0.9 * (t - 0.5)).exp() - 0.008 * t + 0.012 * noise(2);
    let eval_loss =
        1.05 - 0.85 * arm.accuracy + 0.35 * (0.5 - t).exp() + arm.overfit * (t - 3.0).max(0.0) + 0.02 * noise(3);
    EpochRecord {
        epoch,
        metrics: [
            (Metric::TRAIN_LOSS, train_loss),
            (Metric::TRAIN_ACCURACY, (accuracy + 0.01 * t - 0.02).clamp(0.0, 1.0)),
            (Metric::EVAL_LOSS, eval_loss),
            (Metric::ACCURACY, accuracy),
            (Metric::PRECISION, accuracy + 0.002),
            (Metric::RECALL, accuracy),
            (Metric::F1, accuracy - 0.001),
            (Metric::MEAN_CONFIDENCE, (accuracy + 0.02).min(1.0)),
        ]
        .into_iter()
        .collect(),
        learning_rate: run.spec.learning_rate / t,
        seconds: 8.0 + 2.0 * noise(4) + 64.0 / run.spec.batch_size as f64,
        examples_per_second: 520.0 + 60.0 * noise(5) - 2.0 * run.spec.rank as f64,
        tokens_per_second: 24_000.0 + 2_000.0 * noise(6),
        // As without dropout: the curves are no real ones.
        train_eval_loss: Some(train_loss),
    }
}

fn scores(rows: &[Prediction], classes: usize) -> Scores {
    let labels: Vec<u32> = rows.iter().map(|row| row.label).collect();
    let predicted: Vec<u32> = rows.iter().map(|row| row.predicted).collect();
    Confusion::of(classes, &labels, &predicted).unwrap().scores().unwrap()
}

/// Shifts the curves of loss and confidence so that at the best epoch they are what the predictions say.
fn agree(epochs: &mut [EpochRecord], best: usize, rows: &[Prediction]) {
    let mean = |of: fn(&Prediction) -> f64| rows.iter().map(of).sum::<f64>() / rows.len() as f64;
    let loss = mean(|row| log_loss(&row.outputs, row.label).unwrap()) - epochs[best].metric(Metric::EVAL_LOSS);
    let confidence = mean(|row| confidence(&row.outputs).unwrap()) - epochs[best].metric(Metric::MEAN_CONFIDENCE);
    for epoch in epochs {
        let (had_loss, had_confidence) = (epoch.metric(Metric::EVAL_LOSS), epoch.metric(Metric::MEAN_CONFIDENCE));
        epoch.metrics.set(Metric::EVAL_LOSS, had_loss + loss);
        epoch.metrics.set(Metric::MEAN_CONFIDENCE, had_confidence + confidence);
    }
}

fn best_index(epochs: &[EpochRecord]) -> Option<usize> {
    (0..epochs.len()).max_by(|&a, &b| {
        epochs[a].metric(Metric::ACCURACY).total_cmp(&epochs[b].metric(Metric::ACCURACY)).then(b.cmp(&a))
    })
}

fn one_pack_each(segments: &[Segment]) -> Vec<PackPlan> {
    let pack = |segment: &Segment| {
        let run = &segment.run.id;
        let until = segment.until.map(|until| (run.clone(), until)).into_iter().collect();
        PackPlan { until, ..PackPlan::whole(PackId(format!("p{run}")), vec![vec![run.clone()]]) }
    };
    segments.iter().map(pack).collect()
}

/// The threshold below which `0.7 * u + 0.3 * v` (both uniform) falls with the given probability.
fn quantile_of_blend(probability: f64) -> f64 {
    let mass = |at: f64| {
        let steps = 200;
        (0..steps).map(|i| ((at - 0.3 * (f64::from(i) + 0.5) / f64::from(steps)) / 0.7).clamp(0.0, 1.0)).sum::<f64>()
            / f64::from(steps)
    };
    let (mut low, mut high) = (0.0, 1.0);
    for _ in 0..30 {
        let middle = (low + high) / 2.0;
        if mass(middle) < probability { low = middle } else { high = middle }
    }
    (low + high) / 2.0
}

/// SplitMix64's finisher.
fn mix(value: u64) -> u64 {
    let mut z = value.wrapping_add(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

fn uniform(bits: u64) -> f64 {
    (bits >> 11) as f64 / (1u64 << 53) as f64
}

fn write_json<T: serde::Serialize>(path: &Path, value: &T) {
    fs::write(path, serde_json::to_vec_pretty(value).unwrap()).unwrap();
}

fn write_epochs(files: &RunFolder, epochs: &[EpochRecord]) {
    let mut text = String::from(
        "epoch,train_loss,train_accuracy,eval_loss,accuracy,precision,recall,f1,mean_confidence,learning_rate,seconds,\
         examples_per_second,tokens_per_second,train_eval_loss\n",
    );
    for record in epochs {
        let value = |metric| record.metric(metric);
        text.push_str(&format!(
            "{},{},{},{},{},{},{},{},{},{},{},{},{},{}\n",
            record.epoch,
            value(Metric::TRAIN_LOSS),
            value(Metric::TRAIN_ACCURACY),
            value(Metric::EVAL_LOSS),
            value(Metric::ACCURACY),
            value(Metric::PRECISION),
            value(Metric::RECALL),
            value(Metric::F1),
            value(Metric::MEAN_CONFIDENCE),
            record.learning_rate,
            record.seconds,
            record.examples_per_second,
            record.tokens_per_second,
            record.train_eval_loss.map_or_else(String::new, |loss| loss.to_string())
        ));
    }
    fs::write(files.metrics_csv(), text).unwrap();
}

/// An adapter without tensors.
fn write_adapter(files: &RunFolder) {
    fs::create_dir_all(files.adapter()).unwrap();
    fs::write(files.adapter_config(), "{}").unwrap();
    fs::write(files.adapter_weights(), [&2_u64.to_le_bytes()[..], b"{}"].concat()).unwrap();
}

fn write_predictions(files: &RunFolder, classes: &[String], rows: &[Prediction]) {
    let mut writer = csv::Writer::from_path(files.predictions_csv()).unwrap();
    let head = ["example", "label", "predicted"].map(String::from).into_iter();
    writer.write_record(head.chain(classes.iter().map(|class| format!("p_{class}")))).unwrap();
    for row in rows {
        let fixed = [row.example.to_string(), row.label.to_string(), row.predicted.to_string()];
        writer.write_record(fixed.into_iter().chain(row.outputs.iter().map(f32::to_string))).unwrap();
    }
    writer.flush().unwrap();
}
