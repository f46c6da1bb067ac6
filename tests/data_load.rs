//! Data set files to examples: what is read, and what is refused with which message.

mod needs;

use std::path::{Path, PathBuf};

use proptest::prelude::*;
use sweep::data::{Classes, DataError, Dataset, digest_of_files};
use sweep::spec::{DatasetSpec, Evaluation, HeldOut, Quoting, Reading, Separator};
use tempfile::TempDir;

fn load(spec: &DatasetSpec, location: &Path) -> Result<Dataset, DataError> {
    sweep::data::load(spec, location, Classes::learn)
}

fn spec(evaluation: Evaluation) -> DatasetSpec {
    DatasetSpec {
        path: "unused: the location is given resolved".to_owned(),
        split: "train".to_owned(),
        text: Vec::new(),
        label: None,
        limit: None,
        evaluation,
        test: None,
        reading: Default::default(),
        missing_label: None,
    }
}

fn test_split() -> DatasetSpec {
    spec(Evaluation::Split("test".to_owned()))
}

fn hold_out(size: HeldOut) -> DatasetSpec {
    spec(Evaluation::HeldOut { size, seed: 42 })
}

fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/data").join(name)
}

/// A folder with these files.
fn folder(files: &[(&str, &[u8])]) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, contents) in files {
        let path = folder.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, contents).unwrap();
    }
    folder
}

fn loaded(spec: &DatasetSpec, files: &[(&str, &[u8])]) -> Dataset {
    load(spec, folder(files).path()).unwrap()
}

/// The message for training rows like these, without the temporary folder's name.
fn refused(name: &str, contents: &[u8]) -> String {
    refused_in(&hold_out(HeldOut::Examples(1)), &[(name, contents)])
}

fn refused_in(spec: &DatasetSpec, files: &[(&str, &[u8])]) -> String {
    let folder = folder(files);
    let error: DataError = load(spec, folder.path()).unwrap_err();
    error.to_string().replace(&format!("{}/", folder.path().display()), "")
}

#[test]
fn formats_give_the_same_examples() {
    let csv = "text,label\n\"Rain, then sun\",0\r\n\"He said \"\"no\"\"\",1\n  spaces kept ,0\n\"two\nlines\",1\n";
    let tsv = "text\tlabel\nRain, then sun\t0\n\"He said \"\"no\"\"\"\t1\n  spaces kept \t0\n\"two\nlines\"\t1\n";
    let json = concat!(
        r#"{"id": 7, "text": "Rain, then sun", "label": 0}"#,
        "\n\n",
        r#"{"label": 1, "text": "He said \"no\""}"#,
        "\r\n",
        r#"{"text": "  spaces kept ", "label": 0.0, "more": [1]}"#,
        "\n",
        r#"{"text": "two\nlines", "label": "1"}"#,
    );
    let expected = ["Rain, then sun", "He said \"no\"", "  spaces kept ", "two\nlines"];
    let with_mark = format!("\u{feff}{csv}");
    for (name, contents) in [
        ("train.csv", csv),
        ("train.csv", &with_mark),
        ("train.TSV", tsv),
        ("train.jsonl", json),
        ("train.ndjson", json),
        ("train.json", json),
    ] {
        let spec = spec(Evaluation::Split("test".to_owned()));
        let test = ("test.csv", &b"text,label\nx,1\n"[..]);
        let data = loaded(&spec, &[(name, contents.as_bytes()), test]);
        assert_eq!(data.train.texts, expected, "{name}");
        assert_eq!(data.train.labels, [0, 1, 0, 1], "{name}");
        assert_eq!(data.train.rows, [0, 1, 2, 3], "{name}");
        assert_eq!(data.evaluation.texts, ["x"]);
        assert_eq!(data.class_names, ["0", "1"]);
    }
}

#[test]
fn original_ag_news_files_have_no_header() {
    let train = b"\"3\",\"Prices up\",\"Bread dearer\"\n\"4\",\"Comet\",\"Seen \"\"again\"\"\"\n\"1\",\"\",\"Talks\"\n\"2\",\"Cup\",\"\"\n";
    let test = b"\"2\",\"Race\",\"Won\"\n";
    let data = loaded(&test_split(), &[("train.csv", train), ("test.csv", test)]);
    assert_eq!(data.class_names, ["World", "Sports", "Business", "Sci/Tech"]);
    assert_eq!(data.train.labels, [2, 3, 0, 1]);
    let texts = ["Prices up Bread dearer", "Comet Seen \"again\"", "Talks", "Cup"];
    assert_eq!(data.train.texts, texts);
    assert_eq!(data.evaluation.labels, [1]);
    insta::assert_snapshot!(
        refused_in(&test_split(), &[("train.csv", train), ("test.csv", b"\"4\",\"a\",\"b\"\n\"5\",\"c\",\"d\"\n")]),
        @"test.csv, line 2: unknown label `5`; the training set's are `World`, `Sports`, `Business`, `Sci/Tech`"
    );
}

#[test]
fn columns_are_chosen_by_name_and_joined() {
    let mut spec = test_split();
    spec.text = vec!["headline".to_owned(), "body".to_owned(), "by".to_owned()];
    spec.label = Some("desk".to_owned());
    let rows = b"label,by,body,headline,desk\n0,M.,long,short,b\n0,,only,,a\n0,K.,,x,b\n";
    let data = loaded(&spec, &[("train.csv", rows), ("test.csv", rows)]);
    assert_eq!(data.train.texts, ["short long M.", "only", "x K."]);
    assert_eq!(data.train.labels, [1, 0, 1]);
    assert_eq!(data.class_names, ["a", "b"]);
    assert_eq!(data.evaluation, data.train);
}

#[test]
fn class_names_come_from_parquet_metadata_and_hold_for_the_evaluation_file() {
    let train = std::fs::read(fixture("class_label.parquet")).unwrap();
    let test = b"text,label\nflurries,snow\nstorm,0\nmist,2\n";
    let data = loaded(&test_split(), &[("train.parquet", &train), ("test.csv", test)]);
    assert_eq!(data.class_names, ["wind", "rain", "fog", "snow"]);
    assert_eq!(data.train.labels, [0, 1, 2, 0]);
    assert_eq!(data.train.texts[2], "nothing to be seen");
    assert_eq!(data.evaluation.labels, [3, 0, 2]);
}

#[test]
fn class_names_come_from_the_card_beside_the_files() {
    let card =
        b"---\ndataset_info:\n  features:\n  - name: label\n    dtype:\n      class_label:\n        names:\n          \
        '0': up\n          '1': down\n---\n";
    let rows = b"text,label\na,1\nb,0\n";
    let data = loaded(&test_split(), &[("README.md", card), ("data/train.csv", rows), ("data/test.csv", rows)]);
    assert_eq!(data.class_names, ["up", "down"]);
    assert_eq!(data.train.labels, [1, 0]);
    assert_eq!(
        refused_in(
            &test_split(),
            &[("README.md", card), ("train.csv", b"text,label\na,1\nb,2\nc,0\n"), ("test.csv", rows)]
        ),
        "train.csv, line 3: unknown label `2`; the training set's are `up`, `down`"
    );
}

#[test]
fn parquet_columns_of_many_types_are_labels() {
    let label = |name: &str| {
        let mut spec = hold_out(HeldOut::Examples(1));
        spec.label = Some(name.to_owned());
        // Held out of 3 rows with seed 42, row 0 or 2 remains beside row 1.
        load(&spec, &fixture("kinds.parquet")).map(|data| data.class_names.join(" "))
    };
    for (name, classes) in
        [("category", "a b"), ("i32", "0 1"), ("u64", "0 1"), ("f64", "0 1"), ("truth", "false true"), ("large", "x y")]
    {
        assert_eq!(label(name).unwrap(), classes, "{name}");
    }
    let message = |name: &str| {
        let folder = format!("{}/", fixture("").display());
        label(name).unwrap_err().to_string().replace(&folder, "").replace(fixture("").to_str().unwrap(), "")
    };
    insta::assert_snapshot!(message("list"), @"kinds.parquet: the column `list` holds LargeList, which cannot be read as text");
    insta::assert_snapshot!(message("missing"), @"kinds.parquet: the label is missing in 1 of 3 rows (no label in kinds.parquet, row 1 (counted from 0)): give them one, or say `dataset.missing_label: drop` to leave these rows out");
    insta::assert_snapshot!(message("i8"), @"kinds.parquet: the column `i8` holds Int8 (write it as Int32 or Int64), which cannot be read as text");
    insta::assert_snapshot!(message("day"), @"kinds.parquet: the column `day` holds Date32 (write it as text), which cannot be read as text");
}

#[test]
fn held_out_rows_and_limit_follow_hugging_face() {
    let mut rows = String::from("text,label\n");
    (0..60).for_each(|row| rows.push_str(&format!("t{row},{}\n", row % 3)));
    let files = [("train.csv", rows.as_bytes())];
    let mut spec = hold_out(HeldOut::Examples(5));
    spec.limit = Some(37);
    let data = loaded(&spec, &files);
    // datasets: train_test_split(test_size=5, seed=42) on 37 rows, as in train_test_split.json.
    assert_eq!(data.evaluation.rows, [27, 18, 26, 5, 4]);
    assert_eq!(data.evaluation.texts[0], "t27");
    assert_eq!(data.evaluation.labels[3], 2);
    assert_eq!(data.train.rows[..4], [23, 36, 7, 25]);
    assert_eq!((data.train.len(), data.train.texts[0].as_str()), (32, "t23"));
    spec.evaluation = Evaluation::HeldOut { size: HeldOut::Fraction(0.1), seed: 42 };
    assert_eq!(loaded(&spec, &files).evaluation.rows, [27, 18, 26, 5]);
}

#[test]
fn classes_do_not_depend_on_the_limit() {
    let mut spec = hold_out(HeldOut::Examples(1));
    spec.limit = Some(3);
    let data = loaded(&spec, &[("train.csv", b"text,label\na,z\nb,y\nc,z\nd,x\n")]);
    assert_eq!(data.class_names, ["x", "y", "z"]);
    assert_eq!(data.train.len() + data.evaluation.len(), 3);
}

#[test]
fn shards_are_one_source() {
    let data = loaded(
        &test_split(),
        &[
            ("data/train-00001-of-00002.csv", b"text,label\nc,1\n"),
            ("data/train-00000-of-00002.csv", b"text,label\na,0\nb,0\n"),
            ("data/test-00000-of-00001.csv", b"text,label\nx,1\n"),
        ],
    );
    assert_eq!(data.train.texts, ["a", "b", "c"]);
    assert_eq!(data.train.rows, [0, 1, 2]);
}

#[test]
fn digests_follow_contents_and_not_places() {
    let rows: &[u8] = b"text,label\na,0\nb,1\nc,0\n";
    let (first, second) = (folder(&[("train.csv", rows)]), folder(&[("all.csv", rows)]));
    let spec = hold_out(HeldOut::Examples(1));
    let digest = |spec: &DatasetSpec, folder: &TempDir| digest_of_files(spec, folder.path()).unwrap();
    assert_eq!(digest(&spec, &first), digest(&spec, &second));
    assert_eq!(digest_of_files(&spec, &second.path().join("all.csv")).unwrap(), digest(&spec, &first));
    assert_eq!(load(&spec, first.path()).unwrap().digest, load(&spec, second.path()).unwrap().digest);

    let mut changed = vec![digest(&spec, &first)];
    changed.push(digest(&hold_out(HeldOut::Fraction(0.5)), &first));
    let mut other = spec.clone();
    other.limit = Some(2);
    changed.push(digest(&other, &first));
    other = spec.clone();
    other.label = Some("label".to_owned());
    changed.push(digest(&other, &first));
    other = spec.clone();
    other.evaluation = Evaluation::HeldOut { size: HeldOut::Examples(1), seed: 43 };
    changed.push(digest(&other, &first));
    changed.push(digest(&spec, &folder(&[("train.csv", b"text,label\na,0\nb,1\nc,1\n")])));
    for reading in [
        Reading { header: Some(true), ..Reading::default() },
        Reading { quoting: Some(Quoting::None), ..Reading::default() },
        Reading { separator: Some(Separator::COMMA), ..Reading::default() },
    ] {
        changed.push(digest(&DatasetSpec { reading, ..spec.clone() }, &first));
    }
    changed.push(digest(&spec, &folder(&[("train.tsv", rows)])));
    let card: &[u8] = b"---\ndataset_info:\n  features: []\n---\nprose";
    changed.push(digest(&spec, &folder(&[("train.csv", rows), ("README.md", card)])));
    let mut distinct = changed.clone();
    distinct.sort();
    distinct.dedup();
    assert_eq!(distinct.len(), changed.len(), "{changed:?}");

    let prose: &[u8] = b"# Only prose\n";
    assert_eq!(digest(&spec, &folder(&[("train.csv", rows), ("README.md", prose)])), digest(&spec, &first));
}

#[test]
fn bad_rows_are_named() {
    insta::assert_snapshot!(refused("train.csv", b"text,label\na,0\n\"b\nb\",1,9\n"), @"train.csv, line 3: the number of fields (3) differs from the first line's (2); a quoted field goes on to line 4: is its quote closed where it should be?");
    insta::assert_snapshot!(refused("train.csv", b"text,label\r\na,0\r\nb\r\n"), @"train.csv, line 3: the number of fields (1) differs from the first line's (2)");
    insta::assert_snapshot!(refused("train.csv", b"text,label\na,0\nb\xff,1\n"), @"train.csv, line 3: not UTF-8: save the file as UTF-8");
    insta::assert_snapshot!(refused("train.csv", b"text,label\na,0\n\" \n\",1\nc,0\n"), @"train.csv, line 3: the text is empty");
    insta::assert_snapshot!(refused("train.jsonl", b"{\"text\": \"a\", \"label\": 0}\n{\"text\": \"b\", \n"), @"train.jsonl, line 2: not a JSON object: EOF while parsing an object (column 13)");
    insta::assert_snapshot!(refused("train.csv", b"text,label\na,0\nb, \n"), @"train.csv: the label is missing in 1 of 2 rows (no label in train.csv, line 3): give them one, or say `dataset.missing_label: drop` to leave these rows out");
    insta::assert_snapshot!(refused("train.jsonl", b"{\"text\": \"a\", \"label\": 0}\n\n{\"text\": \"b\"}\n"), @"train.jsonl: the label is missing in 1 of 2 rows (no label in train.jsonl, line 3): give them one, or say `dataset.missing_label: drop` to leave these rows out");
    insta::assert_snapshot!(refused("train.jsonl", b"{\"text\": [\"a\"], \"label\": 0}\n"), @"train.jsonl, line 1: `text` holds an array, not text or a number");
    insta::assert_snapshot!(refused("train.jsonl", b"{\"text\": \"a\", \"label\": 0}\n{\"text\": \"\xff\"}\n"), @"train.jsonl, line 2: not UTF-8: save the file as UTF-8");
    insta::assert_snapshot!(refused("train.json", b"[{\"text\": \"a\", \"label\": 0}\n"), @"train.json, line 1: the file ends inside the array: it is cut off");
    insta::assert_snapshot!(refused("train.jsonl", b"\"text\"\n"), @"train.jsonl, line 1: a string, where an object is expected");
}

#[test]
fn bad_files_are_named() {
    insta::assert_snapshot!(refused("train.csv", b""), @"train.csv: no rows");
    insta::assert_snapshot!(refused("train.csv", b"text,label\n"), @"train.csv: no rows");
    insta::assert_snapshot!(refused("train.jsonl", b"\n\n"), @"train.jsonl: no rows");
    insta::assert_snapshot!(refused("train.csv", b"text,label\na,x\nb,x\nc,x\n"), @"train.csv: every training example (2) has the label `x`: at least two classes are needed");
    insta::assert_snapshot!(refused("train.csv", b"text,label\na,0\nb,2\nc,5\n"), @"train.csv: the integer labels are `0`, `2`, `5`: they must run without gaps from 0 or from 1");
    insta::assert_snapshot!(refused("train.csv", b"title,label\n"), @"train.csv: no rows");
    insta::assert_snapshot!(refused("train.csv", b"a,b,label\n1,2,3\n"), @"train.csv: cannot tell which column holds the text: name one of `a`, `b`, `label`");
    insta::assert_snapshot!(refused("train.parquet", b"PAR1 but not really PAR1"), @"train.parquet: not a readable Parquet file: parquet: File out of specification: The footer size must be smaller or equal to the file's size");
    insta::assert_snapshot!(refused("train.csv", b"text,label\na,0\n"), @"cannot hold out 1 of 1 rows for the evaluation: at least two rows are needed");
    let limited = DatasetSpec { limit: Some(2), ..hold_out(HeldOut::Examples(1)) };
    insta::assert_snapshot!(refused_in(&limited, &[("train.csv", b"text,label\na,x\nb,x\nc,y\n")]), @"train.csv: every training example (1) has the label `x`: at least two classes are needed (only the first rows are kept: `dataset.limit`)");
    let missing = DatasetSpec { text: vec!["txet".to_owned()], ..hold_out(HeldOut::Examples(1)) };
    insta::assert_snapshot!(refused_in(&missing, &[("train.csv", b"text,label\na,x\n")]), @"train.csv: no column `txet`, did you mean `text`?; it has `text`, `label`");
    insta::assert_snapshot!(
        refused_in(&test_split(), &[("train.csv", b"text,label\na,x\nb,y\n"), ("test.csv", b"text,label\na,x\nb,X\n")]),
        @"test.csv, line 3: unknown label `X`; the training set's are `x`, `y`"
    );
    let absent =
        load(&spec(Evaluation::File("nowhere.csv".to_owned())), folder(&[("train.csv", b"text,label\na,x\n")]).path());
    insta::assert_snapshot!(absent.unwrap_err(), @"nowhere.csv: cannot open: No such file or directory (os error 2)");
}

/// Whatever the bytes, there is an answer.
#[test]
fn damaged_parquet_never_panics() {
    let whole = std::fs::read(fixture("class_label.parquet")).unwrap();
    for at in (0..whole.len()).step_by(7) {
        let mut flipped = whole.clone();
        flipped[at] ^= 0x55;
        for bytes in [&flipped[..], &whole[..at]] {
            let folder = folder(&[("train.parquet", bytes)]);
            let _ = load(&hold_out(HeldOut::Examples(1)), folder.path());
        }
    }
}

proptest! {
    /// Whatever the bytes after a sound beginning, there is an answer.
    #[test]
    fn damaged_text_files_never_panic(
        tail in prop::collection::vec(prop::sample::select(b"\"\n\r,\t{}[]:\\ a01\xff\xc3\0".to_vec()), 0..60),
        name in prop::sample::select(vec!["train.csv", "train.tsv", "train.jsonl"]),
        headed: bool,
    ) {
        let head: &[u8] = match (headed, name) {
            (false, _) => b"",
            (true, "train.csv") => b"text,label\na,0\nb,1\n",
            (true, "train.tsv") => b"1\ta\tb\n2\tc\td\n",
            (true, _) => b"{\"text\": \"a\", \"label\": 0}\n{\"text\": \"b\", \"label\": 1}\n",
        };
        let folder = folder(&[(name, &[head, &tail].concat())]);
        match load(&hold_out(HeldOut::Fraction(0.3)), folder.path()) {
            Ok(data) => prop_assert!(data.class_names.len() >= 2 && !data.evaluation.is_empty()),
            Err(error) => prop_assert!(!error.to_string().is_empty()),
        }
    }
}

/// Two formats of the same rows, where the shared corpus is at hand.
#[test]
fn shared_corpus_reads_the_same_from_csv_and_parquet() {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/data/ag_news");
    if !corpus.is_dir() {
        return needs::skip("shared_data", "no AG News beside the repository");
    }
    let of = |extension: &str| {
        let evaluation = Evaluation::File(corpus.join(format!("test.{extension}")).display().to_string());
        load(&spec(evaluation), &corpus.join(format!("train.{extension}"))).unwrap()
    };
    let (csv, parquet) = (of("csv"), of("parquet"));
    assert_eq!((csv.train.len(), csv.evaluation.len()), (5000, 3800));
    assert_eq!(csv.train, parquet.train);
    assert_eq!(csv.evaluation, parquet.evaluation);
}

fn tested(test: Evaluation, evaluation: Evaluation) -> DatasetSpec {
    DatasetSpec { test: Some(test), ..spec(evaluation) }
}

fn part(size: usize, seed: u64) -> Evaluation {
    Evaluation::HeldOut { size: HeldOut::Examples(size), seed }
}

/// As many rows as there are numbers, of two classes.
fn numbered(rows: std::ops::Range<usize>) -> Vec<u8> {
    let lines = rows.map(|row| format!("t{row},{}\n", row % 2));
    format!("text,label\n{}", lines.collect::<String>()).into_bytes()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    /// Every row is in one part: trained on, evaluated or tested, whatever the seeds. Enough rows that both classes are left.
    #[test]
    fn test_rows_are_in_no_other_part(
        rows in 20usize..60, test in 1usize..5, evaluation in 1usize..5, seeds: (u64, u64), same: bool,
    ) {
        let seeds = if same { (seeds.0, seeds.0) } else { seeds };
        let spec = tested(part(test, seeds.0), part(evaluation, seeds.1));
        let found = loaded(&spec, &[("train.csv", &numbered(0..rows))]);
        let tests = found.test.unwrap();
        prop_assert_eq!((tests.len(), found.evaluation.len()), (test, evaluation));
        let mut all = [tests.rows.clone(), found.evaluation.rows, found.train.rows].concat();
        all.sort_unstable();
        prop_assert_eq!(all, (0..rows).collect::<Vec<_>>());
        // The test depends on nothing of the evaluation.
        let other = loaded(&tested(part(test, seeds.0), part(1, 7)), &[("train.csv", &numbered(0..rows))]);
        prop_assert_eq!(other.test.unwrap(), tests);
    }
}

#[test]
fn a_test_may_be_held_out_a_split_or_a_file() {
    let (train, held, more) = (numbered(0..20), numbered(20..24), numbered(30..33));
    let files: &[(&str, &[u8])] = &[("train.csv", &train), ("test.csv", &held), ("more.csv", &more)];
    let sizes = |spec: &DatasetSpec| {
        let found = loaded(spec, files);
        (found.train.len(), found.evaluation.len(), found.test.map(|test| test.texts))
    };
    let test = |texts: std::ops::Range<usize>| Some(texts.map(|row| format!("t{row}")).collect::<Vec<_>>());
    let split = || Evaluation::Split("test".to_owned());
    assert_eq!(sizes(&tested(split(), part(3, 1))), (17, 3, test(20..24)));
    assert_eq!(sizes(&tested(Evaluation::File("more.csv".to_owned()), split())), (20, 4, test(30..33)));
    assert_eq!(sizes(&spec(split())).2, None);
    let (train, evaluation, held_out) = sizes(&tested(part(5, 1), split()));
    assert_eq!((train, evaluation, held_out.unwrap().len()), (15, 4, 5));

    let same = tested(Evaluation::File("test.csv".to_owned()), split());
    insta::assert_snapshot!(refused_in(&same, files), @"test.csv: named as `test`, and evaluated on as well: the test must choose nothing and have rows of its own; name another file or split, or hold rows out of the training rows: `test: {test_size: 1000}`");
    let trained = tested(Evaluation::File("train.csv".to_owned()), split());
    insta::assert_snapshot!(refused_in(&trained, files), @"train.csv: named as `test`, and trained on as well: the test must choose nothing and have rows of its own; name another file or split, or hold rows out of the training rows: `test: {test_size: 1000}`");
    insta::assert_snapshot!(refused_in(&tested(part(20, 1), split()), files), @"cannot hold out 20 of 20 rows for the test: give a count from 1 to 19, or a fraction between 0 and 1 that leaves some rows");
}

/// Labels are read as the training rows taught, and doubts are told of the test, too.
#[test]
fn a_test_is_read_and_doubted_as_an_evaluation_is() {
    let train: &[u8] = b"text,label\na,no\nb,yes\nc,no\nd,yes\n";
    let test: &[u8] = b"text,label\na,yes\nx,yes\ny,\n";
    let mut spec = tested(Evaluation::Split("test".to_owned()), part(1, 1));
    spec.missing_label = Some(sweep::spec::MissingLabel::Drop);
    let found = loaded(&spec, &[("train.csv", train), ("test.csv", test)]);
    assert_eq!(found.class_names, ["no", "yes"]);
    assert_eq!(found.test.as_ref().unwrap().labels, [1, 1]);
    assert_eq!((found.overview.test(), found.overview.dropped), (2, 1));
    let told = [found.overview.assumed, found.overview.warnings].concat().join("\n");
    for said in [
        "1 row of the test source has no label and was left out.",
        "1 of 2 test texts occurs in the",
        "1 class has no row in the test part: `no`.",
    ] {
        assert!(told.contains(said), "{told}");
    }
    let error = refused_in(&spec, &[("train.csv", train), ("test.csv", b"text,label\nx,maybe\n")]);
    assert_eq!(error, "test.csv, line 2: unknown label `maybe`; the training set's are `no`, `yes`");
}

#[test]
fn the_test_is_in_both_digests() {
    let files: &[(&str, &[u8])] = &[("train.csv", &numbered(0..20)), ("test.csv", &numbered(20..24))];
    let with = |test: Option<Evaluation>, files: &[(&str, &[u8])]| {
        let (spec, folder) = (DatasetSpec { test, ..hold_out(HeldOut::Examples(3)) }, folder(files));
        (digest_of_files(&spec, folder.path()).unwrap(), load(&spec, folder.path()).unwrap().digest)
    };
    let split = || Some(Evaluation::Split("test".to_owned()));
    let changed: &[(&str, &[u8])] = &[("train.csv", &numbered(0..20)), ("test.csv", &numbered(21..25))];
    let found = [
        with(None, files),
        with(split(), files),
        with(split(), changed),
        with(Some(part(3, 1)), files),
        with(Some(part(3, 2)), files),
    ];
    for (index, one) in found.iter().enumerate() {
        for other in &found[..index] {
            assert!(one.0 != other.0 && one.1 != other.1, "{index}");
        }
    }
    assert_eq!(with(None, files), with(None, changed), "what is not read does not count");
}
