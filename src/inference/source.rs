//! The parts of a classifier, as files.

use std::path::{Path, PathBuf};

use super::{InferenceError, tokenizer_files};
use crate::data::{Classes, Coding};
use crate::model::{self, MergedClassifier, ModelConfig, SavedAdapter};
use crate::spec::Reading;
use crate::task::{Targets, Task};

/// A trained classifier: a model, mostly with an adapter on it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClassifierSource {
    /// What a person calls it: a run's label and id, or a folder.
    pub name: String,
    /// The model's folder.
    pub model: PathBuf,
    pub adapter: Option<PathBuf>,
    pub task: &'static dyn Task,
    /// Names of the classes. Of a run; otherwise they are looked for in the model's configuration.
    pub names: Option<Vec<String>>,
    /// Of a run: what it knows of its data.
    pub data: Option<KnownData>,
    /// Of a run: the longest sequence in training.
    pub max_length: Option<usize>,
    /// Of a run: how its CSV and TSV files were read.
    pub reading: Reading,
}

/// What a classifier knows of the data that it was trained on.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct KnownData {
    /// How labels name classes; none: not recorded.
    pub coding: Option<Coding>,
    /// The text columns; empty: not recorded.
    pub text: Vec<String>,
    /// The label column; none: not recorded.
    pub label: Option<String>,
}

/// The field of an exported `config.json` that has it.
pub(super) const KNOWN_DATA: &str = "sweep_data";

impl KnownData {
    /// What an exported folder says; none of other folders.
    pub(super) fn in_folder(folder: &Path) -> Option<Self> {
        let text = std::fs::read_to_string(folder.join("config.json")).ok()?;
        let config: serde_json::Value = serde_json::from_str(&text).ok()?;
        serde_json::from_value(config.get(KNOWN_DATA)?.clone()).ok()
    }
}

impl ClassifierSource {
    /// How the labels of a file name this classifier's classes: as in training. Where a run's record does not say, or
    /// there is none, that is derived from the names ([`Self::records_labels`]).
    ///
    /// # Errors
    /// As [`Self::merged`] and [`Self::targets`].
    pub fn labels(&self) -> Result<Classes, InferenceError> {
        let names = match &self.names {
            Some(names) => names.clone(),
            None => self.targets(self.merged()?.classes)?.names().to_vec(),
        };
        Ok(match &self.data {
            Some(KnownData { coding: Some(coding), .. }) => Classes::new(names, *coding),
            Some(_) => Classes::from_names(names),
            None => Classes::from_model(names),
        })
    }

    /// The folder of the run that left it; none of other adapters and models.
    pub fn run_folder(&self) -> Option<&Path> {
        let parent = self.adapter.as_deref()?.parent()?;
        Some(parent).filter(|parent| parent.join("run.json").is_file())
    }

    /// Whether it was recorded how labels name classes.
    pub fn records_labels(&self) -> bool {
        self.data.as_ref().is_some_and(|data| data.coding.is_some())
    }

    /// Those that an exported adapter's folder has beside it, or the model's.
    fn configured_names(&self, classes: usize) -> Option<Vec<String>> {
        let mut folders = self.adapter.iter().chain([&self.model]);
        folders.find_map(|folder| model::configured_names(folder, classes))
    }

    /// The text columns of the training; none where they are not recorded.
    pub fn text_columns(&self) -> &[String] {
        self.data.as_ref().map_or(&[], |data| data.text.as_slice())
    }

    /// Reads the model and merges the adapter in.
    ///
    /// # Errors
    /// Files that cannot be used, or that do not fit each other.
    pub fn merged(&self) -> Result<MergedClassifier, InferenceError> {
        let adapter = match &self.adapter {
            Some(folder) => Some(SavedAdapter::read(folder, &ModelConfig::read(&self.model)?)?),
            None => None,
        };
        Ok(MergedClassifier::read(&self.model, adapter.as_ref())?)
    }

    /// The longest sequence in tokens: in training, or as the files of the adapter's or the model's tokenizer say.
    ///
    /// # Errors
    /// A file that cannot be read.
    pub fn stated_length(&self) -> Result<Option<usize>, InferenceError> {
        if self.max_length.is_some() {
            return Ok(self.max_length);
        }
        for folder in self.adapter.iter().chain([&self.model]) {
            if let Some(length) = tokenizer_files::stated_length(folder)? {
                return Ok(Some(length));
            }
        }
        Ok(None)
    }

    /// What a head with so many outputs tells, with the run's names, or those in the model's `config.json`, or else numbers
    /// from 0.
    ///
    /// # Errors
    /// Names that are not as many as such a head is for.
    pub fn targets(&self, outputs: usize) -> Result<Targets, InferenceError> {
        let names = match &self.names {
            Some(names) if self.task.outputs(names) == outputs => names.clone(),
            Some(names) => return Err(InferenceError::ClassNames { names: names.clone(), classes: outputs }),
            None => {
                let numbers = || (0..outputs).map(|class| class.to_string()).collect();
                self.configured_names(outputs).unwrap_or_else(numbers)
            }
        };
        Ok(Targets::new(self.task, names))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::task;

    fn names(config: &str, given: Option<&[&str]>, classes: usize) -> Result<Vec<String>, String> {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("config.json"), config).unwrap();
        let source = ClassifierSource {
            name: String::new(),
            model: folder.path().to_path_buf(),
            adapter: None,
            task: task::DEFAULT,
            names: given.map(|names| names.iter().map(|name| name.to_string()).collect()),
            data: None,
            max_length: None,
            reading: Reading::default(),
        };
        source.targets(classes).map(|targets| targets.names().to_vec()).map_err(|error| error.to_string())
    }

    #[test]
    fn class_names_come_from_the_run_or_the_configuration() {
        let config = r#"{"id2label": {"0": "no", "1": "yes"}}"#;
        assert_eq!(names(config, None, 2).unwrap(), ["no", "yes"]);
        assert_eq!(names(config, Some(&["a", "b"]), 2).unwrap(), ["a", "b"]);
        assert_eq!(names(config, Some(&["a"]), 2).unwrap_err(), "1 class name for 2 classes");
        // Names of another head, or no names at all.
        assert_eq!(names(config, None, 3).unwrap(), ["0", "1", "2"]);
        assert_eq!(names(r#"{"id2label": {"0": "LABEL_0", "1": "LABEL_1"}}"#, None, 2).unwrap(), ["0", "1"]);
        assert_eq!(names("{}", None, 2).unwrap(), ["0", "1"]);
    }
}
