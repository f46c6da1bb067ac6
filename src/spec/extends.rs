//! `extends`: a sweep file that says only in what it differs from another one.
//!
//! `base` is taken over parameter by parameter, every other section as a whole: what the file itself says comes first. `name` and
//! `description` are each file's own.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::cursor::below_home;
use super::problem::quoted;
use super::sources::{Source, Sources};
use super::yaml::{self, Node, Value};
use super::{Problem, SpecErrors, encoding};

/// The key.
pub(super) const EXTENDS: &str = "extends";
/// Files that extend each other in a row, and all together, at most.
const MOST_FILES: usize = 20;
/// Bytes of a file; more is no sweep file.
const LARGEST: u64 = 4 << 20;
/// Sections that are not taken over.
const OWN: [&str; 3] = ["name", "description", EXTENDS];
const BASE: &str = "base";
const DATASET: &str = "dataset";

/// A file that a sweep file extends, as it was read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ExtendedFile {
    /// As the sweep file names it, seen from the folder in which the program ran.
    pub path: String,
    pub text: String,
}

/// Where files are read.
pub(super) enum Files<'a> {
    /// As they are now.
    Disk,
    /// As they were when the sweep was planned.
    Recorded(&'a [ExtendedFile]),
}

impl Files<'_> {
    fn read(&self, path: &Path) -> Result<Vec<u8>, String> {
        match self {
            Files::Recorded(files) => {
                let found = files.iter().find(|file| Path::new(&file.path) == path);
                found.map(|file| file.text.clone().into_bytes()).ok_or_else(|| "it is not recorded".to_owned())
            }
            Files::Disk => {
                let metadata = std::fs::metadata(path).map_err(|error| error.to_string())?;
                if !metadata.is_file() || metadata.len() > LARGEST {
                    return Err(format!("it is no file, or larger than {} MiB", LARGEST >> 20));
                }
                std::fs::read(path).map_err(|error| error.to_string())
            }
        }
    }
}

/// What a file took from another one, for people to read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Taken {
    pub from: String,
    /// `base.rank`, `grid`.
    pub taken: Vec<String>,
    /// What it says as well, and is not taken.
    pub overridden: Vec<String>,
}

/// Puts a file together with those that it extends.
pub(super) struct Composer<'a> {
    pub files: Files<'a>,
    pub sources: Sources,
    pub taken: Vec<Taken>,
    /// The number of the next node.
    next: usize,
}

/// The file that is being read, and those that led to it.
#[derive(Clone, Copy)]
struct Chain<'a> {
    title: &'a str,
    folder: &'a Path,
    text: &'a str,
    /// The number of its first node.
    first: usize,
    path: Option<&'a Path>,
    before: Option<&'a Chain<'a>>,
}

impl Chain<'_> {
    fn fault(&self, key: &Node, message: String) -> SpecErrors {
        let line = yaml::line(self.text, key.index - self.first);
        let problem = Problem { path: EXTENDS.to_owned(), file: None, line, message };
        SpecErrors::Invalid { file: self.title.to_owned(), problems: vec![problem] }
    }

    /// This file and those before it.
    fn all(&self) -> impl Iterator<Item = &Chain<'_>> {
        std::iter::successors(Some(self), |chain| chain.before)
    }

    /// Whether a file is one of them.
    fn has(&self, path: &Path) -> bool {
        let real = path.canonicalize().ok();
        let is_it = |own: &Path| own == path || real.is_some() && own.canonicalize().ok() == real;
        self.all().filter_map(|chain| chain.path).any(is_it)
    }
}

impl<'a> Composer<'a> {
    pub fn new(files: Files<'a>, sources: Sources, root: &Node) -> Self {
        Composer { files, sources, taken: Vec::new(), next: after(root) }
    }

    /// The tree of the sweep file with what it takes over. `path`: where it lies, if it is a file.
    ///
    /// # Errors
    /// A file that cannot be read or is no YAML; one that extends itself.
    pub fn compose(&mut self, root: Node, path: Option<&Path>) -> Result<Node, SpecErrors> {
        let Some(source) = self.sources.iter().next().cloned() else {
            return Ok(root);
        };
        let Source { title, folder, text, first } = &source;
        self.extended(root, Chain { title, folder, text, first: *first, path, before: None })
    }

    fn extended(&mut self, root: Node, chain: Chain<'_>) -> Result<Node, SpecErrors> {
        let Value::Map(entries) = &root.value else {
            return Ok(root);
        };
        let Some((key, value)) = entries.iter().find(|(key, _)| is_text(key, EXTENDS)) else {
            return Ok(root);
        };
        let names = names(value).ok_or_else(|| {
            chain.fault(key, "must be the path of a sweep file, or a list of paths: `extends: base.yaml`".to_owned())
        })?;
        let mut merged = root.clone();
        // The last one comes first after the file itself.
        for name in names.iter().rev() {
            let path = below_home(name).map_or_else(|| chain.folder.join(name), PathBuf::from);
            if chain.has(&path) {
                let round: Vec<String> = chain.all().map(|chain| chain.title.to_owned()).collect();
                let message = format!("{} extends itself: by way of {}", quoted(name), round.join(", "));
                return Err(chain.fault(key, message));
            }
            if self.sources.iter().count() > MOST_FILES {
                return Err(chain.fault(key, format!("more than {MOST_FILES} files extend each other")));
            }
            let parent = self.parent(&path, key, &chain)?;
            merged = self.merged(parent, merged, &path.display().to_string());
        }
        Ok(merged)
    }

    /// The tree of another file, which may extend further ones.
    fn parent(&mut self, path: &Path, key: &Node, chain: &Chain<'_>) -> Result<Node, SpecErrors> {
        let title = path.display().to_string();
        let cannot = |reason: String| chain.fault(key, format!("cannot read {}: {reason}", quoted(&title)));
        let bytes = self.files.read(path).map_err(cannot)?;
        let text = encoding::decode(bytes).and_then(encoding::checked).map_err(|error| error.in_file(&title))?;
        let mut root = yaml::parse(&text).map_err(|error| {
            let explained = encoding::explained(&text, &error);
            explained.unwrap_or(error).in_file(&title)
        })?;
        if !matches!(root.value, Value::Map(_)) {
            return Err(cannot("it is no mapping with the sections of a sweep file".to_owned()));
        }
        let first = self.next;
        shift(&mut root, first);
        self.next = after(&root);
        let folder = path.parent().unwrap_or(Path::new("")).to_owned();
        self.sources.add(Source { title: title.clone(), folder: folder.clone(), text: text.clone(), first });
        let before = Some(chain);
        self.extended(root, Chain { title: &title, folder: &folder, text: &text, first, path: Some(path), before })
    }

    /// What a file says, and of what it extends the rest.
    fn merged(&mut self, parent: Node, own: Node, from: &str) -> Node {
        let (Value::Map(theirs), index) = (parent.value, own.index) else {
            return own;
        };
        let Value::Map(mut entries) = own.value else {
            return Node { index, value: own.value };
        };
        expand(&mut entries);
        let mut taken = Taken { from: from.to_owned(), taken: Vec::new(), overridden: Vec::new() };
        let mut theirs = theirs;
        expand(&mut theirs);
        for (key, value) in theirs {
            let name = named(&key).to_owned();
            if OWN.contains(&name.as_str()) {
                continue;
            }
            let there = entries.iter().position(|(own, _)| is_text(own, &name));
            match there {
                None => {
                    taken.taken.extend(parts(&name, &value));
                    entries.push((key, value));
                }
                // A base without anything in it is as one that is not there.
                Some(at) if name == BASE && entries[at].1.value == Value::Null => {
                    taken.taken.extend(parts(&name, &value));
                    entries[at].1 = value;
                }
                Some(at) if name == BASE => merge_base(value, &mut entries[at].1, &mut taken),
                Some(_) => taken.overridden.push(name),
            }
        }
        self.taken.push(taken);
        Node { index, value: Value::Map(entries) }
    }
}

/// Takes over those parameters that are not given.
fn merge_base(theirs: Node, own: &mut Node, taken: &mut Taken) {
    let (Value::Map(mut theirs), Value::Map(own)) = (theirs.value, &mut own.value) else {
        taken.overridden.push(BASE.to_owned());
        return;
    };
    expand(&mut theirs);
    expand(own);
    let given: Vec<String> = own.iter().map(|(key, _)| named(key).to_owned()).collect();
    let has = |name: &str| given.iter().any(|given| given == name);
    let fields: Vec<&str> = given.iter().filter_map(|name| name.strip_prefix("dataset.")).collect();
    for (key, mut value) in theirs {
        let name = named(&key).to_owned();
        let whole = has(DATASET) && name.starts_with("dataset.");
        // A data set that is text is its path.
        let is_path = name == DATASET && fields.contains(&"path") && matches!(value.value, Value::Text(_));
        if has(&name) || whole || is_path {
            taken.overridden.push(format!("{BASE}.{name}"));
            continue;
        }
        if name == DATASET
            && let Value::Map(parts) = &mut value.value
        {
            expand(parts);
            let is_given = |part: &(Node, Node)| fields.iter().any(|field| is_text(&part.0, field));
            taken.overridden.extend(
                parts.iter().filter(|part| is_given(part)).map(|(key, _)| format!("{BASE}.{DATASET}.{}", named(key))),
            );
            parts.retain(|part| !is_given(part));
            // Without its path it is no data set by itself: its fields stand for themselves.
            if !parts.iter().any(|(key, _)| is_text(key, "path")) {
                taken.taken.push(format!("{BASE}.{DATASET}"));
                let beside = parts.drain(..).map(|(key, value)| {
                    let value_of = Value::Text(format!("{DATASET}.{}", named(&key)));
                    (Node { index: key.index, value: value_of }, value)
                });
                own.extend(beside);
                continue;
            }
        }
        taken.taken.push(format!("{BASE}.{name}"));
        own.push((key, value));
    }
}

/// What a section gives: the parameters of `base`, any other as a whole.
fn parts(name: &str, value: &Node) -> Vec<String> {
    match &value.value {
        Value::Map(entries) if name == BASE => {
            entries.iter().map(|(key, _)| format!("{BASE}.{}", named(key))).collect()
        }
        Value::Null => Vec::new(),
        _ => vec![name.to_owned()],
    }
}

/// Writes out `<<: *name`: entries for the keys that are not there yet. What cannot be merged stays, and is reported.
fn expand(entries: &mut Vec<(Node, Node)>) {
    const MERGE: &str = "<<";
    let is_sound = |value: &Node| match &value.value {
        Value::Map(_) => true,
        Value::List(items) => items.iter().all(|item| matches!(item.value, Value::Map(_))),
        _ => false,
    };
    while let Some(at) = entries.iter().position(|(key, value)| is_text(key, MERGE) && is_sound(value)) {
        let (_, from) = entries.remove(at);
        let maps = match from.value {
            Value::List(items) => items,
            _ => vec![from],
        };
        for (key, value) in
            maps.into_iter().flat_map(|map| if let Value::Map(map) = map.value { map } else { Vec::new() })
        {
            if is_text(&key, MERGE) || !entries.iter().any(|(own, _)| own.value == key.value) {
                entries.push((key, value));
            }
        }
    }
}

/// A path, or a list of paths.
fn names(value: &Node) -> Option<Vec<&str>> {
    let one = |node: &'_ Node| matches!(&node.value, Value::Text(text) if !text.trim().is_empty());
    match &value.value {
        Value::Text(text) if one(value) => Some(vec![text]),
        Value::List(items) if !items.is_empty() && items.iter().all(one) => Some(items.iter().map(named).collect()),
        _ => None,
    }
}

fn named(key: &Node) -> &str {
    match &key.value {
        Value::Text(text) => text,
        _ => "",
    }
}

fn is_text(node: &Node, text: &str) -> bool {
    matches!(&node.value, Value::Text(own) if own == text)
}

/// The number after that of the last node.
fn after(node: &Node) -> usize {
    let inside = match &node.value {
        Value::List(items) => items.last().map(after),
        Value::Map(entries) => entries.last().map(|(_, value)| after(value)),
        _ => None,
    };
    inside.unwrap_or(0).max(node.index + 1)
}

fn shift(node: &mut Node, by: usize) {
    node.index += by;
    match &mut node.value {
        Value::List(items) => items.iter_mut().for_each(|item| shift(item, by)),
        Value::Map(entries) => entries.iter_mut().for_each(|(key, value)| {
            shift(key, by);
            shift(value, by);
        }),
        _ => {}
    }
}
