//! What tests of the store and of execution share: small sweeps, results folders, comparisons.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use crate::mock::{MockExecutor, MockSettings};
use sweep::event::{Event, Sink};
use sweep::execute::{
    DeviceKind, PlanOptions, Stop, WhenBusy, WorkerEnd, WorkerError, WorkerOptions, plan_packs, relative_duration, work,
};
use sweep::spec::{
    DatasetSpec, Evaluation, HeldOut, LrScheduler, Metric, PackPlan, PlannedRun, Precision, RunId, RunSpec, Segment,
    Sweep,
};
use sweep::store::{
    Attempt, ClaimOptions, DecidingResult, ExecutorKind, Growth, Opened, PackRecorder, PlanInput, PlannedSearch, Store,
    StoreError, Versions,
};

#[path = "comparing.rs"]
mod comparing;

pub use comparing::{files, scratch, timeless};

pub const YAML: &[u8] = b"name: sample\n# bytes are kept as they are\n";

pub fn spec() -> RunSpec {
    RunSpec {
        model: "models/mini".into(),
        dataset: DatasetSpec {
            path: "data/news.csv".into(),
            split: "train".into(),
            text: vec!["title".into(), "description".into()],
            label: None,
            limit: None,
            evaluation: Evaluation::HeldOut { size: HeldOut::Examples(160), seed: 42 },
            test: None,
            reading: Default::default(),
            missing_label: None,
        },
        init_adapter: None,
        max_length: 128,
        rank: 8,
        lora_alpha: 16.0,
        lora_dropout: 0.1,
        target_modules: vec!["bert.encoder.layer.0.attention.self.query".into()],
        hidden_dropout: 0.1,
        attention_dropout: 0.1,
        classifier_dropout: 0.1,
        extra_dropout: 0.0,
        learning_rate: 1e-3,
        weight_decay: 0.1,
        lr_scheduler: LrScheduler::Cosine,
        warmup_ratio: 0.15,
        batch_size: 16,
        eval_batch_size: 32,
        gradient_accumulation_steps: 2,
        max_grad_norm: 1.0,
        epochs: 3,
        precision: Precision::Fp32,
        seed: 1,
        init_seed: None,
        order_seed: None,
        dropout_seed: None,
        metric_for_best: Metric::ACCURACY,
        early_stopping: None,
    }
}

/// A run whose id follows from its label and parameters.
pub fn run(configuration: &str, seed: u64, change: impl FnOnce(&mut RunSpec)) -> PlannedRun {
    let mut spec = spec();
    spec.seed = seed;
    change(&mut spec);
    let canonical = serde_json::to_vec(&spec).unwrap();
    PlannedRun {
        id: RunId(blake3::hash(&canonical).to_hex()[..12].to_owned()),
        label: format!("{configuration}, seed={seed}"),
        configuration: configuration.into(),
        spec,
    }
}

/// `count` runs over five configurations that differ in epochs, rate, rank and batch size.
pub fn runs(count: usize) -> Vec<PlannedRun> {
    let of = |number: usize| {
        let seed = 1 + (number / 5) as u64;
        match number % 5 {
            0 => run("base", seed, |_| {}),
            1 => run("epochs=5", seed, |spec| spec.epochs = 5),
            2 => run("learning_rate=0.0002", seed, |spec| spec.learning_rate = 2e-4),
            3 => run("rank=2", seed, |spec| spec.rank = 2),
            _ => run("batch_size=48", seed, |spec| spec.batch_size = 48),
        }
    };
    (0..count).map(of).collect()
}

pub fn sweep(runs: Vec<PlannedRun>) -> Sweep {
    Sweep {
        search: None,
        name: "sample".into(),
        description: "A small sweep".into(),
        baseline: Some("base".into()),
        runs,
        changes: Vec::new(),
        scaled: Vec::new(),
        originals: BTreeMap::new(),
        hypotheses: Vec::new(),
        observations: Vec::new(),
        looks: Vec::new(),
        reference: Vec::new(),
        extends: Vec::new(),
    }
}

pub fn claims(worker: &str) -> ClaimOptions {
    ClaimOptions {
        worker: worker.into(),
        device: Some("mock".into()),
        beat: Duration::from_millis(100),
        expiry: Duration::from_secs(60),
    }
}

pub fn planner(max_pack: usize) -> impl Fn(&[Segment]) -> Vec<PackPlan> {
    move |segments| {
        let duration = |run: &PlannedRun| relative_duration(&run.spec, Some(240));
        plan_packs(segments, &PlanOptions { max_pack, duration: &duration, sharing: None, memory: None })
    }
}

/// Opens the sweep's results below `root`, in packs of at most four.
pub fn open(root: &Path, sweep: &Sweep) -> Result<Opened, StoreError> {
    open_with(root, sweep, DeviceKind::Cpu.default_max_pack())
}

pub fn open_with(root: &Path, sweep: &Sweep, max_pack: usize) -> Result<Opened, StoreError> {
    open_for(ExecutorKind::Mock, root, sweep, max_pack)
}

pub fn open_for(executor: ExecutorKind, root: &Path, sweep: &Sweep, max_pack: usize) -> Result<Opened, StoreError> {
    let command = ["sweep".to_owned(), "run".to_owned()];
    let input = PlanInput {
        sweep,
        search: PlannedSearch::named("design"),
        yaml: YAML,
        rehearsal: false,
        executor,
        command: &command,
        selected: None,
        until: Default::default(),
        claims: claims("planner"),
    };
    Store::create_or_open(root, &input, &planner(max_pack))
}

/// A sweep of which some runs stop after an epoch; planned only.
pub fn planned(root: &Path, runs: Vec<PlannedRun>, until: &[(usize, usize)]) -> Store {
    let sweep = sweep(runs);
    let input = PlanInput {
        sweep: &sweep,
        search: PlannedSearch::named("test"),
        yaml: YAML,
        rehearsal: false,
        executor: ExecutorKind::Mock,
        command: &[],
        selected: None,
        until: until.iter().map(|&(run, epoch)| (sweep.runs[run].id.clone(), epoch)).collect(),
        claims: claims("planner"),
    };
    Store::create_or_open(root, &input, &planner(4)).unwrap().store
}

/// Appends a generation: these runs go on, and stop again where `until` says so.
pub fn go_on(store: &mut Store, further: &[usize], until: Option<usize>) {
    store.reload().unwrap();
    let chosen: Vec<PlannedRun> = further.iter().map(|&run| store.record().runs[run].planned()).collect();
    let until: BTreeMap<RunId, usize> =
        until.iter().flat_map(|until| chosen.iter().map(|run| (run.id.clone(), *until))).collect();
    let newest = store.record().runs_by_generation().pop().unwrap();
    let results =
        newest.into_iter().map(|run| DecidingResult { run, value: None, paused_at: None, epochs: None }).collect();
    assert!(
        store
            .grow(
                &Growth {
                    search: "test",
                    definition: None,
                    tokens_per_second: None,
                    points: &[],
                    results,
                    runs: &chosen,
                    until
                },
                &planner(4)
            )
            .unwrap()
    );
    store.reload().unwrap();
}

pub fn options() -> WorkerOptions {
    WorkerOptions {
        versions: Versions { sweep: "0.0.0".into(), git_commit: None, libtorch: Some("2.11.0".into()), machine: None },
        checkpoint_every: Duration::from_secs(3600),
        when_busy: WhenBusy::Leave,
        ..WorkerOptions::default()
    }
}

/// Works with a mock until nothing is left, and gives the events.
pub fn work_with(store: &Store, settings: MockSettings, options: &WorkerOptions) -> Result<Vec<Event>, WorkerError> {
    let mut events = Events::default();
    let end = work(store, options, &mut MockExecutor::new(settings), &mut events, &Stop::default())?;
    assert_ne!(end, WorkerEnd::Interrupted);
    Ok(events.0)
}

/// A finished sweep of `count` runs.
pub fn finished(root: &Path, count: usize) -> Store {
    let store = open(root, &sweep(runs(count))).unwrap().store;
    work_with(&store, MockSettings::default(), &options()).unwrap();
    store
}

/// The recorder of one of the sweep's packs, claimed.
pub fn claimed_recorder(store: &Store, pack: usize) -> PackRecorder {
    let plan = store.packs().unwrap().packs[pack].plan.clone();
    let Attempt::Claimed(claim) = store.claim_pack(&plan.id).unwrap() else { panic!("the pack is claimed") };
    PackRecorder::open(store, &plan, claim, &options().versions).unwrap().0
}

/// Keeps events.
#[derive(Default)]
pub struct Events(pub Vec<Event>);

impl Sink for Events {
    fn emit(&mut self, event: &Event) {
        self.0.push(event.clone());
    }
}

pub fn notices(events: &[Event]) -> Vec<&str> {
    events
        .iter()
        .filter_map(|event| match event {
            Event::Notice { message, .. } => Some(message.as_str()),
            _ => None,
        })
        .collect()
}
