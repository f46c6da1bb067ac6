//! What the contents of a data set are called.

use std::fs::File;
use std::path::{Path, PathBuf};

use crate::spec::{DatasetSpec, Evaluation, HeldOut, Reading};

use super::DataError;
use super::card::data_set_info;
use super::examples::Examples;
use super::files::SourceFiles;
use super::table::Format;

/// Changes when the meaning of the same bytes does.
const DIGEST_VERSION: u32 = 1;

/// A digest of all that decides which examples a run trains and is evaluated on, without parsing a row: the bytes of the
/// files, what a data set card beside them says about the rows, and of the spec the columns, the limit and what is held out. Where the files
/// lie and how they are called (apart from their format) does not enter. `location` is as for [`super::load`].
///
/// blake3, as hexadecimal digits.
///
/// # Errors
///
/// When the files are not found or cannot be read.
pub fn digest_of_files(spec: &DatasetSpec, location: &Path) -> Result<String, DataError> {
    let files = SourceFiles::find(spec, location)?;
    let mut digest = Digest::new("files");
    digest.number(spec.text.len() as u64);
    for column in &spec.text {
        digest.bytes(column.as_bytes());
    }
    digest.optional(spec.label.as_deref().map(str::as_bytes));
    digest.optional(spec.limit.map(|limit| (limit as u64).to_le_bytes()));
    digest.part(&spec.evaluation);
    for group in [Some(&files.train), files.evaluation.as_ref()].into_iter().flatten() {
        digest.group(group)?;
    }
    // Only what the card says about the rows: its prose may change.
    let info = data_set_info(&files.card).and_then(|info| serde_yaml::to_string(&info).ok());
    digest.optional(info.as_deref().map(str::as_bytes));
    // Nothing where nothing is said, as before there was anything to say.
    let Reading { header, quoting, separator } = spec.reading;
    let said = [
        ("header", header.map(|header| header.to_string())),
        ("quoting", quoting.map(|quoting| quoting.name().to_owned())),
        ("separator", separator.map(|separator| separator.to_string())),
        ("missing_label", spec.missing_label.map(|rule| rule.name().to_owned())),
    ];
    for (key, value) in said.iter().filter_map(|(key, value)| Some((key, value.as_ref()?))) {
        digest.bytes(key.as_bytes());
        digest.bytes(value.as_bytes());
    }
    if let Some(test) = &spec.test {
        digest.bytes(b"test");
        digest.part(test);
        files.test.as_deref().map_or(Ok(()), |group| digest.group(group))?;
    }
    Ok(digest.hex())
}

/// As in digests from the beginning, whatever the variants are called now: a run's id depends on these texts.
fn format_name(path: &Path) -> &'static str {
    match Format::from_path(path) {
        Some(Format::Parquet) => "Some(Parquet)",
        Some(Format::Csv) => "Some(Csv)",
        Some(Format::Tsv) => "Some(Tsv)",
        Some(Format::Json) => "Some(JsonLines)",
        None => "None",
    }
}

/// A digest of the examples themselves.
pub(super) fn digest_of_contents(
    train: &Examples,
    evaluation: &Examples,
    test: Option<&Examples>,
    class_names: &[String],
) -> String {
    let mut digest = Digest::new("contents");
    digest.number(class_names.len() as u64);
    for name in class_names {
        digest.bytes(name.as_bytes());
    }
    for examples in [train, evaluation].into_iter().chain(test) {
        digest.number(examples.len() as u64);
        for ((text, &label), &row) in examples.texts.iter().zip(&examples.labels).zip(&examples.rows) {
            digest.number(u64::from(label));
            digest.number(row as u64);
            digest.bytes(text.as_bytes());
        }
    }
    digest.hex()
}

/// A blake3 hash over parts that cannot run into each other: each is preceded by its length or has a fixed one.
pub(super) struct Digest(blake3::Hasher);

impl Digest {
    pub(super) fn new(purpose: &str) -> Self {
        let mut digest = Self(blake3::Hasher::new());
        digest.number(u64::from(DIGEST_VERSION));
        digest.bytes(purpose.as_bytes());
        digest
    }

    pub(super) fn number(&mut self, number: u64) {
        self.0.update(&number.to_le_bytes());
    }

    pub(super) fn bytes(&mut self, bytes: &[u8]) {
        self.number(bytes.len() as u64);
        self.0.update(bytes);
    }

    fn optional<B: AsRef<[u8]>>(&mut self, bytes: Option<B>) {
        self.number(u64::from(bytes.is_some()));
        if let Some(bytes) = bytes {
            self.bytes(bytes.as_ref());
        }
    }

    /// Whether a part has files of its own, or how it is held out.
    fn part(&mut self, part: &Evaluation) {
        let Evaluation::HeldOut { size, seed } = part else {
            return self.bytes(b"separate");
        };
        match size {
            HeldOut::Examples(count) => {
                self.bytes(b"examples");
                self.number(*count as u64);
            }
            HeldOut::Fraction(fraction) => {
                self.bytes(b"fraction");
                self.number(fraction.to_bits());
            }
        }
        self.number(*seed);
    }

    /// The files of a part.
    fn group(&mut self, group: &[PathBuf]) -> Result<(), DataError> {
        self.number(group.len() as u64);
        for path in group {
            self.bytes(format_name(path).as_bytes());
            self.file(path)?;
        }
        Ok(())
    }

    /// A file's own hash, so that its length need not be known before.
    pub(super) fn file(&mut self, path: &Path) -> Result<(), DataError> {
        let file = File::open(path).map_err(DataError::io(path, "open"))?;
        let mut hasher = blake3::Hasher::new();
        hasher.update_reader(file).map_err(DataError::io(path, "read"))?;
        self.0.update(hasher.finalize().as_bytes());
        Ok(())
    }

    pub(super) fn hex(&self) -> String {
        self.0.finalize().to_hex().to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formats_have_their_pinned_names_in_digests() {
        let files = ["a.parquet", "a.csv", "a.TSV", "a.jsonl", "a.ndjson", "a.json", "a.txt", "a"];
        let names = files.map(|file| format_name(Path::new(file)));
        let json = "Some(JsonLines)";
        assert_eq!(names, ["Some(Parquet)", "Some(Csv)", "Some(Tsv)", json, json, json, "None", "None"]);
    }

    #[test]
    fn the_digest_of_a_file_is_pinned() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("rows.csv");
        std::fs::write(&path, "text,label\ngood,1\nbad,0\n").unwrap();
        let spec = DatasetSpec {
            text: vec!["text".to_owned()],
            label: Some("label".to_owned()),
            limit: Some(2),
            ..DatasetSpec::at(path.to_str().unwrap())
        };
        let pinned = "6652ec3d0fd6ad3b977edd39346be5bd887d96c4a0fb692d3b928375a84fcff6";
        assert_eq!(digest_of_files(&spec, &path).unwrap(), pinned);
    }
}
