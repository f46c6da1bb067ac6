//! Training that begins with a saved adapter (`init_adapter`).

use crate::support::{Place, recorded, trained};

/// The same sweep, begun with an adapter, with a rate at which nothing moves; the folder of its run.
fn continued(place: &Place, results: &str, set: &[&str]) -> std::path::PathBuf {
    let rate = ["--set", "learning_rate=1e-12", "--only", "base"];
    let arguments = ["run", "little.yaml", "--devices", "cpu", "--results", results];
    let set: Vec<&str> = set.iter().flat_map(|set| ["--set", set]).collect();
    place.output(&[&arguments[..], &rate, &set].concat());
    let mut runs = std::fs::read_dir(place.path(results).join("little/runs")).unwrap();
    runs.next().unwrap().unwrap().path()
}

fn largest_difference(a: &[(usize, usize, Vec<f32>)], b: &[(usize, usize, Vec<f32>)]) -> f32 {
    assert_eq!(a.len(), b.len());
    let rows = a.iter().zip(b).flat_map(|(a, b)| a.2.iter().zip(&b.2));
    rows.map(|(a, b)| (a - b).abs()).fold(0.0, f32::max)
}

#[test]
fn a_run_begins_where_another_ended() {
    let place = trained();
    let first = place.run("base");
    let adapter = format!("init_adapter={}", first.join("adapter").display());
    let begun = continued(&place, "continued", &[&adapter]);
    let difference = largest_difference(&recorded(&first), &recorded(&begun));
    assert!(difference < 1e-4, "{difference}");
    // It is another run than one with a new adapter, which predicts something else.
    let fresh = continued(&place, "fresh", &[]);
    assert_ne!(begun.file_name(), fresh.file_name());
    assert!(largest_difference(&recorded(&fresh), &recorded(&begun)) > 0.01);
    // A run's folder means its adapter; the same contents elsewhere make the same run.
    let again = continued(&place, "again", &[&format!("init_adapter={}", first.display())]);
    assert_eq!(again.file_name(), begun.file_name());
}

/// The names of the head's classes decide which of its rows is which class, so they are a part of the id.
#[test]
fn a_run_that_begins_with_an_adapter_has_an_id_of_its_class_names() {
    let place = trained();
    let run = place.run("base");
    let alone = place.path("alone");
    std::fs::create_dir_all(&alone).unwrap();
    for file in ["adapter_config.json", "adapter_model.safetensors"] {
        std::fs::copy(run.join("adapter").join(file), alone.join(file)).unwrap();
    }
    let id = |adapter: &str| {
        let set = format!("init_adapter={adapter}");
        let rate = ["--set", "learning_rate=1e-12", "--only", "base"];
        let said = place.output(&[&["run", "little.yaml", "--dry-run", "--set", &set][..], &rate].concat());
        let is_id = |word: &&str| word.len() == 12 && word.chars().all(|c| c.is_ascii_hexdigit());
        let line = said.lines().find(|line| line.starts_with("base")).unwrap();
        line.split_whitespace().find(is_id).unwrap().to_owned()
    };
    let recorded = id(run.join("adapter").to_str().unwrap());
    let unnamed = id("alone");
    assert_ne!(unnamed, recorded);
    let named = |names: [&str; 4]| {
        let names: std::collections::BTreeMap<usize, &str> = names.into_iter().enumerate().collect();
        place.write("alone/config.json", &serde_json::json!({ "id2label": names }).to_string());
        id("alone")
    };
    assert_eq!(named(["Business", "Sci/Tech", "Sports", "World"]), recorded);
    let other = named(["Sci/Tech", "Business", "Sports", "World"]);
    assert!(other != recorded && other != unnamed);
    // Nothing that is said of the classes.
    place.write("alone/config.json", "{}");
    assert_eq!(id("alone"), unnamed);
    // The worker, which compares the contents that it reads with those that were planned, takes it.
    named(["Sci/Tech", "Business", "Sports", "World"]);
    let begun = continued(&place, "continued", &["init_adapter=alone"]);
    assert_eq!(begun.file_name().unwrap().to_str().unwrap(), other);
}

#[test]
fn rank_alpha_and_modules_are_the_adapters() {
    let place = trained();
    let reference = crate::support::root().join("tests/fixtures/reference/bert/adapters");
    for (name, rank) in [("rank_pattern", 3), ("rslora_patterns", 3), ("lora_only_bias", 3), ("modules_to_save", 3)] {
        let adapter = format!("init_adapter={}", reference.join(name).display());
        // Those of the file are this sweep's own; null and the defaults stand back.
        let defaults = ["rank=16", "lora_alpha=32"];
        let targets = "target_modules=[{layers: [0], modules: [query, key, value]}, {layers: [1, 5, 10], modules: \
                       [query]}, {layers: [10, 11], modules: [output.dense]}]";
        let run = continued(&place, &format!("from-{name}"), &[&adapter, defaults[0], defaults[1], targets]);
        let record = std::fs::read_to_string(run.join("run.json")).unwrap();
        assert!(record.contains(&format!("\"rank\": {rank},")) && record.contains("\"lora_alpha\": 5.0"), "{record}");
        // What it predicts is what the adapter predicts that it leaves, by way of a merge.
        let folder = run.to_str().unwrap();
        let text = ["--text", "The bank raised its rate again.", "--json"];
        let ours = place.output(&[&["predict", "--run", folder][..], &text].concat());
        let before = reference.join(name);
        let model = crate::support::root().join("tests/fixtures/reference/bert/model");
        let options = ["--model", model.to_str().unwrap(), "--max-length", "60"];
        let names = ["--class-names", "Business,Sci/Tech,Sports,World"];
        let theirs =
            place.output(&[&["predict", "--run", before.to_str().unwrap()][..], &text, &options, &names].concat());
        let [ours, theirs]: [serde_json::Value; 2] = [ours, theirs].map(|line| serde_json::from_str(&line).unwrap());
        for (class, value) in ours["probabilities"].as_object().unwrap() {
            let difference = (value.as_f64().unwrap() - theirs["probabilities"][class].as_f64().unwrap()).abs();
            assert!(difference < 1e-5, "{name} {class}: {difference}");
        }
    }
}

#[test]
fn contradictions_are_told_with_their_place() {
    let place = trained();
    let adapter = format!("init_adapter={}", place.run("base").join("adapter").display());
    let refusal = |set: &[&str]| {
        let set: Vec<&str> = set.iter().flat_map(|set| ["--set", set]).collect();
        place.refusal(&[&["run", "little.yaml", "--dry-run"][..], &set].concat())
    };
    let said = refusal(&[&adapter, "rank=7"]);
    assert!(said.contains("rank is 7, but that of the adapter to begin with is 4"), "{said}");
    assert!(said.contains("init_adapter"), "{said}");
    let said = refusal(&[&adapter, "target_modules={layers: all, modules: [key]}"]);
    assert!(said.contains("target_modules are not those of the adapter"), "{said}");
    let said = refusal(&["init_adapter=nowhere"]);
    assert!(said.contains("adapter `nowhere` not found"), "{said}");
    let refused = crate::support::root().join("tests/fixtures/reference/bert/refused/dora");
    let said = refusal(&[&format!("init_adapter={}", refused.display())]);
    assert!(said.contains("DoRA is not supported"), "{said}");
}
