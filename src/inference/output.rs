//! Predictions as rows of a file.

use std::io::{self, Write};

use serde::ser::{Serialize, SerializeMap, Serializer};

use super::Prediction;

/// How a row of output is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    Csv,
    /// One object per line.
    JsonLines,
}

/// How a class is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LabelAs {
    Name,
    /// Counted from 0.
    Index,
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
    /// A column `p_<class>` per class; of JSON, an object that is always there.
    pub probabilities: bool,
}

/// Writes predictions; a table's header comes before its first row.
pub struct Writer<'a, W: Write> {
    out: W,
    format: Format,
    columns: &'a Columns,
    class_names: &'a [String],
    begun: bool,
}

impl<'a, W: Write> Writer<'a, W> {
    pub fn new(out: W, format: Format, columns: &'a Columns, class_names: &'a [String]) -> Self {
        Writer { out, format, columns, class_names, begun: false }
    }

    /// Writes one prediction.
    pub fn row(&mut self, id: &str, text: &str, prediction: &Prediction) -> io::Result<()> {
        self.begin()?;
        let columns = self.columns;
        let row = Row { columns, class_names: self.class_names, id, text, prediction };
        match self.format {
            Format::Csv => {
                let id = columns.id.as_ref().map(|_| id.to_owned());
                let text = columns.text.as_ref().map(|_| text.to_owned());
                let probabilities = prediction.probabilities.iter().filter(|_| columns.probabilities);
                let fields = id.into_iter().chain(text).chain([row.label()]);
                self.record(fields.chain(probabilities.map(f32::to_string)))
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
        let classes = self.class_names.iter().filter(|_| columns.probabilities).map(|name| format!("p_{name}"));
        let fixed = columns.id.clone().into_iter().chain(columns.text.clone()).chain([columns.label.clone()]);
        self.record(fixed.chain(classes))
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
    class_names: &'a [String],
    id: &'a str,
    text: &'a str,
    prediction: &'a Prediction,
}

impl Row<'_> {
    fn label(&self) -> String {
        match self.columns.label_as {
            LabelAs::Name => self.class_names[self.prediction.class].clone(),
            LabelAs::Index => self.prediction.class.to_string(),
        }
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
        match self.columns.label_as {
            LabelAs::Name => map.serialize_entry(&self.columns.label, &self.label())?,
            LabelAs::Index => map.serialize_entry(&self.columns.label, &self.prediction.class)?,
        }
        map.serialize_entry("probabilities", &Probabilities(self))?;
        map.end()
    }
}

/// Class name -> probability, in class order.
struct Probabilities<'a>(&'a Row<'a>);

impl Serialize for Probabilities<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.class_names.iter().zip(&self.0.prediction.probabilities))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(format: Format, columns: &Columns) -> String {
        let names = ["World", "a,b"].map(str::to_owned);
        let mut out = Vec::new();
        let mut writer = Writer::new(&mut out, format, columns, &names);
        writer.row("7", "x \"y\"", &Prediction { class: 1, probabilities: vec![0.1, 0.9] }).unwrap();
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
        let (columns, names) = (columns(), Vec::new());
        let mut out = Vec::new();
        Writer::new(&mut out, Format::Csv, &columns, &names).finish().unwrap();
        assert_eq!(out, b"label\n");
    }
}
