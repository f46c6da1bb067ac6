//! An experiment per sweep, in it a parent run, and below that a nested run per run.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::SystemTime;

use serde_json::{Value, json};

use crate::spec::RunId;
use crate::store::{ExecutorKind, RunState, Store};
use crate::tracking::subject::figures;
use crate::tracking::{Subject, Tracker, TrackingError};

use super::address::Server;
use super::artifacts;
use super::client::{Client, encoded};
use super::messages::{
    Batch, Created, Experiment, Found, FoundRuns, MetricValue, Param, Run, RunInfo, Tag, milliseconds,
};

/// The plan that a run is of, and its id there.
const PLAN: &str = "sweep.plan";
const RUN: &str = "sweep.run";
/// How many epochs were sent.
const EPOCHS: &str = "sweep.epochs";
/// When the run ended, once all of it was sent.
const ENDED: &str = "sweep.ended";
const PARENT: &str = "mlflow.parentRunId";
/// Most of each that a server takes in one request.
const MOST_METRICS: usize = 1000;
const MOST_PARAMS: usize = 100;

/// An MLflow server.
#[derive(Debug)]
pub struct Mlflow {
    client: Client,
    /// Of the sweep that was told of last.
    sweep: Option<Known>,
}

/// What the server has of a sweep.
#[derive(Debug)]
struct Known {
    plan: String,
    experiment: String,
    parent: RunInfo,
    runs: BTreeMap<RunId, Sent>,
}

/// What the server has of a run.
#[derive(Clone, Debug)]
struct Sent {
    info: RunInfo,
    epochs: usize,
    ended: Option<String>,
}

impl Sent {
    fn of(run: Run) -> Self {
        let epochs = run.tag(EPOCHS).and_then(|text| text.parse().ok()).unwrap_or(0);
        let ended = run.tag(ENDED).map(str::to_owned);
        Self { info: run.info, epochs, ended }
    }
}

impl Mlflow {
    pub fn new(server: Server) -> Self {
        Self { client: Client::new(server), sweep: None }
    }

    pub fn server(&self) -> &Server {
        self.client.server()
    }

    /// What the server has of the sweep, which is made there where it is not.
    fn known(&mut self, store: &Store) -> Result<&mut Known, TrackingError> {
        let plan = format!("{}@{}", folder_name(store), store.record().created);
        let known = match self.sweep.take().filter(|known| known.plan == plan) {
            Some(known) => known,
            None => self.look(store, plan)?,
        };
        Ok(self.sweep.insert(known))
    }

    fn look(&self, store: &Store, plan: String) -> Result<Known, TrackingError> {
        let experiment = self.experiment(&folder_name(store))?;
        let mut known = BTreeMap::new();
        let mut parent = None;
        for run in self.runs_of(&experiment, &plan, None)? {
            match run.tag(RUN).map(|id| RunId(id.to_owned())) {
                Some(id) => drop(known.insert(id, Sent::of(run))),
                None => parent = Some(run.info),
            }
        }
        let parent = match parent {
            Some(parent) => parent,
            None => self.create_parent(store, &experiment, &plan)?,
        };
        Ok(Known { plan, experiment, parent, runs: known })
    }

    fn experiment(&self, name: &str) -> Result<String, TrackingError> {
        let path = format!("/mlflow/experiments/get-by-name?experiment_name={}", encoded(name));
        if let Some(Found { run: Experiment { experiment_id, lifecycle_stage } }) = self.client.find(&path)? {
            if lifecycle_stage == "deleted" {
                let message = format!("the experiment `{name}` was deleted there; restore it, or remove it for good");
                let server = self.server().to_string();
                return Err(TrackingError::Status {
                    server,
                    path: "/mlflow/experiments/get-by-name".to_owned(),
                    status: 200,
                    message,
                });
            }
            return Ok(experiment_id);
        }
        let created: Created = self.client.post("/mlflow/experiments/create", &json!({"name": name}))?;
        Ok(created.experiment_id)
    }

    /// What is there of a plan: all of it, or of one of its runs.
    fn runs_of(&self, experiment: &str, plan: &str, only: Option<&RunId>) -> Result<Vec<Run>, TrackingError> {
        // Plain names and times: nothing in them ends a text.
        let of_run = only.map_or_else(String::new, |run| format!(" AND tags.`{RUN}` = '{run}'"));
        let filter = format!("tags.`{PLAN}` = '{plan}'{of_run}");
        let mut runs = Vec::new();
        let mut page = None;
        loop {
            let question = json!({
                "experiment_ids": [experiment],
                "filter": filter,
                "max_results": 1000,
                "page_token": page,
            });
            let found: FoundRuns = self.client.post("/mlflow/runs/search", &question)?;
            runs.extend(found.runs);
            page = found.next_page_token.filter(|token| !token.is_empty());
            if page.is_none() {
                return Ok(runs);
            }
        }
    }

    fn create_parent(&self, store: &Store, experiment: &str, plan: &str) -> Result<RunInfo, TrackingError> {
        let record = store.record();
        let mut tags = vec![
            Tag::new(PLAN, plan),
            Tag::new("sweep.version", env!("CARGO_PKG_VERSION")),
            Tag::new("mlflow.note.content", note(store)),
        ];
        tags.extend(warnings(store));
        let started = humantime::parse_rfc3339(&record.created).unwrap_or(SystemTime::UNIX_EPOCH);
        let run = self.create(experiment, &record.name, started, tags)?;
        if artifacts::are_taken(&run) {
            artifacts::send(&self.client, &run, &[&store.layout().sweep_yaml()])?;
        }
        Ok(run)
    }

    fn create(
        &self,
        experiment: &str,
        name: &str,
        started: SystemTime,
        tags: Vec<Tag>,
    ) -> Result<RunInfo, TrackingError> {
        let message = json!({
            "experiment_id": experiment,
            "run_name": name,
            "start_time": milliseconds(started),
            "tags": tags,
        });
        let created: Found<Run> = self.client.post("/mlflow/runs/create", &message)?;
        Ok(created.run.info)
    }

    /// The nested run, which is made where it is not there, with its settings.
    fn nested(&mut self, store: &Store, subject: &Subject) -> Result<Sent, TrackingError> {
        let known = self.known(store)?;
        if let Some(sent) = known.runs.get(&subject.id) {
            return Ok(sent.clone());
        }
        let (plan, experiment, parent) = (known.plan.clone(), known.experiment.clone(), known.parent.run_id.clone());
        // Somebody else may have made it since we looked: another host, or `sweep send`.
        let there = self.runs_of(&experiment, &plan, Some(&subject.id))?;
        let sent = match there.into_iter().find(|run| run.tag(RUN) == Some(&subject.id.0)) {
            Some(run) => Sent::of(run),
            None => self.create_nested(store, subject, [&plan, &experiment, &parent])?,
        };
        self.known(store)?.runs.insert(subject.id.clone(), sent.clone());
        Ok(sent)
    }

    fn create_nested(
        &self,
        store: &Store,
        subject: &Subject,
        [plan, experiment, parent]: [&String; 3],
    ) -> Result<Sent, TrackingError> {
        let mut tags = vec![
            Tag::new(PLAN, plan.clone()),
            Tag::new(RUN, subject.id.to_string()),
            Tag::new(PARENT, parent.clone()),
            Tag::new("sweep.configuration", subject.configuration.clone()),
            Tag::new("sweep.device", subject.record.facts.device.clone()),
            Tag::new("sweep.model_digest", subject.record.facts.model_digest.clone()),
            Tag::new("sweep.data_digest", subject.record.facts.data_digest.clone()),
        ];
        tags.extend(
            subject
                .record
                .versions
                .git_commit
                .iter()
                .map(|commit| Tag::new("mlflow.source.git.commit", commit.clone())),
        );
        tags.extend(warnings(store));
        let info = self.create(experiment, &subject.label, subject.started, tags)?;
        Ok(Sent { info, epochs: 0, ended: None })
    }

    /// Sends epochs, and what else belongs to them, in as few requests as servers take.
    fn send_epochs(&self, sent: &Sent, subject: &Subject) -> Result<(), TrackingError> {
        let params: Vec<Param> = if sent.epochs == 0 {
            subject
                .parameters()
                .iter()
                .filter(|(_, value)| !value.is_null())
                .map(|(name, value)| Param::new(name.clone(), value))
                .collect()
        } else {
            Vec::new()
        };
        for params in params.chunks(MOST_PARAMS) {
            self.batch(sent, &[], params, &[])?;
        }
        let new: Vec<_> = subject.epochs.iter().filter(|record| record.epoch > sent.epochs).collect();
        let per_epoch = new.first().map_or(1, |record| figures(record).count().max(1));
        for records in new.chunks((MOST_METRICS / per_epoch).max(1)) {
            let values = |record: &&crate::event::EpochRecord| {
                let (time, epoch) = (subject.time_after(record.epoch), record.epoch);
                figures(record).map(|(name, value)| MetricValue::new(name, value, time, epoch)).collect::<Vec<_>>()
            };
            let metrics: Vec<MetricValue> = records.iter().flat_map(values).collect();
            let tags: Vec<Tag> =
                records.last().map(|last| Tag::new(EPOCHS, last.epoch.to_string())).into_iter().collect();
            self.batch(sent, &metrics, &[], &tags)?;
        }
        Ok(())
    }

    fn batch(&self, sent: &Sent, metrics: &[MetricValue], params: &[Param], tags: &[Tag]) -> Result<(), TrackingError> {
        let batch = Batch { run_id: &sent.info.run_id, metrics, params, tags };
        self.client.post::<Value>("/mlflow/runs/log-batch", &batch).map(drop)
    }

    /// How the run ended, its files and its state; the tag that says so comes last.
    fn send_end(&self, store: &Store, sent: &Sent, subject: &Subject, finished: &str) -> Result<(), TrackingError> {
        let ended = subject.ended().unwrap_or(subject.started);
        let tested = subject.tested();
        let of_test = |(epoch, figures): &(usize, crate::event::Figures)| {
            let epoch = *epoch;
            let values = figures.metrics.iter().map(move |(metric, value)| {
                let name = metric.name();
                MetricValue::new(format!("test_{}", name.strip_prefix("eval_").unwrap_or(name)), value, ended, epoch)
            });
            values.collect::<Vec<_>>()
        };
        let metrics: Vec<MetricValue> = tested.iter().flat_map(of_test).collect();
        let best = subject.result.as_ref().and_then(|result| result.best.as_ref());
        let mut tags: Vec<Tag> =
            best.map(|best| Tag::new("sweep.best_epoch", best.epoch.to_string())).into_iter().collect();
        tags.extend(subject.outcome().map(|outcome| Tag::new("sweep.outcome", outcome)));
        self.batch(sent, &metrics, &[], &tags)?;
        if artifacts::are_taken(&sent.info) {
            let files = store.layout().run(&subject.id);
            let paths = [files.run_json(), files.metrics_csv(), files.result_json()];
            artifacts::send(&self.client, &sent.info, &paths.each_ref().map(|path| path.as_path() as &Path))?;
        }
        let status = if subject.is_unsuccessful() { "FAILED" } else { "FINISHED" };
        self.set_status(&sent.info, status, Some(ended))?;
        self.batch(sent, &[], &[], &[Tag::new(ENDED, finished)])
    }

    fn set_status(&self, run: &RunInfo, status: &str, ended: Option<SystemTime>) -> Result<(), TrackingError> {
        let message = json!({"run_id": run.run_id, "status": status, "end_time": ended.map(milliseconds)});
        self.client.post::<Value>("/mlflow/runs/update", &message).map(drop)
    }
}

impl Mlflow {
    fn tell(&mut self, store: &Store, run: &RunId) -> Result<(), TrackingError> {
        let Some(subject) = Subject::read(store, run)? else {
            return Ok(());
        };
        let mut sent = self.nested(store, &subject)?;
        let finished = subject.result.as_ref().map(|result| result.finished.clone());
        let is_told = finished.is_some() && sent.ended == finished;
        if subject.epochs.len() > sent.epochs || (sent.epochs == 0 && !is_told) {
            self.send_epochs(&sent, &subject)?;
            sent.epochs = subject.epochs.len();
        }
        match &finished {
            Some(_) if is_told => {}
            Some(finished) => self.send_end(store, &sent, &subject, finished)?,
            // It had ended, and goes on.
            None if sent.ended.is_some() => self.set_status(&sent.info, "RUNNING", None)?,
            None => {}
        }
        sent.ended = finished;
        self.known(store)?.runs.insert(subject.id, sent);
        Ok(())
    }

    fn tell_end(&mut self, store: &Store) -> Result<(), TrackingError> {
        let views: Vec<_> = store.runs()?.into_iter().filter(|view| !view.removed).collect();
        let parent = self.known(store)?.parent.clone();
        if !views.iter().all(|view| view.state.is_final()) {
            return Ok(());
        }
        let unsuccessful = views.iter().any(|view| matches!(view.state, RunState::Failed | RunState::Diverged));
        let ends = views.iter().filter_map(|view| store.result(&view.run.id).ok().flatten());
        let ended = ends.filter_map(|result| humantime::parse_rfc3339(&result.finished).ok()).max();
        self.set_status(&parent, if unsuccessful { "FAILED" } else { "FINISHED" }, ended)
    }

    /// Forgets what the server has where a request failed, which may have been carried out: the next one looks again.
    fn forgotten_unless_told<T>(&mut self, told: Result<T, TrackingError>) -> Result<T, TrackingError> {
        if told.is_err() {
            self.sweep = None;
        }
        told
    }
}

impl Tracker for Mlflow {
    fn name(&self) -> &'static str {
        "MLflow"
    }

    fn update(&mut self, store: &Store, run: &RunId) -> Result<(), TrackingError> {
        let told = self.tell(store, run);
        self.forgotten_unless_told(told)
    }

    fn conclude(&mut self, store: &Store) -> Result<(), TrackingError> {
        let told = self.tell_end(store);
        self.forgotten_unless_told(told)
    }
}

/// The name of the sweep's folder: that of a rehearsal is another.
fn folder_name(store: &Store) -> String {
    let folder = store.layout().folder();
    let whole = folder.canonicalize().unwrap_or_else(|_| folder.to_owned());
    whole.file_name().map_or_else(|| store.record().name.clone(), |name| name.to_string_lossy().into_owned())
}

/// What is shown of the sweep as a text.
fn note(store: &Store) -> String {
    let record = store.record();
    let warning: String = warnings(store).into_iter().map(|tag| format!("{}\n\n", tag.value)).collect();
    format!("{warning}{}", record.description)
}

/// That figures say nothing about what the sweep names.
fn warnings(store: &Store) -> Option<Tag> {
    let record = store.record();
    let text = match (record.executor, record.rehearsal) {
        (ExecutorKind::Mock, _) => "INVENTED: a mock executor made these results; nothing was trained.",
        (_, true) => "A rehearsal: these figures say nothing about the model and data that the sweep names.",
        _ => return None,
    };
    Some(Tag::new("sweep.warning", text))
}
