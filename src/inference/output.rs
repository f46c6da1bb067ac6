//! Predictions as rows of a file.

use std::io::{self, Write};

use serde::ser::{Serialize, SerializeMap, Serializer};

use crate::task::{Answer, LabelAs, Targets, cell};

/// How a row of output is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    Csv,
    /// One object per line.
    JsonLines,
}

/// What stands in a row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Columns {
    /// The name of the first column; none: there is no such column.
    pub id: Option<String>,
    /// The name of the text's column; none: texts are not repeated.
    pub text: Option<String>,
    pub label: String,
    pub label_as: LabelAs,
    /// A column per output of the head, where the task has such columns (`p_<class>`); of JSON, an object that is always there.
    pub probabilities: bool,
}

/// Writes predictions; a table's header comes before its first row.
pub struct Writer<'a, W: Write> {
    out: W,
    format: Format,
    columns: &'a Columns,
    targets: &'a Targets,
    begun: bool,
}

impl<'a, W: Write> Writer<'a, W> {
    pub fn new(out: W, format: Format, columns: &'a Columns, targets: &'a Targets) -> Self {
        Writer { out, format, columns, targets, begun: false }
    }

    /// Writes what is said of one text.
    pub fn row(&mut self, id: &str, text: &str, answer: &Answer) -> io::Result<()> {
        self.begin()?;
        let columns = self.columns;
        let row = Row { columns, targets: self.targets, id, text, answer };
        match self.format {
            Format::Csv => {
                let id = columns.id.as_ref().map(|_| id.to_owned());
                let text = columns.text.as_ref().map(|_| text.to_owned());
                let has_outputs = columns.probabilities && self.targets.task().columns().outputs.is_some();
                let outputs = answer.outputs.iter().filter(|_| has_outputs);
                let fields = id.into_iter().chain(text).chain([cell(row.label())]);
                self.record(fields.chain(outputs.map(f32::to_string)))
            }
            Format::JsonLines => {
                serde_json::to_writer(&mut self.out, &row)?;
                self.out.write_all(b"\n")
            }
        }
    }

    /// Ends the output; a table without rows gets its header.
    pub fn finish(mut self) -> io::Result<()> {
        self.begin()?;
        self.out.flush()
    }

    fn begin(&mut self) -> io::Result<()> {
        if self.begun || self.format == Format::JsonLines {
            return Ok(());
        }
        self.begun = true;
        let columns = self.columns;
        let outputs = if columns.probabilities { self.targets.output_columns() } else { Vec::new() };
        let fixed = columns.id.clone().into_iter().chain(columns.text.clone()).chain([columns.label.clone()]);
        self.record(fixed.chain(outputs))
    }

    fn record(&mut self, fields: impl Iterator<Item = String>) -> io::Result<()> {
        let mut line = csv::Writer::from_writer(Vec::new());
        line.write_record(fields)?;
        let line = line.into_inner().map_err(|error| io::Error::other(error.to_string()))?;
        self.out.write_all(&line)
    }
}

/// A row of JSON.
struct Row<'a> {
    columns: &'a Columns,
    targets: &'a Targets,
    id: &'a str,
    text: &'a str,
    answer: &'a Answer,
}

impl Row<'_> {
    fn label(&self) -> serde_json::Value {
        self.targets.written(self.answer.predicted, self.columns.label_as)
    }
}

impl Serialize for Row<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        if let Some(id) = &self.columns.id {
            map.serialize_entry(id, self.id)?;
        }
        if let Some(text) = &self.columns.text {
            map.serialize_entry(text, self.text)?;
        }
        map.serialize_entry(&self.columns.label, &self.label())?;
        if let Some(columns) = self.targets.task().columns().outputs {
            map.serialize_entry(columns.field, &Outputs(self))?;
        }
        map.end()
    }
}

/// Name -> output (class -> probability), in class order.
struct Outputs<'a>(&'a Row<'a>);

impl Serialize for Outputs<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.targets.names().iter().zip(&self.0.answer.outputs))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(format: Format, columns: &Columns) -> String {
        let targets = Targets::of_classes(["World", "a,b"].map(str::to_owned).to_vec());
        let mut out = Vec::new();
        let mut writer = Writer::new(&mut out, format, columns, &targets);
        writer.row("7", "x \"y\"", &Answer { predicted: 1, outputs: vec![0.1, 0.9] }).unwrap();
        writer.finish().unwrap();
        String::from_utf8(out).unwrap()
    }

    fn columns() -> Columns {
        Columns { id: None, text: None, label: "label".to_owned(), label_as: LabelAs::Name, probabilities: false }
    }

    #[test]
    fn tables_have_the_columns_asked_for() {
        let submission =
            Columns { id: Some("ID".into()), label: "Class".into(), label_as: LabelAs::Index, ..columns() };
        assert_eq!(written(Format::Csv, &submission), "ID,Class\n7,1\n");
        let full = Columns { text: Some("text".into()), probabilities: true, ..columns() };
        assert_eq!(written(Format::Csv, &full), "text,label,p_World,\"p_a,b\"\n\"x \"\"y\"\"\",\"a,b\",0.1,0.9\n");
    }

    #[test]
    fn lines_of_json_have_every_probability_in_class_order() {
        let lines = written(Format::JsonLines, &Columns { id: Some("id".into()), ..columns() });
        assert_eq!(lines, "{\"id\":\"7\",\"label\":\"a,b\",\"probabilities\":{\"World\":0.1,\"a,b\":0.9}}\n");
    }

    #[test]
    fn a_table_without_rows_has_its_header() {
        let (columns, targets) = (columns(), Targets::of_classes(Vec::new()));
        let mut out = Vec::new();
        Writer::new(&mut out, Format::Csv, &columns, &targets).finish().unwrap();
        assert_eq!(out, b"label\n");
    }
}
