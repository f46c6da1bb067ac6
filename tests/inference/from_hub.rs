//! Adapters and base models by their names on the hub, out of a cache as Python's `huggingface_hub` lays it out.

use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::support::{Place, root, trained};

const TEXT: &str =
    "The striker scored twice in the final, and then the bank raised its rate again, as nobody had expected of it.";

/// Puts a folder's files into the cache of a place, as a repository at a revision.
fn cache(place: &Place, name: &str, revision: &str, folder: &Path) -> PathBuf {
    let repository = place.path(&format!("hf/hub/models--{}", name.replace('/', "--")));
    let snapshot = repository.join("snapshots").join(format!("commit-of-{revision}"));
    for folder in [&snapshot, &repository.join("refs")] {
        std::fs::create_dir_all(folder).unwrap();
    }
    for file in std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
        std::fs::copy(&file, snapshot.join(file.file_name().unwrap())).unwrap();
    }
    std::fs::write(repository.join("refs").join(revision), format!("commit-of-{revision}")).unwrap();
    snapshot
}

fn predicted(place: &Place, run: &str) -> String {
    place.output(&["predict", "--run", run, "--text", TEXT, "--json"])
}

/// A folder with the adapter of a run alone, whose configuration has these fields instead of its own.
fn adapter_with(place: &Place, name: &str, fields: Value) -> String {
    let (from, to) = (place.run("base").join("adapter"), place.path(name));
    std::fs::create_dir_all(&to).unwrap();
    std::fs::copy(from.join("adapter_model.safetensors"), to.join("adapter_model.safetensors")).unwrap();
    let text = std::fs::read_to_string(from.join("adapter_config.json")).unwrap();
    let mut config: Value = serde_json::from_str(&text).unwrap();
    for (field, value) in fields.as_object().unwrap() {
        config[field] = value.clone();
    }
    std::fs::write(to.join("adapter_config.json"), config.to_string()).unwrap();
    name.to_owned()
}

#[test]
fn an_exported_adapter_of_the_hub_has_its_class_names_and_its_length() {
    let place = trained();
    place.output(&["export", "base", "--adapter", "exported"]);
    let config = place.path("exported/tokenizer_config.json");
    let text = std::fs::read_to_string(&config).unwrap();
    assert!(text.contains("\"model_max_length\": 60"), "{text}");
    std::fs::write(&config, text.replace("60", "8")).unwrap();
    cache(&place, "acme/ad", "main", &place.path("exported"));
    let expected = predicted(&place, "exported");
    assert!(expected.contains("\"Sci/Tech\":"), "{expected}");
    assert_eq!(predicted(&place, "acme/ad"), expected);
    assert_ne!(predicted(&place, "base"), expected, "the text is longer than 8 tokens");
}

#[test]
fn the_base_model_of_an_adapter_is_that_of_the_revision_beside_its_name() {
    let place = trained();
    let model = root().join("tests/fixtures/reference/bert/model");
    let main = cache(&place, "acme/tiny", "main", &model);
    cache(&place, "acme/tiny", "v2", &model);
    // Another model: with other norms.
    let config = std::fs::read_to_string(main.join("config.json")).unwrap();
    std::fs::write(main.join("config.json"), config.replace("1e-12", "0.5")).unwrap();
    let by = |fields: Value| predicted(&place, &adapter_with(&place, "alone", fields));
    let tiny = |revision: Value| by(serde_json::json!({"base_model_name_or_path": "acme/tiny", "revision": revision}));
    let expected = by(serde_json::json!({}));
    assert_eq!(tiny("v2".into()), expected);
    assert_ne!(tiny(Value::Null), expected);
    assert_eq!(tiny("main".into()), tiny(Value::Null));
    // As earlier versions wrote it; an export puts it right.
    let earlier = adapter_with(&place, "earlier", serde_json::json!({"base_model_name_or_path": "acme/tiny@v2"}));
    assert_eq!(predicted(&place, &earlier), expected);
    place.output(&["export", &earlier, "--adapter", "put-right"]);
    let written: Value = serde_json::from_str(&place.read("put-right/adapter_config.json")).unwrap();
    assert_eq!((&written["base_model_name_or_path"], &written["revision"]), (&"acme/tiny".into(), &"v2".into()));
}
