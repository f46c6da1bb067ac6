//! The lines of a text file, counted, as UTF-8 text.

use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};

use super::super::error::{DataError, Position};
use super::kind::refuse_other;

const BUFFER: usize = 1 << 18;
/// No text is longer; without a bound, a file without line ends, or with a quote that is not closed, would fill the memory.
pub(super) const LONGEST: usize = 1 << 28;

const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

pub(in super::super) struct Lines<R> {
    pub path: PathBuf,
    reader: R,
    /// LF; CR in files that have no LF.
    pub end: u8,
    /// Of the last line read, counted from 1.
    pub number: u64,
    /// Read so far.
    pub bytes: u64,
    longest: usize,
    buffer: Vec<u8>,
}

impl Lines<BufReader<File>> {
    /// The lines of a file, and its size.
    pub(super) fn open(path: &Path) -> Result<(Self, u64), DataError> {
        let file = File::open(path).map_err(DataError::io(path, "open"))?;
        let size = file.metadata().map_err(DataError::io(path, "read"))?.len();
        let mut lines = Self::new(path, BufReader::with_capacity(BUFFER, file));
        let beginning = lines.reader.fill_buf().map_err(DataError::io(path, "read"))?;
        if beginning.contains(&b'\r') && !beginning.contains(&b'\n') {
            lines.end = b'\r';
        }
        Ok((lines, size))
    }
}

impl<R: BufRead> Lines<R> {
    /// Lines that end in LF or CR LF; `path` is named in errors.
    pub(in super::super) fn new(path: &Path, reader: R) -> Self {
        Self { path: path.to_owned(), reader, end: b'\n', number: 0, bytes: 0, longest: LONGEST, buffer: Vec::new() }
    }

    /// Appends the next line, with its end, to `text`; false at the end of the file.
    ///
    /// # Errors
    /// A line that is no UTF-8 text, or has no end within [`LONGEST`]; a file of another kind.
    pub(in super::super) fn append_to(&mut self, text: &mut String) -> Result<bool, DataError> {
        self.buffer.clear();
        let mut bounded = (&mut self.reader).take(self.longest as u64 + 1);
        let read = bounded.read_until(self.end, &mut self.buffer).map_err(DataError::io(&self.path, "read"))?;
        if read == 0 {
            return Ok(false);
        }
        self.number += 1;
        self.bytes += read as u64;
        if read > self.longest {
            return Err(self.malformed(format!("longer than {} MiB", self.longest >> 20)));
        }
        let mut line = self.buffer.as_slice();
        if self.number == 1 {
            refuse_other(&self.path, line, false)?;
            line = line.strip_prefix(BYTE_ORDER_MARK).unwrap_or(line);
        }
        if line.contains(&0) {
            return Err(
                self.malformed("holds a NUL character: this is no text, or it is UTF-16: save it as UTF-8".to_owned())
            );
        }
        let line = std::str::from_utf8(line)
            .map_err(|_| DataError::NotUtf8 { path: self.path.clone(), place: self.place() })?;
        text.push_str(line);
        Ok(true)
    }

    pub(super) fn place(&self) -> Position {
        Position::Line(self.number)
    }

    /// What is wrong with the last line.
    pub(super) fn malformed(&self, message: String) -> DataError {
        DataError::Malformed { path: self.path.clone(), place: self.place(), message }
    }
}

/// A line without its end.
pub(super) fn without_end(line: &str) -> &str {
    line.trim_end_matches(['\n', '\r'])
}

/// Texts, one per line (of LF or CR LF).
pub struct TextLines<R> {
    lines: Lines<R>,
    done: bool,
}

impl<R: BufRead> TextLines<R> {
    /// `name` is what errors call the source.
    pub fn new(name: &str, reader: R) -> Self {
        Self { lines: Lines::new(Path::new(name), reader), done: false }
    }

    fn read(&mut self) -> Result<Option<String>, DataError> {
        let mut line = String::new();
        if !self.lines.append_to(&mut line)? {
            return Ok(None);
        }
        line.truncate(without_end(&line).len());
        if line.contains('\r') {
            let message = "holds a carriage return: lines end in LF or CR LF (`tr '\\r' '\\n'` makes lines of them)";
            return Err(self.lines.malformed(message.to_owned()));
        }
        Ok(Some(line))
    }
}

impl<R: BufRead> Iterator for TextLines<R> {
    type Item = Result<String, DataError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.done {
            return None;
        }
        let line = self.read().transpose();
        self.done = !matches!(line, Some(Ok(_)));
        line
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(bytes: &[u8]) -> Result<Vec<String>, String> {
        TextLines::new("standard input", bytes).map(|line| line.map_err(|error| error.to_string())).collect()
    }

    #[test]
    fn texts_are_lines() {
        assert_eq!(texts(b"a\r\n\n b \nc").unwrap(), ["a", "", " b ", "c"]);
        assert_eq!(texts("\u{feff}a\n".as_bytes()).unwrap(), ["a"]);
        assert_eq!(texts(b"").unwrap(), [""; 0]);
    }

    /// D13: what is no text is said of the line where it stands.
    #[test]
    fn what_is_no_text_is_refused() {
        let said = |bytes: &[u8]| texts(bytes).unwrap_err();
        insta::assert_snapshot!(said(b"a\nb\xff\n"), @"standard input, line 2: not UTF-8: save the file as UTF-8");
        insta::assert_snapshot!(said(b"a\nb\0\n"), @"standard input, line 2: holds a NUL character: this is no text, or it is UTF-16: save it as UTF-8");
        insta::assert_snapshot!(said(b"a\rb\r"), @r"standard input, line 1: holds a carriage return: lines end in LF or CR LF (`tr '\r' '\n'` makes lines of them)");
        insta::assert_snapshot!(said(b"\xff\xfea\0\n\0"), @"standard input: this is text in UTF-16: save it as UTF-8");
        insta::assert_snapshot!(said(b"\x1f\x8b\x08\0\0"), @"standard input: this is compressed by gzip: unpack it first (`gunzip`)");
    }

    #[test]
    fn lines_are_bounded() {
        let mut lines = Lines::new(Path::new("f"), &b"12345678\n123456789\n"[..]);
        lines.longest = 9;
        let mut text = String::new();
        assert!(lines.append_to(&mut text).unwrap());
        assert!(lines.append_to(&mut text).is_err());
    }
}
