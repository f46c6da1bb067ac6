//! From what a person names to a classifier's files.

use std::path::{Path, PathBuf};

use super::{ClassifierSource, InferenceError, KnownData};
use crate::hub::{Hub, HubError};
use crate::model::{ModelConfig, peft};
use crate::report::best_runs;
use crate::spec::{Reading, RunId};
use crate::store::{Layout, ResultRecord, RunRecord, Store, find_runs, sweep_folders};
use crate::task::{self, TASKS, Task};

/// Where names are looked up.
#[derive(Clone, Copy, Debug)]
pub struct Lookup<'a> {
    pub hub: &'a Hub,
    /// The results folder (or one sweep's) that ids and labels are looked for in.
    pub results: &'a Path,
    /// Instead of the model that a run or an adapter names: a folder or a hub name.
    pub model: Option<&'a str>,
}

/// The classifier that `name` means, which is, in this order: a folder (of a run, a sweep, an adapter, a whole model, or
/// a results folder with one sweep), `SWEEP/best` or the name of a sweep, the id or label of a run, an adapter in the
/// Hugging Face cache. A sweep means its best completed run ([`best_runs`]).
///
/// # Errors
/// Nothing of that name, or several things; a run that is not completed; a model that is not there or is another one.
pub fn find(name: &str, lookup: &Lookup<'_>) -> Result<ClassifierSource, InferenceError> {
    let path = Path::new(name);
    if path.is_dir() {
        return from_folder(path, lookup);
    }
    let sweep = name.strip_suffix("/best").unwrap_or(name);
    for folder in [PathBuf::from(sweep), lookup.results.join(sweep)] {
        if is_sweep(&folder) {
            return best(&folder, lookup);
        }
    }
    let found = if lookup.results.is_dir() { find_runs(lookup.results, name)? } else { Vec::new() };
    match found.as_slice() {
        [(store, run)] => from_run(store.layout().run(run).folder(), lookup),
        [] => from_hub(name, lookup),
        several => Err(InferenceError::Several {
            name: name.to_owned(),
            candidates: several.iter().map(|(store, run)| described(store, run)).collect(),
        }),
    }
}

fn described(store: &Store, run: &RunId) -> String {
    let label = store.entry(run).map(|entry| entry.label.clone()).unwrap_or_default();
    format!("{run}  {label}  in {}", store.layout().folder().display())
}

fn is_sweep(folder: &Path) -> bool {
    Layout::new(folder).sweep_json().is_file()
}

/// Also of a run that is damaged: one of the two was deleted.
fn is_run(folder: &Path) -> bool {
    ["run.json", "result.json"].iter().any(|name| folder.join(name).is_file())
}

fn from_folder(folder: &Path, lookup: &Lookup<'_>) -> Result<ClassifierSource, InferenceError> {
    let has = |name: &str| folder.join(name).is_file();
    if has(peft::CONFIG_FILE) {
        return match folder.parent().filter(|parent| is_run(parent)) {
            Some(run) => from_run(run, lookup),
            None => from_adapter(folder, lookup),
        };
    }
    if is_run(folder) {
        return from_run(folder, lookup);
    }
    if is_sweep(folder) {
        return best(folder, lookup);
    }
    if has("config.json") {
        let task = task_of(folder)?;
        return Ok(ClassifierSource {
            name: folder.display().to_string(),
            model: folder.to_path_buf(),
            adapter: None,
            task,
            names: None,
            data: KnownData::in_folder(folder),
            max_length: None,
            reading: Reading::default(),
        });
    }
    match sweep_folders(folder)?.as_slice() {
        [only] => best(only, lookup),
        [] => Err(InferenceError::NothingThere { path: folder.to_path_buf() }),
        several => Err(InferenceError::Several {
            name: folder.display().to_string(),
            candidates: several.iter().map(|sweep| format!("{}/best", sweep.display())).collect(),
        }),
    }
}

/// The best completed run of a sweep. Of several data sets none is better than another.
fn best(sweep: &Path, lookup: &Lookup<'_>) -> Result<ClassifierSource, InferenceError> {
    let store = Store::open(sweep)?;
    let views = store.runs()?;
    match best_runs(store.record(), &views).as_slice() {
        [] => Err(InferenceError::NoneCompleted { path: sweep.to_path_buf() }),
        [only] => from_run(store.layout().run(&only.view.run.id).folder(), lookup),
        several => {
            let candidates = several.iter().map(|best| {
                let on = best.on.as_ref().map_or(String::new(), |set| format!(", the best on {set}"));
                format!("{}  {}{on}", best.view.run.id, best.view.run.label)
            });
            Err(InferenceError::SeveralDataSets { path: sweep.to_path_buf(), candidates: candidates.collect() })
        }
    }
}

fn from_run(folder: &Path, lookup: &Lookup<'_>) -> Result<ClassifierSource, InferenceError> {
    let adapter = folder.join("adapter");
    let missing = [folder.join("run.json"), adapter.join(peft::CONFIG_FILE), adapter.join(peft::WEIGHTS_FILE)];
    let missing = missing.iter().find(|path| !path.is_file());
    let record = RunRecord::read(folder)?.filter(|_| missing.is_none());
    let Some(record) = record else {
        let path = folder.to_path_buf();
        return Err(match (ResultRecord::read(folder)?, missing) {
            (Some(result), Some(file)) if result.has_adapter() => {
                InferenceError::Damaged { path, what: format!("{} is missing", file.display()) }
            }
            (Some(_), _) => InferenceError::Unsuccessful { path },
            (None, _) => InferenceError::NotCompleted { path },
        });
    };
    let mut name = format!("{} [{}]", record.run.label, record.run.id);
    if let Some(epoch) = ResultRecord::read(folder)?.and_then(|result| result.stopped_after()) {
        name = format!("{name}, as it stopped after epoch {epoch} of {}", record.run.spec.epochs);
    }
    let model = model(lookup.model.unwrap_or(&record.run.spec.model), &name, lookup)?;
    let found = lookup.hub.model_digest(&model)?;
    if found != record.facts.model_digest {
        let expected = record.facts.model_digest;
        return Err(InferenceError::OtherModel { path: model, of: name, found, expected });
    }
    let said = &record.run.spec.dataset;
    let data = match record.facts.data {
        Some(found) => {
            KnownData { coding: Some(found.coding), text: found.columns.text, label: Some(found.columns.label) }
        }
        None => KnownData { coding: None, text: said.text.clone(), label: said.label.clone() },
    };
    Ok(ClassifierSource {
        name,
        model,
        adapter: Some(adapter),
        task: record.facts.targets.task(),
        names: Some(record.facts.targets.names().to_vec()),
        data: Some(data),
        max_length: Some(record.run.spec.max_length),
        reading: record.run.spec.dataset.reading,
    })
}

fn from_adapter(folder: &Path, lookup: &Lookup<'_>) -> Result<ClassifierSource, InferenceError> {
    let config = peft::SavedConfig::read(&folder.join(peft::CONFIG_FILE))?;
    let base = lookup.model.map(str::to_owned).or(config.base_model).filter(|name| !name.is_empty());
    let Some(base) = base else {
        return Err(InferenceError::NoBaseModel { path: folder.join(peft::CONFIG_FILE) });
    };
    let name = folder.display().to_string();
    let model = model(&base, &name, lookup)?;
    let task = task_of(&model)?;
    let adapter = Some(folder.to_path_buf());
    Ok(ClassifierSource {
        name,
        model,
        adapter,
        task,
        names: None,
        data: KnownData::in_folder(folder),
        max_length: None,
        reading: Reading::default(),
    })
}

/// What the head in a model's own files is for; single-label classification where that is not said. Another task than ours is
/// refused: only a run of ours makes such a model one of them.
fn task_of(model: &Path) -> Result<&'static dyn Task, InferenceError> {
    let Some(other) = ModelConfig::read(model)?.problem_type else {
        return Ok(task::DEFAULT);
    };
    let known = || TASKS.iter().map(|task| task.problem_type());
    let task = TASKS.iter().copied().find(|task| task.problem_type() == other);
    task.ok_or_else(|| InferenceError::Config {
        path: model.join("config.json"),
        message: format!(
            "problem_type is `{other}`: the head gives no probabilities that sum to 1 over the classes; only {} can be \
             predicted",
            known().collect::<Vec<_>>().join(", ")
        ),
    })
}

fn from_hub(name: &str, lookup: &Lookup<'_>) -> Result<ClassifierSource, InferenceError> {
    match lookup.hub.adapter(name) {
        Ok(folder) => from_adapter(&folder, lookup),
        Err(HubError::NoPath { .. }) => {
            Err(InferenceError::NoRun { name: name.to_owned(), results: lookup.results.to_path_buf() })
        }
        Err(error) => Err(error.into()),
    }
}

fn model(name: &str, of: &str, lookup: &Lookup<'_>) -> Result<PathBuf, InferenceError> {
    lookup.hub.model(name).map_err(|source| InferenceError::Model { of: of.to_owned(), source })
}
