use super::*;

struct Place {
    folder: tempfile::TempDir,
    hub: Hub,
}

fn place() -> Place {
    let folder = tempfile::tempdir().unwrap();
    let hub = Hub::at(folder.path().join("cache"), folder.path().join("package/model"), None);
    Place { folder, hub }
}

fn model_at(folder: &Path) -> PathBuf {
    std::fs::create_dir_all(folder).unwrap();
    for name in ["config.json", "vocab.txt", "model.safetensors"] {
        std::fs::write(folder.join(name), "{}").unwrap();
    }
    folder.to_path_buf()
}

#[test]
fn an_existing_folder_comes_first() {
    let place = place();
    let model = model_at(&place.folder.path().join("mine"));
    assert_eq!(place.hub.model(model.to_str().unwrap()).unwrap(), model);
    let error = place.hub.model(place.folder.path().to_str().unwrap()).unwrap_err();
    assert!(matches!(error, HubError::NotAModel { .. }), "{error}");
}

#[test]
fn the_cache_is_read_as_huggingface_hub_lays_it_out() {
    let place = place();
    let repository = place.hub.cache.join("models--acme--tiny");
    let main = model_at(&repository.join("snapshots/1111"));
    let tagged = model_at(&repository.join("snapshots/2222"));
    std::fs::create_dir_all(repository.join("refs")).unwrap();
    std::fs::write(repository.join("refs/main"), "1111\n").unwrap();
    std::fs::write(repository.join("refs/v2"), "2222").unwrap();
    assert_eq!(place.hub.model("acme/tiny").unwrap(), main);
    assert_eq!(place.hub.model("acme/tiny@v2").unwrap(), tagged);
    assert_eq!(place.hub.model("acme/tiny@2222").unwrap(), tagged);
    let error = place.hub.model("acme/tiny@v3").unwrap_err().to_string();
    assert!(error.contains("hf download acme/tiny --revision v3"), "{error}");

    let data = place.hub.cache.join("datasets--acme--news");
    std::fs::create_dir_all(data.join("snapshots/3333")).unwrap();
    std::fs::create_dir_all(data.join("refs")).unwrap();
    std::fs::write(data.join("refs/main"), "3333").unwrap();
    assert_eq!(place.hub.dataset("acme/news").unwrap(), data.join("snapshots/3333"));
}

#[test]
fn an_interrupted_download_is_no_model() {
    let place = place();
    let repository = place.hub.cache.join("models--acme--tiny");
    std::fs::create_dir_all(repository.join("snapshots/1111")).unwrap();
    std::fs::create_dir_all(repository.join("refs")).unwrap();
    std::fs::write(repository.join("refs/main"), "1111").unwrap();
    assert!(matches!(place.hub.model("acme/tiny"), Err(HubError::NotAModel { .. })));
}

/// Python brings the configuration alone when it is asked for that; its digest would be that of no model.
#[test]
fn a_part_of_a_model_in_the_cache_is_no_model() {
    let place = place();
    let repository = place.hub.cache.join("models--acme--tiny");
    let snapshot = model_at(&repository.join("snapshots/1111"));
    std::fs::create_dir_all(repository.join("refs")).unwrap();
    std::fs::write(repository.join("refs/main"), "1111").unwrap();
    std::fs::remove_file(snapshot.join("model.safetensors")).unwrap();
    let error = place.hub.model("acme/tiny").unwrap_err();
    assert!(matches!(error, HubError::Partial { .. }), "{error}");
    assert_eq!(place.hub.model_part("acme/tiny", ModelPart::Text).unwrap(), snapshot);
    assert_eq!(place.hub.model_at_hand("acme/tiny", ModelPart::All), None);
    assert_eq!(place.hub.model_at_hand("acme/tiny", ModelPart::Text), Some(snapshot));
}

#[test]
fn an_adapter_is_a_folder_or_lies_in_a_runs_folder() {
    let place = place();
    let run = place.folder.path().join("runs/3f9a");
    let error = place.hub.adapter(place.folder.path().to_str().unwrap()).unwrap_err();
    assert!(matches!(error, HubError::NotAnAdapter { .. }), "{error}");
    std::fs::create_dir_all(run.join("adapter")).unwrap();
    for name in ADAPTER {
        std::fs::write(run.join("adapter").join(name), name).unwrap();
    }
    assert_eq!(place.hub.adapter(run.to_str().unwrap()).unwrap(), run.join("adapter"));
    let before = place.hub.adapter_digest(&run.join("adapter"), None).unwrap();
    std::fs::write(run.join("adapter").join(ADAPTER[1]), "other").unwrap();
    assert_ne!(place.hub.adapter_digest(&run.join("adapter"), None).unwrap(), before);
}

#[test]
fn a_digest_of_an_adapter_follows_the_names_of_its_classes() {
    let folder = tempfile::tempdir().unwrap();
    for name in ADAPTER {
        std::fs::write(folder.path().join(name), name).unwrap();
    }
    let digest = |names: Option<&[&str]>| {
        let names: Option<Vec<String>> = names.map(|names| names.iter().map(|name| name.to_string()).collect());
        place().hub.adapter_digest(folder.path(), names.as_deref()).unwrap()
    };
    // As it was before names were a part of it.
    assert_eq!(digest(None), "75f91e29bb6877d14da12275ebc98378f62715b56aee77df63225d12d65f79e1");
    assert_eq!(digest(Some(&["a", "b"])), digest(Some(&["a", "b"])));
    let names: [Option<&[&str]>; 4] = [None, Some(&["a", "b"]), Some(&["b", "a"]), Some(&["ab"])];
    let different: std::collections::BTreeSet<String> = names.into_iter().map(digest).collect();
    assert_eq!(different.len(), names.len());
}

#[test]
fn an_adapter_lies_in_the_cache_as_huggingface_hub_lays_it_out() {
    let place = place();
    let repository = place.hub.cache.join("models--acme--ad");
    let snapshot = repository.join("snapshots/1111");
    std::fs::create_dir_all(&snapshot).unwrap();
    std::fs::create_dir_all(repository.join("refs")).unwrap();
    std::fs::write(repository.join("refs/main"), "1111").unwrap();
    let error = place.hub.adapter("acme/ad").unwrap_err();
    assert!(matches!(error, HubError::NotAnAdapter { .. }), "{error}");
    for name in ADAPTER {
        std::fs::write(snapshot.join(name), name).unwrap();
    }
    assert_eq!(place.hub.adapter("acme/ad").unwrap(), snapshot);
}

#[test]
fn minilm_comes_with_the_package() {
    let place = place();
    let error = place.hub.model(MINILM).unwrap_err().to_string();
    assert!(error.contains("make setup"), "{error}");
    model_at(&place.hub.minilm);
    assert_eq!(place.hub.model(MINILM).unwrap(), place.hub.minilm);
}

#[test]
fn what_is_not_found_says_what_to_do() {
    let place = place();
    let error = place.hub.model("acme/tiny").unwrap_err().to_string();
    for part in ["acme/tiny", "--set model=", "hf download acme/tiny", "cache"] {
        assert!(error.contains(part), "{part} is not in: {error}");
    }
    let error = place.hub.dataset("acme/news").unwrap_err().to_string();
    assert!(error.contains("hf download --repo-type dataset acme/news"), "{error}");
    // Not a hub name: there is nothing to look for but a path.
    for name in ["data/news/train.csv", "./tiny", "tiny", "../up/there", "a/..", "a/b@../../c"] {
        let error = place.hub.model(name).unwrap_err();
        assert!(matches!(error, HubError::NoPath { .. }), "{name}: {error}");
    }
}
