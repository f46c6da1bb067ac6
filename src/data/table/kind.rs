//! Files that are something else than their name says, told by how they begin.

use std::path::Path;

use super::super::error::DataError;

/// How a file begins, what it then is, and what is to be done with it.
const KINDS: [(&[u8], &str, &str); 14] = [
    (b"\x1f\x8b", "compressed by gzip", "unpack it first (`gunzip`)"),
    (b"\x28\xb5\x2f\xfd", "compressed by zstd", "unpack it first (`unzstd`)"),
    (b"BZh", "compressed by bzip2", "unpack it first (`bunzip2`)"),
    (b"\xfd7zXZ\0", "compressed by xz", "unpack it first (`unxz`)"),
    (b"PK\x03\x04", "a zip archive or an Excel workbook (.xlsx)", "unpack it, or save the sheet as CSV UTF-8"),
    (b"\xd0\xcf\x11\xe0", "an old Excel workbook (.xls)", "save the sheet as CSV UTF-8"),
    (b"PAR1", "a Parquet file", "its name must end in .parquet"),
    (b"ARROW1", "an Arrow file", "write it as Parquet"),
    (b"SQLite format 3\0", "an SQLite database", "export the table as CSV"),
    (b"%PDF-", "a PDF file", "CSV, TSV, JSON lines or Parquet is needed"),
    (b"\xff\xfe", "text in UTF-16", "save it as UTF-8"),
    (b"\xfe\xff", "text in UTF-16", "save it as UTF-8"),
    (
        b"version https://git-lfs.github.com/spec/",
        "a pointer of Git LFS and not the file itself",
        "fetch the file (`git lfs pull`)",
    ),
    (b"<!DOCTYPE html", "a web page and no table", "download the file itself"),
];

/// Refuses a file that begins with `head` where text, or a Parquet file, is expected.
pub(super) fn refuse_other(path: &Path, head: &[u8], parquet: bool) -> Result<(), DataError> {
    let begins = |magic: &[u8]| head.get(..magic.len()).is_some_and(|begin| begin.eq_ignore_ascii_case(magic));
    let found = KINDS.iter().find(|(magic, ..)| begins(magic) && !(parquet && *magic == b"PAR1"));
    match found {
        Some((_, seen, right)) => Err(DataError::OtherKind { path: path.to_owned(), seen, right }),
        None => Ok(()),
    }
}
