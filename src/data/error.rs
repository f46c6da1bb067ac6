//! What can be wrong with data, said so that it can be mended.

use std::fmt;
use std::path::{Path, PathBuf};

/// Where in a file something is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Position {
    /// Of a text file, counted from 1: what an editor shows.
    Line(u64),
    /// Of a Parquet file, counted from 0.
    Row(usize),
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Line(line) => write!(f, "line {line}"),
            Self::Row(row) => write!(f, "row {row} (counted from 0)"),
        }
    }
}

/// Why examples or token ids could not be had.
#[derive(Debug, thiserror::Error)]
pub enum DataError {
    #[error("{}: cannot {action}: {source}", path.display())]
    Io {
        path: PathBuf,
        /// `open`, `read`, `list` ...
        action: &'static str,
        source: std::io::Error,
    },
    #[error("{}: not a kind of file that can be read: use .csv, .tsv, .parquet, .jsonl, .ndjson or .json{}", path.display(), unpacking(path))]
    UnknownFormat { path: PathBuf },

    #[error("{}: no file for the split `{split}`; data files there: {}", folder.display(), listed(found))]
    NoSplit { folder: PathBuf, split: String, found: Vec<String> },
    #[error("{}: the data set card (README.md) says that `{pattern}` are the files of the split `{split}`, which is no pattern: its brackets are not closed, or a range in them runs backwards; correct it, or name a file as `dataset.path`", folder.display())]
    CardPattern { folder: PathBuf, split: String, pattern: String },
    #[error("{}: the data set card (README.md) says that `{pattern}` are files of the split `{split}`, and there are none; data files there: {}", folder.display(), listed(found))]
    CardFiles { folder: PathBuf, split: String, pattern: String, found: Vec<String> },
    #[error("{}: several candidates for the split `{split}`: {}; name one of them as `dataset.path`", folder.display(), listed(candidates))]
    AmbiguousSplit { folder: PathBuf, split: String, candidates: Vec<String> },
    #[error("{}: the split `{split}` has {found} of its {expected} files (name-00000-of-{expected:05})", folder.display())]
    MissingShards { folder: PathBuf, split: String, expected: usize, found: usize },
    #[error("{}: the split `{split}` has the same numbered file twice: `{}` and `{}`; remove one of them, or name a file as `dataset.path`", folder.display(), files[0].display(), files[1].display())]
    DoubleShard { folder: PathBuf, split: String, files: [PathBuf; 2] },
    #[error("{}: the data set card (README.md) says that the files lie in `{data_dir}` (`data_dir`), {problem}; correct it, or name a file as `dataset.path`", folder.display())]
    CardFolder {
        folder: PathBuf,
        data_dir: String,
        /// The end of the sentence.
        problem: &'static str,
    },
    #[error("{}: a single file has no split `{split}`: give the evaluation file itself, or a folder that has both", path.display())]
    SplitOfFile { path: PathBuf, split: String },

    #[error("{}: named as `test`, and {other} as well: the test must choose nothing and have rows of its own; name another file or split, or hold rows out of the training rows: `test: {{test_size: 1000}}`", path.display())]
    SameFile {
        path: PathBuf,
        /// `trained on`, `evaluated on`
        other: &'static str,
    },

    #[error("{}: no column `{column}`{}; it has {}", path.display(), did_you_mean(suggestion), listed(columns))]
    MissingColumn { path: PathBuf, column: String, suggestion: Option<String>, columns: Vec<String> },
    #[error("{}: the column `{column}` occurs twice", path.display())]
    DoubleColumn { path: PathBuf, column: String },
    #[error("{}: cannot tell which column holds the {purpose}: name one of {}{}", path.display(), listed(columns), headerless(columns))]
    UndetectedColumn {
        path: PathBuf,
        /// `text` or `label`
        purpose: &'static str,
        columns: Vec<String>,
    },

    #[error("{}, {place}: the number of fields ({found}) differs from the first line's ({expected}){hint}", path.display())]
    Ragged { path: PathBuf, place: Position, expected: u64, found: u64, hint: String },
    #[error("{}, {place}: one cell, but {cells} with the separator `{separator}`: say `separator: \"{separator}\"`", path.display())]
    OtherSeparator { path: PathBuf, place: Position, separator: String, cells: usize },
    #[error("{}: this is {seen}: {right}", path.display())]
    OtherKind { path: PathBuf, seen: &'static str, right: &'static str },
    #[error("{}: `header`, `quoting` and `separator` are for CSV and TSV files", path.display())]
    NotSeparated { path: PathBuf },
    #[error("{}, {place}: not UTF-8: save the file as UTF-8", path.display())]
    NotUtf8 { path: PathBuf, place: Position },
    #[error("{}, {place}: {message}", path.display())]
    Malformed { path: PathBuf, place: Position, message: String },
    #[error("{}: not a readable Parquet file: {message}", path.display())]
    Parquet { path: PathBuf, message: String },
    #[error("{}: the column `{column}` holds {kind}, which cannot be read as text", path.display())]
    NotText { path: PathBuf, column: String, kind: String },

    #[error("{}: no rows", path.display())]
    NoRows { path: PathBuf },
    #[error("{}, {place}: the text is empty", path.display())]
    EmptyText { path: PathBuf, place: Position },
    #[error("{}: the label is missing in {rows} of {of} rows ({}{}): give them one, or {}", path.display(), named.join("; "), if *rows > named.len() { "; ..." } else { "" }, what_about_missing(*written))]
    MissingLabels {
        path: PathBuf,
        rows: usize,
        of: usize,
        /// The first ones.
        named: Vec<String>,
        /// Whether some are written (`nan`) and not merely empty.
        written: bool,
    },
    #[error("{}: every training example ({rows}) has the label `{label}`: at least two classes are needed{}", path.display(), if *limited { " (only the first rows are kept: `dataset.limit`)" } else { "" })]
    OneClass { path: PathBuf, label: String, rows: usize, limited: bool },
    #[error("{}: the integer labels are {}: they must run without gaps from 0 or from 1", path.display(), listed(found))]
    LabelGaps { path: PathBuf, found: Vec<i64> },
    #[error("{}: the class names of its label column, {}, are not those of {}, {}: a number would be one class in one file and another in the other; write both with the same names", path.display(), listed(names), first.display(), listed(first_names))]
    OtherClassNames { path: PathBuf, names: Vec<String>, first: PathBuf, first_names: Vec<String> },
    #[error("{}, {place}: unknown label `{label}`; the training set's are {}", path.display(), listed(known))]
    UnknownLabel { path: PathBuf, place: Position, label: String, known: Vec<String> },
    #[error("{}, row {row} (counted from 0): unknown label `{}`{} in the column `{column}`; the labels that the classifier knows are {known}", path.display(), unknown.first().map_or("", String::as_str), also(unknown))]
    LabelsDoNotFit {
        path: PathBuf,
        column: String,
        /// Of the first unknown label.
        row: usize,
        /// In the order of the file.
        unknown: Vec<String>,
        /// In words.
        known: String,
    },
    #[error("cannot hold out {size} of {rows} rows for the {part}: {}", held_out_range(*rows))]
    HeldOut {
        size: String,
        rows: usize,
        /// `evaluation` or `test`
        part: &'static str,
    },

    #[error("{}: no tokenizer: needs tokenizer.json, or vocab.json and merges.txt, or vocab.txt", folder.display())]
    NoTokenizer { folder: PathBuf },
    #[error("{}: no file of the tokenizer class {class} that can be read; make tokenizer.json with Python: AutoTokenizer.from_pretrained(FOLDER).save_pretrained(FOLDER)", folder.display())]
    TokenizerFiles { folder: PathBuf, class: String },
    #[error("{}: the tokenizer has {tokens} token ids (the last is that of `{token}`), but the model's embeddings have only {rows} rows (`vocab_size` in config.json): take the tokenizer that belongs to the model, or enlarge the embeddings with Python (model.resize_token_embeddings(len(tokenizer))) and train them", path.display())]
    MoreTokensThanRows { path: PathBuf, token: String, tokens: usize, rows: usize },
    #[error("{}: the text {text:?} cannot be used: the tokenizer {problem}", path.display())]
    Untokenized {
        path: PathBuf,
        /// Its beginning.
        text: String,
        problem: String,
    },
    #[error("{}: {message}", path.display())]
    Tokenizer { path: PathBuf, message: String },
    #[error("max_length {max_length} leaves no room for text: the tokenizer adds {special} special tokens")]
    MaxLength { max_length: usize, special: usize },
}

impl DataError {
    /// A tokenizer, or one of its files, that the tokenizers library refuses.
    pub(super) fn tokenizer(path: &Path, error: &tokenizers::Error) -> Self {
        Self::Tokenizer { path: path.to_owned(), message: error.to_string() }
    }

    /// For `map_err` on a file operation.
    pub(super) fn io(path: &Path, action: &'static str) -> impl FnOnce(std::io::Error) -> Self {
        let path = path.to_owned();
        move |source| Self::Io { path, action, source }
    }
}

/// What to do about a file whose name ends as a packed one's.
fn unpacking(path: &std::path::Path) -> &'static str {
    match path.extension().and_then(|extension| extension.to_str()) {
        Some("gz" | "zip" | "bz2" | "xz" | "zst" | "tar" | "tgz" | "7z") => "; unpack it first",
        Some("xlsx" | "xls" | "ods") => "; save the sheet as CSV UTF-8",
        Some("txt") => "; of a file with one text per line, `sweep predict < FILE` reads the texts",
        _ => "",
    }
}

/// What to do where the columns' names look like a row's cells.
fn headerless(columns: &[String]) -> &'static str {
    const WORDS: usize = 6;
    let is_cell = |name: &String| name.parse::<f64>().is_ok() || name.split_whitespace().count() > WORDS;
    if columns.iter().any(is_cell) { "; if the first line is a row, say `header: false`" } else { "" }
}

/// The labels after the first.
fn also(labels: &[String]) -> String {
    match labels {
        [_, others @ ..] if !others.is_empty() => format!(" (also {})", listed(others)),
        _ => String::new(),
    }
}

fn what_about_missing(written: bool) -> &'static str {
    match written {
        true => {
            "say `dataset.missing_label: drop` to leave these rows out, or `keep` where what they say is the name of a class"
        }
        false => "say `dataset.missing_label: drop` to leave these rows out",
    }
}

fn held_out_range(rows: usize) -> String {
    match rows.checked_sub(1) {
        None | Some(0) => "at least two rows are needed".to_owned(),
        Some(most) => format!("give a count from 1 to {most}, or a fraction between 0 and 1 that leaves some rows"),
    }
}

fn did_you_mean(suggestion: &Option<String>) -> String {
    suggestion.as_ref().map_or_else(String::new, |name| format!(", did you mean `{name}`?"))
}

/// At most this many things are listed in a message.
const LISTED: usize = 20;

fn listed<T: fmt::Display>(items: &[T]) -> String {
    if items.is_empty() {
        return "none".to_owned();
    }
    let mut text = items.iter().take(LISTED).map(|item| format!("`{item}`")).collect::<Vec<_>>().join(", ");
    if items.len() > LISTED {
        text.push_str(&format!(" and {} more", items.len() - LISTED));
    }
    text
}
