//! A sweep file from text to runs.

use std::path::Path;

use super::cursor::{Context, Cursor};
use super::dataset::DatasetField;
use super::design::{Design, Override, read_seeds};
use super::extends::{Composer, Files, Taken};
use super::parameter::Parameter;
use super::problem::{Place, Problems, did_you_mean, quoted};
use super::setting::Setting;
use super::sources::Sources;
use super::yaml::{self, Node, Value};
use super::{ExtendedFile, Facts, Problem, SpecErrors, Sweep, encoding, notice, resolve};

/// A sweep file that is sound YAML. What it says is checked by [`SweepFile::resolve`], all of it at once, because some of
/// it can only be checked with what is known of the models.
#[derive(Clone, Debug)]
pub struct SweepFile {
    /// The file's name for messages.
    title: String,
    /// The sweep's name where the file gives none.
    default_name: String,
    sources: Sources,
    /// With what it takes over from files that it extends.
    root: Node,
    taken: Vec<Taken>,
    overrides: Vec<Override>,
}

/// Where a text comes from.
struct Origin<'a> {
    /// Relative paths of files are looked for in here first.
    folder: &'a Path,
    /// Where it lies, if it is a file.
    path: Option<&'a Path>,
    files: Files<'a>,
}

impl SweepFile {
    /// Reads a sweep file. A sweep without `name` is called like its file.
    ///
    /// # Errors
    /// When the file cannot be read or is no YAML.
    pub fn read(path: &Path) -> Result<SweepFile, SpecErrors> {
        SweepFile::read_in(path, path.parent().unwrap_or(Path::new("")))
    }

    /// The same for a copy of a sweep file that was in another `folder`.
    ///
    /// # Errors
    /// Those of [`SweepFile::read`].
    pub fn read_in(path: &Path, folder: &Path) -> Result<SweepFile, SpecErrors> {
        SweepFile::read_with(path, folder, Files::Disk)
    }

    /// The same for a copy whose further files were recorded: it means what it meant then.
    ///
    /// # Errors
    /// Those of [`SweepFile::read`].
    pub fn read_recorded(path: &Path, folder: &Path, files: &[ExtendedFile]) -> Result<SweepFile, SpecErrors> {
        SweepFile::read_with(path, folder, Files::Recorded(files))
    }

    fn read_with(path: &Path, folder: &Path, files: Files<'_>) -> Result<SweepFile, SpecErrors> {
        let read = |source| SpecErrors::Read { path: path.to_owned(), source };
        let bytes = std::fs::read(path).map_err(read)?;
        let title = path.display().to_string();
        let text = encoding::decode(bytes).map_err(|error| error.in_file(&title))?;
        let stem = path.file_stem().map_or_else(|| "sweep".into(), |stem| stem.to_string_lossy());
        SweepFile::new(text, Origin { folder, path: Some(path), files }, title, stem.into_owned())
    }

    /// Reads a sweep file's text. Relative paths of files are looked for in `folder` first.
    ///
    /// # Errors
    /// When the text is no YAML.
    pub fn parse(text: &str, folder: &Path) -> Result<SweepFile, SpecErrors> {
        SweepFile::new(
            text.to_owned(),
            Origin { folder, path: None, files: Files::Disk },
            "sweep file".to_owned(),
            "sweep".to_owned(),
        )
    }

    fn new(text: String, origin: Origin<'_>, title: String, default_name: String) -> Result<SweepFile, SpecErrors> {
        let text = encoding::checked(text).map_err(|error| error.in_file(&title))?;
        let root = yaml::parse(&text).map_err(|error| {
            let explained = encoding::explained(&text, &error);
            explained.unwrap_or(error).in_file(&title)
        })?;
        let sources = Sources::of_file(&title, origin.folder, &text);
        let mut composer = Composer::new(origin.files, sources, &root);
        let root = composer.compose(root, origin.path)?;
        let Composer { sources, taken, .. } = composer;
        Ok(SweepFile { title, default_name, sources, root, taken, overrides: Vec::new() })
    }

    /// The file's text as it was read, without a byte order mark.
    pub fn text(&self) -> &str {
        self.sources.text()
    }

    pub(super) fn sources(&self) -> &Sources {
        &self.sources
    }

    /// The files that it extends, as they were read.
    pub fn extended(&self) -> Vec<ExtendedFile> {
        let files = self.sources.iter().skip(1);
        files.map(|file| ExtendedFile { path: file.title.clone(), text: file.text.clone() }).collect()
    }

    /// What it takes from each of these files, for people to read: a line each.
    pub fn taken(&self) -> Vec<String> {
        let listed = |names: &[String]| if names.is_empty() { "nothing".to_owned() } else { names.join(", ") };
        let line = |taken: &Taken| {
            let overridden = match taken.overridden.as_slice() {
                [] => String::new(),
                names => format!("; said otherwise: {}", names.join(", ")),
            };
            format!("from {}: {}{overridden}", taken.from, listed(&taken.taken))
        };
        self.taken.iter().map(line).collect()
    }

    /// Changes base: `key=value` with a parameter's name (also a data set's field: `dataset.limit=100`) and a value as in
    /// the file. Paths are as given, not relative to the file. `dataset=PATH` keeps the data set's other fields; a mapping
    /// replaces the whole data set. `seeds=[1, 2]` replaces the seeds, and so does `seed=7`.
    ///
    /// A hypothesis whose varied values all equal the changed base is left out of the sweep.
    ///
    /// # Errors
    /// When there is no such parameter or the value does not fit it.
    pub fn set(&mut self, assignment: &str) -> Result<(), SpecErrors> {
        let mut problems = Problems::default();
        let change = read_override(assignment, &mut problems);
        match change {
            Some(change) if problems.is_empty() => self.overrides.push(change),
            _ => {
                return Err(SpecErrors::Invalid {
                    file: "--set".to_owned(),
                    problems: problems.report(&Sources::default()),
                });
            }
        }
        Ok(())
    }

    /// The sweep's name, which is that of its results folder.
    pub fn name(&self) -> String {
        self.design(&mut Problems::default()).name
    }

    /// Gives every configuration these seeds beside those that it has; where the file has no `seeds`, beside base's.
    pub fn add_seeds(&mut self, seeds: &[u64]) {
        self.overrides.push(Override::MoreSeeds(seeds.to_vec()));
    }

    /// What can be told without models and data sets.
    ///
    /// # Errors
    /// With every problem of the file, in the order of its lines.
    pub fn check(&self) -> Result<(), SpecErrors> {
        let mut problems = Problems::default();
        self.design(&mut problems);
        if problems.is_empty() { Ok(()) } else { Err(self.invalid(problems.report(&self.sources))) }
    }

    /// The sweep with all its runs.
    ///
    /// # Errors
    /// With every problem of the file, in the order of its lines.
    pub fn resolve(&self, facts: &dyn Facts) -> Result<Sweep, SpecErrors> {
        let mut problems = Problems::default();
        let design = self.design(&mut problems);
        match resolve::resolve(&design, facts, &mut problems) {
            Some(sweep) => Ok(Sweep { extends: self.extended(), ..sweep }),
            None => Err(self.invalid(problems.report(&self.sources))),
        }
    }

    /// What of the options and of the file has no effect, or another one than it may seem, for people to read: one line each.
    pub fn notices(&self, sweep: &Sweep) -> Vec<String> {
        let design = self.design(&mut Problems::default());
        let line = |place: &Place| place.node.and_then(|node| self.sources.line(node)).map(|line| line.to_string());
        let mut notices = self.lost_to_changes(sweep);
        notices.extend(design.looks.as_ref().filter(|_| design.overridden).and_then(|looks| looks.lost(&sweep.looks)));
        notices.extend(notice::notices(&design, &self.overrides, &line));
        notices
    }

    /// What changes of base by [`SweepFile::set`] took away from the hypotheses of a sweep that this file gave, for people
    /// to read: a varied value that base now has is compared with nothing.
    fn lost_to_changes(&self, sweep: &Sweep) -> Vec<String> {
        if self.overrides.is_empty() {
            return Vec::new();
        }
        let design = self.design(&mut Problems::default());
        let lost = design.claims.iter().filter_map(|claim| {
            let (id, name) = (quoted(&claim.id), quoted(claim.vary.name()));
            let Some(kept) = sweep.hypotheses.iter().find(|kept| kept.id == claim.id) else {
                return Some(format!("hypothesis {id} is left out: with --set nothing is varied in {name} any more"));
            };
            let (named, left) = (claim.vary.named_values()?, kept.vary.treatments.len());
            (left < named).then(|| {
                format!(
                    "hypothesis {id} compares {left} of {named} values of {name}: with --set the others are base's own"
                )
            })
        });
        lost.collect()
    }

    pub(super) fn design(&self, problems: &mut Problems) -> Design {
        let mut context = Context { problems, sources: Some(&self.sources) };
        Design::read(&self.root, &self.default_name, &self.overrides, &mut context)
    }

    pub(super) fn invalid(&self, problems: Vec<Problem>) -> SpecErrors {
        SpecErrors::Invalid { file: self.title.clone(), problems }
    }
}

fn read_override(assignment: &str, problems: &mut Problems) -> Option<Override> {
    let mut context = Context { problems, sources: None };
    let (key, text) = match assignment.split_once('=') {
        Some((key, text)) => (key.trim(), text),
        None => (assignment.trim(), ""),
    };
    let parsed = yaml::parse(text);
    let null = Node { index: 0, value: Value::Null };
    let root = Cursor::option(parsed.as_ref().unwrap_or(&null));
    let cursor = root.entry(key, root.node.index, root.node);
    if !assignment.contains('=') {
        cursor.problem(&mut context, "must be `key=value`");
        return None;
    }
    if let Err(error) = &parsed {
        cursor.problem(&mut context, format!("the value is no YAML: {}", error.message));
        return None;
    }
    if key == "seeds" {
        return read_seeds(&cursor, &mut context).map(Override::Seeds);
    }
    let Some(parameter) = Parameter::named(key) else {
        let message = match Parameter::meant(key) {
            Some(_) => Parameter::unknown(key),
            None => format!("unknown parameter {}{}", quoted(key), did_you_mean(key, ["seeds"])),
        };
        cursor.problem(&mut context, message);
        return None;
    };
    // A path alone says nothing of the other fields.
    let parameter = match (parameter, &root.node.value) {
        (Parameter::Dataset, Value::Text(_)) => Parameter::DatasetField(DatasetField::Path),
        _ => parameter,
    };
    Setting::read(parameter, &cursor, &mut context).map(Override::Setting)
}
