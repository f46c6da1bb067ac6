//! Models and data sets as people name them.

use std::collections::BTreeSet;

/// The names without the folders that nobody needs to tell them apart: `newswire.csv` for `/data/news/newswire.csv`. Names
/// of the hub (`owner/name`) stay. In the order of the names, each once.
pub(crate) fn short<'a>(names: impl Iterator<Item = &'a str>) -> Vec<String> {
    let mut different: Vec<&str> = Vec::new();
    for name in names {
        if !different.contains(&name) {
            different.push(name);
        }
    }
    let longest = different.iter().map(|name| parts(name).len()).max().unwrap_or(1);
    let with = |kept: usize| -> Vec<String> { different.iter().map(|name| last_parts(name, kept)).collect() };
    let tells_apart = |names: &Vec<String>| names.iter().collect::<BTreeSet<_>>().len() == different.len();
    (1..=longest)
        .map(with)
        .find(tells_apart)
        .unwrap_or_else(|| different.iter().map(|name| (*name).to_string()).collect())
}

/// One name for what all have, or how many there are: `newswire.csv`, `3 data sets`.
pub(crate) fn one_or_count<'a>(names: impl Iterator<Item = &'a str>, noun: &str) -> Option<String> {
    let mut short = short(names);
    match short.len() {
        0 => None,
        1 => short.pop(),
        many => Some(crate::words::counted(many, noun)),
    }
}

fn parts(name: &str) -> Vec<&str> {
    name.split('/').filter(|part| !part.is_empty()).collect()
}

fn last_parts(name: &str, kept: usize) -> String {
    let parts = parts(name);
    if !is_path(name) || parts.is_empty() {
        return name.to_string();
    }
    parts[parts.len().saturating_sub(kept)..].join("/")
}

/// Whether it is a place on a machine and no name of the hub.
fn is_path(name: &str) -> bool {
    const FILES: [&str; 9] = [".csv", ".tsv", ".txt", ".json", ".jsonl", ".parquet", ".gz", ".arrow", ".ndjson"];
    let lower = name.to_lowercase();
    name.starts_with(['/', '.', '~']) || parts(name).len() > 2 || FILES.iter().any(|ending| lower.ends_with(ending))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown<'a>(names: impl IntoIterator<Item = &'a str>) -> Vec<String> {
        short(names.into_iter())
    }

    #[test]
    fn files_are_called_without_their_folders_and_hub_names_stay() {
        assert_eq!(shown(["/home/ada/sweeps/data/newswire.csv"]), ["newswire.csv"]);
        assert_eq!(shown(["sweeps/data/newswire.csv"]), ["newswire.csv"]);
        assert_eq!(
            shown(["fancyzhx/ag_news", "FacebookAI/roberta-base@main"]),
            ["fancyzhx/ag_news", "FacebookAI/roberta-base@main"]
        );
        assert_eq!(shown(["/models/roberta-base/"]), ["roberta-base"]);
        assert_eq!(shown(["/"]), ["/"]);
        assert_eq!(shown(["/a/x.csv", "/a/x.csv"]), ["x.csv"]);
    }

    #[test]
    fn what_has_the_same_name_keeps_the_folder_that_tells_it_apart() {
        assert_eq!(shown(["/a/one/train.csv", "/a/two/train.csv"]), ["one/train.csv", "two/train.csv"]);
    }

    #[test]
    fn several_are_counted() {
        let names = |list: &[&'static str]| one_or_count(list.iter().copied(), "data set");
        assert_eq!(names(&["/a/x.csv", "/a/x.csv"]).as_deref(), Some("x.csv"));
        assert_eq!(names(&["/a/x.csv", "/a/y.csv"]).as_deref(), Some("2 data sets"));
        assert_eq!(names(&[]), None);
    }
}
