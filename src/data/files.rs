//! Which files make up the training and the evaluation rows.

use std::path::{Path, PathBuf};

use crate::spec::{DatasetSpec, Evaluation};

use super::DataError;
use super::card::{BadPattern, split_patterns};
use super::listing::Listing;
use super::shards::{all_in_order, complete, shard};
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
    /// None: there is no test, or it is held out of the training rows.
    pub test: Option<Vec<PathBuf>>,
    /// Where a data set card would be.
    pub card: PathBuf,
}

impl SourceFiles {
    /// Those of every part.
    pub(super) fn all(&self) -> impl Iterator<Item = &PathBuf> {
        self.train.iter().chain(self.evaluation.iter().flatten()).chain(self.test.iter().flatten())
    }

    /// `location` is the data set's file or folder on this machine.
    pub(super) fn find(spec: &DatasetSpec, location: &Path) -> Result<Self, DataError> {
        let metadata = std::fs::metadata(location).map_err(DataError::io(location, "open"))?;
        if metadata.is_dir() {
            let card = std::fs::read_to_string(location.join(CARD)).ok();
            let listing = Listing::read_folder(location)?;
            return Self::choose(spec, &listing, card.as_deref());
        }
        let folder = location.parent().unwrap_or(Path::new(""));
        let no_split = |name: &str| Err(DataError::SplitOfFile { path: location.to_owned(), split: name.to_owned() });
        Self::from_parts(spec, vec![location.to_owned()], folder, no_split)
    }

    /// With the files of the evaluation and of the test; `split` finds those of a split.
    fn from_parts(
        spec: &DatasetSpec,
        train: Vec<PathBuf>,
        folder: &Path,
        split: impl Fn(&str) -> Result<Vec<PathBuf>, DataError>,
    ) -> Result<Self, DataError> {
        let files = |part: &Evaluation| match part {
            Evaluation::File(path) => Ok(Some(vec![evaluation_file(path, folder)])),
            Evaluation::Split(name) => split(name).map(Some),
            Evaluation::HeldOut { .. } => Ok(None),
        };
        let evaluation = files(&spec.evaluation)?;
        let test = spec.test.as_ref().map_or(Ok(None), files)?;
        Self { train, evaluation, test, card: folder.join(CARD) }.with_a_test_apart()
    }

    /// Refuses a test of files that are trained on or evaluated on as well.
    fn with_a_test_apart(self) -> Result<Self, DataError> {
        let real = |path: &PathBuf| path.canonicalize().unwrap_or_else(|_| path.clone());
        let others = [(Some(&self.train), "trained on"), (self.evaluation.as_ref(), "evaluated on")];
        for path in self.test.iter().flatten() {
            for (files, other) in &others {
                if files.is_some_and(|files| files.iter().any(|file| real(file) == real(path))) {
                    return Err(DataError::SameFile { path: path.clone(), other });
                }
            }
        }
        Ok(self)
    }

    fn choose(spec: &DatasetSpec, listing: &Listing, card: Option<&str>) -> Result<Self, DataError> {
        let folder = listing.folder();
        let split = |name: &str| -> Result<Vec<PathBuf>, DataError> {
            let files = split_files(listing, card, name)?;
            Ok(files.into_iter().map(|file| folder.join(file)).collect())
        };
        Self::from_parts(spec, split(&spec.split)?, folder, split)
    }
}

/// Which of a repository's files hold the rows of `spec`; `card` is the text of its `README.md`, which is needed too,
/// where it has one.
///
/// # Errors
/// There are none for a split, or it is not clear which.
pub fn needed_files(spec: &DatasetSpec, names: &[String], card: Option<&str>) -> Result<Vec<String>, DataError> {
    let listing = Listing::from_names(&spec.path, names);
    let files = SourceFiles::choose(spec, &listing, card)?;
    let mut needed: Vec<PathBuf> = card.is_some().then(|| CARD.into()).into_iter().collect();
    let of_splits = files.all();
    needed.extend(of_splits.map(|file| file.strip_prefix(listing.folder()).unwrap_or(file).to_owned()));
    needed.dedup();
    Ok(needed.iter().map(|file| file.display().to_string()).filter(|file| names.contains(file)).collect())
}

/// Whether a folder holds the rows of `spec`.
pub fn has_files(spec: &DatasetSpec, folder: &Path) -> bool {
    SourceFiles::find(spec, folder).is_ok()
}

/// As given; where nothing is there, relative to the data set's folder.
fn evaluation_file(path: &str, folder: &Path) -> PathBuf {
    let given = PathBuf::from(path);
    let beside = folder.join(path);
    if !given.exists() && beside.exists() { beside } else { given }
}

/// The files of a split: those that the data set's card names; else looked for in the folder itself, in `data/`, in a
/// folder of the split's name, and in the other subfolders (configurations), in this order.
fn split_files(listing: &Listing, card: Option<&str>, split: &str) -> Result<Vec<PathBuf>, DataError> {
    if let Some(card) = card
        && let Some(files) = named_by_card(listing, card, split)?
    {
        return match files.first() {
            // Shards that are missing would match no pattern.
            Some(_) => complete(listing, files, split),
            None => Err(no_split(listing, split)),
        };
    }
    for place in ["", DATA_FOLDER] {
        if let Some(files) = split_in(listing, Path::new(place), split)? {
            return Ok(files);
        }
    }
    let mut of_configurations = Vec::new();
    for configuration in listing.subfolders() {
        if let Some(files) = split_in(listing, &configuration, split)? {
            of_configurations.push((configuration, files));
        }
    }
    if of_configurations.len() > 1 {
        return Err(DataError::AmbiguousSplit {
            folder: listing.folder().to_owned(),
            split: split.to_owned(),
            candidates: of_configurations.iter().map(|(configuration, _)| shown(configuration)).collect(),
        });
    }
    if let Some((_, files)) = of_configurations.pop() {
        return Ok(files);
    }
    only_file(listing, split)
}

/// The files that match the card's patterns for a split; none where the card has no say. A pattern without files beside
/// others that have some would lose rows.
fn named_by_card(listing: &Listing, card: &str, split: &str) -> Result<Option<Vec<PathBuf>>, DataError> {
    let (folder, of) = (|| listing.folder().to_owned(), split.to_owned());
    let patterns = match split_patterns(card, split) {
        None => return Ok(None),
        Some(Ok(patterns)) => patterns,
        Some(Err(BadPattern { written })) => {
            return Err(DataError::CardPattern { folder: folder(), split: of, pattern: written });
        }
    };
    let mut found: Vec<PathBuf> = Vec::new();
    let mut without = None;
    for pattern in patterns {
        let matching = listing.files().iter().filter(|file| pattern.regex.is_match(&shown(file)));
        let before = found.len();
        found.extend(matching.filter(|file| Format::from_path(file).is_some()).cloned());
        if found.len() == before {
            without.get_or_insert(pattern.written);
        }
    }
    if let Some(pattern) = without.filter(|_| !found.is_empty()) {
        let found = all_files(listing).iter().map(|file| shown(&file.path)).collect();
        return Err(DataError::CardFiles { folder: folder(), split: of, pattern, found });
    }
    // In the order of the listing, each once, whatever the order of the patterns.
    found.sort();
    found.dedup();
    Ok(Some(found))
}

/// A split in one folder: its data files, or all data files of its subfolder of the split's name.
fn split_in(listing: &Listing, folder: &Path, split: &str) -> Result<Option<Vec<PathBuf>>, DataError> {
    let names = if split == VALIDATION { VALIDATION_NAMES.to_vec() } else { vec![split] };
    let files = data_files(listing, folder);
    for name in names {
        if let Some(found) = named_files(listing, &files, name)? {
            return Ok(Some(found));
        }
        let inside = preferred(data_files(listing, &folder.join(name)));
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
fn named_files(listing: &Listing, files: &[DataFile], name: &str) -> Result<Option<Vec<PathBuf>>, DataError> {
    let matching = |holds: &dyn Fn(&DataFile) -> bool| -> Vec<DataFile> {
        preferred(files.iter().filter(|file| holds(file)).cloned().collect())
    };
    if let Some(file) = matching(&|file| file.stem == name).first() {
        return Ok(Some(vec![file.path.clone()]));
    }
    let shards = matching(&|file| shard(&file.stem, name).is_some());
    if !shards.is_empty() {
        let numbered = shards.into_iter().filter_map(|file| Some((shard(&file.stem, name)?, file.path)));
        return all_in_order(listing, numbered, name).map(Some);
    }
    let mut worded = matching(&|file| {
        let mut words = file.stem.split(|c: char| !c.is_alphanumeric());
        words.any(|word| word == name)
    });
    if worded.len() > 1 {
        return Err(DataError::AmbiguousSplit {
            folder: listing.folder().to_owned(),
            split: name.to_owned(),
            candidates: worded.iter().map(|file| shown(&file.path)).collect(),
        });
    }
    Ok(worded.pop().map(|file| vec![file.path]))
}

/// Those of the most preferred format among them: the same rows may lie there in several.
fn preferred(mut files: Vec<DataFile>) -> Vec<DataFile> {
    let best = files.iter().map(|file| file.format).min();
    files.retain(|file| Some(file.format) == best);
    files
}

/// A folder with a single data file needs no split names.
fn only_file(listing: &Listing, split: &str) -> Result<Vec<PathBuf>, DataError> {
    match all_files(listing).as_slice() {
        [only] if split == TRAIN => Ok(vec![only.path.clone()]),
        _ => Err(no_split(listing, split)),
    }
}

fn no_split(listing: &Listing, split: &str) -> DataError {
    DataError::NoSplit {
        folder: listing.folder().to_owned(),
        split: split.to_owned(),
        found: all_files(listing).iter().map(|file| shown(&file.path)).collect(),
    }
}

fn all_files(listing: &Listing) -> Vec<DataFile> {
    let mut files = data_files(listing, Path::new(""));
    files.extend(data_files(listing, Path::new(DATA_FOLDER)));
    files
}

/// The data files of a folder by format and name; none where there is no such folder.
fn data_files(listing: &Listing, folder: &Path) -> Vec<DataFile> {
    let inside = listing.files().iter().filter(|path| path.parent() == Some(folder));
    let mut files: Vec<DataFile> = inside
        .filter_map(|path| {
            let format = Format::from_path(path)?;
            let stem = path.file_stem()?.to_str()?.to_lowercase();
            Some(DataFile { path: path.clone(), stem, format })
        })
        .collect();
    files.sort_by(|a, b| (a.format, &a.path).cmp(&(b.format, &b.path)));
    files
}

fn shown(path: &Path) -> String {
    path.display().to_string()
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
        let listing = Listing::read_folder(folder.path()).unwrap();
        let names: Vec<String> = files.split(' ').filter(|name| !name.starts_with('.')).map(str::to_owned).collect();
        let of_names = Listing::from_names("x", &names);
        assert_eq!(of_names.files(), listing.files());
        match split_files(&listing, None, split) {
            Ok(found) => found.iter().map(|path| shown(path)).collect::<Vec<_>>().join(" "),
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
}
