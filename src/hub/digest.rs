//! A digest of a model's contents, quick from the second time on.

use std::fs::{File, Metadata};
use std::io::Read;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use serde_json::{Map, Value};

use crate::model_files::{
    ADDED_TOKENS, CONFIG, MERGES, SPECIAL_TOKENS, TOKENIZER, TOKENIZER_CONFIG, VOCABULARY, WORD_PIECES,
};
use crate::replace_file::{Durability, replace_file};

use super::HubError;

/// Files other than weights that decide what a model computes.
const FILES: [&str; 6] = [CONFIG, TOKENIZER, TOKENIZER_CONFIG, VOCABULARY, MERGES, WORD_PIECES];
/// Files that decide it where [`adds_tokens`].
const TOKEN_FILES: [&str; 2] = [SPECIAL_TOKENS, ADDED_TOKENS];
/// The field of `tokenizer_config.json` that replaces those files.
const DECODER: &str = "added_tokens_decoder";
/// Smaller files are read each time.
const WORTH_REMEMBERING: u64 = 1 << 20;
/// A file changed this recently may change again within the resolution of its time stamp.
const SETTLED: Duration = Duration::from_secs(2);
const CHUNK: usize = 16 << 20;

/// blake3 over configuration, weights and tokenizer files of a model folder, as 64 hexadecimal digits. It does not depend
/// on where the folder lies.
///
/// Digests of large files are remembered in `memory` by path, size and time of change; a memory that cannot be written
/// costs time only.
///
/// # Errors
/// A file that cannot be read.
pub(super) fn model_digest(folder: &Path, memory: Option<&Path>) -> Result<String, HubError> {
    let mut whole = blake3::Hasher::new();
    for name in files(folder)? {
        let digest = file_digest(&folder.join(&name), memory)?;
        whole.update(&(name.len() as u64).to_le_bytes());
        whole.update(name.as_bytes());
        whole.update(digest.as_bytes());
    }
    Ok(whole.finalize().to_hex().to_string())
}

/// blake3 over an adapter's configuration and weights, and over the names of its head's classes, where they are known, as 64
/// hexadecimal digits.
///
/// # Errors
/// A file that cannot be read.
pub(super) fn adapter_digest(folder: &Path, class_names: Option<&[String]>) -> Result<String, HubError> {
    let mut whole = blake3::Hasher::new();
    for name in super::ADAPTER {
        whole.update(file_digest(&folder.join(name), None)?.as_bytes());
    }
    for name in class_names.into_iter().flatten() {
        whole.update(&(name.len() as u64).to_le_bytes());
        whole.update(name.as_bytes());
    }
    Ok(whole.finalize().to_hex().to_string())
}

/// Sorted names.
fn files(folder: &Path) -> Result<Vec<String>, HubError> {
    let failed = |source| HubError::Read { path: folder.to_path_buf(), source };
    let mut names = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(failed)? {
        let name = entry.map_err(failed)?.file_name().to_string_lossy().into_owned();
        let is_weights = name.ends_with(".safetensors") || name.ends_with(".safetensors.index.json");
        let adds = TOKEN_FILES.contains(&name.as_str()) && adds_tokens(folder, &name);
        if is_weights || adds || FILES.contains(&name.as_str()) {
            names.push(name);
        }
    }
    names.sort();
    Ok(names)
}

/// Whether one of [`TOKEN_FILES`] says what `tokenizer_config.json` does not say as well. One that only repeats it, as
/// `save_pretrained` writes it, is left out of the digest, so that models have one digest with and without it.
fn adds_tokens(folder: &Path, name: &str) -> bool {
    // What cannot be read is refused when the tokenizer is loaded.
    let fields = |name: &str| -> Option<Map<String, Value>> {
        serde_json::from_slice(&std::fs::read(folder.join(name)).ok()?).ok()
    };
    let config = fields(TOKENIZER_CONFIG).unwrap_or_default();
    let says_more = |said: Map<String, Value>| said.iter().any(|(key, value)| config.get(key) != Some(value));
    !config.contains_key(DECODER) && fields(name).is_none_or(says_more)
}

/// 64 hexadecimal digits.
fn file_digest(path: &Path, memory: Option<&Path>) -> Result<String, HubError> {
    let failed = |source| HubError::Read { path: path.to_path_buf(), source };
    let metadata = std::fs::metadata(path).map_err(failed)?;
    let place = memory.and_then(|memory| place(path, &metadata, memory));
    let known = place.as_ref().and_then(|place| std::fs::read_to_string(place).ok());
    if let Some(known) = known.filter(|text| text.len() == 64) {
        return Ok(known);
    }
    let digest = read_digest(path).map_err(failed)?;
    if let Some(place) = place {
        // Best effort: without it the file is read again next time.
        let _ = remember(&place, &digest);
    }
    Ok(digest)
}

/// The file of `memory` that holds the digest; none where it is not worth it or not safe.
fn place(path: &Path, metadata: &Metadata, memory: &Path) -> Option<PathBuf> {
    let changed = metadata.modified().ok()?;
    let settled = SystemTime::now().duration_since(changed).is_ok_and(|age| age > SETTLED);
    if metadata.len() < WORTH_REMEMBERING || !settled {
        return None;
    }
    let since = changed.duration_since(SystemTime::UNIX_EPOCH).ok()?;
    let path = path.canonicalize().ok()?;
    let key = format!("{}\n{}\n{}", path.display(), metadata.len(), since.as_nanos());
    Some(memory.join(blake3::hash(key.as_bytes()).to_hex().as_str()))
}

fn read_digest(path: &Path) -> std::io::Result<String> {
    let mut file = File::open(path)?;
    let mut hasher = blake3::Hasher::new();
    let mut chunk = Vec::with_capacity(CHUNK);
    loop {
        chunk.clear();
        file.by_ref().take(CHUNK as u64).read_to_end(&mut chunk)?;
        if chunk.is_empty() {
            return Ok(hasher.finalize().to_hex().to_string());
        }
        hasher.update_rayon(&chunk);
    }
}

/// Another process never reads half a digest.
fn remember(place: &Path, digest: &str) -> std::io::Result<()> {
    if let Some(folder) = place.parent() {
        std::fs::create_dir_all(folder)?;
    }
    replace_file(place, digest.as_bytes(), Durability::Cached)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn model(folder: &Path, weights: &[u8]) {
        std::fs::write(folder.join("config.json"), "{}").unwrap();
        std::fs::write(folder.join("vocab.txt"), "a\nb\n").unwrap();
        std::fs::write(folder.join("model.safetensors"), weights).unwrap();
        let old = SystemTime::now() - Duration::from_secs(3600);
        File::options().append(true).open(folder.join("model.safetensors")).unwrap().set_modified(old).unwrap();
    }

    #[test]
    fn a_digest_follows_contents_and_not_places() {
        let (one, other, memory) =
            (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let weights = vec![7; 2 << 20];
        model(one.path(), &weights);
        model(other.path(), &weights);
        std::fs::write(other.path().join("README.md"), "not part of the model").unwrap();
        let first = model_digest(one.path(), Some(memory.path())).unwrap();
        assert_eq!(first, model_digest(other.path(), Some(memory.path())).unwrap());

        let mut changed = weights.clone();
        changed[1 << 20] = 8;
        changed.push(8);
        model(other.path(), &changed);
        assert_ne!(first, model_digest(other.path(), Some(memory.path())).unwrap());
        std::fs::write(one.path().join("vocab.txt"), "a\nc\n").unwrap();
        assert_ne!(first, model_digest(one.path(), Some(memory.path())).unwrap());
    }

    #[test]
    fn files_of_tokens_count_where_they_say_more_than_the_configuration() {
        let folder = tempfile::tempdir().unwrap();
        let write = |name: &str, text: &str| std::fs::write(folder.path().join(name), text).unwrap();
        let digest = || model_digest(folder.path(), None).unwrap();
        model(folder.path(), b"weights");
        write(TOKENIZER_CONFIG, r#"{"unk_token": "[UNK]", "pad_token": {"content": "[PAD]", "lstrip": false}}"#);
        let first = digest();
        write(SPECIAL_TOKENS, r#"{"pad_token": {"lstrip": false, "content": "[PAD]"}, "unk_token": "[UNK]"}"#);
        write(ADDED_TOKENS, "{}");
        assert_eq!(digest(), first, "they only repeat it");
        write(SPECIAL_TOKENS, r#"{"unk_token": "[unused1]"}"#);
        let other = digest();
        assert_ne!(other, first);
        write(SPECIAL_TOKENS, r#"{"unk_token": "[unused2]"}"#);
        assert_ne!(digest(), other);
        write(SPECIAL_TOKENS, "{}");
        write(ADDED_TOKENS, r#"{"[NEW]": 30522}"#);
        assert_ne!(digest(), first);
        // Neither is read beside this field.
        write(TOKENIZER_CONFIG, r#"{"added_tokens_decoder": {}}"#);
        let with_tokens = digest();
        write(ADDED_TOKENS, r#"{"[OTHER]": 30522}"#);
        assert_eq!(digest(), with_tokens);
    }

    #[test]
    fn large_files_are_read_once() {
        let (folder, memory) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        model(folder.path(), &vec![7; 2 << 20]);
        let first = model_digest(folder.path(), Some(memory.path())).unwrap();
        let remembered: Vec<PathBuf> = std::fs::read_dir(memory.path()).unwrap().map(|e| e.unwrap().path()).collect();
        assert_eq!(remembered.len(), 1);
        assert_eq!(model_digest(folder.path(), Some(memory.path())).unwrap(), first);
        // Proof that the memory is what is read.
        std::fs::write(&remembered[0], "0".repeat(64)).unwrap();
        assert_ne!(model_digest(folder.path(), Some(memory.path())).unwrap(), first);
    }

    #[test]
    fn a_missing_folder_is_an_error_with_its_path() {
        let memory = tempfile::tempdir().unwrap();
        let error = model_digest(&memory.path().join("nowhere"), Some(memory.path())).unwrap_err();
        assert!(error.to_string().contains("nowhere"), "{error}");
    }
}
