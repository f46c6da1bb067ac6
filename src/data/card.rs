//! What is said beside the rows: class names in the schema metadata that Hugging Face `datasets` writes into Parquet
//! files; class names and the files of each split in the YAML front matter of a data set card.

use std::collections::BTreeMap;
use std::path::Path;

use regex::Regex;
use serde_yaml::Value;

use crate::spec::yaml_excess;

/// Class names by column, from the JSON that `datasets` keeps under the key `huggingface`
/// (`{"info": {"features": {"label": {"_type": "ClassLabel", "names": [...]}}}}`). Anything else gives none.
pub(super) fn class_names_of_features(json: &str) -> BTreeMap<String, Vec<String>> {
    let Ok(metadata) = serde_json::from_str::<serde_json::Value>(json) else {
        return BTreeMap::new();
    };
    let Some(features) = metadata["info"]["features"].as_object() else {
        return BTreeMap::new();
    };
    let class_labels = features.iter().filter(|(_, feature)| feature["_type"] == "ClassLabel");
    class_labels
        .filter_map(|(column, feature)| {
            let names = feature["names"].as_array()?.iter();
            let names: Option<Vec<String>> = names.map(|name| name.as_str().map(str::to_owned)).collect();
            Some((column.clone(), names?))
        })
        .collect()
}

/// The class names that the data set card `readme` gives for `column`
/// (`dataset_info.features[].dtype.class_label.names`). A card for several configurations counts where they agree, or else
/// with its configuration `default`. No card, or one that says nothing about it, gives none.
pub(super) fn class_names_of_card(readme: &Path, column: &str) -> Option<Vec<String>> {
    let info = data_set_info(readme)?;
    let configurations = match &info {
        Value::Sequence(configurations) => configurations.as_slice(),
        single => std::slice::from_ref(single),
    };
    let named: Vec<(Option<&str>, Vec<String>)> = configurations
        .iter()
        .filter_map(|configuration| {
            let name = configuration.get("config_name").and_then(Value::as_str);
            Some((name, class_names(configuration, column)?))
        })
        .collect();
    let (_, first) = named.first()?;
    if named.iter().all(|(_, names)| names == first) {
        return Some(first.clone());
    }
    let default = named.iter().find(|(name, _)| *name == Some("default"));
    default.map(|(_, names)| names.clone())
}

/// The part `dataset_info` of a data set card's front matter, where there is one.
pub(super) fn data_set_info(readme: &Path) -> Option<Value> {
    let text = std::fs::read_to_string(readme).ok()?;
    let card = parsed(&text)?;
    card.get("dataset_info").cloned()
}

/// Patterns for the paths of a split's files, as the card's text gives them (`configs[].data_files`): of the only
/// configuration, or of the default one. None: the card does not say which files make splits.
///
/// # Errors
/// A pattern that no path can match, such as `[z-a]`.
pub(super) fn split_patterns(card: &str, split: &str) -> Option<Result<Vec<Pattern>, BadPattern>> {
    let card = parsed(card)?;
    let configuration = configuration(&card)?;
    let files = configuration.get("data_files")?;
    let of_splits: Vec<&Value> =
        files.as_sequence().into_iter().flatten().filter(|entry| entry.get("split").is_some()).collect();
    let paths = if of_splits.is_empty() {
        // All files are of one split then.
        if split == "train" { texts(files) } else { Vec::new() }
    } else {
        let of_split = of_splits.iter().filter(|entry| entry.get("split").and_then(Value::as_str) == Some(split));
        of_split.flat_map(|entry| entry.get("path").map(texts).unwrap_or_default()).collect()
    };
    Some(paths.into_iter().map(pattern).collect())
}

/// The folder that the data set's files lie below, as the card's text gives it (`configs[].data_dir`), for the configuration of
/// [`split_patterns`], whose patterns are of paths in this folder then.
pub(super) fn data_dir(card: &str) -> Option<String> {
    let card = parsed(card)?;
    configuration(&card)?.get("data_dir")?.as_str().map(str::to_owned)
}

/// The only configuration, or the default one.
fn configuration(card: &Value) -> Option<&Value> {
    let configurations = card.get("configs")?.as_sequence()?;
    let is_default = |configuration: &&Value| {
        configuration.get("default").and_then(Value::as_bool).unwrap_or(false)
            || configuration.get("config_name").and_then(Value::as_str) == Some("default")
    };
    match configurations.as_slice() {
        [only] => Some(only),
        several => several.iter().find(is_default),
    }
}

/// A text, or a list of texts.
fn texts(value: &Value) -> Vec<&str> {
    match value {
        Value::Sequence(items) => items.iter().filter_map(Value::as_str).collect(),
        single => single.as_str().into_iter().collect(),
    }
}

/// A path with `*`, `**`, `?` and `[...]`.
#[derive(Clone, Debug)]
pub(super) struct Pattern {
    pub written: String,
    pub regex: Regex,
}

/// A path whose `[...]` is none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct BadPattern {
    pub written: String,
}

fn pattern(path: &str) -> Result<Pattern, BadPattern> {
    let mut expression = String::from("^");
    let mut characters = path.strip_prefix("./").unwrap_or(path).chars().peekable();
    while let Some(character) = characters.next() {
        match character {
            '*' if characters.next_if_eq(&'*').is_some() => {
                // `**/` also matches no folder at all.
                let folders = characters.next_if_eq(&'/').is_some();
                expression.push_str(if folders { "(?:.*/)?" } else { ".*" });
            }
            '*' => expression.push_str("[^/]*"),
            '?' => expression.push_str("[^/]"),
            '[' => {
                expression.push('[');
                if characters.next_if_eq(&'!').is_some() {
                    expression.push('^');
                }
            }
            ']' => expression.push(']'),
            '-' => expression.push('-'),
            other => expression.push_str(&regex::escape(other.encode_utf8(&mut [0; 4]))),
        }
    }
    expression.push('$');
    match Regex::new(&expression) {
        Ok(regex) => Ok(Pattern { written: path.to_owned(), regex }),
        Err(_) => Err(BadPattern { written: path.to_owned() }),
    }
}

/// None without front matter, and where it is no YAML that a person wrote.
fn parsed(card: &str) -> Option<Value> {
    let text = front_matter(card).filter(|text| yaml_excess(text).is_none())?;
    serde_yaml::from_str(text).ok()
}

fn front_matter(text: &str) -> Option<&str> {
    let rest = text.trim_start_matches('\u{feff}').strip_prefix("---")?;
    let rest = &rest[rest.find('\n')? + 1..];
    let end = rest.match_indices("---").map(|(at, _)| at);
    end.filter(|&at| at == 0 || rest.as_bytes()[at - 1] == b'\n').map(|at| &rest[..at]).next()
}

fn class_names(configuration: &Value, column: &str) -> Option<Vec<String>> {
    let features = configuration.get("features")?.as_sequence()?;
    let feature = features.iter().find(|feature| feature.get("name").and_then(Value::as_str) == Some(column))?;
    match feature.get("dtype")?.get("class_label")?.get("names")? {
        Value::Sequence(names) => names.iter().map(scalar).collect(),
        Value::Mapping(numbered) => {
            let mut names = BTreeMap::new();
            for (number, name) in numbered {
                names.insert(scalar(number)?.parse::<usize>().ok()?, scalar(name)?);
            }
            let unbroken = names.keys().copied().eq(0..names.len());
            unbroken.then(|| names.into_values().collect())
        }
        _ => None,
    }
}

/// Class names such as `1` or `yes` are written without quotes in some cards.
fn scalar(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(truth) => Some(truth.to_string()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn card(text: &str) -> Option<Vec<String>> {
        let folder = tempfile::tempdir().unwrap();
        let readme = folder.path().join("README.md");
        std::fs::write(&readme, text).unwrap();
        class_names_of_card(&readme, "label")
    }

    #[test]
    fn card_with_numbered_names() {
        let names = card(
            "---\nlicense: mit\ndataset_info:\n  features:\n  - name: text\n    dtype: string\n  - name: label\n    dtype:\n      \
             class_label:\n        names:\n          '0': World\n          '1': Sports\n          '10': Z\n          '2': B\n---\n# T\n",
        );
        assert_eq!(names, None, "a gap between 2 and 10");
        let names = card(
            "---\ndataset_info:\n- config_name: a\n  features:\n  - name: label\n    dtype:\n      class_label:\n        \
             names:\n          '1': Sports\n          '0': World\n- config_name: b\n  features:\n  - name: other\n    dtype: int64\n---\n",
        );
        assert_eq!(names.unwrap(), ["World", "Sports"]);
    }

    #[test]
    fn configurations_that_differ_need_a_default() {
        let configuration = |name: &str, names: &str| {
            format!(
                "- config_name: {name}\n  features:\n  - name: label\n    dtype:\n      class_label:\n        names: {names}\n"
            )
        };
        let two = |first: &str, second: &str| {
            let (first, second) = (configuration(first, "[x, y]"), configuration(second, "[no, 1]"));
            card(&format!("---\ndataset_info:\n{first}{second}---\n"))
        };
        assert_eq!(two("a", "b"), None);
        assert_eq!(two("a", "default").unwrap(), ["no", "1"]);
    }

    #[test]
    fn patterns_of_paths() {
        for (path, matching, others) in [
            ("data/train-*", "data/train-00000-of-00001.parquet", "data/sub/train-1.parquet"),
            ("./a?.csv", "ab.csv", "abc.csv"),
            ("**/train.csv", "train.csv", "x/train.csvx"),
            ("**/train.csv", "x/y/train.csv", "xtrain.tsv"),
            ("train-[0-9].json", "train-7.json", "train-x.json"),
            ("train-[!0-9].json", "train-x.json", "train-7.json"),
        ] {
            let pattern = pattern(path).unwrap().regex;
            assert!(pattern.is_match(matching) && !pattern.is_match(others), "{path}");
        }
    }

    #[test]
    fn the_files_of_splits_are_those_of_the_default_configuration() {
        let patterns = |configs: &str, split: &str| {
            let found = split_patterns(&format!("---\nconfigs:\n{configs}---\n"), split)?.unwrap();
            Some(found.iter().map(|pattern| pattern.regex.as_str().to_owned()).collect::<Vec<_>>())
        };
        let two =
            "- config_name: a\n  data_files: a.csv\n- config_name: b\n  default: true\n  data_files: [b.csv, c.csv]\n";
        assert_eq!(patterns(two, "train").unwrap(), ["^b\\.csv$", "^c\\.csv$"]);
        assert_eq!(patterns(two, "test").unwrap(), Vec::<String>::new());
        assert_eq!(patterns("- config_name: a\n- config_name: b\n", "train"), None);
        assert!(split_patterns("# T\n", "train").is_none());
    }

    #[test]
    fn ordinary_readmes_say_nothing() {
        // M6: what nests too deep is not parsed.
        let deep = format!("---\ndataset_info: {}\n---\n", "[".repeat(200_000));
        for text in [deep.as_str(), "# Data\n", "---\n", "---\n: [\n---\n", "---\ntitle: x\n---\n", ""] {
            assert_eq!(card(text), None, "{text}");
        }
        assert_eq!(class_names_of_card(Path::new("no/such/file"), "label"), None);
    }

    #[test]
    fn features_of_parquet_metadata() {
        let json = r#"{"info":{"features":{"text":{"dtype":"string","_type":"Value"},"label":{"names":["b","a"],"_type":"ClassLabel"}}}}"#;
        let names = class_names_of_features(json);
        assert_eq!(names, BTreeMap::from([("label".to_owned(), vec!["b".to_owned(), "a".to_owned()])]));
        assert!(class_names_of_features("{}").is_empty() && class_names_of_features("nonsense").is_empty());
    }
}
