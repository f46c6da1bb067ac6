//! Which files make up the training and the evaluation rows.

use std::path::{Component, Path, PathBuf};

use crate::spec::{DatasetSpec, Evaluation};

use super::DataError;
use super::card::{BadPattern, data_dir, split_patterns};
use super::listing::{DataFile, Listing, below_folder, data_files, preferred};
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
            let inside = named_folder(location, card.as_deref())?;
            let folder = below_folder(location, &inside);
            if !folder.is_dir() {
                return Err(no_folder(location, &inside));
            }
            return Self::choose(spec, location, &Listing::read_folder(&folder)?, card.as_deref());
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

    /// `root`: where the card is; the files of the splits are in the listing.
    fn choose(spec: &DatasetSpec, root: &Path, listing: &Listing, card: Option<&str>) -> Result<Self, DataError> {
        let split = |name: &str| -> Result<Vec<PathBuf>, DataError> {
            let files = split_files(listing, card, name)?;
            Ok(files.into_iter().map(|file| listing.folder().join(file)).collect())
        };
        Self::from_parts(spec, split(&spec.split)?, root, split)
    }
}

/// Which of a repository's files hold the rows of `spec`; `card` is the text of its `README.md`, which is needed too,
/// where it has one.
///
/// # Errors
/// There are none for a split, or it is not clear which.
pub fn needed_files(spec: &DatasetSpec, names: &[String], card: Option<&str>) -> Result<Vec<String>, DataError> {
    let root = Path::new(&spec.path);
    let inside = named_folder(root, card)?;
    let listing = Listing::from_names(&spec.path, &inside, names);
    if listing.files().is_empty() && !inside.as_os_str().is_empty() {
        return Err(no_folder(root, &inside));
    }
    let files = SourceFiles::choose(spec, root, &listing, card)?;
    let mut needed: Vec<PathBuf> = card.is_some().then(|| CARD.into()).into_iter().collect();
    let of_splits = files.all();
    needed.extend(of_splits.map(|file| file.strip_prefix(root).unwrap_or(file).to_owned()));
    needed.dedup();
    Ok(needed.iter().map(|file| file.display().to_string()).filter(|file| names.contains(file)).collect())
}

/// Whether a folder holds the rows of `spec`.
pub fn has_files(spec: &DatasetSpec, folder: &Path) -> bool {
    SourceFiles::find(spec, folder).is_ok()
}

/// The folder that the card says the files lie below, relative to `root`; empty: that is the data set's own.
fn named_folder(root: &Path, card: Option<&str>) -> Result<PathBuf, DataError> {
    let named = card.and_then(data_dir).unwrap_or_default();
    let mut inside = PathBuf::new();
    for part in Path::new(&named).components() {
        match part {
            Component::Normal(part) => inside.push(part),
            Component::CurDir => {}
            _ => {
                let problem = "which is no folder inside the data set";
                return Err(DataError::CardFolder { folder: root.to_owned(), data_dir: named, problem });
            }
        }
    }
    Ok(inside)
}

fn no_folder(root: &Path, inside: &Path) -> DataError {
    let problem = "and there is no such folder";
    DataError::CardFolder { folder: root.to_owned(), data_dir: shown(inside), problem }
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

fn shown(path: &Path) -> String {
    path.display().to_string()
}

#[cfg(test)]
mod tests;
