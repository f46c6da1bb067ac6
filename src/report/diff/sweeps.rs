//! In what two sweeps differ.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::json;

use crate::store::{RunEntry, Store, SweepRecord, parameters};
use crate::words::counted;

use super::aspect::{Aspect, Difference, Row};
use super::fields::{Fields, fields, part, plain};
use super::named::sweep_name;

/// Runs that have a line of their own.
const MOST_RUNS: usize = 40;

pub(super) fn diff(a: &Store, b: &Store) -> Difference {
    let (left, right) = (a.record(), b.record());
    let parts = vec![
        part("The sweeps", &head(left), &head(right)),
        base(left, right),
        part(
            "Search",
            &left.search.as_ref().map(fields).unwrap_or_default(),
            &right.search.as_ref().map(fields).unwrap_or_default(),
        ),
        part("Hypotheses", &claims(left), &claims(right)),
        runs(left, right),
    ];
    let parts = parts.into_iter().filter(|part| !part.rows.is_empty() || part.same > 0 || part.note.is_some());
    Difference { a: sweep_name(a), b: sweep_name(b), parts: parts.collect() }
}

fn present(record: &SweepRecord) -> impl Iterator<Item = &RunEntry> {
    record.runs.iter().filter(|run| !run.removed)
}

fn head(record: &SweepRecord) -> Fields {
    let seeds: BTreeSet<u64> = present(record).map(|run| run.spec.seed).collect();
    let mut head = vec![
        ("name".to_owned(), json!(record.name)),
        ("description".to_owned(), json!(record.description)),
        ("rehearsal".to_owned(), json!(record.rehearsal)),
        ("runs".to_owned(), json!(present(record).count())),
        ("seeds".to_owned(), json!(seeds)),
        ("looks".to_owned(), json!(record.looks)),
        ("baseline".to_owned(), json!(record.baseline)),
    ];
    head.retain(|(_, value)| *value != json!([]) && *value != json!(""));
    head
}

/// A run of the baseline in each, with the same seed where there is one.
fn base(left: &SweepRecord, right: &SweepRecord) -> Aspect {
    let of = |record: &SweepRecord| -> BTreeMap<u64, Fields> {
        let baseline = record.baseline.clone();
        let runs = present(record).filter(|run| Some(&run.configuration) == baseline.as_ref());
        runs.map(|run| (run.spec.seed, parameters(&run.spec))).collect()
    };
    let (a, b) = (of(left), of(right));
    let common = a.keys().find(|seed| b.contains_key(seed));
    let first = |runs: &BTreeMap<u64, Fields>| match common {
        Some(seed) => runs.get(seed).cloned(),
        None => runs.values().next().cloned(),
    };
    match (first(&a), first(&b)) {
        (Some(a), Some(b)) => part("Base", &a, &b),
        _ => {
            let note = "not both have runs of their base".to_owned();
            Aspect { title: "Base", rows: Vec::new(), same: 0, note: Some(note) }
        }
    }
}

/// Hypotheses and observations by id, each as one value.
fn claims(record: &SweepRecord) -> Fields {
    let mut claims = Vec::new();
    for hypothesis in &record.hypotheses {
        let flat = fields(hypothesis).into_iter().filter(|(name, _)| name != "id");
        claims.extend(flat.map(|(name, value)| (format!("{}: {name}", hypothesis.id), value)));
    }
    for observation in &record.observations {
        let flat = fields(observation).into_iter().filter(|(name, _)| name != "id");
        claims.extend(flat.map(|(name, value)| (format!("{}: {name}", observation.id), value)));
    }
    claims
}

/// Runs by label: what only one has, and what goes by the same label and is another run.
fn runs(left: &SweepRecord, right: &SweepRecord) -> Aspect {
    let by_label = |record: &SweepRecord| -> BTreeMap<String, RunEntry> {
        present(record).map(|run| (run.label.clone(), run.clone())).collect()
    };
    let (a, b) = (by_label(left), by_label(right));
    let mut part = Aspect { title: "Runs", rows: Vec::new(), same: 0, note: None };
    let labels = present(left).map(|run| &run.label);
    for label in labels.chain(present(right).map(|run| &run.label).filter(|label| !a.contains_key(*label))) {
        let (cell_a, cell_b) = match (a.get(label), b.get(label)) {
            (Some(a), Some(b)) if a.id == b.id => {
                part.same += 1;
                continue;
            }
            (Some(a), Some(b)) => apart(a, b),
            (a, b) => {
                let cell = |run: Option<&RunEntry>| run.map_or_else(|| "-".to_owned(), |run| run.id.to_string());
                (cell(a), cell(b))
            }
        };
        part.rows.push(Row { name: label.clone(), a: cell_a, b: cell_b });
    }
    if part.rows.len() > MOST_RUNS {
        part.note = Some(format!("and {} more", counted(part.rows.len() - MOST_RUNS, "run")));
        part.rows.truncate(MOST_RUNS);
    }
    part
}

/// The settings in which two runs of one label differ.
fn apart(a: &RunEntry, b: &RunEntry) -> (String, String) {
    let (left, right) = (parameters(&a.spec), parameters(&b.spec));
    let get =
        |fields: &Fields, name: &str| fields.iter().find(|(known, _)| known == name).map(|(_, value)| value.clone());
    let names: BTreeSet<&String> = left.iter().chain(&right).map(|(name, _)| name).collect();
    let differ: Vec<&String> = names.into_iter().filter(|name| get(&left, name) != get(&right, name)).collect();
    if differ.is_empty() {
        let other = |run: &RunEntry| format!("{}, of other data or another model", run.id);
        return (other(a), other(b));
    }
    let cell = |run: &RunEntry, fields: &Fields| {
        let shown = differ.iter().map(|name| {
            let value = get(fields, name).map_or_else(|| "-".to_owned(), |value| plain(&value));
            format!("{name}={value}")
        });
        format!("{} ({})", run.id, shown.collect::<Vec<_>>().join(", "))
    };
    (cell(a, &left), cell(b, &right))
}
