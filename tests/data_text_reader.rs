//! Prediction input: texts, IDs and labels out of files of any size, in chunks.

use std::path::Path;

use polars::prelude::{DataFrame, NamedFrom, ParquetWriter, Series};
use proptest::prelude::*;
use sweep::data::{DataError, TextColumns, TextReader, TextRow};
use sweep::spec::Reading;

fn all(path: &Path, columns: &TextColumns, count: usize) -> Result<Vec<TextRow>, DataError> {
    let mut reader = TextReader::open(path, columns, Reading::default())?;
    let (mut rows, mut share) = (Vec::new(), 0.0);
    while let Some(chunk) = reader.next_chunk(count)? {
        assert!(chunk.len() <= count.max(1));
        assert!(reader.share_read() >= share && reader.share_read() <= 1.0);
        share = reader.share_read();
        rows.extend(chunk);
    }
    assert!(share > 0.99);
    assert!(reader.next_chunk(count)?.is_none());
    Ok(rows)
}

fn named(text: &[&str], id: Option<&str>, label: Option<&str>) -> TextColumns {
    TextColumns {
        text: text.iter().map(|name| (*name).to_owned()).collect(),
        known: Vec::new(),
        id: id.map(str::to_owned),
        label: label.map(str::to_owned),
    }
}

fn write(folder: &tempfile::TempDir, name: &str, contents: &str) -> std::path::PathBuf {
    let path = folder.path().join(name);
    std::fs::write(&path, contents).unwrap();
    path
}

#[test]
fn ids_texts_and_labels_are_selected_or_detected() {
    let folder = tempfile::tempdir().unwrap();
    let path = write(&folder, "in.csv", "ID,headline,note,class\nk1,Rain,soon,x\nk2,,late,\n,Sun,,y\n");
    let row = |row: usize, id: &str, text: &str, label: Option<&str>| TextRow {
        row,
        id: id.to_owned(),
        text: text.to_owned(),
        label: label.map(str::to_owned),
    };
    let chosen = named(&["headline", "note"], None, Some("class"));
    let expected = [row(0, "k1", "Rain soon", Some("x")), row(1, "k2", "late", None), row(2, "2", "Sun", Some("y"))];
    for count in [0, 1, 2, 100] {
        let mut found = all(&path, &chosen, count).unwrap();
        // CSV knows no missing value: an empty cell is an empty text.
        assert_eq!(found[1].label.take().as_deref(), Some(""));
        assert_eq!(std::mem::replace(&mut found[2].id, "2".to_owned()), "");
        assert_eq!(found, expected);
    }
    let detected = all(&path, &TextColumns::default(), 10).unwrap();
    assert_eq!(detected[1], row(1, "k2", "", None), "an empty text is passed on");
    let twice = all(&path, &named(&["note"], Some("note"), None), 10).unwrap();
    assert_eq!(twice[0], row(0, "soon", "soon", None));
    let reader = TextReader::open(&path, &TextColumns::default(), Reading::default()).unwrap();
    assert_eq!(reader.columns(), &named(&["headline"], Some("ID"), None));
    assert!(matches!(
        TextReader::open(&path, &named(&[], None, Some("clas")), Reading::default()),
        Err(DataError::MissingColumn { suggestion: Some(name), .. }) if name == "class"
    ));
}

#[test]
fn json_lines_may_lack_values() {
    let folder = tempfile::tempdir().unwrap();
    let path = write(&folder, "in.jsonl", "{\"id\": 5, \"text\": \"a\"}\n{\"text\": null}\n");
    let rows = all(&path, &TextColumns::default(), 10).unwrap();
    assert_eq!((rows[0].id.as_str(), rows[0].text.as_str()), ("5", "a"));
    // D9: no row number in place of an ID.
    assert_eq!((rows[1].id.as_str(), rows[1].text.as_str()), ("", ""));
}

#[test]
fn an_error_ends_the_reading() {
    let folder = tempfile::tempdir().unwrap();
    let path = write(&folder, "in.csv", "text\na\n\"b\",c\nd\n");
    let mut reader = TextReader::open(&path, &TextColumns::default(), Reading::default()).unwrap();
    assert_eq!(reader.next_chunk(1).unwrap().unwrap()[0].text, "a");
    assert!(matches!(reader.next_chunk(1), Err(DataError::Ragged { .. })));
    assert!(reader.next_chunk(1).unwrap().is_none());
}

/// Longer than one decoded slice, in row groups that do not line up with slices.
#[test]
fn parquet_is_read_in_slices() {
    let rows = 40_000;
    let texts: Vec<String> = (0..rows).map(|row| format!("text {row}")).collect();
    let labels: Vec<i64> = (0..rows).map(|row| row % 4).collect();
    let columns = vec![Series::new("label".into(), labels).into(), Series::new("text".into(), &texts).into()];
    let mut frame = DataFrame::new(rows as usize, columns).unwrap();
    let folder = tempfile::tempdir().unwrap();
    for group in [7_000, 1 << 20] {
        let path = folder.path().join(format!("{group}.parquet"));
        let file = std::fs::File::create(&path).unwrap();
        ParquetWriter::new(file).with_row_group_size(Some(group)).finish(&mut frame).unwrap();
        let found = all(&path, &named(&[], None, Some("label")), 999).unwrap();
        assert_eq!(found.len(), texts.len());
        for (row, found) in found.iter().enumerate() {
            assert_eq!((found.row, &found.text), (row, &texts[row]));
            assert_eq!(found.label, Some((row % 4).to_string()));
        }
    }
}

proptest! {
    /// What the csv crate writes is read back, however it is quoted and cut into chunks.
    #[test]
    fn csv_comes_back(texts in prop::collection::vec("[a\"',;\n\r\t é漢]{0,12}", 1..20), count in 1usize..8, tabs: bool) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(if tabs { "in.tsv" } else { "in.csv" });
        let delimiter = if tabs { b'\t' } else { b',' };
        let mut writer = csv::WriterBuilder::new().delimiter(delimiter).from_path(&path).unwrap();
        writer.write_record(["id", "text"]).unwrap();
        for (row, text) in texts.iter().enumerate() {
            writer.write_record([&row.to_string(), text]).unwrap();
        }
        writer.flush().unwrap();
        let found: Vec<String> = all(&path, &TextColumns::default(), count).unwrap().into_iter().map(|row| row.text).collect();
        prop_assert_eq!(found, texts);
    }
}
