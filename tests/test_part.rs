//! The trainer with a test part, which chooses nothing: what it gives there, also when it is left in the middle of it; the
//! loss of training rows without dropout; and runs that stop before their last epoch.

use std::cell::Cell;
use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use sweep::data::{Classes, Tokenizer};
use sweep::event::{EpochRecord, Event, Outcome, Sink, StopReason};
use sweep::model::{Adapter, Base, ModelConfig, SavedAdapter, tokenizer_class};
use sweep::spec::{
    DatasetSpec, EarlyStopping, Evaluation, HeldOut, LrScheduler, Metric, PackId, PackPlan, PlannedRun, Precision,
    RunId, RunSpec,
};
use sweep::task::{self, Targets};
use sweep::train::{
    Checkpoint, Examples, FrozenParts, Job, RecordError, Recorder, RunFacts, RunResult, TrainingData, evaluate,
    sample_size, train,
};
use tch::Device;

fn model() -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/reference/bert/model")
}

fn base() -> Base {
    Base::load(&model(), 4, Precision::Fp32, Device::Cpu).unwrap()
}

/// Rows of the corpus, cut short so that they cost little.
fn examples(rows: std::ops::Range<usize>) -> Examples {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("sweeps/data/newswire.csv");
    let evaluation = Evaluation::HeldOut { size: HeldOut::Examples(1), seed: 1 };
    let spec = DatasetSpec { evaluation, ..DatasetSpec::at(path.display().to_string()) };
    let dataset = sweep::data::load(&spec, &path, Classes::learn).unwrap();
    let tokens =
        Tokenizer::load(&model(), 12, tokenizer_class).unwrap().encode(&dataset.train.texts[rows.clone()]).unwrap();
    Examples { tokens, labels: dataset.train.labels[rows.clone()].to_vec(), rows: rows.collect() }
}

fn data(train: Examples, evaluation: Examples, test: Option<Examples>) -> TrainingData {
    TrainingData {
        train,
        evaluation,
        test,
        targets: Targets::of_classes(["Business", "Sci/Tech", "Sports", "World"].map(String::from).to_vec()),
        overview: None,
        digest: String::new(),
        token_lengths: None,
    }
}

fn run(seed: u64, change: impl FnOnce(&mut RunSpec)) -> PlannedRun {
    let mut spec = RunSpec {
        model: "model".into(),
        dataset: DatasetSpec { test: Some(Evaluation::Split("test".into())), ..DatasetSpec::at("data") },
        init_adapter: None,
        max_length: 12,
        rank: 2,
        lora_alpha: 4.0,
        lora_dropout: 0.0,
        target_modules: vec!["bert.encoder.layer.1.attention.self.query".into()],
        hidden_dropout: 0.1,
        attention_dropout: 0.1,
        classifier_dropout: 0.1,
        extra_dropout: 0.0,
        learning_rate: 2e-2,
        weight_decay: 0.0,
        lr_scheduler: LrScheduler::Constant,
        warmup_ratio: 0.0,
        batch_size: 8,
        eval_batch_size: 4,
        gradient_accumulation_steps: 1,
        max_grad_norm: 1.0,
        epochs: 3,
        precision: Precision::Fp32,
        seed,
        init_seed: None,
        order_seed: None,
        dropout_seed: None,
        metric_for_best: Metric::ACCURACY,
        early_stopping: None,
    };
    change(&mut spec);
    PlannedRun { id: RunId(format!("{seed:012}")), label: seed.to_string(), configuration: "base".into(), spec }
}

/// Keeps everything in memory.
#[derive(Default)]
struct Kept {
    checkpoint: Option<Checkpoint>,
    facts: BTreeMap<RunId, RunFacts>,
    epochs: BTreeMap<RunId, Vec<EpochRecord>>,
    results: BTreeMap<RunId, RunResult>,
    /// What stopped runs go on from.
    states: BTreeMap<RunId, Checkpoint>,
    stops: Vec<(RunId, Outcome, Option<RunResult>)>,
    /// Runs that are asked to stop, by the number of the look at which they are.
    asked: Vec<(usize, RunId)>,
    looks: usize,
    withdrawn: Vec<RunId>,
}

impl Recorder for Kept {
    fn checkpoint(&mut self) -> Result<Option<Checkpoint>, RecordError> {
        Ok(self.checkpoint.clone())
    }

    fn save_checkpoint(&mut self, checkpoint: &Checkpoint) -> Result<(), RecordError> {
        // Through its text, as on a disk.
        let state = serde_json::from_str(&checkpoint.state.to_string()).unwrap();
        self.checkpoint = Some(Checkpoint { state, arrays: checkpoint.arrays.clone() });
        Ok(())
    }

    fn started(&mut self, run: &RunId, facts: &RunFacts) -> Result<(), RecordError> {
        self.facts.insert(run.clone(), facts.clone());
        Ok(())
    }

    fn epochs(&mut self, run: &RunId, records: &[EpochRecord]) -> Result<(), RecordError> {
        let timeless = |record: &EpochRecord| EpochRecord {
            seconds: 0.0,
            examples_per_second: 0.0,
            tokens_per_second: 0.0,
            ..record.clone()
        };
        self.epochs.insert(run.clone(), records.iter().map(timeless).collect());
        Ok(())
    }

    fn completed(&mut self, run: &RunId, result: &RunResult) -> Result<(), RecordError> {
        self.results.insert(run.clone(), result.clone());
        Ok(())
    }

    fn stopped_state(&mut self, run: &RunId) -> Result<Option<Checkpoint>, RecordError> {
        Ok(self.states.get(run).cloned())
    }

    fn stopped(
        &mut self,
        run: &RunId,
        outcome: &Outcome,
        result: Option<&RunResult>,
        state: &Checkpoint,
    ) -> Result<(), RecordError> {
        let read = serde_json::from_str(&state.state.to_string()).unwrap();
        self.states.insert(run.clone(), Checkpoint { state: read, arrays: state.arrays.clone() });
        self.stops.push((run.clone(), outcome.clone(), result.cloned()));
        Ok(())
    }

    fn asked_to_stop(&mut self) -> Result<Vec<RunId>, RecordError> {
        self.looks += 1;
        let asked = self.asked.iter().position(|(look, _)| *look == self.looks);
        Ok(asked.map(|position| self.asked.swap_remove(position).1).into_iter().collect())
    }

    fn withdrawn(&mut self, run: &RunId) -> Result<Outcome, RecordError> {
        self.withdrawn.push(run.clone());
        Ok(Outcome::Stopped { epoch: 0, because: StopReason::Request })
    }

    fn ended(&mut self, run: &RunId, outcome: &Outcome) -> Result<(), RecordError> {
        panic!("{run}: {outcome:?}")
    }
}

#[derive(Default)]
struct Events(Vec<Event>);

impl Sink for Events {
    fn emit(&mut self, event: &Event) {
        self.0.push(event.clone());
    }
}

/// The runs of one pack; the second place takes two of them in turn.
fn pack() -> (PackPlan, BTreeMap<RunId, PlannedRun>) {
    let runs = [run(1, |_| ()), run(2, |spec| spec.epochs = 2), run(3, |spec| spec.epochs = 2)];
    let ids = runs.each_ref().map(|run| run.id.clone());
    let [first, second, third] = ids;
    let plan = PackPlan::whole(PackId("p".into()), vec![vec![first], vec![second, third]]);
    (plan, runs.into_iter().map(|run| (run.id.clone(), run)).collect())
}

/// Trains until `stop` is asked for the `leave`th time; whether it came to its end, and how often it was asked.
fn train_until(
    base: &Base,
    data: &TrainingData,
    runs: &(PackPlan, BTreeMap<RunId, PlannedRun>),
    kept: &mut Kept,
    sink: &mut Events,
    leave: usize,
) -> (bool, usize) {
    let job = Job {
        plan: &runs.0,
        runs: &runs.1,
        base,
        data,
        initial: None,
        model_digest: String::new(),
        device: "cpu".into(),
        checkpoint_every: Duration::from_secs(3600),
    };
    let asked = Cell::new(0);
    let stop = || {
        asked.set(asked.get() + 1);
        asked.get() >= leave
    };
    let finished = train(&job, &mut FrozenParts::default(), kept, sink, &stop).unwrap();
    (finished, asked.get())
}

/// The adapter that a run left, read from its files as anybody would.
fn saved(base: &Base, result: &RunResult) -> Adapter {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("adapter_config.json"), &result.adapter.config).unwrap();
    std::fs::write(folder.path().join("adapter_model.safetensors"), &result.adapter.weights).unwrap();
    let saved = SavedAdapter::read(folder.path(), &ModelConfig::read(&model()).unwrap()).unwrap();
    saved.adapter(base, 0).unwrap()
}

#[test]
fn the_test_is_of_the_saved_adapter_and_a_run_that_is_left_in_it_gives_the_same() {
    let base = base();
    let data = data(examples(0..24), examples(24..40), Some(examples(40..52)));
    let runs = pack();
    let (mut whole, mut events) = (Kept::default(), Events::default());
    let (finished, asked) = train_until(&base, &data, &runs, &mut whole, &mut events, usize::MAX);
    assert!(finished && whole.results.len() == 3);
    let mut other_epochs = 0;
    for (id, result) in &whole.results {
        assert_eq!(whole.facts[id].test_examples, Some(12));
        let epochs = &whole.epochs[id];
        let test = result.test.as_ref().unwrap();
        let again = evaluate(&base, task::DEFAULT, &[&saved(&base, result)], data.test.as_ref().unwrap(), 5, None)
            .unwrap()
            .remove(0);
        let losses = [again.figures, test.best.figures].map(|figures| figures.metric(Metric::EVAL_LOSS).unwrap());
        assert!((losses[0] - losses[1]).abs() < 1e-5, "{:?} {test:?}", again.figures);
        for score in [Metric::ACCURACY, Metric::PRECISION, Metric::RECALL, Metric::F1] {
            assert_eq!(again.figures.metric(score), test.best.figures.metric(score));
        }
        assert_eq!(
            test.best.predictions.iter().map(|row| row.example).collect::<Vec<_>>(),
            (40..52).collect::<Vec<_>>()
        );
        let is_last = result.best_epoch == epochs.len();
        assert_eq!((result.last_predictions.is_none(), test.last.is_none()), (is_last, is_last));
        if let (Some(last), Some(on_evaluation)) = (&test.last, &result.last_predictions) {
            other_epochs += 1;
            assert_ne!(last.predictions, test.best.predictions);
            let right = on_evaluation.iter().filter(|row| row.label == row.predicted).count();
            assert_eq!(right as f64 / 16.0, epochs.last().unwrap().metric(Metric::ACCURACY), "the last epoch's");
        }
    }
    assert!(other_epochs > 0, "no run shows what becomes of the last epoch");
    let told = events.0.iter().filter(|event| matches!(event, Event::Tested { .. })).count();
    assert_eq!(told, 3 + other_epochs);

    // Each of the last moments: in the steps before the last test, in the test itself, and between its two passes.
    for leave in (asked.saturating_sub(6)..=asked).chain([asked / 2]) {
        let mut kept = Kept::default();
        let (finished, _) = train_until(&base, &data, &runs, &mut kept, &mut Events::default(), leave);
        assert!(!finished, "{leave} of {asked}");
        let before = kept.results.len();
        let (finished, _) = train_until(&base, &data, &runs, &mut kept, &mut Events::default(), usize::MAX);
        assert!(finished && before < 3);
        assert_eq!(kept.results, whole.results, "left at {leave} of {asked}");
        assert_eq!(kept.epochs, whole.epochs, "left at {leave} of {asked}");
    }
}

/// However short the time was: by this a task of a cluster knows whether going on later is worth it.
#[test]
fn a_pack_that_is_left_after_its_first_step_tells_of_it() {
    let base = base();
    let data = data(examples(0..24), examples(24..40), None);
    let (mut kept, mut events) = (Kept::default(), Events::default());
    let (finished, _) = train_until(&base, &data, &pack(), &mut kept, &mut events, 2);
    assert!(!finished && kept.checkpoint.is_some());
    let steps = |events: &[Event]| -> Vec<(String, usize)> {
        let told = events.iter().filter_map(|event| match event {
            Event::Progress { run, step, .. } => Some((run.0.clone(), *step)),
            _ => None,
        });
        told.collect()
    };
    let [first, second] = [1, 2].map(|seed| run(seed, |_| ()).id.0);
    assert_eq!(steps(&events.0), [(first, 1), (second, 1)]);
}

/// Where the same rows are trained and evaluated on there is no gap, whatever the dropout. (The training loss has dropout: by it
/// the gap is far below zero.)
#[test]
fn dropout_does_not_move_the_gap() {
    let base = base();
    let data = data(examples(0..24), examples(0..24), None);
    let strong = run(1, |spec| {
        spec.dataset.test = None;
        spec.epochs = 2;
        spec.learning_rate = 1e-3;
        (spec.hidden_dropout, spec.classifier_dropout, spec.attention_dropout) = (0.4, 0.4, 0.4);
    });
    let plan = PackPlan::whole(PackId("p".into()), vec![vec![strong.id.clone()]]);
    let runs = (plan, BTreeMap::from([(strong.id.clone(), strong.clone())]));
    let mut kept = Kept::default();
    train_until(&base, &data, &runs, &mut kept, &mut Events::default(), usize::MAX);
    for epoch in &kept.epochs[&strong.id] {
        let gap = epoch.metric(Metric::EVAL_LOSS) - epoch.train_eval_loss.unwrap();
        assert!(gap.abs() < 1e-6, "{epoch:?}");
        assert!(epoch.metric(Metric::EVAL_LOSS) - epoch.metric(Metric::TRAIN_LOSS) < -0.01, "{epoch:?}");
    }
    assert_eq!((kept.results[&strong.id].test.as_ref(), kept.facts[&strong.id].test_examples), (None, None));
}

/// The sample depends on the training rows alone, and is never larger than the evaluation.
#[test]
fn the_sample_of_training_rows_is_the_same_for_all_runs() {
    let of = |train: usize, evaluation: usize| {
        data(examples(0..train), examples(train..train + evaluation), None).train_sample().rows
    };
    let sample = of(40, 10);
    assert_eq!((sample.len(), of(40, 10)), (10, sample.clone()));
    assert!(sample.is_sorted() && sample.windows(2).all(|two| two[0] < two[1]));
    assert_ne!(sample, (0..10).collect::<Vec<_>>(), "it is drawn from all rows");
    assert_eq!(of(8, 20), (0..8).collect::<Vec<_>>());
    let sizes = [(120_000, 640), (4_360, 640), (476, 204), (100, 300), (300, 10)].map(|(t, e)| sample_size(t, e));
    assert_eq!(sizes, [640, 640, 79, 64, 10]);
}

/// The same with the epoch that each run pauses after; those that are `extended` without their early stopping.
fn stopping(
    runs: &(PackPlan, BTreeMap<RunId, PlannedRun>),
    until: &[(u64, usize)],
    extended: &[u64],
) -> (PackPlan, BTreeMap<RunId, PlannedRun>) {
    let id = |seed: u64| RunId(format!("{seed:012}"));
    let until = until.iter().map(|&(seed, epoch)| (id(seed), epoch)).collect();
    let extended = extended.iter().map(|&seed| id(seed)).collect();
    (PackPlan { until, extended, ..runs.0.clone() }, runs.1.clone())
}

fn alone(run: &PlannedRun) -> (PackPlan, BTreeMap<RunId, PlannedRun>) {
    let plan = PackPlan::whole(PackId("alone".into()), vec![vec![run.id.clone()]]);
    (plan, BTreeMap::from([(run.id.clone(), run.clone())]))
}

/// A pack of the same runs that begins with nothing but what stopped runs go on from.
fn next_pack(kept: Kept) -> Kept {
    Kept { checkpoint: None, ..kept }
}

/// Four epochs with accumulation, warm-up and dropout: moments, schedule, order and masks all count. Stopped after every epoch
/// and gone on with in another pack, or left at any moment on the way: the same, byte for byte.
#[test]
fn a_run_that_pauses_comes_to_what_it_comes_to_in_one() {
    let base = base();
    let data = data(examples(0..20), examples(24..40), Some(examples(40..52)));
    let planned = run(4, |spec| {
        (spec.epochs, spec.gradient_accumulation_steps, spec.warmup_ratio) = (4, 2, 0.25);
        (spec.lr_scheduler, spec.lora_dropout, spec.batch_size) = (LrScheduler::Cosine, 0.1, 4);
    });
    let runs = alone(&planned);
    let mut whole = Kept::default();
    let (finished, asked) = train_until(&base, &data, &runs, &mut whole, &mut Events::default(), usize::MAX);
    assert!(finished);
    for leave in [usize::MAX, 1, 2, asked / 4, asked / 4 + 1, asked / 2 - 1] {
        let mut kept = Kept::default();
        for until in [Some(1), Some(3), None] {
            let segment = stopping(&runs, &until.map(|until| (4, until)).into_iter().collect::<Vec<_>>(), &[]);
            // Left once in every segment.
            train_until(&base, &data, &segment, &mut kept, &mut Events::default(), leave);
            let (finished, _) = train_until(&base, &data, &segment, &mut kept, &mut Events::default(), usize::MAX);
            assert!(finished);
            kept = next_pack(kept);
        }
        assert_eq!(kept.results, whole.results, "left at {leave} of {asked}");
        assert_eq!(kept.epochs, whole.epochs, "left at {leave} of {asked}");
        let stops: Vec<Outcome> = kept.stops.iter().map(|(_, outcome, _)| outcome.clone()).collect();
        assert_eq!(stops, [1, 3].map(|epoch| Outcome::Stopped { epoch, because: StopReason::Pause }));
        assert!(kept.stops.iter().all(|(.., result)| {
            result.as_ref().is_some_and(|result| result.test.is_none() && !result.adapter.weights.is_empty())
        }));
    }
}

/// In a pack with others the place of a run that stops goes to the next in its queue.
#[test]
fn the_place_of_a_run_that_stops_goes_to_the_next() {
    let base = base();
    let data = data(examples(0..24), examples(24..40), None);
    let mut runs = pack();
    runs.1.values_mut().for_each(|run| run.spec.dataset.test = None);
    let mut whole = Kept::default();
    train_until(&base, &data, &runs, &mut whole, &mut Events::default(), usize::MAX);
    let (mut kept, mut events) = (Kept::default(), Events::default());
    let first = stopping(&runs, &[(1, 1), (2, 1)], &[]);
    let (finished, asked) = train_until(&base, &data, &first, &mut kept, &mut events, usize::MAX);
    assert!(finished && kept.results.len() == 1 && kept.stops.len() == 2);
    let started = events.0.iter().filter(|event| matches!(event, Event::RunStarted { .. })).count();
    assert_eq!(started, 3);
    let id = |seed: u64| RunId(format!("{seed:012}"));
    let second = (PackPlan::whole(PackId("q".into()), vec![vec![id(2)], vec![id(1)]]), runs.1.clone());
    for leave in [usize::MAX, asked / 3, asked / 2] {
        let mut on = Kept { states: kept.states.clone(), results: kept.results.clone(), ..Kept::default() };
        train_until(&base, &data, &second, &mut on, &mut Events::default(), leave);
        train_until(&base, &data, &second, &mut on, &mut Events::default(), usize::MAX);
        assert_eq!(on.results, whole.results, "left at {leave}");
    }
}

/// At any step, in its first epoch or a later one, in a place or waiting for one: the others leave the same bytes, and a run
/// that goes on later comes to what it comes to without the stop.
#[test]
fn a_run_that_is_asked_to_stop_leaves_the_others_as_they_are() {
    let base = base();
    let data = data(examples(0..24), examples(24..40), None);
    let mut runs = pack();
    runs.1.values_mut().for_each(|run| run.spec.dataset.test = None);
    let mut whole = Kept::default();
    train_until(&base, &data, &runs, &mut whole, &mut Events::default(), usize::MAX);
    let id = |seed: u64| RunId(format!("{seed:012}"));
    for (seed, look) in [(1, 2), (1, 9), (2, 3), (3, 4)] {
        let run = id(seed);
        let (mut kept, mut events) = (Kept { asked: vec![(look, run.clone())], ..Kept::default() }, Events::default());
        let (finished, _) = train_until(&base, &data, &runs, &mut kept, &mut events, usize::MAX);
        assert!(finished);
        let mut others = whole.results.clone();
        others.remove(&run);
        assert_eq!(kept.results, others, "run {seed} asked at look {look}");
        let ended: Vec<&Outcome> = events
            .0
            .iter()
            .filter_map(|event| match event {
                Event::RunFinished { run: ended, outcome } if *ended == run => Some(outcome),
                _ => None,
            })
            .collect();
        let [Outcome::Stopped { epoch, because: StopReason::Request }] = ended[..] else { panic!("{ended:?}") };
        match kept.stops.as_slice() {
            [] => assert_eq!((kept.withdrawn.as_slice(), seed), (&[run.clone()][..], 3)),
            [(stopped, _, left)] => assert_eq!((stopped, left.is_some()), (&run, *epoch > 0)),
            several => panic!("{several:?}"),
        }
        let mut kept = next_pack(kept);
        let further = stopping(&alone(&runs.1[&run]), &[], &[seed]);
        train_until(&base, &data, &further, &mut kept, &mut Events::default(), usize::MAX);
        assert_eq!(kept.results, whole.results, "run {seed} asked at look {look}");
        assert_eq!(kept.epochs, whole.epochs, "run {seed} asked at look {look}");
    }
}

#[test]
fn early_stopping_tests_what_it_keeps_and_can_be_gone_on_from() {
    let base = base();
    let data = data(examples(0..24), examples(24..40), Some(examples(40..52)));
    let through = run(5, |spec| spec.epochs = 4);
    // No gain is as large.
    let early = EarlyStopping { min_delta: 2.0, patience: 2 };
    let stopped =
        PlannedRun { spec: RunSpec { early_stopping: Some(early), ..through.spec.clone() }, ..through.clone() };
    let (mut whole, mut kept) = (Kept::default(), Kept::default());
    train_until(&base, &data, &alone(&through), &mut whole, &mut Events::default(), usize::MAX);
    let runs = alone(&stopped);
    let (finished, asked) = train_until(&base, &data, &runs, &mut kept, &mut Events::default(), usize::MAX);
    assert!(finished && kept.results.is_empty());
    let [(_, outcome, result)] = kept.stops.as_slice() else { panic!("{:?}", kept.stops) };
    assert_eq!(*outcome, Outcome::Stopped { epoch: 3, because: StopReason::EarlyStopping });
    assert!(result.as_ref().is_some_and(|result| result.test.is_some()));
    for leave in asked.saturating_sub(3)..=asked {
        let mut left = Kept::default();
        train_until(&base, &data, &runs, &mut left, &mut Events::default(), leave);
        train_until(&base, &data, &runs, &mut left, &mut Events::default(), usize::MAX);
        assert_eq!(left.stops, kept.stops, "left at {leave} of {asked}");
        assert_eq!(left.states[&stopped.id].arrays, kept.states[&stopped.id].arrays, "left at {leave} of {asked}");
    }
    let mut kept = next_pack(kept);
    train_until(&base, &data, &stopping(&runs, &[], &[5]), &mut kept, &mut Events::default(), usize::MAX);
    assert_eq!(kept.results, whole.results, "as if it had not stopped");
    assert_eq!(kept.epochs, whole.epochs);
}
