//! What promises equal bytes stays what it is: random numbers, masks, orders, splits, ids and digests, and the adapters that
//! a few steps give. The expected values are in `values.txt`.
//!
//! A change of any of them changes the ids of users' runs, or what a resumed or repeated run gives. Where that is meant, say so
//! in CHANGELOG.md and write the file anew:
//!
//! ```console
//! $ SWEEP_GOLDEN_WRITE=1 cargo test --test golden
//! ```

mod adapters;
mod checkpoint;
#[path = "../needs/mod.rs"]
mod needs;
mod plain;
mod streams;
mod sweeps;

use std::path::PathBuf;

/// One line of `values.txt`: what it is, and its value.
type Line = (String, String);

fn file() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/golden/values.txt")
}

fn recorded() -> Vec<Line> {
    let text = std::fs::read_to_string(file()).unwrap_or_default();
    let line = |line: &str| line.split_once(" = ").map(|(name, value)| (name.to_string(), value.to_string()));
    text.lines().filter_map(line).collect()
}

fn hash(bytes: &[u8]) -> String {
    blake3::hash(bytes).to_hex()[..16].to_string()
}

fn hash_of_floats(values: &[f32]) -> String {
    hash(&values.iter().flat_map(|value| value.to_le_bytes()).collect::<Vec<u8>>())
}

/// Whether the values are recorded instead of compared.
fn writes() -> bool {
    std::env::var_os("SWEEP_GOLDEN_WRITE").is_some()
}

/// One test, so that the file is written once.
#[test]
fn values_stay_what_they_are() {
    let mut found = streams::lines();
    found.extend(sweeps::lines());
    found.extend(adapters::lines());
    found.extend(plain::lines());
    found.extend(checkpoint::lines());
    if writes() {
        let text: String = found.iter().map(|(name, value)| format!("{name} = {value}\n")).collect();
        std::fs::write(file(), text).unwrap();
        return;
    }
    let recorded = recorded();
    let names = |lines: &[Line]| lines.iter().map(|(name, _)| name.clone()).collect::<Vec<_>>();
    assert_eq!(names(&found), names(&recorded), "what is pinned");
    let same_processor = adapters::same_processor(&recorded);
    let mut wrong = Vec::new();
    for ((name, value), (_, expected)) in found.iter().zip(&recorded) {
        let equal = match name.starts_with("adapter ") && !same_processor {
            true => adapters::close(name, value, expected),
            false => value == expected,
        };
        if !equal && name != "processor" {
            wrong.push(format!("{name}: {value}, recorded {expected}"));
        }
    }
    assert!(wrong.is_empty(), "{} values are others than before:\n{}", wrong.len(), wrong.join("\n"));
}
