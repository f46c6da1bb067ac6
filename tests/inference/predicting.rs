use polars::prelude::{Column, DataFrame, ParquetWriter};

use crate::support::{CLASSES, Place, corpus, recorded, trained};

/// One object per line.
fn parsed(lines: &str) -> Vec<serde_json::Value> {
    lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn probabilities(object: &serde_json::Value) -> Vec<f64> {
    let object = object["probabilities"].as_object().unwrap();
    assert_eq!(object.keys().collect::<Vec<_>>(), CLASSES);
    object.values().map(|value| value.as_f64().unwrap()).collect()
}

#[test]
fn the_best_run_predicts_what_it_recorded() {
    let place = trained();
    let best = place.run("base");
    let texts = corpus();
    let evaluated = recorded(&best);
    let stdin: String = evaluated.iter().map(|(row, ..)| format!("{}\n", texts[*row].0)).collect();
    let mut command = place.sweep(&["predict", "--run", "results/little", "--json", "--batch-size", "7"]);
    let output = command.write_stdin(stdin).output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    let predicted = parsed(&String::from_utf8(output.stdout).unwrap());
    assert_eq!(predicted.len(), evaluated.len());
    for (object, (row, class, expected)) in predicted.iter().zip(&evaluated) {
        assert_eq!(object["text"], texts[*row].0);
        assert_eq!(object["label"], CLASSES[*class]);
        for (ours, theirs) in probabilities(object).iter().zip(expected) {
            assert!((ours - f64::from(*theirs)).abs() < 1e-5, "{ours} {theirs}");
        }
    }
}

#[test]
fn a_classifier_has_many_names() {
    let place = trained();
    let run = place.run("base");
    let id = run.file_name().unwrap().to_str().unwrap();
    let adapter = run.join("adapter");
    let text = ["--text", "The striker scored twice in the final.", "--json"];
    let by = |name: &str, more: &[&str]| place.output(&[&["predict", "--run", name][..], &text, more].concat());
    let expected = by(run.to_str().unwrap(), &[]);
    for name in [id, &id[..6], "base", "little/best", "little", "results", "results/little/best"] {
        assert_eq!(by(name, &[]), expected, "{name}");
    }
    assert_eq!(by(adapter.to_str().unwrap(), &[]), expected);
    // An adapter on its own does not know the names of its classes.
    std::fs::create_dir_all(place.path("alone")).unwrap();
    for file in ["adapter_config.json", "adapter_model.safetensors"] {
        std::fs::copy(adapter.join(file), place.path("alone").join(file)).unwrap();
    }
    assert!(by("alone", &[]).contains("\"0\":"));
    assert_eq!(by("alone", &["--class-names", &CLASSES.join(","), "--max-length", "60"]), expected);
    let said = place.refusal(&["predict", "--run", "alone", "--class-names", "a,b", "--text", "x"]);
    assert!(said.contains("2 class names for 4 classes"), "{said}");
}

#[test]
fn what_is_meant_by_no_name_is_said() {
    let place = trained();
    let refusal = |name: &str| place.refusal(&["predict", "--run", name, "--text", "x"]);
    assert!(refusal("nowhere").contains("no run `nowhere` in results"));
    assert!(refusal("learning_rate").contains("no run"));
    std::fs::create_dir_all(place.path("empty")).unwrap();
    assert!(refusal("empty").contains("neither a run, nor a sweep, an adapter or a model"));
    let said = place.refusal(&["predict", "--run", "base", "--text", "x", "--max-length", "1000"]);
    assert!(said.contains("max_length is 1000; this model takes at most 128 tokens"), "{said}");
    let other = crate::support::root().join("tests/fixtures/reference/distilbert/model");
    let said = place.refusal(&["predict", "--run", "base", "--text", "x", "--model", other.to_str().unwrap()]);
    assert!(said.contains("not the model that base ["), "{said}");
}

#[test]
fn a_text_is_shown_with_every_class() {
    let shown = trained().output(&["predict", "--run", "base", "--text", "Rates rise.", "--text", "A new\nchip."]);
    let lines: Vec<&str> = shown.lines().collect();
    assert_eq!(lines.len(), 4, "{shown}");
    let header: Vec<&str> = lines[0].split_whitespace().collect();
    assert_eq!(header, [&["label"][..], &CLASSES, &["text"]].concat());
    assert!(lines[2].ends_with("Rates rise.") && lines[3].ends_with("A new chip."), "{shown}");
    let percents: f64 = lines[2].split_whitespace().filter_map(|word| word.parse::<f64>().ok()).sum();
    assert!((percents - 100.0).abs() < 0.05, "{shown}");
}

/// 90 rows of very different lengths, among them an empty one, in each kind of file.
fn inputs(place: &Place) -> Vec<String> {
    let rows: Vec<(String, String)> = corpus().into_iter().take(90).collect();
    let text = |index: usize| match index {
        5 => String::new(),
        index if index % 3 == 0 => rows[index].0.split(' ').take(4).collect::<Vec<_>>().join(" "),
        index => rows[index].0.clone(),
    };
    let ids: Vec<String> = (0..rows.len()).map(|index| format!("n{}", 900 - index)).collect();
    let texts: Vec<String> = (0..rows.len()).map(text).collect();
    let labels: Vec<String> = rows.iter().map(|row| row.1.clone()).collect();

    let mut table = csv::Writer::from_path(place.path("rows.csv")).unwrap();
    table.write_record(["number", "text", "topic"]).unwrap();
    let mut lines = String::new();
    for index in 0..rows.len() {
        table.write_record([&ids[index], &texts[index], &labels[index]]).unwrap();
        let object = serde_json::json!({"number": ids[index], "text": texts[index], "topic": labels[index]});
        lines.push_str(&format!("{object}\n"));
    }
    table.flush().unwrap();
    place.write("rows.jsonl", &lines);
    let columns = [("number", ids), ("text", texts), ("topic", labels)];
    let columns = columns.map(|(name, values)| Column::new(name.into(), values)).to_vec();
    let mut frame = DataFrame::new(90, columns).unwrap();
    ParquetWriter::new(std::fs::File::create(place.path("rows.parquet")).unwrap()).finish(&mut frame).unwrap();
    ["rows.csv", "rows.jsonl", "rows.parquet"].map(str::to_string).to_vec()
}

#[test]
fn a_file_is_predicted_in_its_own_order_whatever_its_kind() {
    let place = trained();
    let mut outputs = Vec::new();
    for input in inputs(&place) {
        let output = format!("{input}.out.csv");
        let arguments = ["predict", "--run", "base", "--input", &input, "--output", &output, "--id-column", "number"];
        let more = ["--label-column", "Class", "--label-as", "index", "--truth-column", "topic"];
        let done = place.sweep(&[&arguments[..], &more].concat()).output().unwrap();
        let said = String::from_utf8(done.stderr).unwrap();
        assert_eq!(done.status.code(), Some(0), "{said}");
        assert!(said.contains("90 rows predicted by base [") && said.contains("; accuracy "), "{said}");
        outputs.push(place.read(&output));
    }
    assert!(outputs.iter().all(|output| *output == outputs[0]));
    let lines: Vec<&str> = outputs[0].lines().collect();
    assert_eq!((lines[0], lines.len()), ("number,Class", 91));
    // Row by row, one at a time, nothing can get into another order.
    let texts: Vec<String> =
        parsed(&place.read("rows.jsonl")).iter().map(|row| row["text"].as_str().unwrap().into()).collect();
    let mut command = place.sweep(&["predict", "--run", "base", "--json", "--batch-size", "1", "--label-as", "index"]);
    let single = command.write_stdin(texts.join("\n") + "\n").output().unwrap();
    for (index, object) in parsed(&String::from_utf8(single.stdout).unwrap()).iter().enumerate() {
        assert_eq!(lines[index + 1], format!("n{},{}", 900 - index, object["label"]));
    }
}

#[test]
fn an_output_is_whole_or_as_it_was() {
    let place = trained();
    place.write("bad.csv", "text,topic\nRates rise.,Business\nA goal.,Cooking\n");
    place.write("kept.csv", "as it was");
    let arguments =
        ["predict", "--run", "base", "--input", "bad.csv", "--output", "kept.csv", "--truth-column", "topic"];
    let said = place.refusal(&arguments);
    assert!(said.contains("bad.csv, row 1 (counted from 0): unknown label `Cooking`"), "{said}");
    assert_eq!(place.read("kept.csv"), "as it was");
    let left = std::fs::read_dir(place.path(""))
        .unwrap()
        .filter(|entry| entry.as_ref().unwrap().file_name().to_string_lossy().ends_with(".tmp"));
    assert_eq!(left.count(), 0);
    let said = place.refusal(&["predict", "--run", "base", "--input", "absent.csv", "--output", "new.csv"]);
    assert!(said.contains("absent.csv") && !place.path("new.csv").exists(), "{said}");
}

#[test]
fn a_file_can_go_to_standard_output_with_all_probabilities() {
    let place = trained();
    place.write("two.csv", "id,text\n7,Rates rise.\n8,A goal.\n");
    let table = place.output(&["predict", "--run", "base", "--input", "two.csv", "--probabilities"]);
    let lines: Vec<&str> = table.lines().collect();
    assert_eq!(lines[0], "id,label,p_Business,p_Sci/Tech,p_Sports,p_World");
    assert!(lines[1].starts_with("7,") && lines[2].starts_with("8,"), "{table}");
    let objects = parsed(&place.output(&["predict", "--run", "base", "--input", "two.csv", "--json"]));
    assert_eq!(objects[1]["id"], "8");
    assert!((probabilities(&objects[1]).iter().sum::<f64>() - 1.0).abs() < 1e-5);
    // Nothing to predict is no error, and a table still has its header.
    place.write("none.csv", "id,text\n");
    assert_eq!(place.output(&["predict", "--run", "base", "--input", "none.csv"]), "id,label\n");
}

#[test]
fn an_interrupted_prediction_leaves_no_output() {
    let place = trained();
    let row = "The bank raised its rate again and the markets of three countries closed higher on the news.\n";
    place.write("long.csv", &format!("text\n{}", row.repeat(200_000)));
    let program = assert_cmd::cargo::cargo_bin("sweep");
    let mut command = std::process::Command::new(program);
    command.args(["predict", "--run", "base", "--input", "long.csv", "--output", "long.out.csv"]);
    command.current_dir(place.path("")).env("HF_HUB_OFFLINE", "1").env("XDG_CACHE_HOME", place.path("cache"));
    let mut child = command.spawn().unwrap();
    let writing = || {
        let entries = std::fs::read_dir(place.path("")).unwrap().map(|entry| entry.unwrap().file_name());
        entries.filter(|name| name.to_string_lossy().starts_with(".long.out.csv.")).count()
    };
    while writing() == 0 {
        assert!(child.try_wait().unwrap().is_none(), "it ended before it could be interrupted");
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
    let process = rustix::process::Pid::from_child(&child);
    rustix::process::kill_process(process, rustix::process::Signal::TERM).unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(128 + 15));
    assert!(!place.path("long.out.csv").exists());
    assert_eq!(writing(), 0, "nothing half written is left");
}

/// What `sweep predict --run base` refuses of standard input.
fn refused_input(place: &Place, bytes: &[u8]) -> String {
    let output = place.sweep(&["predict", "--run", "base"]).write_stdin(bytes).output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    String::from_utf8(output.stderr).unwrap()
}

/// D13: what cannot be read is not blamed on what is written.
#[test]
fn standard_input_that_is_no_text_is_named_with_its_line() {
    let place = trained();
    let cases: [(&[u8], &str); 4] = [
        (b"Rates rise.\nA caf\xe9.\n", "standard input, line 2: not UTF-8: save the file as UTF-8"),
        (b"\xff\xfeR\0a\0", "standard input: this is text in UTF-16: save it as UTF-8"),
        (b"\x1f\x8b\x08\0", "standard input: this is compressed by gzip"),
        (b"a\rb\r", "standard input, line 1: holds a carriage return"),
    ];
    for (bytes, expected) in cases {
        let said = refused_input(&place, bytes);
        assert!(said.contains(expected) && !said.contains("standard output"), "{said}");
    }
    let marked =
        place.sweep(&["predict", "--run", "base"]).write_stdin("\u{feff}Rates rise.\r\n\r\n").output().unwrap();
    let table = String::from_utf8(marked.stdout).unwrap();
    assert!(table.starts_with("text,label\nRates rise.,") && table.lines().count() == 3, "{table}");
}

/// D14: no file is written in another format than its name says.
#[test]
fn output_is_written_as_its_name_says_or_refused() {
    let place = trained();
    place.write("two.csv", "id,text\n7,Rates rise.\n8,A goal.\n");
    for name in ["x.parquet", "x.PARQUET", "x.tsv", "x.csv.gz"] {
        let said = place.refusal(&["predict", "--run", "base", "--input", "two.csv", "--output", name]);
        assert!(
            said.contains(&format!("{name}: predictions are written as CSV (.csv) or JSON lines (.jsonl)")),
            "{said}"
        );
        assert!(!place.path(name).exists());
    }
    for name in ["x.json", "x.ndjson", "x.jsonl"] {
        place.output(&["predict", "--run", "base", "--input", "two.csv", "--output", name]);
        assert_eq!(parsed(&place.read(name)).len(), 2);
    }
}

/// D3, D11: how a file is read is said on the command line, or as it was for the run's data; and what is assumed is told.
#[test]
fn a_file_is_read_as_it_is_said_or_as_the_runs_data() {
    let place = trained();
    place.write("lines.csv", "Rates rise; a goal is late.\n\"A goal, he said.\nThe chip is new.\n");
    let input = ["predict", "--run", "base", "--input", "lines.csv"];
    let unquoted = [&input[..], &["--quoting", "none", "--separator", "|"]].concat();
    let output = place.sweep(&unquoted).output().unwrap();
    assert_eq!(String::from_utf8(output.stdout).unwrap().lines().count(), 4);
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(said.contains("lines.csv, line 1: taken for a text, not for the name of the only column"), "{said}");
    assert!(place.refusal(&input).contains("line 2: the quote that opens a field here is not closed up to line 3"));
    place.write("rows.jsonl", "{\"text\": \"a\"}\n");
    let said = place.refusal(&["predict", "--run", "base", "--input", "rows.jsonl", "--header", "false"]);
    assert!(said.contains("rows.jsonl: `header`, `quoting` and `separator` are for CSV and TSV files"), "{said}");

    // A copy: the trained run is that of all tests.
    std::fs::create_dir_all(place.path("own/adapter")).unwrap();
    for file in ["run.json", "result.json", "adapter/adapter_config.json", "adapter/adapter_model.safetensors"] {
        std::fs::copy(place.run("base").join(file), place.path("own").join(file)).unwrap();
    }
    let record = place.path("own/run.json");
    let text = std::fs::read_to_string(&record).unwrap();
    let mut json: serde_json::Value = serde_json::from_str(&text).unwrap();
    json["run"]["spec"]["dataset"]["reading"] = serde_json::json!({"separator": ";"});
    std::fs::write(&record, json.to_string()).unwrap();
    place.write("two.csv", "id;text\n7;Rates rise, it is said.\n8;A goal.\n");
    let output = place.sweep(&["predict", "--run", "own", "--input", "two.csv"]).output().unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(said.contains("two.csv is read as the run's data: separator: \";\""), "{said}");
    assert_eq!(
        String::from_utf8(output.stdout).unwrap().lines().map(|line| &line[..2]).collect::<Vec<_>>(),
        ["id", "7,", "8,"]
    );
}
