//! What is left of two executions of a sweep, compared.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// A folder that goes away. In memory where that can be had: what is tested here does not depend on a disk, and thousands
/// of syncs take minutes on a busy one.
pub fn scratch() -> tempfile::TempDir {
    let memory = Path::new("/dev/shm");
    if memory.is_dir() { tempfile::tempdir_in(memory).unwrap() } else { tempfile::tempdir().unwrap() }
}

/// Every file below a folder with its contents.
pub fn files(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut found = BTreeMap::new();
    let mut open = vec![folder.to_owned()];
    while let Some(next) = open.pop() {
        for entry in std::fs::read_dir(&next).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                open.push(path);
            } else {
                let contents = std::fs::read(&path).unwrap();
                found.insert(path.strip_prefix(folder).unwrap().to_owned(), contents);
            }
        }
    }
    found
}

/// The results in a sweep's folder without what may differ between two executions: times, logs, who did what when, and the
/// folder in which the sweep, its inputs and its results lie together.
pub fn timeless(folder: &Path) -> BTreeMap<PathBuf, String> {
    let place = folder.ancestors().nth(2).filter(|place| place.parent().is_some());
    let placeless = |contents: Vec<u8>| {
        let text = String::from_utf8(contents).unwrap();
        place.map_or(text.clone(), |place| text.replace(place.to_str().unwrap(), "PLACE"))
    };
    let mut kept = BTreeMap::new();
    for (path, contents) in files(folder) {
        let name = path.file_name().unwrap().to_str().unwrap().to_owned();
        let text = match name.as_str() {
            "metrics.csv" | "runs.csv" => without_times(&placeless(contents)),
            "result.json" | "run.json" => {
                let mut record: serde_json::Value = serde_json::from_str(&placeless(contents)).unwrap();
                forget_times(&mut record);
                record.to_string()
            }
            "adapter_config.json" => placeless(contents),
            // It has the times of the epochs in it.
            "checkpoint.bin" if path.starts_with("runs") => "what the run goes on from".to_owned(),
            _ if path.starts_with("runs") && name != "log.txt" => {
                format!("{:?}", blake3::hash(&contents))
            }
            _ => continue,
        };
        kept.insert(path, text);
    }
    kept
}

fn without_times(table: &str) -> String {
    let mut reader = csv::Reader::from_reader(table.as_bytes());
    let times = ["seconds", "examples_per_second", "tokens_per_second"];
    let header = reader.headers().unwrap().clone();
    let keep: Vec<usize> = (0..header.len()).filter(|&column| !times.contains(&&header[column])).collect();
    let mut rows = vec![header];
    rows.extend(reader.records().map(Result::unwrap));
    let row = |row: &csv::StringRecord| keep.iter().map(|&column| row[column].to_owned()).collect::<Vec<_>>().join("|");
    rows.iter().map(row).collect::<Vec<_>>().join("\n")
}

fn forget_times(record: &mut serde_json::Value) {
    let Some(fields) = record.as_object_mut() else {
        return;
    };
    for name in ["seconds", "examples_per_second", "tokens_per_second", "started", "finished"] {
        fields.shift_remove(name);
    }
    fields.values_mut().for_each(forget_times);
}
