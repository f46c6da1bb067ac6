//! Which files make up the training and the evaluation rows.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use crate::spec::{DatasetSpec, Evaluation};

use super::DataError;
use super::table::Format;

/// The split that a folder's only data file is taken for, whatever its name.
const TRAIN: &str = "train";
const VALIDATION: &str = "validation";
/// Names that files of the validation split go by, as Hugging Face `datasets` knows them.
const VALIDATION_NAMES: [&str; 4] = [VALIDATION, "valid", "val", "dev"];
/// Where hub repositories keep their Parquet files.
const DATA_FOLDER: &str = "data";
const CARD: &str = "README.md";

/// The files that a [`DatasetSpec`] stands for. Shards of one split are in their order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct SourceFiles {
    pub train: Vec<PathBuf>,
    /// None: held out of the training rows.
    pub evaluation: Option<Vec<PathBuf>>,
    /// Where a data set card would be.
    pub card: PathBuf,
}

impl SourceFiles {
    /// `location` is the data set's file or folder on this machine.
    pub(super) fn find(spec: &DatasetSpec, location: &Path) -> Result<Self, DataError> {
        let metadata = std::fs::metadata(location).map_err(DataError::io(location, "open"))?;
        let is_folder = metadata.is_dir();
        let folder = if is_folder { location } else { location.parent().unwrap_or(Path::new("")) };
        let split = |name: &str| {
            if is_folder {
                split_files(location, name)
            } else {
                Err(DataError::SplitOfFile { path: location.to_owned(), split: name.to_owned() })
            }
        };
        let train = if is_folder { split(&spec.split)? } else { vec![location.to_owned()] };
        let evaluation = match &spec.evaluation {
            Evaluation::File(path) => Some(vec![evaluation_file(path, folder)]),
            Evaluation::Split(name) => Some(split(name)?),
            Evaluation::HeldOut { .. } => None,
        };
        Ok(Self { train, evaluation, card: folder.join(CARD) })
    }
}

/// As given; where nothing is there, relative to the data set's folder.
fn evaluation_file(path: &str, folder: &Path) -> PathBuf {
    let given = PathBuf::from(path);
    let beside = folder.join(path);
    if !given.exists() && beside.exists() { beside } else { given }
}

/// The files of a split, looked for in the folder itself, in `data/`, in a folder of the split's name, and in the other
/// subfolders (configurations), in this order.
fn split_files(folder: &Path, split: &str) -> Result<Vec<PathBuf>, DataError> {
    for place in [folder.to_owned(), folder.join(DATA_FOLDER)] {
        if let Some(files) = split_in(&place, split)? {
            return Ok(files);
        }
    }
    let mut of_configurations = Vec::new();
    for configuration in subfolders(folder)? {
        if let Some(files) = split_in(&configuration, split)? {
            of_configurations.push((configuration, files));
        }
    }
    if of_configurations.len() > 1 {
        return Err(DataError::AmbiguousSplit {
            folder: folder.to_owned(),
            split: split.to_owned(),
            candidates: of_configurations.iter().map(|(configuration, _)| shown(configuration, folder)).collect(),
        });
    }
    if let Some((_, files)) = of_configurations.pop() {
        return Ok(files);
    }
    only_file(folder, split)
}

/// A split in one folder: its data files, or all data files of its subfolder of the split's name.
fn split_in(folder: &Path, split: &str) -> Result<Option<Vec<PathBuf>>, DataError> {
    let names = if split == VALIDATION { VALIDATION_NAMES.to_vec() } else { vec![split] };
    let files = data_files(folder)?;
    for name in names {
        if let Some(found) = named_files(folder, &files, name)? {
            return Ok(Some(found));
        }
        let inside = preferred(data_files(&folder.join(name))?);
        if !inside.is_empty() {
            return Ok(Some(inside.into_iter().map(|file| file.path).collect()));
        }
    }
    Ok(None)
}

#[derive(Clone, Debug)]
struct DataFile {
    path: PathBuf,
    stem: String,
    format: Format,
}

/// `name.csv`; or the shards `name-00000-of-00002.parquet` ...; or the only file with `name` as a word in its name
/// (`ag_news_train.csv`).
fn named_files(folder: &Path, files: &[DataFile], name: &str) -> Result<Option<Vec<PathBuf>>, DataError> {
    let matching = |holds: &dyn Fn(&DataFile) -> bool| -> Vec<DataFile> {
        preferred(files.iter().filter(|file| holds(file)).cloned().collect())
    };
    if let Some(file) = matching(&|file| file.stem == name).first() {
        return Ok(Some(vec![file.path.clone()]));
    }
    let shards = matching(&|file| shard(&file.stem, name).is_some());
    if !shards.is_empty() {
        return complete_shards(folder, shards, name).map(Some);
    }
    let mut worded = matching(&|file| {
        let mut words = file.stem.split(|c: char| !c.is_alphanumeric());
        words.any(|word| word == name)
    });
    if worded.len() > 1 {
        return Err(DataError::AmbiguousSplit {
            folder: folder.to_owned(),
            split: name.to_owned(),
            candidates: worded.iter().map(|file| shown(&file.path, folder)).collect(),
        });
    }
    Ok(worded.pop().map(|file| vec![file.path]))
}

/// The number of a shard and of all shards: `train-00001-of-00004` gives (1, 4).
fn shard(stem: &str, name: &str) -> Option<(usize, usize)> {
    let (number, all) = stem.strip_prefix(name)?.strip_prefix('-')?.split_once("-of-")?;
    Some((number.parse().ok()?, all.split('-').next()?.parse().ok()?))
}

fn complete_shards(folder: &Path, files: Vec<DataFile>, name: &str) -> Result<Vec<PathBuf>, DataError> {
    let mut shards: BTreeMap<(usize, usize), PathBuf> = BTreeMap::new();
    for file in files {
        if let Some((number, all)) = shard(&file.stem, name) {
            shards.insert((all, number), file.path);
        }
    }
    let expected = shards.keys().next().map_or(0, |(all, _)| *all);
    let complete = shards.keys().copied().eq((0..expected).map(|number| (expected, number)));
    if !complete {
        return Err(DataError::MissingShards {
            folder: folder.to_owned(),
            split: name.to_owned(),
            expected,
            found: shards.len(),
        });
    }
    Ok(shards.into_values().collect())
}

/// Those of the most preferred format among them: the same rows may lie there in several.
fn preferred(mut files: Vec<DataFile>) -> Vec<DataFile> {
    let best = files.iter().map(|file| file.format).min();
    files.retain(|file| Some(file.format) == best);
    files
}

/// A folder with a single data file needs no split names.
fn only_file(folder: &Path, split: &str) -> Result<Vec<PathBuf>, DataError> {
    let mut files = data_files(folder)?;
    files.extend(data_files(&folder.join(DATA_FOLDER))?);
    match files.as_slice() {
        [only] if split == TRAIN => Ok(vec![only.path.clone()]),
        _ => Err(DataError::NoSplit {
            folder: folder.to_owned(),
            split: split.to_owned(),
            found: files.iter().map(|file| shown(&file.path, folder)).collect(),
        }),
    }
}

/// The data files of a folder by name; none where there is no such folder.
fn data_files(folder: &Path) -> Result<Vec<DataFile>, DataError> {
    let mut files: Vec<DataFile> = entries(folder)?
        .into_iter()
        .filter(|path| path.is_file())
        .filter_map(|path| {
            let format = Format::of(&path)?;
            let stem = path.file_stem()?.to_str()?.to_lowercase();
            Some(DataFile { path, stem, format })
        })
        .collect();
    files.sort_by(|a, b| (a.format, &a.path).cmp(&(b.format, &b.path)));
    Ok(files)
}

fn subfolders(folder: &Path) -> Result<Vec<PathBuf>, DataError> {
    let mut folders = entries(folder)?;
    folders.retain(|path| path.is_dir());
    folders.sort();
    Ok(folders)
}

/// What is in a folder, hidden things left out.
fn entries(folder: &Path) -> Result<Vec<PathBuf>, DataError> {
    if !folder.is_dir() {
        return Ok(Vec::new());
    }
    let mut paths = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(DataError::io(folder, "list"))? {
        let entry = entry.map_err(DataError::io(folder, "list"))?;
        if !entry.file_name().as_encoded_bytes().starts_with(b".") {
            paths.push(entry.path());
        }
    }
    Ok(paths)
}

fn shown(path: &Path, folder: &Path) -> String {
    path.strip_prefix(folder).unwrap_or(path).display().to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The files found for `split` in a folder that holds `files`, or the error without the folder's name.
    fn find(files: &str, split: &str) -> String {
        let folder = tempfile::tempdir().unwrap();
        for file in files.split(' ') {
            let path = folder.path().join(file);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, "x").unwrap();
        }
        match split_files(folder.path(), split) {
            Ok(found) => found.iter().map(|path| shown(path, folder.path())).collect::<Vec<_>>().join(" "),
            Err(error) => error.to_string().replace(&folder.path().display().to_string(), "FOLDER"),
        }
    }

    #[test]
    fn splits_are_found_where_people_put_them() {
        let shards =
            "data/train-00000-of-00002.parquet data/train-00001-of-00002.parquet data/test-00000-of-00001.parquet";
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
        };
        let found = SourceFiles::find(&spec, &file).unwrap();
        assert_eq!(found.evaluation.unwrap(), [folder.path().join("held.csv")]);
        spec.evaluation = Evaluation::Split("test".to_owned());
        assert!(matches!(SourceFiles::find(&spec, &file), Err(DataError::SplitOfFile { .. })));
        assert!(matches!(SourceFiles::find(&spec, &folder.path().join("none")), Err(DataError::Io { .. })));
    }
}
