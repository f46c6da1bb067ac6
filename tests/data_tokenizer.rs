//! Token ids equal those of `transformers`, and the cache gives the same ids back.

mod needs;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use serde_json::Value;
use sweep::data::{CacheUse, Encoded, Tokenizer};
use sweep::model::tokenizer_class;

fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/data").join(name)
}

#[derive(Deserialize)]
struct Fixture {
    texts: Vec<String>,
    cases: Vec<Case>,
}

/// One combination of tokenizer files, and what `transformers` makes of the texts with it.
#[derive(Deserialize)]
struct Case {
    name: String,
    folder: String,
    files: Vec<String>,
    config: Option<Value>,
    /// JSON pointers into `tokenizer.json` with the value that replaces what is there.
    changes: BTreeMap<String, Value>,
    max_length: usize,
    ids: Vec<Vec<u32>>,
}

impl Case {
    fn folder(&self) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        for name in self.files.iter().map(String::as_str).chain(["config.json"]) {
            let mut text = std::fs::read_to_string(fixture(&self.folder).join(name)).unwrap();
            if name == "tokenizer.json" {
                let mut tokenizer: Value = serde_json::from_str(&text).unwrap();
                for (pointer, value) in &self.changes {
                    *tokenizer.pointer_mut(pointer).unwrap() = value.clone();
                }
                text = tokenizer.to_string();
            }
            std::fs::write(folder.path().join(name), text).unwrap();
        }
        if let Some(config) = &self.config {
            std::fs::write(folder.path().join("tokenizer_config.json"), config.to_string()).unwrap();
        }
        folder
    }
}

fn read_fixture() -> Fixture {
    serde_json::from_str(&std::fs::read_to_string(fixture("tokenized.json")).unwrap()).unwrap()
}

#[test]
fn ids_equal_those_of_transformers() {
    let Fixture { texts, cases } = read_fixture();
    assert!(cases.len() >= 15);
    for case in cases {
        let tokenizer = Tokenizer::load(case.folder().path(), case.max_length, tokenizer_class).unwrap();
        let found = tokenizer.encode(&texts).unwrap();
        for ((ids, expected), text) in found.iter().zip(&case.ids).zip(&texts) {
            assert_eq!(ids, expected, "{}: {text:?}", case.name);
        }
        assert_eq!(found.len(), case.ids.len());
    }
}

#[test]
fn ids_equal_the_shared_references() {
    #[derive(Deserialize)]
    struct Batches {
        texts: Vec<String>,
        input_ids: Vec<Vec<u32>>,
        max_length: usize,
    }
    let references = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/reference");
    let Ok(folders) = std::fs::read_dir(references) else {
        return needs::skip("shared_data", "no references beside the repository");
    };
    for folder in folders.map(|entry| entry.unwrap().path()) {
        let Ok(text) = std::fs::read_to_string(folder.join("batches.json")) else {
            continue;
        };
        let batches: Batches = serde_json::from_str(&text).unwrap();
        let model = folder.join("model");
        let mut found =
            vec![Tokenizer::load(&model, batches.max_length, tokenizer_class).unwrap().encode(&batches.texts).unwrap()];
        let bare = tempfile::tempdir().unwrap();
        for name in ["vocab.json", "merges.txt", "vocab.txt", "config.json", "tokenizer_config.json"] {
            let _ = std::fs::copy(model.join(name), bare.path().join(name));
        }
        found.push(
            Tokenizer::load(bare.path(), batches.max_length, tokenizer_class).unwrap().encode(&batches.texts).unwrap(),
        );
        for found in found {
            assert_eq!(found, batches.input_ids.iter().map(Vec::as_slice).collect::<Encoded>());
        }
    }
}

#[test]
fn cached_ids_are_the_same_and_damage_is_mended() {
    let texts: Vec<String> = (0..2000).map(|n| format!("The ferry was late {n} times.")).collect();
    let tokenizer = Tokenizer::load(&fixture("roberta"), 16, tokenizer_class).unwrap();
    let cache = tempfile::tempdir().unwrap();
    let folder = cache.path().join("not/there/yet");
    let encode = |texts: &[String]| tokenizer.encode_cached(texts, Some(&folder)).unwrap();
    let entries = || -> Vec<PathBuf> {
        let entries = std::fs::read_dir(&folder).unwrap();
        entries.map(|entry| entry.unwrap().path()).collect()
    };

    let (fresh, usage) = encode(&texts);
    assert!(matches!(usage, CacheUse::Written));
    assert_eq!(fresh, tokenizer.encode(&texts).unwrap());
    let (cached, usage) = encode(&texts);
    assert!(matches!(usage, CacheUse::Read));
    assert_eq!(cached, fresh);

    let [entry] = &entries()[..] else {
        panic!("one entry and nothing else: {:?}", entries());
    };
    let sound = std::fs::read(entry).unwrap();
    for damaged in [&sound[..sound.len() / 2], &[], &[&sound[..], &[0]].concat()] {
        std::fs::write(entry, damaged).unwrap();
        let (mended, usage) = encode(&texts);
        assert!(matches!(usage, CacheUse::Written));
        assert_eq!(mended, fresh);
        assert_eq!(std::fs::read(entry).unwrap(), sound);
    }
}

#[test]
fn the_cache_tells_contents_apart() {
    let cache = tempfile::tempdir().unwrap();
    let written = |folder: &Path, max_length: usize, texts: &[&str]| {
        let texts: Vec<String> = texts.iter().map(|text| (*text).to_owned()).collect();
        let tokenizer = Tokenizer::load(folder, max_length, tokenizer_class).unwrap();
        let (encoded, usage) = tokenizer.encode_cached(&texts, Some(cache.path())).unwrap();
        assert_eq!(encoded, tokenizer.encode(&texts).unwrap());
        matches!(usage, CacheUse::Written)
    };
    let (roberta, bert) = (fixture("roberta"), fixture("bert"));
    assert!(written(&roberta, 16, &["ab", "c"]));
    assert!(!written(&roberta, 16, &["ab", "c"]));
    assert!(written(&roberta, 16, &["a", "bc"]));
    assert!(written(&roberta, 16, &["c", "ab"]));
    assert!(written(&roberta, 17, &["ab", "c"]));
    assert!(written(&bert, 16, &["ab", "c"]));
    let configured = tempfile::tempdir().unwrap();
    for file in ["tokenizer.json", "config.json"] {
        std::fs::copy(bert.join(file), configured.path().join(file)).unwrap();
    }
    assert!(!written(configured.path(), 16, &["ab", "c"]), "moved, but the same");
    std::fs::write(configured.path().join("tokenizer_config.json"), r#"{"do_lower_case": false}"#).unwrap();
    assert!(written(configured.path(), 16, &["ab", "c"]));
}

#[test]
fn a_cache_that_cannot_be_written_is_no_error() {
    let blocked = tempfile::NamedTempFile::new().unwrap();
    let tokenizer = Tokenizer::load(&fixture("bert"), 16, tokenizer_class).unwrap();
    let texts = ["a".to_owned()];
    let (encoded, usage) = tokenizer.encode_cached(&texts, Some(blocked.path())).unwrap();
    assert!(matches!(usage, CacheUse::Failed(_)));
    assert_eq!(encoded.len(), 1);
    let (_, usage) = tokenizer.encode_cached(&texts, None).unwrap();
    assert!(matches!(usage, CacheUse::Off));
}

#[test]
fn what_cannot_be_a_tokenizer_is_refused() {
    let message = |files: &[(&str, &str)], max_length: usize| {
        let folder = tempfile::tempdir().unwrap();
        for (name, text) in files {
            std::fs::write(folder.path().join(name), text).unwrap();
        }
        let error = Tokenizer::load(folder.path(), max_length, tokenizer_class).err().unwrap().to_string();
        error.replace(&folder.path().display().to_string(), "MODEL")
    };
    insta::assert_snapshot!(message(&[], 16), @"MODEL: no tokenizer: needs tokenizer.json, or vocab.json and merges.txt, or vocab.txt");
    insta::assert_snapshot!(message(&[("tokenizer.json", "{")], 16), @"MODEL/tokenizer.json: EOF while parsing an object at line 1 column 1");
    insta::assert_snapshot!(message(&[("vocab.txt", "[UNK]\n[SEP]\na\n")], 16), @"MODEL/vocab.txt: the vocabulary lacks the special token `[CLS]`");
    insta::assert_snapshot!(message(&[("vocab.json", "{}"), ("merges.txt", "a b\n")], 16), @"MODEL/vocab.json: Token `a` out of vocabulary");
    insta::assert_snapshot!(message(&[("vocab.txt", "[UNK]\n[CLS]\n[SEP]\na\n"), ("tokenizer_config.json", "[")], 16), @"MODEL/tokenizer_config.json: invalid type: sequence, expected a map at line 1 column 0");
    insta::assert_snapshot!(message(&[("vocab.txt", "[UNK]\n[CLS]\n[SEP]\na\n")], 2), @"max_length 2 leaves no room for text: the tokenizer adds 2 special tokens");
}

/// A copy of a fixture's `tokenizer.json` that is used as it is, changed.
fn as_saved(name: &str, change: impl FnOnce(&mut Value)) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let text = std::fs::read_to_string(fixture(name).join("tokenizer.json")).unwrap();
    let mut tokenizer: Value = serde_json::from_str(&text).unwrap();
    change(&mut tokenizer);
    std::fs::write(folder.path().join("tokenizer.json"), tokenizer.to_string()).unwrap();
    let config = r#"{"tokenizer_class": "PreTrainedTokenizerFast"}"#;
    std::fs::write(folder.path().join("tokenizer_config.json"), config).unwrap();
    folder
}

fn encoding(folder: &Path, text: &str) -> Result<Encoded, String> {
    let tokenizer = Tokenizer::load(folder, 32, tokenizer_class).map_err(|error| error.to_string())?;
    tokenizer.encode(&[text.to_owned()]).map_err(|error| error.to_string())
}

#[test]
fn m5_a_text_that_leaves_no_token_is_an_error() {
    let folder = as_saved("bert", |tokenizer| tokenizer["post_processor"] = Value::Null);
    assert_eq!(encoding(folder.path(), "a").unwrap().len(), 1);
    for text in ["", "  ", "\u{200b}"] {
        let error = encoding(folder.path(), text).unwrap_err();
        assert!(error.contains("makes no tokens of it"), "{error}");
    }
}

#[test]
fn m5_a_pattern_beyond_the_limits_of_the_engine_is_an_error() {
    let split = serde_json::json!({"type": "Split", "pattern": {"Regex": "(?:a|a|aa)+$"}, "behavior": "Isolated", "invert": false});
    let folder = as_saved("bert", |tokenizer| tokenizer["pre_tokenizer"] = split);
    let text = format!("{}b", "a".repeat(300));
    let error = encoding(folder.path(), &text).unwrap_err();
    assert!(error.contains("tokenizer.json") && error.contains("retry-limit"), "{error}");
}

/// Ids that the model's embeddings have no row for, which kernels would read past the table with.
#[test]
fn m1_tokens_without_an_embedding_are_refused_when_loading_and_in_a_text() {
    let folder = as_saved("bert", |tokenizer| {
        let mut token = tokenizer["added_tokens"][0].clone();
        token["content"] = "zyxwv".into();
        token["id"] = tokenizer["model"]["vocab"].as_object().unwrap().len().into();
        tokenizer["added_tokens"].as_array_mut().unwrap().push(token);
    });
    let load = || Tokenizer::load(folder.path(), 32, tokenizer_class).unwrap();
    let ids = load().encode(&["zyxwv is here".to_owned()]).unwrap();
    let rows = *ids.get(0).iter().max().unwrap() as usize;
    assert!(load().for_embeddings(rows + 1).is_ok());
    let error = load().for_embeddings(rows).err().unwrap().to_string();
    assert!(error.contains(&format!("{} token ids", rows + 1)) && error.contains(&format!("{rows} rows")), "{error}");
    assert!(error.contains("`zyxwv`"), "{error}");

    // The class adds `[MASK]` where the vocabulary lacks it, and no text need have it.
    let bare = tempfile::tempdir().unwrap();
    std::fs::write(bare.path().join("vocab.txt"), "[UNK]\n[CLS]\n[SEP]\n[PAD]\na\n").unwrap();
    let tokenizer = Tokenizer::load(bare.path(), 32, tokenizer_class).unwrap().for_embeddings(5).unwrap();
    let encode = |text: &str| tokenizer.encode(&[text.to_owned()]);
    assert_eq!(encode("a b").unwrap().get(0), [1, 4, 0, 2]);
    let error = encode("a [MASK] b").unwrap_err().to_string();
    assert!(error.contains("`[MASK]` (id 5)") && error.contains("5 rows"), "{error}");
    let cache = tempfile::tempdir().unwrap();
    let unbound = Tokenizer::load(bare.path(), 32, tokenizer_class).unwrap();
    unbound.encode_cached(&["[MASK]".to_owned()], Some(cache.path())).unwrap();
    assert!(tokenizer.encode_cached(&["[MASK]".to_owned()], Some(cache.path())).is_err(), "cached ids are checked too");
}
