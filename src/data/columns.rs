//! Which columns hold the text and the label.

use std::path::Path;

use super::DataError;

/// Names of label columns, the likeliest first; compared in [`plain`] form.
const LABELS: [&str; 14] = [
    "label",
    "labels",
    "class",
    "category",
    "target",
    "class_index",
    "class_label",
    "label_text",
    "sentiment",
    "topic",
    "intent",
    "emotion",
    "stars",
    "y",
];

/// Names of ID columns.
pub(super) const IDS: [&str; 1] = ["id"];

/// A column of this name is the text, whatever else there is.
const WHOLE_TEXTS: [&str; 1] = ["text"];

/// Headline and body, joined where a file has one of each.
const HEADLINES: [&str; 2] = ["title", "headline"];
const BODIES: [&str; 8] =
    ["description", "short_description", "content", "body", "summary", "abstract", "article", "review"];

/// Other names of text columns, the likeliest first.
const TEXTS: [&str; 17] = [
    "sentence",
    "content",
    "document",
    "review",
    "comment",
    "tweet",
    "message",
    "body",
    "utterance",
    "question",
    "article",
    "description",
    "summary",
    "abstract",
    "headline",
    "title",
    "sentence1",
];

/// Names of texts that come in pairs, which are never detected alone.
const SECOND_TEXTS: [&str; 12] = [
    "sentence2",
    "text1",
    "text2",
    "question1",
    "question2",
    "premise",
    "hypothesis",
    "context",
    "passage",
    "answer",
    "query",
    "subject",
];

/// The label column: the one named, or the likeliest by its name.
pub(super) fn label_column(path: &Path, columns: &[String], wanted: Option<&str>) -> Result<usize, DataError> {
    match wanted {
        Some(name) => column(path, columns, name),
        None => detected(columns, &LABELS).ok_or_else(|| undetected(path, columns, "label")),
    }
}

/// The text columns in the order in which they are joined: those named, or the likeliest by their names; failing that,
/// the only column that is not among `others`.
pub(super) fn text_columns(
    path: &Path,
    columns: &[String],
    wanted: &[String],
    others: &[usize],
) -> Result<Vec<usize>, DataError> {
    if !wanted.is_empty() {
        return wanted.iter().map(|name| column(path, columns, name)).collect();
    }
    let headed = || Some(vec![detected(columns, &HEADLINES)?, detected(columns, &BODIES)?]);
    let single = |names: &[&str]| detected(columns, names).map(|index| vec![index]);
    single(&WHOLE_TEXTS)
        .or_else(headed)
        .or_else(|| single(&TEXTS))
        .or_else(|| only_other(columns, others))
        .ok_or_else(|| undetected(path, columns, "text"))
}

/// Whether a column of this name would be taken for a text, a label or an ID.
pub(super) fn is_known_name(name: &str) -> bool {
    let name = plain(name);
    let known = LABELS.iter().chain(&WHOLE_TEXTS).chain(&HEADLINES).chain(&BODIES).chain(&TEXTS).chain(&IDS);
    known.into_iter().any(|known| *known == name)
}

/// The columns of these names where all are there: each exactly, or else one that differs in case, spaces and hyphens only.
pub(super) fn known_columns(columns: &[String], names: &[String]) -> Option<Vec<usize>> {
    let only = |is_it: &dyn Fn(&String) -> bool| {
        let mut matching = (0..columns.len()).filter(|&index| is_it(&columns[index]));
        matching.next().filter(|_| matching.next().is_none())
    };
    let found = |name: &String| only(&|column| column == name).or_else(|| only(&|column| plain(column) == plain(name)));
    names.iter().map(found).collect()
}

/// Other columns, by index, whose names are those of label columns.
pub(super) fn other_labels(columns: &[String], taken: &[usize]) -> Vec<usize> {
    let is_label = |index: &usize| LABELS.contains(&plain(&columns[*index]).as_str());
    (0..columns.len()).filter(|index| !taken.contains(index)).filter(is_label).collect()
}

/// Whether columns of this name mostly hold texts.
pub(super) fn is_text_name(name: &str) -> bool {
    let name = plain(name);
    [&WHOLE_TEXTS[..], &HEADLINES, &BODIES, &TEXTS, &SECOND_TEXTS].into_iter().flatten().any(|known| *known == name)
}

/// The column of exactly this name.
pub(super) fn column(path: &Path, columns: &[String], name: &str) -> Result<usize, DataError> {
    let mut matching = (0..columns.len()).filter(|&index| columns[index] == name);
    let found = matching.next().ok_or_else(|| DataError::MissingColumn {
        path: path.to_owned(),
        column: name.to_owned(),
        suggestion: closest(columns, name),
        columns: columns.to_vec(),
    })?;
    if matching.next().is_some() {
        return Err(DataError::DoubleColumn { path: path.to_owned(), column: name.to_owned() });
    }
    Ok(found)
}

/// The first of `names` that is a column's name in [`plain`] form.
pub(super) fn detected(columns: &[String], names: &[&str]) -> Option<usize> {
    let columns: Vec<String> = columns.iter().map(|column| plain(column)).collect();
    names.iter().find_map(|name| columns.iter().position(|column| column == name))
}

fn only_other(columns: &[String], others: &[usize]) -> Option<Vec<usize>> {
    let rest: Vec<usize> = (0..columns.len()).filter(|index| !others.contains(index)).collect();
    (rest.len() == 1).then_some(rest)
}

fn undetected(path: &Path, columns: &[String], purpose: &'static str) -> DataError {
    DataError::UndetectedColumn { path: path.to_owned(), purpose, columns: columns.to_vec() }
}

/// Case, spaces and hyphens do not matter.
fn plain(name: &str) -> String {
    name.trim().to_lowercase().replace([' ', '-'], "_")
}

/// Below this similarity (0 to 1) a suggestion would be a guess.
const SIMILAR: f64 = 0.6;

fn closest(columns: &[String], name: &str) -> Option<String> {
    columns
        .iter()
        .map(|column| (strsim::normalized_damerau_levenshtein(&plain(column), &plain(name)), column))
        .filter(|(similarity, _)| *similarity >= SIMILAR)
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .map(|(_, column)| column.clone())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `header` in, `text+text|label` out.
    fn choose(header: &str) -> String {
        let path = Path::new("f.csv");
        let columns: Vec<String> = header.split(',').map(str::to_owned).collect();
        let label = match label_column(path, &columns, None) {
            Ok(label) => label,
            Err(error) => return error.to_string(),
        };
        match text_columns(path, &columns, &[], &[label]) {
            Ok(text) => {
                let text: Vec<&str> = text.iter().map(|&index| columns[index].as_str()).collect();
                format!("{}|{}", text.join("+"), columns[label])
            }
            Err(error) => error.to_string(),
        }
    }

    #[test]
    fn columns_are_detected() {
        let cases = [
            ("text,label", "text|label"),
            ("label,Title,text", "text|label"),
            ("Class Index,Title,Description", "Title+Description|Class Index"),
            ("link,headline,category,short_description", "headline+short_description|category"),
            ("content,title,label", "title+content|label"),
            ("idx,sentence,label", "sentence|label"),
            ("TEXT,TARGET,id", "TEXT|TARGET"),
            ("text,label,label_text", "text|label"),
            ("verse,class", "verse|class"),
        ];
        for (header, expected) in cases {
            assert_eq!(choose(header), expected, "{header}");
        }
        insta::assert_snapshot!(choose("a,b,label"), @"f.csv: cannot tell which column holds the text: name one of `a`, `b`, `label`");
        insta::assert_snapshot!(choose("text,score"), @"f.csv: cannot tell which column holds the label: name one of `text`, `score`");
    }

    #[test]
    fn named_columns_are_taken_or_refused() {
        let path = Path::new("f.csv");
        let columns = ["text", "Label", "label", "text"].map(str::to_owned);
        assert_eq!(label_column(path, &columns, Some("Label")).unwrap(), 1);
        let missing = label_column(path, &columns, Some("lable")).unwrap_err();
        insta::assert_snapshot!(missing, @"f.csv: no column `lable`, did you mean `label`?; it has `text`, `Label`, `label`, `text`");
        let double = text_columns(path, &columns, &["text".to_owned()], &[]).unwrap_err();
        insta::assert_snapshot!(double, @"f.csv: the column `text` occurs twice");
    }
}
