//! The objects of a JSON file, one after the other: one per line, objects that span lines, or an array of objects
//! (`datasets` reads all three).

use std::fs::File;
use std::io::BufReader;
use std::path::Path;

use super::super::error::{DataError, Position};
use super::json_fields::{BLANKS, Nesting};
use super::lines::{LONGEST, Lines};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Layout {
    /// One object per line.
    Lines,
    /// Objects after each other, over several lines each.
    Spanning,
    /// Objects between brackets and commas.
    Array { begun: bool },
    /// The end of an array.
    Ended,
}

pub(super) struct Objects {
    pub lines: Lines<BufReader<File>>,
    pub size: u64,
    /// None: nothing was read yet.
    layout: Option<Layout>,
    /// The current object's lines, and what follows it in the last of them.
    text: String,
    /// Where in `text` reading goes on.
    at: usize,
}

/// An object as it stands in the file, and the line where it begins.
pub(super) struct Object<'a> {
    pub text: &'a str,
    pub line: u64,
}

impl Objects {
    pub fn open(path: &Path) -> Result<Self, DataError> {
        let kind = std::fs::metadata(path).map_err(DataError::io(path, "open"))?;
        if !kind.is_file() && !kind.is_dir() {
            let (seen, right) = ("a pipe or a device", "JSON files are read twice, so write it to a file first");
            return Err(DataError::OtherKind { path: path.to_owned(), seen, right });
        }
        let (lines, size) = Lines::open(path)?;
        Ok(Self { lines, size, layout: None, text: String::new(), at: 0 })
    }

    /// The same file from its beginning on.
    pub fn again(&self) -> Result<Self, DataError> {
        Self::open(&self.lines.path)
    }

    /// The next object's text; it need not be sound. None at the end of the file.
    pub fn next(&mut self) -> Result<Option<Object<'_>>, DataError> {
        let Some(first) = self.next_character()? else {
            return match self.layout {
                Some(Layout::Array { .. }) => {
                    Err(self.malformed("the file ends inside the array: it is cut off".to_owned()))
                }
                _ => Ok(None),
            };
        };
        match self.layout {
            None if first == '[' => {
                self.at += 1;
                self.layout = Some(Layout::Array { begun: false });
                self.next()
            }
            None => {
                let mut nesting = Nesting::default();
                let is_open = first == '{' && nesting.end(&self.text.as_bytes()[self.at..]).is_none();
                let spans = is_open && !nesting.is_in_string();
                self.layout = Some(if spans { Layout::Spanning } else { Layout::Lines });
                if spans { self.spanning().map(Some) } else { Ok(Some(self.line())) }
            }
            Some(Layout::Lines) => Ok(Some(self.line())),
            Some(Layout::Spanning) => self.spanning().map(Some),
            Some(Layout::Array { begun }) => self.item(first, begun),
            Some(Layout::Ended) => Err(self.malformed("there is more after the array".to_owned())),
        }
    }

    /// The next character that is no blank, where reading goes on then.
    fn next_character(&mut self) -> Result<Option<char>, DataError> {
        loop {
            let rest = &self.text[self.at..];
            let blanks = rest.len() - rest.trim_start_matches(BLANKS).len();
            self.at += blanks;
            if let Some(first) = self.text[self.at..].chars().next() {
                return Ok(Some(first));
            }
            self.text.clear();
            self.at = 0;
            if !self.lines.append_to(&mut self.text)? {
                return Ok(None);
            }
        }
    }

    fn line(&mut self) -> Object<'_> {
        let begin = std::mem::replace(&mut self.at, self.text.len());
        Object { text: &self.text[begin..], line: self.lines.number }
    }

    fn spanning(&mut self) -> Result<Object<'_>, DataError> {
        if !self.text[self.at..].starts_with('{') {
            return Err(self.malformed("an object is expected here".to_owned()));
        }
        let (begin, line) = (self.at, self.lines.number);
        let mut nesting = Nesting::default();
        loop {
            if let Some(length) = nesting.end(&self.text.as_bytes()[self.at..]) {
                self.at += length;
                return Ok(Object { text: &self.text[begin..self.at], line });
            }
            self.at = self.text.len();
            if self.at > LONGEST || !self.lines.append_to(&mut self.text)? {
                let (path, place) = (self.lines.path.clone(), Position::Line(line));
                let message = "the object that begins here is not closed".to_owned();
                return Err(DataError::Malformed { path, place, message });
            }
        }
    }

    /// The next item of the array, of which the first character, or the one before it, is `first`.
    fn item(&mut self, first: char, begun: bool) -> Result<Option<Object<'_>>, DataError> {
        if first == ']' {
            self.at += 1;
            self.layout = Some(Layout::Ended);
            return self.next();
        }
        let mut first = Some(first);
        if begun {
            if first != Some(',') {
                return Err(self.malformed("a comma is expected between the array's objects".to_owned()));
            }
            self.at += 1;
            first = self.next_character()?;
        }
        self.layout = Some(Layout::Array { begun: true });
        match first {
            Some('{') => self.spanning().map(Some),
            Some(_) => Err(self.malformed("an array of objects is expected, and this is no object".to_owned())),
            None => Err(self.malformed("the file ends inside the array: it is cut off".to_owned())),
        }
    }

    fn malformed(&self, message: String) -> DataError {
        self.lines.malformed(message)
    }
}
