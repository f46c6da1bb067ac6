//! What people and their editors write that is not quite YAML, or not quite a sweep file.

use std::path::Path;

use sweep::spec::{Evaluation, SweepFile};

use crate::support::{problems, sweep};

fn syntax(text: &str) -> String {
    SweepFile::parse(text, Path::new("")).unwrap_err().to_string()
}

fn read(bytes: &[u8], name: &str) -> Result<SweepFile, String> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(name);
    std::fs::write(&path, bytes).unwrap();
    SweepFile::read(&path).map_err(|error| error.to_string())
}

#[test]
fn r7_a_byte_order_mark_and_any_line_ends_are_read() {
    let plain = sweep("name: a\nbase:\n  rank: 4\n");
    for text in
        ["\u{feff}name: a\nbase:\n  rank: 4\n", "name: a\r\nbase:\r\n  rank: 4\r\n", "name: a\rbase:\r  rank: 4\r"]
    {
        assert_eq!(sweep(text), plain, "{text:?}");
    }
    assert!(problems("\u{feff}base:\n  rank: x\n").contains("line 2, base.rank: "));
    assert!(problems("base:\r  rank: x\r").contains("line 2, base.rank: "));
}

#[test]
fn r7_other_encodings_say_what_they_are() {
    let utf16: Vec<u8> = "\u{feff}name: a\n".encode_utf16().flat_map(u16::to_le_bytes).collect();
    assert!(read(&utf16, "a.yaml").unwrap_err().ends_with("a.yaml: this looks like UTF-16; save the file as UTF-8"));
    assert!(read(&utf16[2..], "a.yaml").unwrap_err().contains("UTF-16"));
    assert!(syntax("name: a\nbase: {rank: \0 4}\n").contains(":2:14: a NUL character"));
    assert!(syntax("name: a\n\u{feff}base: {rank: 4}\n").contains(":2:1: a byte order mark (U+FEFF) stands here"));
}

#[test]
fn r7_more_than_one_document_only_where_there_is() {
    assert!(syntax("name: a\n---\nname: b\n").contains(":2:1: more than one document: another one begins on line 2"));
    assert_eq!(sweep("---\nname: a\n...\n").name, "a");
}

#[test]
fn r13_tabs_are_named() {
    for text in ["base:\n\trank: 4\n", "base:\n  rank: 4\n\tepochs: 2\n"] {
        assert!(syntax(text).contains("a tab indents this line"), "{}", syntax(text));
    }
}

#[test]
fn r13_whole_numbers_may_have_decimals() {
    let whole = sweep("grid: {rank: [8, 4], dataset.eval: [{test_size: 640}]}\nbase: {seed: 7}");
    let decimals = sweep("grid: {rank: [8.0, 4e0], dataset.eval: [{test_size: 640.0}]}\nbase: {seed: 7.0}");
    assert_eq!(whole, decimals, "ids and labels are the same");
    assert!(problems("base: {rank: 8.5}").contains("must be a whole number from 1 to 65536, found 8.5"));
    assert!(problems("base: {dataset.eval: {test_size: 1.0}}").contains("a fraction between 0 and 1"));
}

#[test]
fn r13_merge_keys_and_anchors() {
    let text = "runs:\n  - &one {name: one, rank: 4, epochs: 2}\n  - {<<: *one, name: two, rank: 8}\n  - {<<: [*one], name: three, epochs: 3}\n";
    let runs: Vec<_> = sweep(text).runs.into_iter().map(|run| (run.label, run.spec.rank, run.spec.epochs)).collect();
    let expected = [("one", 4, 2), ("two", 8, 2), ("three", 4, 3)];
    assert_eq!(runs, expected.map(|(label, rank, epochs)| (label.to_owned(), rank, epochs)));
    assert!(problems("base: {<<: 3}").contains("base.<<: must merge a mapping or a list of mappings"));
}

#[test]
fn r13_names_that_name_no_folder_say_what_would() {
    assert!(problems("name: 123").contains("found 123; in quotes it is text"));
    assert!(problems("name: über").contains("`über` cannot name a folder of results: `name` has unaccented letters"));
    assert!(problems("name: my  sweep!").contains("for example `name: my-sweep`"));
    let file = read(b"base: {rank: 4}\n", "my sweep.yaml").unwrap();
    let message = file.resolve(&crate::support::FakeFacts::default()).unwrap_err().to_string();
    assert!(message.contains("without `name` a sweep is called like its file, and `my sweep` cannot"), "{message}");
    assert!(message.ends_with("for example `name: my-sweep`"), "{message}");
}

#[test]
fn r13_all_rows_are_taken_without_a_limit() {
    for text in ["base: {dataset: {path: a.csv, limit: all}}", "base: {dataset.limit: }"] {
        assert!(problems(text).contains("all rows are taken where it is left out"), "{}", problems(text));
    }
}

#[test]
fn r13_a_tilde_is_the_home_folder() {
    let home = std::env::home_dir().unwrap();
    let text = "base: {dataset: {path: ~/data.csv, eval: ~/eval.csv}}";
    let spec = sweep(text).runs.remove(0).spec;
    assert_eq!(spec.dataset.path, home.join("data.csv").to_str().unwrap());
    assert_eq!(spec.dataset.evaluation, Evaluation::File(home.join("eval.csv").to_str().unwrap().to_owned()));
}

#[test]
fn r11_a_field_of_the_data_set_is_given_once() {
    for text in [
        "base:\n  dataset: {path: a.csv, limit: 700}\n  dataset.limit: 650\n",
        "base:\n  dataset.limit: 650\n  dataset: {path: a.csv, limit: 700}\n",
        "runs:\n  - dataset: a.csv\n    dataset.path: b.csv\n",
    ] {
        let message = problems(text);
        assert!(
            message.contains("line 3, ") && message.contains("is given twice; the first is on line 2"),
            "{message}"
        );
    }
    // Base and an axis, or a path and a field, are not the same place.
    assert_eq!(sweep("base: {dataset: {path: a.csv, limit: 700}}\ngrid: {dataset.limit: [650, 660]}").runs.len(), 2);
    assert_eq!(sweep("base: {dataset: a.csv, dataset.limit: 700}").runs[0].spec.dataset.limit, Some(700));
}

#[test]
fn huge_and_impossible_numbers_are_refused_at_once() {
    let axes: String = ["rank", "epochs", "batch_size", "max_length", "eval_batch_size", "gradient_accumulation_steps"]
        .iter()
        .map(|name| format!("  {name}: [{}]\n", (3..103).map(|value| value.to_string()).collect::<Vec<_>>().join(", ")))
        .collect();
    let started = std::time::Instant::now();
    assert!(problems(&format!("grid:\n{axes}")).contains("makes 1,000,000,000,000 runs; 1,000,000 is the most"));
    assert!(started.elapsed() < std::time::Duration::from_secs(10));
    for (text, expected) in [
        ("base: {rank: 1000000000}", "must be from 1 to 65536, found 1000000000"),
        ("base: {epochs: 1e12}", "must be from 1 to 10000, found 1000000000000"),
        ("base: {learning_rate: 1e400}", "found text `1e400`"),
        ("base: {learning_rate: .nan}", "must be a number, found .nan"),
        ("base: {lora_alpha: .inf}", "must be a number, found .inf"),
        ("base: {lora_alpha: -.inf}", "must be a number, found -.inf"),
        ("base: {epochs: .inf}", "must be a whole number from 1 to 10000, found .inf"),
        ("base: {seed: 1e30}", "must be a whole number from 0 to 2^64 - 1"),
    ] {
        assert!(problems(text).contains(expected), "{}", problems(text));
    }
    assert_eq!(sweep("base: {lora_dropout: -0.0}").runs[0].id, sweep("base: {lora_dropout: 0}").runs[0].id);
}
