//! What a run knows of its data is used when its predictions are scored, exported and gone on from.

use std::path::Path;

use polars::prelude::{Column, DataFrame, ParquetWriter};
use serde_json::{Value, json};

use crate::support::{CLASSES, Place, corpus, root};

/// Rows of the corpus with other names for the first `names.len()` classes; rows of other classes are left out.
fn rows(names: &[&str], most: usize) -> Vec<(String, String)> {
    let renamed = |(text, label): (String, String)| {
        let class = CLASSES.iter().position(|class| *class == label).unwrap();
        names.get(class).map(|name| (text, name.to_string()))
    };
    corpus().into_iter().filter_map(renamed).take(most).collect()
}

fn write_csv(place: &Place, name: &str, header: &[&str], rows: impl IntoIterator<Item = Vec<String>>) {
    let mut table = csv::Writer::from_path(place.path(name)).unwrap();
    if !header.is_empty() {
        table.write_record(header).unwrap();
    }
    rows.into_iter().for_each(|row| table.write_record(row).unwrap());
    table.flush().unwrap();
}

fn write_data(place: &Place, name: &str, rows: &[(String, String)]) {
    write_csv(place, name, &["text", "label"], rows.iter().map(|(text, label)| vec![text.clone(), label.clone()]));
}

/// Trains one small run of this name on a file; the folder of the run, and what was said.
fn train(place: &Place, name: &str, dataset: Value, more: Value) -> (String, String) {
    let mut base = json!({
        "model": root().join("tests/fixtures/reference/bert/model"),
        "dataset": {"eval": {"test_size": 20, "seed": 1}},
        "target_modules": {"layers": "all", "modules": ["query", "output.dense"]},
        "max_length": 60, "rank": 4, "lora_alpha": 8, "learning_rate": 5e-3, "epochs": 2,
    });
    for (key, value) in dataset.as_object().unwrap() {
        base["dataset"][key] = value.clone();
    }
    for (key, value) in more.as_object().unwrap() {
        base[key] = value.clone();
    }
    if base.get("init_adapter").is_some() {
        // They are the adapter's.
        base.as_object_mut()
            .unwrap()
            .retain(|key, _| !["target_modules", "rank", "lora_alpha"].contains(&key.as_str()));
    }
    // JSON is YAML.
    place.write(&format!("{name}.yaml"), &json!({"name": name, "base": base}).to_string());
    let output = place.sweep(&["run", &format!("{name}.yaml"), "--devices", "cpu"]).output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr).into_owned() + &String::from_utf8_lossy(&output.stdout);
    assert_eq!(output.status.code(), Some(0), "{said}");
    let mut runs = std::fs::read_dir(place.path("results").join(name).join("runs")).unwrap();
    (runs.next().unwrap().unwrap().path().to_str().unwrap().to_owned(), said)
}

/// The class that is predicted for each row of a file, and what was said.
fn predicted(place: &Place, run: &str, input: &str, more: &[&str]) -> (Vec<String>, String) {
    let output = place.sweep(&[&["predict", "--run", run, "--input", input][..], more].concat()).output().unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(0), "{said}");
    let mut reader = csv::Reader::from_reader(output.stdout.as_slice());
    (reader.records().map(|row| row.unwrap()[1].to_owned()).collect(), said)
}

/// What the closing line must say of these predictions.
fn accuracy(predicted: &[String], right: &[(String, String)]) -> String {
    assert_eq!(predicted.len(), right.len());
    let hits = predicted.iter().zip(right).filter(|(predicted, (_, label))| *predicted == label).count();
    format!("accuracy {:.2} %", 100.0 * hits as f64 / right.len() as f64)
}

fn write_parquet(place: &Place, name: &str, columns: Vec<Column>) {
    let height = columns[0].len();
    let mut frame = DataFrame::new(height, columns).unwrap();
    ParquetWriter::new(std::fs::File::create(place.path(name)).unwrap()).finish(&mut frame).unwrap();
}

/// P1: whole numbers that a data frame made floats are the same labels, in every format.
#[test]
fn labels_written_as_floats_score_as_the_numbers_that_were_learned() {
    let place = Place::new();
    write_data(&place, "train.csv", &rows(&["1", "2", "3"], 120));
    let (run, _) = train(&place, "numbers", json!({"path": "train.csv"}), json!({}));
    let right = rows(&["1", "2", "3"], 60);
    let texts: Vec<String> = right.iter().map(|row| row.0.clone()).collect();
    let numbers: Vec<i64> = right.iter().map(|row| row.1.parse().unwrap()).collect();
    let floats: Vec<f64> = numbers.iter().map(|number| *number as f64).collect();
    write_data(&place, "whole.csv", &right);
    let as_floats: Vec<_> = right.iter().map(|(text, label)| (text.clone(), format!("{label}.0"))).collect();
    write_data(&place, "float.csv", &as_floats);
    let lines = |labels: Vec<Value>| -> String {
        let objects = texts.iter().zip(labels).map(|(text, label)| json!({"text": text, "label": label}));
        objects.map(|object| format!("{object}\n")).collect()
    };
    place.write("whole.jsonl", &lines(numbers.iter().map(|number| json!(number)).collect()));
    place.write("float.jsonl", &lines(floats.iter().map(|number| json!(number)).collect()));
    let text = || Column::new("text".into(), texts.clone());
    write_parquet(&place, "whole.parquet", vec![text(), Column::new("label".into(), numbers.clone())]);
    write_parquet(&place, "float.parquet", vec![text(), Column::new("label".into(), floats.clone())]);
    for file in ["whole.csv", "float.csv", "whole.jsonl", "float.jsonl", "whole.parquet", "float.parquet"] {
        let (classes, said) = predicted(&place, &run, file, &["--truth-column", "label"]);
        assert!(said.contains(&accuracy(&classes, &right)), "{file}: {said}");
        assert!(said.contains("the whole numbers from 1 to 3"), "{said}");
        assert_eq!(said.contains("here written as 1.0 for 1"), file.starts_with("float"), "{said}");
        assert!(!said.contains("does not record"), "{said}");
    }
    // Missing labels are counted, and nothing else changes.
    let some = right.iter().enumerate().map(|(index, (text, label))| match index {
        0..20 => (text.clone(), label.clone()),
        _ => (text.clone(), String::new()),
    });
    write_data(&place, "some.csv", &some.collect::<Vec<_>>());
    let (classes, said) = predicted(&place, &run, "some.csv", &["--truth-column", "label"]);
    assert!(said.contains(&accuracy(&classes[..20], &right[..20])), "{said}");
    assert!(said.contains(" over 20 rows; 40 rows without a label"), "{said}");
    write_data(&place, "none.csv", &[("Rates rise.".to_owned(), String::new())]);
    let (_, said) = predicted(&place, &run, "none.csv", &["--truth-column", "label"]);
    assert!(said.contains("no row has a label, so nothing is scored"), "{said}");
    // Numbers that count otherwise than was learned are refused.
    let from_zero = right.iter().zip(&numbers).map(|((text, _), number)| (text.clone(), (number - 1).to_string()));
    write_data(&place, "zero.csv", &from_zero.collect::<Vec<_>>());
    let said = place.refusal(&["predict", "--run", &run, "--input", "zero.csv", "--truth-column", "label", "--json"]);
    assert!(said.contains("unknown label `0`") && said.contains("the whole numbers from 1 to 3"), "{said}");
    a_record_without_coding(&place, &run, &right);
}

/// A record of an older version, which has no word on its data's labels.
fn a_record_without_coding(place: &Place, run: &str, right: &[(String, String)]) {
    let record = Path::new(run).join("run.json");
    let mut json: Value = serde_json::from_str(&std::fs::read_to_string(&record).unwrap()).unwrap();
    json["facts"].as_object_mut().unwrap().remove("data");
    std::fs::write(&record, json.to_string()).unwrap();
    let (classes, said) = predicted(place, run, "float.csv", &["--truth-column", "label"]);
    assert!(said.contains(&accuracy(&classes, right)), "{said}");
    let expected = "does not record how labels name classes: this was derived from the names of the classes";
    assert!(said.contains(expected), "{said}");
}

/// P2: the numbers of AG News stay what they were in training, whichever of them a file has.
#[test]
fn numbers_of_ag_news_score_as_they_were_learned() {
    let place = Place::new();
    let news = ["World", "Sports", "Business", "Sci/Tech"];
    let number = |label: &str| (1 + news.iter().position(|name| *name == label).unwrap()).to_string();
    let row =
        |index: usize, (text, label): &(String, String)| vec![number(label), format!("Note {index}"), text.clone()];
    let all = rows(&CLASSES, 120);
    write_csv(&place, "train.csv", &[], all.iter().enumerate().map(|(index, pair)| row(index, pair)));
    let (run, said) = train(&place, "news", json!({"path": "train.csv"}), json!({}));
    assert!(said.contains("World") && said.contains("assumed"), "{said}");
    // Without the fourth class the numbers could be taken to count from 0.
    let right: Vec<_> = all.iter().filter(|row| row.1 != "Sci/Tech").take(50).cloned().collect();
    let titled = right.iter().enumerate().map(|(index, pair)| row(index, pair));
    write_csv(&place, "test.csv", &["Class Index", "Title", "Description"], titled);
    let (classes, said) = predicted(&place, &run, "test.csv", &["--truth-column", "Class Index"]);
    assert!(said.contains(&accuracy(&classes, &right)), "{said}");
    assert!(said.contains("the numbers from 1 to 4, which stand for `World`, `Sports`"), "{said}");
}

/// P3: the text columns of the training are those of predictions, unless others are named.
#[test]
fn the_text_of_the_training_is_the_text_of_predictions() {
    let place = Place::new();
    let data = rows(&CLASSES, 120);
    let both = |(text, label): &(String, String)| vec!["A note of no meaning".to_owned(), text.clone(), label.clone()];
    write_csv(&place, "train.csv", &["text", "headline", "label"], data.iter().map(both));
    let dataset = json!({"path": "train.csv", "text": "headline"});
    let (run, _) = train(&place, "headlines", dataset, json!({}));
    let truth = ["--truth-column", "label"];
    let (classes, said) = predicted(&place, &run, "train.csv", &truth);
    assert!(said.contains("The text is `headline`, as in training."), "{said}");
    assert!(said.contains(&accuracy(&classes, &data)), "{said}");
    assert!(classes.iter().any(|class| *class != classes[0]), "{said}");
    let flags = [&truth[..], &["--text-column", "text"]].concat();
    let (other, said) = predicted(&place, &run, "train.csv", &flags);
    assert!(!said.contains("as in training"), "{said}");
    assert!(other.iter().all(|class| *class == other[0]), "the same text everywhere has one class");
    // The exports know it, too.
    for (kind, folder) in [("--merged", "merged"), ("--adapter", "adapter")] {
        place.output(&["export", &run, kind, folder]);
        let (exported, said) = predicted(&place, folder, "train.csv", &truth);
        assert_eq!(exported, classes, "{kind}");
        assert!(said.contains("The text is `headline`, as in training."), "{kind}: {said}");
    }
    // A file without that column: what is taken instead is said.
    write_csv(
        &place,
        "other.csv",
        &["text", "label"],
        data.iter().map(|(text, label)| vec![text.clone(), label.clone()]),
    );
    let (_, said) = predicted(&place, &run, "other.csv", &truth);
    assert!(said.contains("The file lacks the text of the training, `headline`: `text` is taken"), "{said}");
}

/// Puts the two classes of an exported folder into the other order: the rows of its head and their names.
fn swap(folder: &Path, weights: &str) {
    let file = folder.join(weights);
    let bytes = std::fs::read(&file).unwrap();
    let tensors = safetensors::SafeTensors::deserialize(&bytes).unwrap();
    let (mut swapped, mut changed) = (Vec::new(), 0);
    for (name, view) in tensors.tensors() {
        let mut data = view.data().to_vec();
        if name.ends_with("classifier.weight") || name.ends_with("classifier.bias") {
            let half = data.len() / 2;
            data.rotate_left(half);
            changed += 1;
        }
        swapped.push((name, view.dtype(), view.shape().to_vec(), data));
    }
    assert_eq!(changed, 2);
    let views = swapped.iter().map(|(name, dtype, shape, data)| {
        (name, safetensors::tensor::TensorView::new(*dtype, shape.clone(), data).unwrap())
    });
    std::fs::write(&file, safetensors::serialize(views, None).unwrap()).unwrap();
    let config = folder.join("config.json");
    let mut json: Value = serde_json::from_str(&std::fs::read_to_string(&config).unwrap()).unwrap();
    let names = [json["id2label"]["1"].clone(), json["id2label"]["0"].clone()];
    json["label2id"] = json!({names[0].as_str().unwrap(): 0, names[1].as_str().unwrap(): 1});
    json["id2label"] = json!({"0": names[0], "1": names[1]});
    // A folder that this program did not write.
    json.as_object_mut().unwrap().remove("sweep_data");
    std::fs::write(config, json.to_string()).unwrap();
}

/// The probability of `yes` for some texts.
fn yes(place: &Place, run: &str) -> Vec<f64> {
    let texts: String = corpus().into_iter().take(12).map(|(text, _)| text + "\n").collect();
    let output = place.sweep(&["predict", "--run", run, "--json"]).write_stdin(texts).output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    let lines = String::from_utf8(output.stdout).unwrap();
    let value = |line: &str| serde_json::from_str::<Value>(line).unwrap()["probabilities"]["yes"].as_f64().unwrap();
    lines.lines().map(value).collect()
}

fn assert_same(a: &[f64], b: &[f64], what: &str) {
    let difference = a.iter().zip(b).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max);
    assert!(a.len() == b.len() && difference < 1e-4, "{what}: {difference}");
}

/// P4: a base model's or an adapter's own head is taken by the names of its classes, or not at all.
#[test]
fn a_head_is_taken_by_the_names_of_its_classes() {
    let place = Place::new();
    let still = |more: Value| {
        let mut set = json!({"learning_rate": 1e-12, "epochs": 1});
        more.as_object().unwrap().iter().for_each(|(key, value)| set[key] = value.clone());
        set
    };
    write_data(&place, "data.csv", &rows(&["no", "yes"], 80));
    let data = || json!({"path": "data.csv"});
    let (first, _) = train(&place, "first", data(), json!({}));
    let expected = yes(&place, &first);
    assert!(expected.iter().any(|value| *value > 0.55) && expected.iter().any(|value| *value < 0.45), "{expected:?}");
    for (kind, folder) in [("--merged", "base"), ("--adapter", "adapter")] {
        place.output(&["export", &first, kind, folder]);
        assert_same(&yes(&place, folder), &expected, kind);
    }
    swap(&place.path("base"), "model.safetensors");
    swap(&place.path("adapter"), "adapter_model.safetensors");
    assert_same(&yes(&place, "base"), &expected, "the base model itself, whose classes are `yes`, `no`");

    // The base model's own head.
    let (run, said) = train(&place, "on-base", data(), still(json!({"model": place.path("base")})));
    assert!(said.contains("its rows in the order of the data's classes"), "{said}");
    assert_same(&yes(&place, &run), &expected, "the run");
    for (kind, folder) in [("--merged", "merged-again"), ("--adapter", "adapter-again")] {
        place.output(&["export", &run, kind, folder]);
        assert_same(&yes(&place, folder), &expected, kind);
        let config: Value = serde_json::from_str(&place.read(&format!("{folder}/config.json"))).unwrap();
        assert_eq!(config["id2label"], json!({"0": "no", "1": "yes"}), "{kind}");
    }

    // An adapter's: known from its folder's configuration, or from the run's record beside it.
    let (run, said) = train(&place, "on-swapped", data(), still(json!({"init_adapter": place.path("adapter")})));
    assert!(said.contains("the head starts from the adapter's, its rows in the order of the data's classes"), "{said}");
    assert_same(&yes(&place, &run), &expected, "begun with an adapter in the other order");
    let (run, said) = train(&place, "on-run", data(), still(json!({"init_adapter": first})));
    assert!(said.contains("the head starts from the adapter's, whose classes are the same"), "{said}");
    assert_same(&yes(&place, &run), &expected, "begun with a run");

    // Classes of other names, and another number of classes.
    for (name, names, is_for) in [
        ("other-names", &["nein", "yes"][..], "it is for 2 classes (`no`, `yes`), and the data's 2 are `nein`, `yes`"),
        (
            "more",
            &["no", "yes", "perhaps"],
            "it is for 2 classes (`no`, `yes`), and the data's 3 are `no`, `perhaps`, `yes`",
        ),
    ] {
        write_data(&place, "others.csv", &rows(names, 60));
        let set = still(json!({"init_adapter": first}));
        let (_, said) = train(&place, name, json!({"path": "others.csv"}), set);
        assert!(said.contains("the adapter's head is not used") && said.contains(is_for), "{said}");
    }

    // An adapter that nothing describes.
    std::fs::remove_file(place.path("adapter/config.json")).unwrap();
    let (_, said) = train(&place, "on-unknown", data(), still(json!({"init_adapter": place.path("adapter")})));
    assert!(said.contains("they are taken for those of the data in their order: `no`, `yes`"), "{said}");
}

/// D5: names that look like numbers are names, in training and after.
#[test]
fn labels_with_leading_zeros_are_scored_as_they_were_learned() {
    let place = Place::new();
    let data = rows(&["01", "02", "1"], 120);
    write_data(&place, "train.csv", &data);
    let (run, _) = train(&place, "codes", json!({"path": "train.csv"}), json!({}));
    let (classes, said) = predicted(&place, &run, "train.csv", &["--truth-column", "label"]);
    assert!(said.contains(&accuracy(&classes, &data)), "{said}");
    assert!(said.contains("the names of the classes: `01`, `02`, `1`"), "{said}");
    for (kind, folder) in [("--merged", "merged"), ("--adapter", "adapter")] {
        place.output(&["export", &run, kind, folder]);
        let (exported, said) = predicted(&place, folder, "train.csv", &["--truth-column", "label"]);
        assert_eq!(exported, classes, "{kind}");
        assert!(said.contains(&accuracy(&classes, &data)), "{kind}: {said}");
    }
}
