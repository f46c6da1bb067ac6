//! The formats of files that hold rows.

use std::path::Path;

/// The kinds of files that hold rows, the preferred first (types and class names survive in Parquet only).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::data) enum Format {
    Parquet,
    Csv,
    Tsv,
    /// One object per line, or an array of objects.
    Json,
}

impl Format {
    /// By the file name's extension.
    pub(in crate::data) fn from_path(path: &Path) -> Option<Self> {
        let extension = path.extension()?.to_str()?.to_ascii_lowercase();
        match extension.as_str() {
            "parquet" => Some(Self::Parquet),
            "csv" => Some(Self::Csv),
            "tsv" => Some(Self::Tsv),
            "jsonl" | "ndjson" | "json" => Some(Self::Json),
            _ => None,
        }
    }

    /// Whether `Reading` says anything of such files.
    pub(in crate::data) fn is_separated(self) -> bool {
        matches!(self, Self::Csv | Self::Tsv)
    }
}

/// Whether a file is CSV or TSV, by its name.
pub fn is_separated(path: &Path) -> bool {
    Format::from_path(path).is_some_and(Format::is_separated)
}
