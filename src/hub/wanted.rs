//! Which files of a repository are needed.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::model_files::{
    CONFIG, MERGES, TOKENIZER, TOKENIZER_CONFIG, TOKENIZER_FILES, VOCABULARY, WEIGHTS, WEIGHTS_INDEX, WORD_PIECES,
};

/// Why a repository cannot be used: a sentence about it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct NotUsable(pub String);

/// Chooses among the files of a repository.
pub trait Wanted {
    /// The files that are needed, out of all names; `card` is the text of the repository's `README.md`, where it has one
    /// and [`Self::reads_card`] asked for it.
    ///
    /// # Errors
    /// Why the repository cannot be used.
    fn choose(&self, names: &[String], card: Option<&str>) -> Result<Vec<String>, NotUsable>;

    /// Whether a local folder has all that is needed.
    fn complete(&self, folder: &Path) -> bool;

    /// Whether a folder that is not complete can be used as well, though differently from one that is.
    fn is_usable(&self, folder: &Path) -> bool {
        self.complete(folder)
    }

    /// Files that not every repository has. A snapshot that is complete has them, or it is noted that the repository does not.
    fn optional(&self) -> &'static [&'static str] {
        &[]
    }

    fn reads_card(&self) -> bool {
        false
    }

    /// Whether the files are enough to use the repository. Only then does its revision name the commit in the cache.
    fn is_whole(&self) -> bool {
        true
    }
}

/// How much of a model is needed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum ModelPart {
    /// `config.json` alone.
    Shape,
    /// And the tokenizer's files.
    Text,
    /// And the weights.
    All,
}

/// Configuration, tokenizer and weights, or the first of these.
pub(super) struct ModelFiles(pub ModelPart);

/// A LoRA adapter as PEFT saves it, with what is said beside it, where something is: the names of its classes, the length to
/// which its texts were cut.
pub(super) struct AdapterFiles;

const PICKLED: [&str; 2] = ["pytorch_model.bin", "pytorch_model.bin.index.json"];
pub(super) const ADAPTER: [&str; 2] = ["adapter_config.json", "adapter_model.safetensors"];

impl Wanted for ModelFiles {
    fn choose(&self, names: &[String], _: Option<&str>) -> Result<Vec<String>, NotUsable> {
        let has = |name: &str| names.iter().any(|other| other == name);
        if !has(CONFIG) {
            return Err(NotUsable("it has no config.json, so it is no model of transformers".to_owned()));
        }
        let mut chosen = vec![CONFIG.to_owned()];
        chosen.extend(TOKENIZER_FILES.into_iter().filter(|name| has(name)).map(str::to_owned));
        if has(WEIGHTS) {
            chosen.push(WEIGHTS.to_owned());
        } else if has(WEIGHTS_INDEX) {
            chosen.push(WEIGHTS_INDEX.to_owned());
            chosen.extend(names.iter().filter(|name| is_shard(name)).cloned());
        } else if PICKLED.into_iter().any(has) {
            return Err(NotUsable(
                "its weights are only there as pytorch_model.bin, a pickle, which can run code when it is read; \
                        look for a revision with model.safetensors (`@refs/pr/N`), or convert it with Python, \
                        AutoModel.from_pretrained(NAME).save_pretrained(FOLDER), and give that folder"
                    .to_owned(),
            ));
        } else {
            return Err(NotUsable("it has no model.safetensors".to_owned()));
        }
        chosen.retain(|name| self.needs(name));
        Ok(chosen)
    }

    fn complete(&self, folder: &Path) -> bool {
        let has = |name: &str| folder.join(name).is_file();
        let tokenizer = has(TOKENIZER) || has(WORD_PIECES) || (has(VOCABULARY) && has(MERGES));
        let weights = || has(WEIGHTS) || shards(folder).is_some_and(|shards| shards.iter().all(|shard| has(shard)));
        let (text, all) = (self.0 >= ModelPart::Text, self.0 >= ModelPart::All);
        has(CONFIG) && (!text || tokenizer) && (!all || weights())
    }

    fn is_whole(&self) -> bool {
        self.0 == ModelPart::All
    }
}

impl ModelFiles {
    fn needs(&self, name: &str) -> bool {
        match self.0 {
            ModelPart::Shape => name == CONFIG,
            ModelPart::Text => name == CONFIG || TOKENIZER_FILES.contains(&name),
            ModelPart::All => true,
        }
    }
}

/// `model-00001-of-00003.safetensors`
fn is_shard(name: &str) -> bool {
    name.starts_with("model-") && name.ends_with(".safetensors") && name.contains("-of-")
}

/// The files that the index of a sharded checkpoint lists.
fn shards(folder: &Path) -> Option<BTreeSet<String>> {
    let index: Value = serde_json::from_str(&std::fs::read_to_string(folder.join(WEIGHTS_INDEX)).ok()?).ok()?;
    let files = index.get("weight_map")?.as_object()?.values();
    files.map(|file| file.as_str().map(str::to_owned)).collect()
}

impl Wanted for AdapterFiles {
    fn choose(&self, names: &[String], _: Option<&str>) -> Result<Vec<String>, NotUsable> {
        match ADAPTER.into_iter().find(|wanted| !names.iter().any(|name| name == wanted)) {
            Some(missing) => Err(NotUsable(format!("it has no {missing}, so it is no adapter that can be read"))),
            None => {
                let beside = [CONFIG].into_iter().chain(TOKENIZER_FILES);
                let beside = beside.filter(|wanted| names.iter().any(|name| name == wanted));
                Ok(ADAPTER.into_iter().chain(beside).map(str::to_owned).collect())
            }
        }
    }

    fn complete(&self, folder: &Path) -> bool {
        let is_lacking = |name: &str| absence(folder, name).is_some_and(|note| note.is_file());
        let known = |name: &&str| folder.join(name).is_file() || is_lacking(name);
        self.is_usable(folder) && self.optional().iter().all(known)
    }

    fn is_usable(&self, folder: &Path) -> bool {
        ADAPTER.iter().all(|name| folder.join(name).is_file())
    }

    /// Those that are read.
    fn optional(&self) -> &'static [&'static str] {
        &[CONFIG, TOKENIZER_CONFIG]
    }
}

/// The empty file that notes that a repository lacks a file at the commit of a snapshot, as `huggingface_hub` does it.
pub(super) fn absence(snapshot: &Path, name: &str) -> Option<PathBuf> {
    let repository = snapshot.parent()?.parent()?;
    Some(repository.join(".no_exist").join(snapshot.file_name()?).join(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn choose(names: &str) -> Result<String, NotUsable> {
        let names: Vec<String> = names.split(' ').map(str::to_owned).collect();
        ModelFiles(ModelPart::All).choose(&names, None).map(|chosen| chosen.join(" "))
    }

    #[test]
    fn only_what_is_needed_of_a_model_is_chosen() {
        let all = "README.md config.json flax_model.msgpack merges.txt model.safetensors pytorch_model.bin tf_model.h5 \
                   tokenizer.json vocab.json";
        assert_eq!(choose(all).unwrap(), "config.json tokenizer.json vocab.json merges.txt model.safetensors");
        let sharded = "config.json model-00001-of-00002.safetensors model-00002-of-00002.safetensors \
                       model.safetensors.index.json onnx/model.safetensors vocab.txt";
        assert_eq!(
            choose(sharded).unwrap(),
            "config.json vocab.txt model.safetensors.index.json model-00001-of-00002.safetensors \
             model-00002-of-00002.safetensors"
        );
        assert!(choose("config.json pytorch_model.bin").unwrap_err().to_string().contains("save_pretrained"));
        assert!(choose("model.safetensors").unwrap_err().to_string().contains("config.json"));
        assert!(choose("config.json vocab.txt").unwrap_err().to_string().contains("no model.safetensors"));
    }

    #[test]
    fn a_part_of_a_model_is_chosen_without_its_weights() {
        let names = ["config.json", "model.safetensors", "tokenizer.json"].map(str::to_owned);
        assert_eq!(ModelFiles(ModelPart::Shape).choose(&names, None).unwrap(), ["config.json"]);
        assert_eq!(ModelFiles(ModelPart::Text).choose(&names, None).unwrap(), ["config.json", "tokenizer.json"]);
        // What could not be used later is refused now.
        assert!(ModelFiles(ModelPart::Shape).choose(&names[..1], None).is_err());
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("config.json"), "{}").unwrap();
        assert!(ModelFiles(ModelPart::Shape).complete(folder.path()));
        assert!(!ModelFiles(ModelPart::Text).complete(folder.path()));
    }

    #[test]
    fn an_adapter_comes_with_what_is_said_beside_it() {
        let choose = |names: &str| {
            let names: Vec<String> = names.split(' ').map(str::to_owned).collect();
            AdapterFiles.choose(&names, None).map(|chosen| chosen.join(" "))
        };
        let alone = "adapter_config.json adapter_model.safetensors";
        assert_eq!(choose(&format!("README.md {alone}")).unwrap(), alone);
        let exported = format!("README.md {alone} config.json optimizer.pt tokenizer_config.json vocab.txt");
        assert_eq!(choose(&exported).unwrap(), format!("{alone} config.json tokenizer_config.json vocab.txt"));
        assert!(choose("adapter_config.json config.json").unwrap_err().to_string().contains(ADAPTER[1]));
    }

    #[test]
    fn an_adapter_is_complete_when_it_is_known_what_is_said_beside_it() {
        let cache = tempfile::tempdir().unwrap();
        let snapshot = cache.path().join("models--acme--ad/snapshots/1111");
        let no_exist = cache.path().join("models--acme--ad/.no_exist/1111");
        for folder in [&snapshot, &no_exist] {
            std::fs::create_dir_all(folder).unwrap();
        }
        for name in ADAPTER {
            assert!(!AdapterFiles.is_usable(&snapshot));
            std::fs::write(snapshot.join(name), "").unwrap();
        }
        // As Python leaves it that loads the adapter alone.
        assert!(AdapterFiles.is_usable(&snapshot) && !AdapterFiles.complete(&snapshot));
        std::fs::write(snapshot.join(CONFIG), "{}").unwrap();
        assert!(!AdapterFiles.complete(&snapshot));
        std::fs::write(no_exist.join(TOKENIZER_CONFIG), "").unwrap();
        assert!(AdapterFiles.complete(&snapshot));
    }

    #[test]
    fn a_model_is_complete_with_all_its_shards() {
        let folder = tempfile::tempdir().unwrap();
        let write = |name: &str, text: &str| std::fs::write(folder.path().join(name), text).unwrap();
        let complete = || ModelFiles(ModelPart::All).complete(folder.path());
        write("config.json", "{}");
        write("vocab.txt", "a");
        assert!(!complete());
        write(WEIGHTS_INDEX, r#"{"weight_map": {"a": "one.safetensors", "b": "two.safetensors"}}"#);
        write("one.safetensors", "");
        assert!(!complete());
        write("two.safetensors", "");
        assert!(complete());
        std::fs::remove_file(folder.path().join("vocab.txt")).unwrap();
        assert!(!complete());
    }
}
