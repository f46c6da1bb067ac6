use super::*;

/// The files found for `split` in a folder that holds `files`, or the error without the folder's name.
fn find(files: &str, split: &str) -> String {
    let folder = tempfile::tempdir().unwrap();
    for file in files.split(' ') {
        let path = folder.path().join(file);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, "x").unwrap();
    }
    let listing = Listing::read_folder(folder.path()).unwrap();
    let names: Vec<String> = files.split(' ').filter(|name| !name.starts_with('.')).map(str::to_owned).collect();
    let of_names = Listing::from_names("x", Path::new(""), &names);
    assert_eq!(of_names.files(), listing.files());
    match split_files(&listing, None, split) {
        Ok(found) => found.iter().map(|path| shown(path)).collect::<Vec<_>>().join(" "),
        Err(error) => error.to_string().replace(&folder.path().display().to_string(), "FOLDER"),
    }
}

#[test]
fn splits_are_found_where_people_put_them() {
    let shards = "data/train-00000-of-00002.parquet data/train-00001-of-00002.parquet data/test-00000-of-00001.parquet";
    let cases = [
        ("train.csv test.csv", "train", "train.csv"),
        ("train.csv train.parquet test.csv", "train", "train.parquet"),
        ("train.csv train_small.csv", "train", "train.csv"),
        ("train.csv dev.jsonl", "validation", "dev.jsonl"),
        ("ag_news_train.csv ag_news_test.csv", "test", "ag_news_test.csv"),
        (shards, "test", "data/test-00000-of-00001.parquet"),
        (shards, "train", "data/train-00000-of-00002.parquet data/train-00001-of-00002.parquet"),
        ("train/a.csv train/b.csv test/c.csv", "train", "train/a.csv train/b.csv"),
        ("plain_text/train-00000-of-00001.parquet README.md", "train", "plain_text/train-00000-of-00001.parquet"),
        ("newswire.csv README.md .hidden.csv", "train", "newswire.csv"),
    ];
    for (files, split, expected) in cases {
        assert_eq!(find(files, split), expected, "{split} in {files}");
    }
}

#[test]
fn a_card_says_which_files_make_a_split() {
    let card = "---\nconfigs:\n- config_name: default\n  data_files:\n  - split: train\n    path: data/train-*\n  \
                - split: test\n    path: other/t?st.csv\n---\n";
    let names =
        "README.md data/train-00000-of-00002.parquet data/train-00001-of-00002.parquet other/test.csv x/train.csv";
    let names: Vec<String> = names.split(' ').map(str::to_owned).collect();
    let needed = |card: &str, names: &[String], evaluation: Evaluation| {
        let spec = DatasetSpec { evaluation, ..DatasetSpec::at("acme/news") };
        needed_files(&spec, names, Some(card)).map_err(|error| error.to_string())
    };
    let held_out = || DatasetSpec::at("").evaluation;
    assert_eq!(needed(card, &names, held_out()).unwrap(), &names[..3]);
    assert_eq!(needed(card, &names, Evaluation::Split("test".into())).unwrap(), &names[..4]);
    let error = needed(card, &names, Evaluation::Split("validation".into())).unwrap_err();
    assert!(error.contains("no file for the split `validation`"), "{error}");
    let error = needed(card, &names[..2], held_out()).unwrap_err();
    assert!(error.contains("has 1 of its 2 files"), "{error}");
    // What would lose rows without a word.
    for (path, said) in [
        ("data/train-[z-a]*", "`data/train-[z-a]*` are the files of the split `train`, which is no pattern"),
        ("'data/train-[0-9'", "`data/train-[0-9` are the files of the split `train`, which is no pattern"),
        ("[data/train-*, more/train-*]", "`more/train-*` are files of the split `train`, and there are none"),
    ] {
        let card = card.replace("path: data/train-*", &format!("path: {path}"));
        let error = needed(&card, &names, held_out()).unwrap_err();
        assert!(error.contains(said), "{error}");
    }
    let both = card.replace("path: data/train-*", "path: [x/*, data/train-*, x/train.csv]");
    assert_eq!(needed(&both, &names, held_out()).unwrap(), [&names[..3], &names[4..]].concat());
    // A card without a word about files leaves it to their names.
    assert_eq!(needed("# News\n", &names, held_out()).unwrap(), &names[..3]);
}

#[test]
fn a_card_says_below_which_folder_the_files_lie() {
    let card = |more: &str| format!("---\nconfigs:\n- config_name: default\n  {more}\n---\n");
    let names = "README.md test.csv train.csv v2/data/deep/train.csv v2/test.csv v2/train.csv v2/x/train.csv";
    let names: Vec<String> = names.split(' ').map(str::to_owned).collect();
    let spec = DatasetSpec { evaluation: Evaluation::Split("test".into()), ..DatasetSpec::at("acme/news") };
    let folder = tempfile::tempdir().unwrap();
    for name in &names {
        std::fs::create_dir_all(folder.path().join(name).parent().unwrap()).unwrap();
        std::fs::write(folder.path().join(name), "x").unwrap();
    }
    // Of a repository, and of the same files in a folder.
    let found = |more: &str| {
        let card = card(more);
        std::fs::write(folder.path().join(CARD), &card).unwrap();
        let of_names = needed_files(&spec, &names, Some(&card)).map(|files| files.join(" "));
        let local = SourceFiles::find(&spec, folder.path()).map(|files| {
            let relative = |path: &PathBuf| shown(path.strip_prefix(folder.path()).unwrap());
            std::iter::once(CARD.to_owned()).chain(files.all().map(relative)).collect::<Vec<_>>().join(" ")
        });
        let said = |error: DataError| error.to_string().replace(&shown(folder.path()), "acme/news");
        let (of_names, local) = (of_names.map_err(said), local.map_err(said));
        assert_eq!(of_names, local, "{more}");
        local.unwrap_or_else(|error| error)
    };
    for written in ["v2", "./v2/"] {
        assert_eq!(found(&format!("data_dir: {written}")), "README.md v2/train.csv v2/test.csv");
    }
    let files = "data_dir: v2\n  data_files:\n  - split: train\n    path: x/*.csv\n  - split: test\n    path: test.csv";
    assert_eq!(found(files), "README.md v2/x/train.csv v2/test.csv");
    assert_eq!(found("data_dir: ''"), "README.md train.csv test.csv");
    insta::assert_snapshot!(found("data_dir: v2/x"), @"acme/news/v2/x: no file for the split `test`; data files there: `train.csv`");
    insta::assert_snapshot!(found("data_dir: v3"), @"acme/news: the data set card (README.md) says that the files lie in `v3` (`data_dir`), and there is no such folder; correct it, or name a file as `dataset.path`");
    insta::assert_snapshot!(found("data_dir: ../v2"), @"acme/news: the data set card (README.md) says that the files lie in `../v2` (`data_dir`), which is no folder inside the data set; correct it, or name a file as `dataset.path`");
}

#[test]
fn files_with_the_same_number_are_refused() {
    insta::assert_snapshot!(find("data/train-00000-of-00001-a.csv data/train-00000-of-00001-b.csv", "train"), @"FOLDER: the split `train` has the same numbered file twice: `data/train-00000-of-00001-a.csv` and `data/train-00000-of-00001-b.csv`; remove one of them, or name a file as `dataset.path`");
    let card = "---\nconfigs:\n- config_name: default\n  data_files: data/train-*\n---\n";
    let needed = |names: &str| {
        let names: Vec<String> = names.split(' ').map(str::to_owned).collect();
        needed_files(&DatasetSpec::at("acme/news"), &names, Some(card)).unwrap_err().to_string()
    };
    insta::assert_snapshot!(needed("data/train-00000-of-00002-a.csv data/train-00000-of-00002-b.csv"), @"acme/news: the split `train` has the same numbered file twice: `data/train-00000-of-00002-a.csv` and `data/train-00000-of-00002-b.csv`; remove one of them, or name a file as `dataset.path`");
    insta::assert_snapshot!(needed("data/train-00000-of-00001.csv data/train-00000-of-00001.parquet"), @"acme/news: the split `train` has the same numbered file twice: `data/train-00000-of-00001.csv` and `data/train-00000-of-00001.parquet`; remove one of them, or name a file as `dataset.path`");
}

#[test]
fn what_is_not_clear_is_refused() {
    insta::assert_snapshot!(find("train.csv test.csv", "validation"), @"FOLDER: no file for the split `validation`; data files there: `test.csv`, `train.csv`");
    insta::assert_snapshot!(find("newswire.csv", "test"), @"FOLDER: no file for the split `test`; data files there: `newswire.csv`");
    insta::assert_snapshot!(find("notes.txt", "train"), @"FOLDER: no file for the split `train`; data files there: none");
    insta::assert_snapshot!(find("a/train.csv b/train.csv", "train"), @"FOLDER: several candidates for the split `train`: `a`, `b`; name one of them as `dataset.path`");
    insta::assert_snapshot!(find("my_train.csv old_train.csv", "train"), @"FOLDER: several candidates for the split `train`: `my_train.csv`, `old_train.csv`; name one of them as `dataset.path`");
    insta::assert_snapshot!(find("train-00000-of-00003.csv train-00002-of-00003.csv", "train"), @"FOLDER: the split `train` has 2 of its 3 files (name-00000-of-00003)");
}

#[test]
fn a_file_has_no_splits() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("all.csv");
    std::fs::write(&file, "x").unwrap();
    std::fs::write(folder.path().join("held.csv"), "x").unwrap();
    let mut spec = DatasetSpec {
        path: String::new(),
        split: TRAIN.to_owned(),
        text: Vec::new(),
        label: None,
        limit: None,
        evaluation: Evaluation::File("held.csv".to_owned()),
        test: None,
        reading: Default::default(),
        missing_label: None,
    };
    let found = SourceFiles::find(&spec, &file).unwrap();
    assert_eq!(found.evaluation.unwrap(), [folder.path().join("held.csv")]);
    spec.evaluation = Evaluation::Split("test".to_owned());
    assert!(matches!(SourceFiles::find(&spec, &file), Err(DataError::SplitOfFile { .. })));
    assert!(matches!(SourceFiles::find(&spec, &folder.path().join("none")), Err(DataError::Io { .. })));
}
