//! Strict reading: no row is lost or made up without a word. Decisions are compared with pandas 3.1 and datasets 5.2.

use std::path::{Path, PathBuf};

use polars::prelude::{Column, DataFrame, DataType, ParquetWriter, Schema};
use proptest::prelude::*;
use sweep::data::{Classes, DataError, Dataset, TextColumns, TextReader};
use sweep::spec::{DatasetSpec, Evaluation, HeldOut, Quoting, Reading};
use tempfile::TempDir;

fn load(spec: &DatasetSpec, location: &Path) -> Result<Dataset, DataError> {
    sweep::data::load(spec, location, Classes::learn)
}

const USUAL: Reading = Reading { header: None, quoting: None, separator: None };

fn separated_by(separator: &str) -> Reading {
    Reading { separator: Some(separator.parse().unwrap()), ..USUAL }
}

fn unquoted() -> Reading {
    Reading { quoting: Some(Quoting::None), ..USUAL }
}

fn headed(header: bool) -> Reading {
    Reading { header: Some(header), ..USUAL }
}

struct File {
    path: PathBuf,
    _folder: TempDir,
}

fn file(name: &str, contents: impl AsRef<[u8]>) -> File {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(name);
    std::fs::write(&path, contents).unwrap();
    File { path, _folder: folder }
}

/// IDs and texts, and what was assumed.
type Rows = (Vec<(String, String)>, Vec<String>);

fn rows_of(path: &Path, reading: Reading) -> Result<Rows, DataError> {
    let mut reader = TextReader::open(path, &TextColumns::default(), reading)?;
    let mut rows = Vec::new();
    while let Some(chunk) = reader.next_chunk(3)? {
        rows.extend(chunk.into_iter().map(|row| (row.id, row.text)));
    }
    Ok((rows, reader.notes().to_vec()))
}

fn read(name: &str, contents: impl AsRef<[u8]>, reading: Reading) -> Result<Rows, String> {
    let file = file(name, contents);
    let folder = format!("{}/", file.path.parent().unwrap().display());
    let (rows, notes) = rows_of(&file.path, reading).map_err(|error| error.to_string().replace(&folder, ""))?;
    Ok((rows, notes.iter().map(|note| note.replace(&folder, "")).collect()))
}

fn texts(name: &str, contents: impl AsRef<[u8]>, reading: Reading) -> Vec<String> {
    read(name, contents, reading).unwrap().0.into_iter().map(|(_, text)| text).collect()
}

fn ids(name: &str, contents: impl AsRef<[u8]>) -> Vec<String> {
    read(name, contents, USUAL).unwrap().0.into_iter().map(|(id, _)| id).collect()
}

fn refused(name: &str, contents: impl AsRef<[u8]>) -> String {
    read(name, contents, USUAL).unwrap_err()
}

fn parquet(columns: Vec<Column>) -> Vec<u8> {
    let rows = columns.first().map_or(0, Column::len);
    let mut bytes = Vec::new();
    ParquetWriter::new(&mut bytes).finish(&mut DataFrame::new(rows, columns).unwrap()).unwrap();
    bytes
}

/// D1: pandas refuses a quote that is open at the end as well; the csv crate gives one field with the rest of the file.
#[test]
fn d1_a_quote_that_is_never_closed_is_refused() {
    let rows = "id,text\n1,the keeper saved it\n2,\"shares of the bank fell\n3,a late goal\n4,oil prices slipped\n";
    insta::assert_snapshot!(refused("in.csv", rows), @"in.csv, line 3: the quote that opens a field here is not closed up to line 5: close it, or say `quoting: none` if quotes are characters like any other");
    let expected = ["the keeper saved it", "\"shares of the bank fell", "a late goal", "oil prices slipped"];
    assert_eq!(texts("in.csv", rows, unquoted()), expected);
    assert_eq!(texts("in.csv", rows.replace('\n', "\r\n"), unquoted()), expected);
    insta::assert_snapshot!(refused("in.tsv", "id\ttext\n1\t\"a\n"), @"in.tsv, line 2: the quote that opens a field here is not closed up to line 2: close it, or say `quoting: none` if quotes are characters like any other");
    insta::assert_snapshot!(refused("in.csv", "\"text\na\nb\n"), @"in.csv, line 1: the quote that opens a field here is not closed up to line 3: close it, or say `quoting: none` if quotes are characters like any other");
}

/// D1: pandas gives fewer rows without a word for all of these.
#[test]
fn d1_a_field_that_swallows_rows_is_refused() {
    // Closed by the quote of a later row.
    insta::assert_snapshot!(refused("in.csv", "id,text\n1,a\n2,\"b\n3,c\n4,\"d\"\n"), @"in.csv, line 3: the quote that opens a field here is closed in line 5 before `d\"`: inside a quoted field a quote is written twice; say `quoting: none` if quotes are characters like any other");
    insta::assert_snapshot!(refused("in.csv", "id,text\n1,a\n2,\"b\n3,c\n4,he said \"no\" twice\n"), @"in.csv, line 3: the quote that opens a field here is closed in line 5 before `no\" twice`: inside a quoted field a quote is written twice; say `quoting: none` if quotes are characters like any other");
    // At the end of a later row's field, which is sound.
    let sound = "id,text\n1,a\n2,\"b\n3,c\n4,the screen has 12\"\n5,e\n";
    insta::assert_snapshot!(refused("in.csv", sound), @"in.csv, line 3: the quote that opens a field here is closed in line 5 only, and the lines between look like rows: close it where the field ends, or say `quoting: none` (quotes are characters like any other) or `quoting: minimal` (this is one text)");
    let trusted = Reading { quoting: Some(Quoting::Minimal), ..USUAL };
    assert_eq!(texts("in.csv", sound, trusted), ["a", "b\n3,c\n4,the screen has 12", "e"]);
    assert!(
        refused("in.csv", sound.replace('\n', "\r\n"))
            .contains("line 3: the quote that opens a field here is closed in line 5")
    );
    // Labels that were seen before, after the text.
    insta::assert_snapshot!(refused("in.csv", "text,label\na,sad\nb,glad\n\"c,sad\nd,glad\ne\",sad\n"), @"in.csv, line 4: the quote that opens a field here is closed in line 6 only, and the lines between look like rows: close it where the field ends, or say `quoting: none` (quotes are characters like any other) or `quoting: minimal` (this is one text)");
    // It closes within a later row, which then has too many cells.
    insta::assert_snapshot!(refused("in.csv", "id,text\n1,a\n2,\"b\n3,c\n4,d\",e\n"), @"in.csv, line 3: the number of fields (3) differs from the first line's (2); a quoted field goes on to line 5: is its quote closed where it should be?");
    // A text of several lines with commas is a text.
    let letters =
        "id,text\n1,\"Dear all,\nit rains\"\n2,\"Rain fell all day\nIn the evening, it stopped\"\n3,\"a\n\n3,b\"\n";
    assert_eq!(texts("in.csv", letters, USUAL).len(), 3);
}

/// pandas appends the text to the field, which loses the quotes of `"Rain" said the man` and mends `\"` wrongly.
#[test]
fn d1_text_after_a_closing_quote_is_refused() {
    insta::assert_snapshot!(refused("in.tsv", "text\tlabel\n\"Rain\" said the man\t1\n"), @"in.tsv, line 2: the quote that opens a field here is closed before ` said the man\t1`: inside a quoted field a quote is written twice; say `quoting: none` if quotes are characters like any other");
    insta::assert_snapshot!(refused("in.csv", "text,label\n\"a \\\"no\\\" b\",1\n"), @r#"in.csv, line 2: the quote that opens a field here is closed before `no\" b",1`, as a backslash does not escape it: inside a quoted field a quote is written twice; say `quoting: none` if quotes are characters like any other"#);
    assert_eq!(texts("in.tsv", "text\tlabel\n\"Rain\" said\t1\n", unquoted()), ["\"Rain\" said"]);
    // In the middle of a field, pandas takes it for a character too.
    assert_eq!(texts("in.tsv", "text\tlabel\n6'2\" tall\t1\n", USUAL), ["6'2\" tall"]);
    assert_eq!(
        texts("in.csv", "text,label\n\"a \"\"b\"\" c\",1\n\"\",1\n\"\"\"\",0\n", USUAL),
        ["a \"b\" c", "", "\""]
    );
}

/// pandas fills short rows up, and further cells in the first row shift its columns.
#[test]
fn d1_rows_of_other_lengths_are_refused() {
    insta::assert_snapshot!(refused("in.csv", "id,text\n1,a,b\n"), @"in.csv, line 2: the number of fields (3) differs from the first line's (2); a text that holds the separator must be quoted");
    insta::assert_snapshot!(refused("in.csv", "id,text\n1,a\n2\n"), @"in.csv, line 3: the number of fields (1) differs from the first line's (2)");
    insta::assert_snapshot!(refused("in.csv", "text\na\nb,c\n"), @"in.csv, line 3: the number of fields (2) differs from the first line's (1); remove that line if it is no header");
    assert_eq!(texts("in.csv", "id,text\n\n1,a\n\n2,b\n\n", USUAL), ["a", "b"]);
}

/// pandas skips blank lines of a file with one column, where they may be empty texts (polars writes missing ones so).
#[test]
fn d1_blank_lines_among_the_rows_of_one_column_are_refused() {
    insta::assert_snapshot!(refused("in.csv", "text\na\n\nb\n"), @r#"in.csv, line 3: a blank line between rows: with one column it may be an empty text, which is written `""`, or nothing: write it so, or remove the line"#);
    assert_eq!(texts("in.csv", "text\na\n\"\"\nb\n\n\n", USUAL), ["a", "", "b"]);
    insta::assert_snapshot!(read("in.csv", "\na b c d\nb\n", USUAL).unwrap_err(), @r#"in.csv, line 1: the first line is blank, in a file without a header: remove it, or write `""` for an empty text"#);
}

/// pandas keeps NULs and takes a CR alone for a line end, which makes rows of a text.
#[test]
fn d1_control_characters_that_cut_texts_are_refused() {
    insta::assert_snapshot!(refused("in.csv", "text,label\na\0b,1\n"), @"in.csv, line 2: holds a NUL character: this is no text, or it is UTF-16: save it as UTF-8");
    insta::assert_snapshot!(refused("in.csv", "text\na\rb\nc\n"), @"in.csv, line 2: a single CR stands in a field, where the file's lines end in LF: quote the field, or give all lines the same end");
    assert_eq!(texts("in.csv", "text\n\"a\rb\"\nc\n", USUAL), ["a\rb", "c"]);
    assert_eq!(texts("in.csv", "text\r\r\na\r\r\n", USUAL), ["a"]);
    assert_eq!(texts("in.csv", "text,id\ra,1\r\"b\rc\",2\r", USUAL), ["a", "b\rc"]);
    assert_eq!(texts("in.csv", "text,id\r\na,1\r\n\"b\r\nc\",2", USUAL), ["a", "b\r\nc"]);
}

#[test]
fn d3_the_first_line_of_one_column_is_no_header_without_a_word() {
    let lines = "the keeper saved it\nshares of the bank fell\na late goal\n";
    let (rows, notes) = read("in.csv", lines, USUAL).unwrap();
    assert_eq!(rows.len(), 3);
    assert_eq!(rows[0], ("0".to_owned(), "the keeper saved it".to_owned()));
    assert_eq!(notes, ["in.csv, line 1: taken for a text, not for the name of the only column"]);
    assert_eq!(texts("in.tsv", lines, USUAL).len(), 3);
    assert_eq!(texts("in.csv", "A goal.\n", USUAL), ["A goal."]);
    for name in ["text", "Text", "review", "\"sentence\""] {
        assert_eq!(
            read("in.csv", format!("{name}\nlate goal\n"), USUAL).unwrap(),
            (vec![("0".into(), "late goal".into())], vec![])
        );
    }
    insta::assert_snapshot!(refused("in.csv", "a late goal\noil\nrain\n"), @"in.csv, line 1: cannot tell whether `a late goal` is the name of the only column or its first text: say `header: true` or `header: false`");
    insta::assert_snapshot!(refused("in.csv", "good\nbad\n"), @"in.csv, line 1: cannot tell whether `good` is the name of the only column or its first text: say `header: true` or `header: false`");
    assert_eq!(texts("in.csv", "good\nbad\n", headed(false)), ["good", "bad"]);
    assert_eq!(texts("in.csv", "good\nbad\n", headed(true)), ["bad"]);
    assert_eq!(texts("in.csv", "text\nbad\n", headed(false)), ["text", "bad"]);
    // A column that was named must be there.
    let file = file("in.csv", "verse\na\nb\n");
    let columns = TextColumns { text: vec!["verse".to_owned()], ..TextColumns::default() };
    let mut reader = TextReader::open(&file.path, &columns, USUAL).unwrap();
    assert_eq!(reader.next_chunk(9).unwrap().unwrap().len(), 2);
}

#[test]
fn d3_files_without_a_header_have_numbered_columns() {
    let rows = "7,the keeper saved the ball and his team won,x\n8,b,y\n9,c,x\n";
    insta::assert_snapshot!(refused("in.csv", rows), @"in.csv: cannot tell which column holds the text: name one of `7`, `the keeper saved the ball and his team won`, `x`; if the first line is a row, say `header: false`");
    insta::assert_snapshot!(read("in.csv", rows, headed(false)).unwrap_err(), @"in.csv: cannot tell which column holds the text: name one of `column_1`, `column_2`, `column_3`");
    let file = file("train.csv", rows);
    let spec = DatasetSpec {
        text: vec!["column_2".to_owned()],
        label: Some("column_3".to_owned()),
        reading: headed(false),
        evaluation: Evaluation::HeldOut { size: HeldOut::Examples(1), seed: 1 },
        ..DatasetSpec::at("")
    };
    let data = load(&spec, &file.path);
    match data {
        Ok(data) => assert_eq!(data.train.len() + data.evaluation.len(), 3),
        Err(error) => assert!(error.to_string().contains("every training example"), "{error}"),
    }
}

/// D4: as in datasets and pandas.
#[test]
fn d4_the_keys_of_json_are_those_of_all_rows() {
    let rows =
        "{\"title\":\"note 0\",\"label\":\"a\"}\n{\"title\":\"note 1\",\"text\":\"the real text\",\"label\":\"b\"}\n";
    assert_eq!(texts("in.jsonl", rows, USUAL), ["", "the real text"]);
    let file = file("train.jsonl", rows);
    let error = load(&DatasetSpec::at(""), &file.path).unwrap_err().to_string();
    assert!(error.ends_with("train.jsonl, line 1: the text is empty"), "{error}");
    insta::assert_snapshot!(refused("in.jsonl", "{\"id\": 1, \"text\": \"a\", \"id\": 2}\n"), @r#"in.jsonl, line 1: the key "id" occurs twice in one object"#);
}

/// D9: no row has another row's number for an ID.
#[test]
fn d9_a_row_without_an_id_has_an_empty_one_in_every_format() {
    let expected = ["1", "", "2"];
    assert_eq!(ids("in.csv", "id,text\n1,a\n,b\n2,c\n"), expected);
    assert_eq!(ids("in.jsonl", "{\"id\":1,\"text\":\"a\"}\n{\"text\":\"b\"}\n{\"id\":2,\"text\":\"c\"}\n"), expected);
    assert_eq!(
        ids("in.jsonl", "{\"text\":\"b\"}\n{\"id\":null,\"text\":\"b\"}\n{\"id\":2,\"text\":\"c\"}\n"),
        ["", "", "2"]
    );
    let columns =
        vec![Column::new("id".into(), [Some(1i64), None, Some(2)]), Column::new("text".into(), ["a", "b", "c"])];
    assert_eq!(ids("in.parquet", parquet(columns)), expected);
    assert_eq!(ids("in.csv", "text,x\na,1\nb,2\n"), ["0", "1"]);
}

/// D10: datasets makes 1.8446744073709552e+19 of the first one.
#[test]
fn d10_ids_are_as_written() {
    let numbers =
        ["18446744073709551617", "1.0", "1e3", "-0", "0.10", "123456789012345678901234567890", "12345678901234567.25"];
    let json: String = numbers.iter().map(|number| format!("{{\"text\": \"a\", \"id\" :{number} }}\n")).collect();
    assert_eq!(ids("in.jsonl", json), numbers);
    let csv: String = numbers.iter().map(|number| format!("{number},a\n")).collect();
    assert_eq!(ids("in.csv", format!("id,text\n{csv}007,b\n")), [&numbers[..], &["007"]].concat());
    let of = |column: Column| {
        let texts = Column::new("text".into(), vec!["a"; column.len()]);
        ids("in.parquet", parquet(vec![column, texts]))
    };
    assert_eq!(of(Column::new("id".into(), [u64::MAX, 7])), ["18446744073709551615", "7"]);
    assert_eq!(of(Column::new("id".into(), [i64::MIN, i64::MAX])), [i64::MIN.to_string(), i64::MAX.to_string()]);
    assert_eq!(of(Column::new("id".into(), ["007", "1.0"])), ["007", "1.0"]);
    assert_eq!(of(Column::new("id".into(), [1.0f64, 0.1])), ["1.0", "0.1"]);
}

#[test]
fn d11_other_separators_are_named() {
    let rows = "id;text\n1;rain, then sun\n2;b\n";
    insta::assert_snapshot!(refused("in.csv", rows), @r#"in.csv, line 1: one cell, but 2 with the separator `;`: say `separator: ";"`"#);
    assert_eq!(texts("in.csv", rows, separated_by(";")), ["rain, then sun", "b"]);
    insta::assert_snapshot!(refused("in.csv", "text\tlabel\na\t1\n"), @r#"in.csv, line 1: one cell, but 2 with the separator `tab`: say `separator: "tab"`"#);
    assert_eq!(texts("in.csv", "text\tlabel\na\t1\n", separated_by("tab")), ["a"]);
    insta::assert_snapshot!(refused("in.tsv", "verse,class\na,1\n"), @r#"in.tsv, line 1: one cell, but 2 with the separator `,`: say `separator: ","`"#);
    insta::assert_snapshot!(refused("in.csv", "id|text\n"), @r#"in.csv, line 1: one cell, but 2 with the separator `|`: say `separator: "|"`"#);
    insta::assert_snapshot!(refused("in.csv", "\"id\";\"text\"\n"), @r#"in.csv, line 1: the quote that opens a field here is closed before `;"text"`: inside a quoted field a quote is written twice; say `quoting: none` if quotes are characters like any other"#);
    // One column whose texts hold other separators.
    assert_eq!(texts("in.csv", "text\nrain; then sun\n", USUAL), ["rain; then sun"]);
}

#[test]
fn d11_a_separator_line_is_used_and_said() {
    for (rows, separator) in
        [("sep=;\nid;text\n1;a\n", ";"), ("sep=,\r\nid,text\r\n1,a\r\n", ","), ("\"sep=;\"\nid;text\n1;a\n", ";")]
    {
        let (found, notes) = read("in.csv", rows, USUAL).unwrap();
        assert_eq!(found, [("1".to_owned(), "a".to_owned())], "{rows}");
        assert_eq!(
            notes,
            [format!("in.csv, line 1: `sep={separator}` is no row; cells are separated by `{separator}`")]
        );
    }
    insta::assert_snapshot!(refused("in.csv", "# from the archive\nid,text\n1,a\n"), @"in.csv, line 1: begins with `#`: CSV has no comments, remove the line, or say `header: true` if it names the columns");
    insta::assert_snapshot!(refused("in.csv", "# from the archive, 2020\n\n# second\nid,text,label\n"), @"in.csv, line 1: begins with `#`: CSV has no comments, remove the line, or say `header: true` if it names the columns");
    assert_eq!(ids("in.csv", "#,text\n1,a\n"), ["0"]);
}

/// D13, of files.
#[test]
fn d13_files_of_other_kinds_are_named() {
    insta::assert_snapshot!(refused("in.csv", b"\xff\xfet\0e\0"), @"in.csv: this is text in UTF-16: save it as UTF-8");
    insta::assert_snapshot!(refused("in.jsonl", b"\xfe\xff\0t"), @"in.jsonl: this is text in UTF-16: save it as UTF-8");
    insta::assert_snapshot!(refused("in.csv", b"t\0e\0x\0t\0\n\0"), @"in.csv, line 1: holds a NUL character: this is no text, or it is UTF-16: save it as UTF-8");
    insta::assert_snapshot!(refused("in.csv", b"\x1f\x8b\x08\x00abc"), @"in.csv: this is compressed by gzip: unpack it first (`gunzip`)");
    insta::assert_snapshot!(refused("in.parquet", b"\x1f\x8b\x08\x00abc"), @"in.parquet: this is compressed by gzip: unpack it first (`gunzip`)");
    insta::assert_snapshot!(refused("in.csv", b"PK\x03\x04abc"), @"in.csv: this is a zip archive or an Excel workbook (.xlsx): unpack it, or save the sheet as CSV UTF-8");
    insta::assert_snapshot!(refused("in.csv", b"PAR1abc"), @"in.csv: this is a Parquet file: its name must end in .parquet");
    insta::assert_snapshot!(refused("in.csv", "version https://git-lfs.github.com/spec/v1\noid sha256:0\n"), @"in.csv: this is a pointer of Git LFS and not the file itself: fetch the file (`git lfs pull`)");
    insta::assert_snapshot!(refused("in.csv", "<!doctype html>\n<p>\n"), @"in.csv: this is a web page and no table: download the file itself");
    insta::assert_snapshot!(refused("in.csv.gz", "a"), @"in.csv.gz: not a kind of file that can be read: use .csv, .tsv, .parquet, .jsonl, .ndjson or .json; unpack it first");
    insta::assert_snapshot!(refused("in.csv", b"id,text\n1,a\n2,caf\xe9\n"), @"in.csv, line 3: not UTF-8: save the file as UTF-8");
    assert_eq!(texts("in.csv", "\u{feff}text,id\na,1\n", USUAL), ["a"]);
    assert_eq!(texts("in.jsonl", "\u{feff}{\"text\": \"a\"}\n", USUAL), ["a"]);
}

/// D14: datasets reads all of these layouts alike.
#[test]
fn d14_json_is_read_in_every_layout() {
    let objects =
        ["{\"id\": 1,\n \"text\": \"a } ]\"\n}", "{\"id\": 2, \"text\": \"b\\\"\",\n\"more\": [{\"x\": []}]}"];
    let expected = [("1".to_owned(), "a } ]".to_owned()), ("2".to_owned(), "b\"".to_owned())];
    let flat = objects.map(|object| object.replace('\n', ""));
    for contents in [
        objects.join("\n"),
        objects.join(""),
        format!("[{}]", objects.join(",\n")),
        format!("\u{feff}\n[\n{}\n]\n\n", flat.join("\n,")),
        format!("[{}]", flat.join(",")),
        flat.join("\n"),
        format!("\r\n{}\r\n", flat.join("\r\n\r\n")),
    ] {
        assert_eq!(read("in.json", &contents, USUAL).unwrap().0, expected, "{contents}");
    }
    insta::assert_snapshot!(refused("in.json", "{\"text\": \"a\"}{\"text\": \"b\"}\n"), @"in.json, line 1: not a JSON object: trailing characters (column 14)");
    insta::assert_snapshot!(refused("in.json", "[{\"text\": \"a\"},\n{\"text\": \"b\"}\n"), @"in.json, line 2: the file ends inside the array: it is cut off");
    insta::assert_snapshot!(refused("in.json", "[{\"text\": \"a\"},\n"), @"in.json, line 1: the file ends inside the array: it is cut off");
    insta::assert_snapshot!(refused("in.json", "[{\"text\": \"a\"}\n{\"text\": \"b\"}]\n"), @"in.json, line 2: a comma is expected between the array's objects");
    insta::assert_snapshot!(refused("in.json", "[{\"text\": \"a\"}]\n{\"text\": \"b\"}\n"), @"in.json, line 2: there is more after the array");
    insta::assert_snapshot!(refused("in.json", "[\"a\", \"b\"]\n"), @"in.json, line 1: an array of objects is expected, and this is no object");
    insta::assert_snapshot!(refused("in.json", "{\n\"text\": \"a\"\n}\n{\n\"text\": \"b\"\n"), @"in.json, line 4: the object that begins here is not closed");
    insta::assert_snapshot!(refused("in.json", "{\n\"text\": \"a\",\n\"id\": x\n}\n"), @"in.json, line 3: not a JSON object: expected value (column 7)");
    insta::assert_snapshot!(refused("in.jsonl", "{\"text\": \"a\"}\n{\"text\": \"b\", \n{\"text\": \"c\"}\n"), @"in.jsonl, line 2: not a JSON object: EOF while parsing an object (column 13)");
    insta::assert_snapshot!(refused("in.jsonl", "{\"text\": \"a\", \"label\": NaN}\n"), @"in.jsonl, line 1: not a JSON object: expected value (column 24); `NaN` and `Infinity` are no JSON: write `null`");
    insta::assert_snapshot!(refused("in.jsonl", "7\n"), @"in.jsonl, line 1: a number, where an object is expected");
}

/// D14: pandas drops the half without a word, datasets refuses it as we do.
#[test]
fn d14_half_of_a_surrogate_pair_is_refused() {
    insta::assert_snapshot!(refused("in.jsonl", "{\"text\": \"a\"}\n{\"text\": \"b\\ud83d\"}\n"), @r"in.jsonl, line 2: `text` holds half of a surrogate pair (`\ud800` to `\udfff`), which is no character");
    insta::assert_snapshot!(refused("in.jsonl", "{\"text\": \"a\", \"\\udc00\": 1}\n"), @r"in.jsonl, line 1: a key holds half of a surrogate pair (`\ud800` to `\udfff`), which is no character");
    assert_eq!(texts("in.jsonl", "{\"text\": \"\\ud83d\\ude00\"}\n", USUAL), ["😀"]);
}

/// D14: a table that has its columns and no rows has no rows; a file with nothing in it is no table. Training needs rows.
#[test]
fn d14_zero_rows_are_the_same_in_all_formats() {
    let none = DataFrame::empty_with_schema(&Schema::from_iter([("text".into(), DataType::String)]));
    let mut empty_parquet = Vec::new();
    ParquetWriter::new(&mut empty_parquet).finish(&mut none.clone()).unwrap();
    for (name, contents) in
        [("in.csv", b"text\n".to_vec()), ("in.tsv", b"id\ttext\n".to_vec()), ("in.parquet", empty_parquet)]
    {
        assert_eq!(read(name, &contents, USUAL).unwrap().0, [], "{name}");
        let file = file(name, &contents);
        let spec = DatasetSpec { label: Some("text".to_owned()), ..DatasetSpec::at("") };
        assert!(load(&spec, &file.path).unwrap_err().to_string().ends_with(": no rows"), "{name}");
    }
    for name in ["in.csv", "in.tsv", "in.json", "in.jsonl", "in.parquet"] {
        assert_eq!(refused(name, ""), format!("{name}: no rows"));
    }
    for (name, contents) in [("in.csv", "\n\n"), ("in.json", " \n"), ("in.json", "[]"), ("in.json", "[\n]\n")] {
        assert_eq!(refused(name, contents), format!("{name}: no rows"));
    }
}

#[test]
fn reading_options_are_for_files_that_have_them() {
    let file = file("train.jsonl", "{\"text\": \"a\", \"label\": 0}\n");
    let spec = DatasetSpec { reading: unquoted(), ..DatasetSpec::at("") };
    let error = load(&spec, &file.path).unwrap_err().to_string();
    assert!(error.ends_with("train.jsonl: `header`, `quoting` and `separator` are for CSV and TSV files"), "{error}");
}

/// Of texts without quotes and line ends.
fn plain() -> impl Strategy<Value = Vec<String>> {
    prop::collection::vec("[a\"';# é漢.]{0,10}x", 1..20)
}

proptest! {
    /// What the csv crate writes comes back row by row, with any separator and line end.
    #[test]
    fn csv_comes_back(
        texts in prop::collection::vec("[a\"',;|\n\r\t é漢#=]{0,12}", 1..20),
        separator in prop::sample::select(vec![",", ";", "|", "tab", " "]),
        crlf: bool,
        always: bool,
    ) {
        let reading = Reading { quoting: Some(Quoting::Minimal), ..separated_by(separator) };
        let terminator = if crlf { csv::Terminator::CRLF } else { csv::Terminator::Any(b'\n') };
        let style = if always { csv::QuoteStyle::Always } else { csv::QuoteStyle::Necessary };
        let mut writer = csv::WriterBuilder::new()
            .delimiter(reading.separator.unwrap().byte()).terminator(terminator).quote_style(style).from_writer(Vec::new());
        writer.write_record(["id", "text"]).unwrap();
        for (row, text) in texts.iter().enumerate() {
            writer.write_record([&format!("k{row}"), text]).unwrap();
        }
        let file = file("in.csv", writer.into_inner().unwrap());
        let (rows, _) = rows_of(&file.path, reading).unwrap();
        let expected: Vec<_> = texts.into_iter().enumerate().map(|(row, text)| (format!("k{row}"), text)).collect();
        prop_assert_eq!(rows, expected);
    }

    /// As csv_comes_back, where it is not said that quotes can be trusted: all rows, or an error.
    #[test]
    fn csv_comes_back_or_is_refused(texts in prop::collection::vec("[a\",\n1-3]{0,9}", 1..20)) {
        let mut writer = csv::Writer::from_writer(Vec::new());
        writer.write_record(["id", "text"]).unwrap();
        for (row, text) in texts.iter().enumerate() {
            writer.write_record([&row.to_string(), text]).unwrap();
        }
        let file = file("in.csv", writer.into_inner().unwrap());
        match rows_of(&file.path, USUAL) {
            Ok((rows, _)) => prop_assert_eq!(rows.into_iter().map(|(_, text)| text).collect::<Vec<_>>(), texts),
            Err(error) => prop_assert!(error.to_string().contains("look like rows"), "{}", error),
        }
    }

    /// Without quoting, every line is a row.
    #[test]
    fn unquoted_lines_come_back(texts in plain(), tabs: bool) {
        let (name, separator) = if tabs { ("in.tsv", '\t') } else { ("in.csv", ',') };
        let lines: String = texts.iter().enumerate().map(|(row, text)| format!("{row}{separator}{text}\n")).collect();
        let file = file(name, format!("id{separator}text\n{lines}"));
        let (rows, _) = rows_of(&file.path, unquoted()).unwrap();
        prop_assert_eq!(rows.into_iter().map(|(_, text)| text).collect::<Vec<_>>(), texts);
    }

    /// One quote put anywhere into a sound file never loses a row without an error.
    #[test]
    fn a_stray_quote_loses_no_row(texts in prop::collection::vec("[a-c]{1,4}( [a-c]{1,4}){0,3}", 2..12), place: prop::sample::Index) {
        let mut lines: String = "id,text\n".to_owned();
        texts.iter().enumerate().for_each(|(row, text)| lines.push_str(&format!("{row},{text}\n")));
        lines.insert(8 + place.index(lines.len() - 8), '"');
        let file = file("in.csv", &lines);
        if let Ok((rows, _)) = rows_of(&file.path, USUAL) {
            prop_assert_eq!(rows.len(), texts.len(), "{}", lines);
        }
    }

    /// Two stray quotes: the rows between are not taken for a text.
    #[test]
    fn two_stray_quotes_lose_no_row(
        texts in prop::collection::vec("[a-c]{1,4}( [a-c]{1,4}){0,3}", 2..12), first: prop::sample::Index, second: prop::sample::Index,
    ) {
        let (first, second) = (first.index(texts.len()), second.index(texts.len()));
        let mut lines: String = "id,text\n".to_owned();
        for (row, text) in texts.iter().enumerate() {
            let (open, close) = (if row == first { "\"" } else { "" }, if row == second { "\"" } else { "" });
            lines.push_str(&format!("{row},{open}{text}{close}\n"));
        }
        let file = file("in.csv", &lines);
        if let Ok((rows, _)) = rows_of(&file.path, USUAL) {
            prop_assert_eq!(rows.len(), texts.len(), "{}", lines);
        }
    }

    /// What serde_json writes comes back, in every layout.
    #[test]
    fn json_comes_back(
        texts in prop::collection::vec("[a\"\\\\{}\\[\\],:\n\r\t é漢\u{1}]{0,12}", 1..12), numbers in prop::collection::vec(any::<u64>(), 12), layout in 0..4,
    ) {
        let objects = texts.iter().zip(&numbers).map(|(text, number)| serde_json::json!({"id": number, "text": text}));
        let objects: Vec<_> = objects.collect();
        let each = |write: fn(&serde_json::Value) -> serde_json::Result<String>| -> String {
            objects.iter().map(|object| write(object).unwrap() + "\n").collect()
        };
        let contents = match layout {
            0 => each(serde_json::to_string),
            1 => each(serde_json::to_string_pretty),
            2 => serde_json::to_string(&objects).unwrap(),
            _ => serde_json::to_string_pretty(&objects).unwrap(),
        };
        let file = file("in.json", contents);
        let (rows, _) = rows_of(&file.path, USUAL).unwrap();
        let expected: Vec<_> = numbers.iter().map(u64::to_string).zip(texts).collect();
        prop_assert_eq!(rows, expected);
    }

    /// What polars writes comes back.
    #[test]
    fn parquet_comes_back(rows in prop::collection::vec((any::<Option<u64>>(), "[a\n\"é漢]{0,9}"), 1..30)) {
        let (numbers, texts): (Vec<Option<u64>>, Vec<String>) = rows.into_iter().unzip();
        let file = file("in.parquet", parquet(vec![Column::new("id".into(), &numbers), Column::new("text".into(), &texts)]));
        let (rows, _) = rows_of(&file.path, USUAL).unwrap();
        let shown = numbers.iter().map(|number| number.map_or_else(String::new, |number| number.to_string()));
        prop_assert_eq!(rows, shown.zip(texts).collect::<Vec<_>>());
    }

    /// Whatever the bytes, there is an answer; and no file of one-line rows gives fewer rows than it has lines.
    #[test]
    fn any_bytes_have_an_answer(
        bytes in prop::collection::vec(prop::sample::select(b"\"\n\r,;\t{}[]:\\ atextid01#=\xff\xc3\xa9\0\xef\xbb\xbf".to_vec()), 0..80),
        name in prop::sample::select(vec!["in.csv", "in.tsv", "in.json", "in.parquet"]),
        header in any::<Option<bool>>(),
        unquoted: bool,
    ) {
        let quoting = unquoted.then_some(Quoting::None);
        let file = file(name, &bytes);
        let rows = rows_of(&file.path, Reading { header, quoting, separator: None });
        if let (Ok((rows, _)), true, Some(header)) = (rows, unquoted && name != "in.json", header) {
            let text = String::from_utf8(bytes).unwrap();
            let lines = text.trim_start_matches('\u{feff}').split(['\n', '\r']).filter(|line| !line.is_empty()).count();
            let separator_line = usize::from(text.contains("sep="));
            prop_assert!(rows.len() + usize::from(header) + separator_line >= lines, "{:?}", text);
        }
    }
}
