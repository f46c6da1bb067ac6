//! In what two runs differ.

use crate::report::ReportError;
use crate::store::{RunRecord, parameters};
use crate::train::RunFacts;

use super::aspect::{Aspect, Difference};
use super::fields::{Fields, fields, part};
use super::named::NamedRun;

pub(super) fn diff(a: &NamedRun, b: &NamedRun) -> Result<Difference, ReportError> {
    let mut parts = vec![part("Settings", &parameters(&a.entry.spec), &parameters(&b.entry.spec))];
    let (left, right) = (a.store.run_record(&a.entry.id)?, b.store.run_record(&b.entry.id)?);
    match (left, right) {
        (Some(left), Some(right)) => parts.extend([
            part("Data and model", &found(&left.facts), &found(&right.facts)),
            part("Programs and machines", &made_by(&left), &made_by(&right)),
        ]),
        (left, right) => {
            let missing = [(left.is_none(), "A"), (right.is_none(), "B")];
            let missing: Vec<&str> = missing.iter().filter(|(is, _)| *is).map(|(_, name)| *name).collect();
            let verb = if missing.len() == 1 { "has" } else { "have" };
            let note = format!("{} {verb} not begun, so nothing is recorded of it", missing.join(" and "));
            parts.push(Aspect { title: "Data, model and programs", rows: Vec::new(), same: 0, note: Some(note) });
        }
    }
    if a.entry.id != b.entry.id && parts.iter().all(|part| part.rows.is_empty()) {
        // Their ids are made of settings and of the contents of data and model.
        let note = "the ids differ all the same: the contents of the data or of the model do".to_owned();
        parts.push(Aspect { title: "Contents", rows: Vec::new(), same: 0, note: Some(note) });
    }
    Ok(Difference { a: a.title(), b: b.title(), parts })
}

/// What was found of data and model. Sentences about the data are told elsewhere.
fn found(facts: &RunFacts) -> Fields {
    const NOT_OF_THEM: [&str; 2] = ["device", "backend"];
    let sentences = ["data.assumed", "data.warnings"];
    let of_them = |name: &str| !NOT_OF_THEM.contains(&name) && !sentences.contains(&name);
    fields(facts).into_iter().filter(|(name, _)| of_them(name)).collect()
}

/// What trained them, and where.
fn made_by(record: &RunRecord) -> Fields {
    let mut made_by = fields(&record.versions);
    let facts = fields(&record.facts).into_iter();
    made_by.extend(facts.filter(|(name, _)| ["device", "backend"].contains(&name.as_str())));
    made_by.extend(fields(record).into_iter().filter(|(name, _)| name == "executor"));
    made_by
}
