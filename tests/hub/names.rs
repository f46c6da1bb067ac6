use sweep::hub::{Hub, HubError};

use crate::server::Fault;
use crate::support::{MODEL, Place, fixture};

#[test]
fn a_model_is_downloaded_once_and_only_what_is_needed_of_it() {
    let place = Place::new();
    let folder = place.hub().model("acme/tiny-bert").unwrap();
    let weights = std::fs::read(folder.join("model.safetensors")).unwrap();
    assert_eq!(weights, std::fs::read(fixture("bert").join("model.safetensors")).unwrap());
    assert!(!folder.join("pytorch_model.bin").exists());
    assert!(folder.join("config.json").is_symlink(), "a snapshot links to blobs, as huggingface_hub lays it out");
    let commit = std::fs::read_to_string(place.cache().join("models--acme--tiny-bert/refs/main")).unwrap();
    assert!(folder.ends_with(format!("models--acme--tiny-bert/snapshots/{commit}")), "{}", folder.display());

    assert!(!place.cache().join(".sweep-downloads").exists(), "nothing of the download is left");

    place.server.requests();
    assert_eq!(place.hub().model("acme/tiny-bert").unwrap(), folder);
    assert_eq!(place.server.requests(), Vec::<String>::new());
    // Without a hub it is found as well.
    assert_eq!(Hub::at(place.cache(), place.path("none"), None).model("acme/tiny-bert").unwrap(), folder);
}

#[test]
fn revisions_are_branches_tags_and_commits() {
    let place = Place::new();
    let main = place.hub().model("acme/tiny-bert").unwrap();
    let commit = main.file_name().unwrap().to_str().unwrap().to_string();
    assert_eq!(place.hub().model("acme/tiny-bert@v1").unwrap(), main);
    assert_eq!(place.hub().model(&format!("acme/tiny-bert@{commit}")).unwrap(), main);
    let refs: Vec<String> = place.cached().into_iter().filter(|file| file.contains("/refs/")).collect();
    assert_eq!(refs, ["models--acme--tiny-bert/refs/main", "models--acme--tiny-bert/refs/v1"]);
    let error = place.hub().model("acme/tiny-bert@v2").unwrap_err();
    assert!(matches!(error, HubError::NoRepository { .. }), "{error}");
}

#[test]
fn what_changed_on_the_hub_is_asked_for_only_when_refreshing() {
    let place = Place::new();
    let old = place.hub().model("acme/tiny-bert").unwrap();
    place.server.put(MODEL, "tokenizer_config.json", r#"{"do_lower_case": false}"#);
    assert_eq!(place.hub().model("acme/tiny-bert").unwrap(), old);
    place.server.requests();
    let new = place.hub().refreshing().model("acme/tiny-bert").unwrap();
    assert_ne!(new, old);
    assert!(std::fs::read_to_string(new.join("tokenizer_config.json")).unwrap().contains("false"));
    assert_eq!(place.hub().model("acme/tiny-bert").unwrap(), new);
}

#[test]
fn an_adapter_comes_with_its_class_names_and_its_length() {
    const ADAPTER: &str = "models/acme/ad";
    let place = Place::new();
    for file in
        ["README.md", "adapter_config.json", "adapter_model.safetensors", "config.json", "tokenizer_config.json"]
    {
        place.server.put(ADAPTER, file, file);
    }
    let folder = place.hub().adapter("acme/ad").unwrap();
    let commit = folder.file_name().unwrap().to_str().unwrap().to_owned();
    assert!(folder.ends_with(format!("models--acme--ad/snapshots/{commit}")), "{}", folder.display());
    assert!(folder.join("tokenizer_config.json").is_file() && !folder.join("README.md").exists());
    place.server.requests();
    assert_eq!(place.hub().adapter("acme/ad").unwrap(), folder);
    assert_eq!(place.server.requests(), Vec::<String>::new());

    // Where Python brought the adapter alone, the rest comes from the same commit.
    std::fs::remove_file(folder.join("config.json")).unwrap();
    assert_eq!(place.hub().adapter("acme/ad").unwrap(), folder);
    assert!(folder.join("config.json").is_file());
    let listing = format!("/api/models/acme/ad/revision/{commit}");
    assert!(place.server.requests().iter().any(|request| request.contains(&listing)));
    // Without a hub what is there is used.
    std::fs::remove_file(folder.join("config.json")).unwrap();
    let offline = Hub::at(place.cache(), place.path("none"), None);
    assert_eq!(offline.adapter("acme/ad").unwrap(), folder);
}

#[test]
fn what_an_adapter_lacks_is_asked_for_once() {
    let place = Place::new();
    for file in ["adapter_config.json", "adapter_model.safetensors", "config.json"] {
        place.server.put("models/acme/alone", file, file);
    }
    let folder = place.hub().adapter("acme/alone").unwrap();
    let commit = folder.file_name().unwrap().to_str().unwrap();
    let absent = place.cache().join("models--acme--alone/.no_exist").join(commit);
    let absent: Vec<_> = std::fs::read_dir(absent).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(absent, ["tokenizer_config.json"], "as huggingface_hub notes it");
    place.server.requests();
    assert_eq!(place.hub().adapter("acme/alone").unwrap(), folder);
    assert_eq!(place.server.requests(), Vec::<String>::new());
    // A model is no adapter, though both lie in the same place.
    place.hub().model("acme/tiny-bert").unwrap();
    let error = place.hub().adapter("acme/tiny-bert").unwrap_err().to_string();
    assert!(error.contains("it has no adapter_config.json, so it is no adapter"), "{error}");
    let offline = Hub::at(place.cache(), place.path("none"), None);
    let error = offline.adapter("acme/tiny-bert").unwrap_err();
    assert!(matches!(error, HubError::NotAnAdapter { .. }), "{error}");
}

#[test]
fn sharded_models_come_with_all_their_shards() {
    let place = Place::new();
    for file in std::fs::read_dir(fixture("xlm-roberta")).unwrap().map(|entry| entry.unwrap().path()) {
        let name = file.file_name().unwrap().to_str().unwrap();
        place.server.put("models/acme/shards", name, std::fs::read(&file).unwrap());
    }
    let folder = place.hub().model("acme/shards").unwrap();
    assert_eq!(place.hub().model_digest(&folder).unwrap(), place.hub().model_digest(&fixture("xlm-roberta")).unwrap());
    // A cache that lacks a shard is completed.
    let shard = folder.join("model-00002-of-00003.safetensors");
    std::fs::remove_file(&shard).unwrap();
    assert_eq!(place.hub().model("acme/shards").unwrap(), folder);
    assert!(shard.is_file());
}

#[test]
fn pickled_weights_are_refused_with_the_way_out() {
    let place = Place::new();
    place.server.put("models/acme/old", "config.json", "{}");
    place.server.put("models/acme/old", "pytorch_model.bin", "x");
    let error = place.hub().model("acme/old").unwrap_err().to_string();
    assert!(error.contains("pickle") && error.contains("save_pretrained"), "{error}");
    assert!(!place.cached().iter().any(|file| file.starts_with("models--")), "{:?}", place.cached());
}

#[test]
fn a_download_that_was_cut_goes_on_where_it_stopped() {
    let place = Place::new();
    let length = std::fs::metadata(fixture("bert").join("model.safetensors")).unwrap().len() as usize;
    // Every answer brings a third; what came counts.
    place.server.fault("model.safetensors", Some(Fault::CutAfter(length / 3 + 1)));
    let folder = place.hub().model("acme/tiny-bert").unwrap();
    let weights = std::fs::read(folder.join("model.safetensors")).unwrap();
    assert_eq!(weights, std::fs::read(fixture("bert").join("model.safetensors")).unwrap());
}

#[test]
fn a_sweep_runs_from_the_hub_and_again_without_it() {
    let place = Place::new();
    let first = place.sweep(&["run", "little.yaml", "--devices", "cpu"]).output().unwrap();
    let said = String::from_utf8(first.stderr).unwrap();
    assert_eq!(first.status.code(), Some(0), "{said}");
    assert!(said.contains("downloading acme/tiny-bert: model.safetensors"), "{said}");
    assert!(said.contains("downloading acme/tiny-news: data/train-00001-of-00002.parquet"), "{said}");
    let predictions = std::fs::read_dir(place.path("results/little/runs")).unwrap().next().unwrap().unwrap().path();
    let header = std::fs::read_to_string(predictions.join("predictions.csv")).unwrap();
    assert!(
        header.starts_with("example,label,predicted,p_Rates,p_Goals\n"),
        "class names come from the card: {header}"
    );
    assert_eq!(header.lines().count(), 21, "the split `test` has 20 rows");

    place.server.requests();
    let mut again = place.sweep(&["run", "little.yaml", "--results", "again", "--devices", "cpu"]);
    let again = again.env("HF_HUB_OFFLINE", "1").output().unwrap();
    assert_eq!(again.status.code(), Some(0), "{}", String::from_utf8_lossy(&again.stderr));
    assert_eq!(place.server.requests(), Vec::<String>::new());
    let ids = |results: &str| {
        let runs = std::fs::read_dir(place.path(results).join("little/runs")).unwrap();
        runs.map(|entry| entry.unwrap().file_name()).collect::<Vec<_>>()
    };
    assert_eq!(ids("results"), ids("again"));
}

#[test]
fn fetch_brings_everything_a_sweep_needs() {
    let place = Place::new();
    let fetched = place.sweep(&["fetch", "little.yaml"]).output().unwrap();
    let text = String::from_utf8(fetched.stdout).unwrap();
    assert_eq!(fetched.status.code(), Some(0), "{}", String::from_utf8_lossy(&fetched.stderr));
    assert!(text.contains("model acme/tiny-bert in ") && text.contains("dataset acme/tiny-news in "), "{text}");
    assert!(!place.path("results").exists());
    let mut dry = place.sweep(&["run", "little.yaml", "--dry-run"]);
    dry.env("HF_HUB_OFFLINE", "1").assert().success();
    // A split that was not wanted before is fetched when it is.
    let train_only = place.sweep(&["fetch", "little.yaml", "--set", "dataset.eval={test_size: 10}"]).output().unwrap();
    assert_eq!(train_only.status.code(), Some(0));
}

#[test]
fn a_rehearsal_downloads_nothing() {
    let place = Place::new();
    // With or without the packaged model; that is not the point here.
    let _ = place.sweep(&["run", "little.yaml", "--rehearse", "--dry-run"]).output().unwrap();
    assert_eq!(place.server.requests(), Vec::<String>::new());
}

/// R6: what is wrong with a sweep file is told before anything is downloaded.
#[test]
fn a_file_with_typos_downloads_nothing() {
    let place = Place::new();
    let sweep = std::fs::read_to_string(place.path("little.yaml")).unwrap();
    place.write("typos.yaml", &sweep.replace("epochs", "epoch"));
    place.write("empty.yaml", "");
    for (file, said) in [("typos.yaml", "did you mean `epochs`?"), ("empty.yaml", "the file is empty")] {
        for arguments in [["run", file].as_slice(), &["run", file, "--dry-run"], &["fetch", file]] {
            let output = place.sweep(arguments).output().unwrap();
            let error = String::from_utf8(output.stderr).unwrap();
            assert_eq!(output.status.code(), Some(2), "{error}");
            assert!(error.contains(said), "{error}");
            assert_eq!(place.server.requests(), Vec::<String>::new(), "{arguments:?}");
        }
    }
    // A module that the model does not have takes its configuration to tell.
    place.write("deep.yaml", &sweep.replace("layer.2", "layer.9"));
    let output = place.sweep(&["run", "deep.yaml"]).output().unwrap();
    assert!(String::from_utf8(output.stderr).unwrap().contains("there is no layer 9"));
    let files: Vec<String> = place.server.requests().into_iter().filter(|path| path.contains("/resolve/")).collect();
    assert!(!files.is_empty() && files.iter().all(|path| path.ends_with("config.json")), "{files:?}");
}

/// R6: a dry run needs the configuration, the tokenizer and the data; ids, which follow from the weights, are left out.
#[test]
fn a_dry_run_downloads_no_weights() {
    let place = Place::new();
    let dry = || {
        let output = place.sweep(&["run", "little.yaml", "--dry-run"]).output().unwrap();
        assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    };
    let text = dry();
    let asked = place.server.requests();
    assert!(!asked.iter().any(|path| path.contains("model.safetensors")), "{asked:?}");
    assert!(asked.iter().any(|path| path.contains("vocab.txt")), "{asked:?}");
    assert!(text.contains("Not checked:") && text.contains("acme/tiny-bert: its weights are not"), "{text}");
    assert!(text.contains("80 training and 20 evaluation examples in 2 classes"), "{text}");
    assert!(text.contains("  Rates        40          10\n"), "{text}");
    let row = |text: &str| text.lines().find(|line| line.starts_with("base ")).unwrap().to_owned();
    assert_eq!(row(&text).split_whitespace().nth(1), Some("?"), "{text}");
    assert!(!place.cached().iter().any(|file| file.contains("tiny-bert/refs/")), "a part is not the model");

    place.sweep(&["fetch", "little.yaml"]).assert().success();
    let whole = dry();
    assert!(!whole.contains("Not checked"), "{whole}");
    let costs = |text: &str| row(text).split_whitespace().skip(2).map(str::to_owned).collect::<Vec<_>>();
    assert_eq!(costs(&whole), costs(&text));
    place.sweep(&["run", "little.yaml", "--devices", "cpu"]).assert().success();
    let run = std::fs::read_dir(place.path("results/little/runs")).unwrap().next().unwrap().unwrap();
    assert_eq!(row(&whole).split_whitespace().nth(1), run.file_name().to_str());
}
