//! What labels mean, what is assumed of a data set, and what is suspicious.

use std::path::Path;

use polars::prelude::{DataFrame, KeyValueMetadata, NamedFrom, ParquetWriter, Series};
use sweep::data::{Classes, Coding, DataError, Dataset, Truth};
use sweep::spec::{DatasetSpec, Evaluation, HeldOut, MissingLabel, Reading};
use tempfile::TempDir;

fn load(spec: &DatasetSpec, location: &Path) -> Result<Dataset, DataError> {
    sweep::data::load(spec, location, Classes::learn)
}

fn spec(evaluation: Evaluation) -> DatasetSpec {
    DatasetSpec { evaluation, ..DatasetSpec::at("unused: the location is given") }
}

fn one_held_out() -> DatasetSpec {
    spec(Evaluation::HeldOut { size: HeldOut::Examples(1), seed: 42 })
}

fn test_split() -> DatasetSpec {
    spec(Evaluation::Split("test".to_owned()))
}

fn folder(files: &[(&str, &str)]) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, contents) in files {
        std::fs::write(folder.path().join(name), contents).unwrap();
    }
    folder
}

fn loaded(spec: &DatasetSpec, files: &[(&str, &str)]) -> Dataset {
    load(spec, folder(files).path()).unwrap()
}

fn refused(spec: &DatasetSpec, files: &[(&str, &str)]) -> String {
    let folder = folder(files);
    let error: DataError = load(spec, folder.path()).unwrap_err();
    error.to_string().replace(&format!("{}/", folder.path().display()), "")
}

/// Rows of CSV with these labels and a text each.
fn rows(labels: &[&str]) -> String {
    let rows = labels.iter().enumerate().map(|(row, label)| format!("text number {row},{label}\n"));
    std::iter::once("text,label\n".to_owned()).chain(rows).collect()
}

fn is_said(sentences: &[String], part: &str) -> bool {
    sentences.iter().any(|sentence| sentence.contains(part))
}

/// D2.
#[test]
fn a_file_without_a_header_is_ag_news_only_with_its_four_classes() {
    let line = |class: &str, row: usize| format!("\"{class}\",\"note {row}\",\"the keeper saved it {row}\"\n");
    let file =
        |classes: &[&str]| -> String { classes.iter().enumerate().map(|(row, class)| line(class, row)).collect() };
    let two = loaded(&one_held_out(), &[("train.csv", &file(&["1", "2", "1", "2", "1"]))]);
    assert_eq!(two.class_names, ["1", "2"]);
    assert_eq!(two.overview.coding, Coding::Numbers { first: 1 });
    assert_eq!(two.overview.columns.text, ["title", "description"]);
    assert!(is_said(&two.overview.assumed, "The first line is a row, not a header"), "{:?}", two.overview);
    assert!(!is_said(&two.overview.assumed, "World"));

    let four = loaded(&one_held_out(), &[("train.csv", &file(&["4", "2", "1", "3", "1", "2"]))]);
    assert_eq!(four.class_names, ["World", "Sports", "Business", "Sci/Tech"]);
    assert!(is_said(&four.overview.assumed, "The labels 1 to 4 are taken for the classes of AG News"));

    let five = loaded(&one_held_out(), &[("train.csv", &file(&["1", "2", "3", "4", "5", "5"]))]);
    assert_eq!(five.class_names, ["1", "2", "3", "4", "5"]);
    // An evaluation file has the meaning of the training file, whatever of it occurs.
    let files = [("train.csv", file(&["1", "2", "3", "4"])), ("test.csv", file(&["3", "3"]))];
    let files: Vec<(&str, &str)> = files.iter().map(|(name, text)| (*name, text.as_str())).collect();
    assert_eq!(loaded(&test_split(), &files).evaluation.labels, [2, 2]);
    // Trained on names, evaluated on the original file.
    let named = "label,title,description\nSports,a,b\nWorld,c,d\nBusiness,e,f\nSci/Tech,g,h\n";
    let data = loaded(&test_split(), &[("train.csv", named), files[1]]);
    assert_eq!(data.evaluation.labels, [0, 0]);
    assert!(is_said(&data.overview.assumed, "The evaluation file has no header line"), "{:?}", data.overview);
}

/// D5.
#[test]
fn labels_are_kept_as_they_are_written() {
    let classes = |labels: &[&str]| loaded(&one_held_out(), &[("train.csv", &rows(labels))]).class_names;
    assert_eq!(classes(&["01", "02", "01", "02"]), ["01", "02"]);
    assert_eq!(classes(&["01", "1", "01", "1"]), ["01", "1"]);
    assert_eq!(classes(&["+1", "1", "+1", "1"]), ["+1", "1"]);
    assert_eq!(classes(&["True", "False", "True", "False"]), ["False", "True"]);
    assert_eq!(classes(&["1.0", "2.0", "1.0", "2.0"]), ["1", "2"]);
    assert_eq!(classes(&["1.0", "2.5", "1.0", "2.5"]), ["1.0", "2.5"]);
    let json: String = (0..4).map(|row| format!("{{\"text\": \"t {row}\", \"label\": \"0{}\"}}\n", row % 2)).collect();
    assert_eq!(loaded(&one_held_out(), &[("train.jsonl", &json)]).class_names, ["00", "01"]);

    let data = loaded(&one_held_out(), &[("train.csv", &rows(&["01", "1", "01", "1"]))]);
    assert!(is_said(&data.overview.warnings, "`01` (2 rows), `1` (2 rows)"), "{:?}", data.overview);
    let data = loaded(&one_held_out(), &[("train.csv", &rows(&["1.0", "2.0", "1.0", " 2.0"]))]);
    assert!(is_said(&data.overview.assumed, "`1.0` are read as whole numbers: 1"), "{:?}", data.overview);
    assert!(is_said(&data.overview.assumed, "White space around 1 label"));
    // The same labels mean the same in the evaluation file; other forms of them are refused or said.
    let evaluated = |train: &[&str], test: &[&str]| {
        let files = [("train.csv", rows(train)), ("test.csv", rows(test))];
        let files: Vec<(&str, &str)> = files.iter().map(|(name, text)| (*name, text.as_str())).collect();
        let folder = folder(&files);
        load(&test_split(), folder.path())
            .map(|data| (data.evaluation.labels, data.overview.assumed))
            .map_err(|e| e.to_string())
    };
    assert_eq!(evaluated(&["01", "02"], &["02", "01"]).unwrap().0, [1, 0]);
    assert!(evaluated(&["01", "02"], &["2", "1"]).unwrap_err().contains("unknown label `2`"));
    let (labels, assumed) = evaluated(&["1", "2", "3"], &["3.0", "2.0"]).unwrap();
    assert_eq!(labels, [2, 1]);
    assert!(is_said(&assumed, "`2.0` are read"), "{assumed:?}");
    let (labels, assumed) = evaluated(&["True", "False"], &["true", "false"]).unwrap();
    assert_eq!(labels, [1, 0]);
    assert!(is_said(&assumed, "differ from the training's in case"), "{assumed:?}");
}

/// D6: the values are those of pandas' `na_values`.
#[test]
fn missing_labels_are_counted_dropped_or_kept() {
    for missing in ["nan", "NaN", "NULL", "None", "NA", "N/A", "<NA>", "", " ", "#N/A", "null", "n/a"] {
        let file = rows(&["0", "1", missing, "0", "1", missing]);
        let said = refused(&one_held_out(), &[("train.csv", &file)]);
        assert!(said.starts_with("train.csv: the label is missing in 2 of 6 rows ("), "{said}");
        assert!(said.contains("in train.csv, line 4; ") && said.contains("in train.csv, line 7)"), "{said}");
        assert_eq!(said.contains("`keep`"), !missing.trim().is_empty(), "{said}");
        let drop = DatasetSpec { missing_label: Some(MissingLabel::Drop), ..one_held_out() };
        let data = loaded(&drop, &[("train.csv", &file)]);
        assert_eq!(data.class_names, ["0", "1"]);
        assert_eq!(data.overview.dropped, 2);
        assert!(is_said(&data.overview.assumed, "2 rows of the training source have no label and were left out."));
        let mut rows: Vec<usize> = data.train.rows.iter().chain(&data.evaluation.rows).copied().collect();
        rows.sort_unstable();
        assert_eq!(rows, [0, 1, 3, 4], "rows keep their numbers in the file");
    }
    let keep = DatasetSpec { missing_label: Some(MissingLabel::Keep), ..one_held_out() };
    let data = loaded(&keep, &[("train.csv", &rows(&["None", "Some", "None", "Some"]))]);
    assert_eq!(data.class_names, ["None", "Some"]);
    assert!(refused(&keep, &[("train.csv", &rows(&["None", "Some", "", "Some"]))]).contains("missing in 1 of 4 rows"));
    // The evaluation's as well.
    let files = [("train.csv", rows(&["a", "b"])), ("test.csv", rows(&["a", "NA", "b"]))];
    let files: Vec<(&str, &str)> = files.iter().map(|(name, text)| (*name, text.as_str())).collect();
    assert!(
        refused(&test_split(), &files).starts_with("test.csv: the label is missing in 1 of 3 rows (`NA` in test.csv")
    );
    let drop = DatasetSpec { missing_label: Some(MissingLabel::Drop), ..test_split() };
    assert_eq!(loaded(&drop, &files).evaluation.rows, [0, 2]);
}

/// A Parquet file of texts with these labels.
fn parquet(path: &Path, labels: Series) {
    let texts: Vec<String> = (0..labels.len()).map(|row| format!("text number {row}")).collect();
    let height = labels.len();
    let mut frame = DataFrame::new(height, vec![Series::new("text".into(), texts).into(), labels.into()]).unwrap();
    ParquetWriter::new(std::fs::File::create(path).unwrap()).finish(&mut frame).unwrap();
}

/// D6.
#[test]
fn missing_labels_of_parquet_and_json() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("train.parquet");
    for labels in [
        Series::new("label".into(), [Some(0.0), Some(1.0), Some(f64::NAN), Some(0.0)]),
        Series::new("label".into(), [Some(0.0), Some(1.0), None, Some(0.0)]),
        Series::new("label".into(), [Some("x"), Some("y"), None, Some("x")]),
    ] {
        parquet(&path, labels);
        let said = load(&one_held_out(), &path).unwrap_err().to_string();
        assert!(
            said.contains("the label is missing in 1 of 4 rows (") && said.contains("row 2 (counted from 0)"),
            "{said}"
        );
        let drop = DatasetSpec { missing_label: Some(MissingLabel::Drop), ..one_held_out() };
        assert_eq!(load(&drop, &path).unwrap().class_names.len(), 2);
    }
    let json = "{\"text\": \"a\", \"label\": 1}\n{\"text\": \"b\", \"label\": null}\n{\"text\": \"c\", \"label\": 0}\n";
    assert!(
        refused(&one_held_out(), &[("train.jsonl", json)])
            .contains("missing in 1 of 3 rows (no label in train.jsonl, line 2)")
    );
}

/// D7, D8.
#[test]
fn what_is_suspicious_is_said() {
    let pairs = "id,sentence1,sentence2,label\n1,a dog runs,a cat sleeps,x\n2,it rains,the sun shines,y\n3,we sing,we dance,x\n";
    let data = loaded(&one_held_out(), &[("train.csv", pairs)]);
    assert_eq!(data.overview.columns.text, ["sentence1"]);
    assert_eq!(data.overview.columns.left_out, ["id", "sentence2"]);
    assert_eq!(data.overview.columns.texts_left_out, ["sentence2"]);
    assert!(data.overview.warnings[0].starts_with("`sentence2` looks like text and is not used, only `sentence1`"));
    let named = DatasetSpec { text: vec!["sentence1".to_owned()], ..one_held_out() };
    assert!(!is_said(&loaded(&named, &[("train.csv", pairs)]).overview.warnings, "looks like text"));

    let warnings = |labels: &[&str]| loaded(&one_held_out(), &[("train.csv", &rows(labels))]).overview.warnings;
    assert!(is_said(
        &warnings(&["0.1", "0.25", "0.3", "0.9"]),
        "The labels look like scores on a scale (`0.1` (1 row)"
    ));
    let alike = warnings(&["Business", "Business\u{200b}", "Sports", "Business"]);
    assert!(is_said(&alike, "`Business` (2 rows), `Business\\u{200b}` (1 row)"), "{alike:?}");
    assert!(is_said(&alike, "2 classes have a single row: `Business\\u{200b}`, `Sports`"), "{alike:?}");

    let twice = "text,label\nfirst words,0\nsecond words,1\ntext,label\nthird words,0\n";
    let data = loaded(&one_held_out(), &[("train.csv", twice)]);
    assert!(is_said(&data.overview.warnings, "A row says what the header says"), "{:?}", data.overview);
    assert!(is_said(&data.overview.warnings, "train.csv, line 4"));

    let files =
        [("train.csv", "text,label\none,0\ntwo,1\nthree,2\n"), ("test.csv", "text,label\none,0\nfour,1\ntwo,0\n")];
    let said = loaded(&test_split(), &files).overview.warnings;
    assert!(is_said(&said, "2 of 3 evaluation texts occur in the training part"), "{said:?}");
    assert!(is_said(&said, "1 class has no row in the evaluation part: `2`"));
    assert!(is_said(&said, "1 text has different labels in different rows"));
    let clean = loaded(
        &test_split(),
        &[("train.csv", "text,label\none,a\ntwo,b\n"), ("test.csv", "text,label\nsix,a\nten,b\n")],
    );
    assert_eq!(clean.overview.warnings, Vec::<String>::new());
    assert_eq!(clean.overview.assumed, Vec::<String>::new());
}

/// P3: the columns that training took are taken from the evaluation file as well.
#[test]
fn the_evaluation_has_the_training_columns() {
    let train = "Headline,label\nrain soon,a\nsun later,b\n";
    let data =
        loaded(&test_split(), &[("train.csv", train), ("test.csv", "text,headline,label\nno,yes,a\nno,yes,b\n")]);
    assert_eq!(data.evaluation.texts, ["yes", "yes"]);
    let data = loaded(&test_split(), &[("train.csv", train), ("test.csv", "text,label\nother,a\nwords,b\n")]);
    assert_eq!(data.evaluation.texts, ["other", "words"]);
    assert!(is_said(
        &data.overview.warnings,
        "test.csv lacks the text column of the training rows, `Headline`: `text` was taken"
    ));
}

/// A Parquet file as Hugging Face `datasets` writes it: labels are the numbers of these names.
fn class_labels(path: &Path, labels: &[i64], names: &[&str]) {
    let texts: Vec<String> = (0..labels.len()).map(|row| format!("text number {row}")).collect();
    let columns = vec![Series::new("text".into(), texts).into(), Series::new("label".into(), labels).into()];
    let mut frame = DataFrame::new(labels.len(), columns).unwrap();
    let features = serde_json::json!({"info": {"features": {"label": {"names": names, "_type": "ClassLabel"}}}});
    let metadata = KeyValueMetadata::from_static(vec![("huggingface".to_owned(), features.to_string())]);
    let writer = ParquetWriter::new(std::fs::File::create(path).unwrap());
    writer.with_key_value_metadata(Some(metadata)).finish(&mut frame).unwrap();
}

#[test]
fn numbers_of_other_class_names_are_taken_by_name() {
    let folder = tempfile::tempdir().unwrap();
    let evaluated = |train: (&[i64], &[&str]), test: (&[i64], &[&str])| {
        class_labels(&folder.path().join("train.parquet"), train.0, train.1);
        class_labels(&folder.path().join("test.parquet"), test.0, test.1);
        let data = load(&test_split(), folder.path()).map_err(|error| error.to_string())?;
        Ok::<_, String>((data.evaluation.labels, data.overview.assumed))
    };
    // Names that are numbers stay names.
    let stars: &[&str] = &["1", "2", "3", "4", "5"];
    let (labels, assumed) = evaluated((&[0, 1, 2, 3, 4], stars), (&[0, 0, 1, 2], &["1", "2", "3"])).unwrap();
    assert_eq!(labels, [0, 0, 1, 2]);
    assert!(is_said(&assumed, "its labels are taken by name"), "{assumed:?}");
    let (labels, _) = evaluated((&[0, 1, 2], &["2", "0", "1"]), (&[0, 1, 2], &["0", "1", "2"])).unwrap();
    assert_eq!(labels, [1, 2, 0]);
    // A number without a name is no other class's name.
    let error = evaluated((&[0, 1, 2, 3, 4], stars), (&[0, 3], &["1", "2", "3"])).unwrap_err();
    assert!(error.contains("unknown label `3`; the training set's are"), "{error}");
    let error = evaluated((&[0, 1], &["pos", "neg"]), (&[0, 2], &["neg", "pos", "neutral"])).unwrap_err();
    assert!(error.contains("unknown label `neutral`"), "{error}");
    // The same names are the same numbers.
    let (labels, assumed) = evaluated((&[0, 1, 2, 3, 4], stars), (&[4, 0], stars)).unwrap();
    assert_eq!(labels, [4, 0]);
    assert!(assumed.is_empty(), "{assumed:?}");
}

#[test]
fn class_names_of_an_evaluation_file_hold_where_the_training_file_has_none() {
    let folder = tempfile::tempdir().unwrap();
    let evaluated = |train: &[&str], test: (&[i64], &[&str])| {
        std::fs::write(folder.path().join("train.csv"), rows(train)).unwrap();
        class_labels(&folder.path().join("test.parquet"), test.0, test.1);
        let data = load(&test_split(), folder.path()).map_err(|error| error.to_string())?;
        Ok::<_, String>((data.evaluation.labels, data.overview.assumed))
    };
    assert_eq!(evaluated(&["pos", "neg"], (&[0, 1, 1], &["pos", "neg"])).unwrap().0, [1, 0, 0]);
    // Stars from 1 in one file, numbers of stars from 0 in the other.
    assert_eq!(evaluated(&["1", "2", "3"], (&[1, 2], &["1", "2", "3"])).unwrap().0, [1, 2]);
    assert!(evaluated(&["1", "2"], (&[1], &["neg", "pos"])).unwrap_err().contains("unknown label `pos`"));
    let (labels, assumed) = evaluated(&["0", "1"], (&[1, 0], &["neg", "pos"])).unwrap();
    assert_eq!(labels, [1, 0]);
    assert!(
        is_said(&assumed, "`neg`, `pos`), and the training's have none: its labels are taken by number"),
        "{assumed:?}"
    );
}

#[test]
fn shards_with_other_class_names_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let shard = |number: usize| folder.path().join(format!("train-{number:05}-of-00002.parquet"));
    class_labels(&shard(0), &[0, 1, 0], &["neg", "pos"]);
    class_labels(&shard(1), &[0, 1, 0], &["neg", "pos"]);
    assert_eq!(load(&one_held_out(), folder.path()).unwrap().class_names, ["neg", "pos"]);
    class_labels(&shard(1), &[0, 1, 0], &["pos", "neg"]);
    let error = load(&one_held_out(), folder.path()).unwrap_err().to_string();
    let error = error.replace(&format!("{}/", folder.path().display()), "");
    insta::assert_snapshot!(error, @"train-00001-of-00002.parquet: the class names of its label column, `pos`, `neg`, are not those of train-00000-of-00002.parquet, `neg`, `pos`: a number would be one class in one file and another in the other; write both with the same names");
}

#[test]
fn right_labels_with_class_names_of_their_own_are_taken_by_name() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("in.parquet");
    let classes = |first: i64, names: &[&str]| {
        Classes::new(names.iter().map(|name| (*name).to_owned()).collect(), Coding::Numbers { first })
    };
    let read = |classes: &Classes, labels: &[i64], names: &[&str]| {
        class_labels(&path, labels, names);
        let truth = Truth::read(&path, "label", classes, Reading::default()).map_err(|error| error.to_string())?;
        let known: Vec<Option<u32>> = labels.iter().map(|label| truth.class(Some(&label.to_string()))).collect();
        Ok::<_, String>((known, truth.in_words()))
    };
    let reviews = classes(0, &["pos", "neg"]);
    let (known, said) = read(&reviews, &[0, 1, 1], &["neg", "pos"]).unwrap();
    assert_eq!(known, [Some(1), Some(0), Some(0)]);
    insta::assert_snapshot!(said, @"numbers that stand for `neg`, `pos` in this file, and are taken by name");
    let (known, said) = read(&reviews, &[0, 1, 1], &["pos", "neg"]).unwrap();
    assert_eq!(known, [Some(0), Some(1), Some(1)]);
    assert_eq!(said, reviews.in_words());
    let error = read(&reviews, &[0, 2], &["neg", "pos", "neutral"])
        .unwrap_err()
        .replace(&path.display().to_string(), "in.parquet");
    insta::assert_snapshot!(error, @"in.parquet, row 1 (counted from 0): unknown label `neutral` in the column `label`; the labels that the classifier knows are the numbers from 0 to 1, which stand for `pos`, `neg`");
    // Names that are numbers, and numbers without names.
    let stars = classes(0, &["1", "2", "3", "4", "5"]);
    assert_eq!(read(&stars, &[0, 2], &["1", "2", "3"]).unwrap().0, [Some(0), Some(2)]);
    assert_eq!(read(&classes(1, &["1", "2", "3"]), &[0, 2], &["1", "2", "3"]).unwrap().0, [Some(0), Some(2)]);
    assert_eq!(read(&classes(0, &["0", "1"]), &[0, 1], &["neg", "pos"]).unwrap().0, [Some(0), Some(1)]);
    let texts = Classes::new(["neg", "pos"].map(str::to_owned).to_vec(), Coding::Names);
    assert_eq!(read(&texts, &[0, 1], &["pos", "neg"]).unwrap().0, [Some(1), Some(0)]);
}

/// P1, P2.
#[test]
fn right_labels_are_read_as_the_run_learned_them() {
    let numbers = |first: i64, names: &[&str]| {
        Classes::new(names.iter().map(|name| (*name).to_owned()).collect(), Coding::Numbers { first })
    };
    let read = |classes: &Classes, labels: &[&str]| {
        let folder = folder(&[("in.csv", &rows(labels))]);
        let path = folder.path().join("in.csv");
        let truth = Truth::read(&path, "label", classes, Reading::default())
            .map_err(|error| error.to_string().replace(&format!("{}/", folder.path().display()), ""))?;
        Ok::<_, String>(labels.iter().map(|label| truth.class(Some(label))).collect::<Vec<_>>())
    };
    let one_to_three = numbers(1, &["1", "2", "3"]);
    assert_eq!(read(&one_to_three, &["1.0", "2.0", "3.0"]).unwrap(), [Some(0), Some(1), Some(2)]);
    assert_eq!(read(&one_to_three, &["2.0", "2.0"]).unwrap(), [Some(1), Some(1)]);
    assert_eq!(read(&one_to_three, &["2", "", "nan"]).unwrap(), [Some(1), None, None]);
    insta::assert_snapshot!(read(&one_to_three, &["1", "0", "2", "9"]).unwrap_err(), @"in.csv, row 1 (counted from 0): unknown label `0` (also `9`) in the column `label`; the labels that the classifier knows are the whole numbers from 1 to 3");
    let news = numbers(1, &["World", "Sports", "Business", "Sci/Tech"]);
    assert_eq!(read(&news, &["1", "2", "3"]).unwrap(), [Some(0), Some(1), Some(2)]);
    assert_eq!(read(&news, &["Sports", "World"]).unwrap(), [Some(1), Some(0)]);
    assert!(read(&news, &["0", "1", "2", "3"]).is_err());
    let names = Classes::new(["a", "b"].map(str::to_owned).to_vec(), Coding::Names);
    insta::assert_snapshot!(read(&names, &["0", "1"]).unwrap_err(), @"in.csv, row 0 (counted from 0): unknown label `0` (also `1`) in the column `label`; the labels that the classifier knows are the names of the classes: `a`, `b`");

    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("in.parquet");
    parquet(&path, Series::new("label".into(), [Some(3.0), None, Some(1.0)]));
    let truth = Truth::read(&path, "label", &one_to_three, Reading::default()).unwrap();
    assert_eq!((truth.class(Some("3.0")), truth.unlabelled), (Some(2), 1));
}
