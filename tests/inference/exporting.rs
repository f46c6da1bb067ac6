use crate::support::{CLASSES, trained};

#[test]
fn a_merged_model_predicts_the_same_on_its_own() {
    let place = trained();
    let text = ["--text", "The bank raised its rate again.", "--json"];
    let expected = place.output(&[&["predict", "--run", "base"][..], &text].concat());
    let said = place.output(&["export", "little/best", "--merged", "merged/model"]);
    assert!(said.starts_with("base [") && said.ends_with("as a merged model in merged/model\n"), "{said}");
    let arguments = ["predict", "--run", "merged/model", "--max-length", "60"];
    let merged: serde_json::Value = serde_json::from_str(&place.output(&[&arguments[..], &text].concat())).unwrap();
    let expected: serde_json::Value = serde_json::from_str(&expected).unwrap();
    assert_eq!(merged["label"], expected["label"]);
    for class in CLASSES {
        let [ours, theirs] = [&merged, &expected].map(|of| of["probabilities"][class].as_f64().unwrap());
        assert!((ours - theirs).abs() < 1e-6, "{class}: {ours} {theirs}");
    }
    let config: serde_json::Value = serde_json::from_str(&place.read("merged/model/config.json")).unwrap();
    assert_eq!(config["architectures"][0], "BertForSequenceClassification");
    assert_eq!(config["id2label"]["1"], "Sci/Tech");
    assert_eq!(config["label2id"]["World"], 3);
    assert_eq!(config["problem_type"], "single_label_classification");
    let mut files: Vec<String> = std::fs::read_dir(place.path("merged/model"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().to_str().unwrap().to_string())
        .collect();
    files.sort();
    let expected = ["README.md", "config.json", "model.safetensors", "tokenizer_config.json", "vocab.txt"];
    assert_eq!(files, expected);
}

#[test]
fn an_adapter_is_exported_as_peft_has_it() {
    let place = trained();
    place.output(&["export", "base", "--adapter", "exported-adapter"]);
    for file in ["adapter_config.json", "adapter_model.safetensors"] {
        let original = std::fs::read(place.run("base").join("adapter").join(file)).unwrap();
        assert_eq!(std::fs::read(place.path("exported-adapter").join(file)).unwrap(), original);
    }
}

#[test]
fn what_is_there_is_not_written_over_and_nothing_is_left_half_done() {
    let place = trained();
    std::fs::create_dir_all(place.path("taken")).unwrap();
    place.write("taken/mine.txt", "precious");
    let said = place.refusal(&["export", "base", "--merged", "taken"]);
    assert!(said.contains("taken: is there already"), "{said}");
    assert_eq!(std::fs::read_dir(place.path("taken")).unwrap().count(), 1);
    // An adapter whose weights are damaged.
    let damaged = place.path("damaged");
    std::fs::create_dir_all(&damaged).unwrap();
    std::fs::copy(place.run("base").join("adapter/adapter_config.json"), damaged.join("adapter_config.json")).unwrap();
    std::fs::write(damaged.join("adapter_model.safetensors"), "not a tensor").unwrap();
    place.refusal(&["export", "damaged", "--merged", "from-damaged"]);
    let left: Vec<String> = std::fs::read_dir(place.path(""))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().to_str().unwrap().to_string())
        .filter(|name| name.contains("from-damaged"))
        .collect();
    assert!(left.is_empty(), "{left:?}");
    place.sweep(&["export", "base"]).assert().code(2);
}
