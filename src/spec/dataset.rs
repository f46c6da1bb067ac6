//! `dataset`: a path alone, or a mapping that says more.

use super::cursor::{Context, Cursor, shown_number};
use super::fields;
use super::problem::{did_you_mean, quoted};
use super::reading::{self, Quoting, Reading, Separator};
use super::yaml::Value;
use super::{DatasetSpec, Evaluation, HeldOut, MissingLabel};

/// More rows than any text data set has.
pub(super) const MOST_ROWS: usize = 1_000_000_000_000;

impl DatasetSpec {
    /// A data set of which only the path is said: trained on its `train` split, with the paper's 640 examples (seed 42)
    /// held out for evaluation.
    pub fn at(path: impl Into<String>) -> DatasetSpec {
        DatasetSpec {
            path: path.into(),
            split: "train".to_owned(),
            text: Vec::new(),
            label: None,
            limit: None,
            evaluation: Evaluation::HeldOut { size: HeldOut::Examples(640), seed: 42 },
            test: None,
            reading: Reading::default(),
            missing_label: None,
        }
    }

    /// Why there would be nothing to train on, or no test that chooses nothing, where that is known without reading the data.
    pub(super) fn contradiction(&self) -> Option<String> {
        self.same_rows().or_else(|| self.nothing_left())
    }

    fn same_rows(&self) -> Option<String> {
        let test = self.test.as_ref()?;
        if !matches!(test, Evaluation::HeldOut { .. }) && *test == self.evaluation {
            return Some(format!(
                "takes the same rows as `eval` and as `test` ({}): the test must choose nothing, and `eval` chooses the best \
                 epoch; name another part, or hold rows out of the training split: `eval: {{test_size: 640}}`",
                shown_part(test)
            ));
        }
        let trained_on = match test {
            Evaluation::Split(split) => *split == self.split,
            Evaluation::File(path) => *path == self.path,
            Evaluation::HeldOut { .. } => false,
        };
        trained_on.then(|| {
            format!(
                "takes the rows that are trained on as `test` ({}), too; name another part, or hold some of them out: \
                 `test: {{test_size: 1000}}`",
                shown_part(test)
            )
        })
    }

    fn nothing_left(&self) -> Option<String> {
        let limit = self.limit?;
        let held_out = |part: &Evaluation| match part {
            Evaluation::HeldOut { size: HeldOut::Examples(examples), .. } => *examples,
            _ => 0,
        };
        let held_out = held_out(&self.evaluation).saturating_add(self.test.as_ref().map_or(0, held_out));
        (held_out >= limit).then(|| {
            format!(
                "holds out {held_out} of {limit} rows, which leaves none to train on; hold out fewer: \
                 `eval: {{test_size: 0.2}}`"
            )
        })
    }
}

/// One field of a data set.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum DatasetSetting {
    Path(String),
    Split(String),
    Text(Vec<String>),
    Label(String),
    Limit(usize),
    Evaluation(Evaluation),
    Test(Evaluation),
    Header(bool),
    Quoting(Quoting),
    Separator(Separator),
    MissingLabel(MissingLabel),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum DatasetField {
    Path,
    Split,
    Text,
    Label,
    Limit,
    Evaluation,
    Test,
    Header,
    Quoting,
    Separator,
    MissingLabel,
}

impl DatasetField {
    pub const NAMES: [(&'static str, DatasetField); 11] = [
        ("path", DatasetField::Path),
        ("split", DatasetField::Split),
        ("text", DatasetField::Text),
        ("label", DatasetField::Label),
        ("limit", DatasetField::Limit),
        ("eval", DatasetField::Evaluation),
        ("test", DatasetField::Test),
        ("header", DatasetField::Header),
        ("quoting", DatasetField::Quoting),
        ("separator", DatasetField::Separator),
        ("missing_label", DatasetField::MissingLabel),
    ];

    pub fn read(self, cursor: &Cursor<'_>, context: &mut Context<'_>) -> Option<DatasetSetting> {
        Some(match self {
            DatasetField::Path => {
                let path = cursor.text(context, "a file, a folder or a hub name")?;
                DatasetSetting::Path(context.located(path, cursor.node))
            }
            DatasetField::Split => DatasetSetting::Split(cursor.text(context, "the name of a split")?.to_owned()),
            DatasetField::Text => DatasetSetting::Text(read_columns(cursor, context)?),
            DatasetField::Label => DatasetSetting::Label(cursor.text(context, "the name of a column")?.to_owned()),
            DatasetField::Limit => DatasetSetting::Limit(read_limit(cursor, context)?),
            DatasetField::Evaluation => DatasetSetting::Evaluation(read_evaluation(cursor, context)?),
            DatasetField::Test => DatasetSetting::Test(read_evaluation(cursor, context)?),
            DatasetField::Header => DatasetSetting::Header(reading::read_header(cursor, context)?),
            DatasetField::Quoting => DatasetSetting::Quoting(cursor.one_of(context, &Quoting::NAMES)?),
            DatasetField::Separator => DatasetSetting::Separator(reading::read_separator(cursor, context)?),
            DatasetField::MissingLabel => DatasetSetting::MissingLabel(cursor.one_of(context, &MissingLabel::NAMES)?),
        })
    }

    /// The field's value in `dataset`; none where it is not said.
    pub fn setting_of(self, dataset: &DatasetSpec) -> Option<DatasetSetting> {
        Some(match self {
            DatasetField::Path => DatasetSetting::Path(dataset.path.clone()),
            DatasetField::Split => DatasetSetting::Split(dataset.split.clone()),
            DatasetField::Text if dataset.text.is_empty() => return None,
            DatasetField::Text => DatasetSetting::Text(dataset.text.clone()),
            DatasetField::Label => DatasetSetting::Label(dataset.label.clone()?),
            DatasetField::Limit => DatasetSetting::Limit(dataset.limit?),
            DatasetField::Evaluation => DatasetSetting::Evaluation(dataset.evaluation.clone()),
            DatasetField::Test => DatasetSetting::Test(dataset.test.clone()?),
            DatasetField::Header => DatasetSetting::Header(dataset.reading.header?),
            DatasetField::Quoting => DatasetSetting::Quoting(dataset.reading.quoting?),
            DatasetField::Separator => DatasetSetting::Separator(dataset.reading.separator?),
            DatasetField::MissingLabel => DatasetSetting::MissingLabel(dataset.missing_label?),
        })
    }
}

impl DatasetSpec {
    /// Stands for the digest of contents that are not read: equal where path, evaluation and test are. No id that is shown or
    /// recorded is made of it.
    pub fn unread_digest(&self) -> String {
        let parts = serde_json::to_string(&(&self.path, &self.evaluation, &self.test));
        format!("not read: {}", parts.expect("texts and numbers always have a JSON form"))
    }

    /// The fields beside the path that say something else than what is taken where they are left out, with their names.
    pub(super) fn given(&self) -> impl Iterator<Item = (&'static str, DatasetField)> + '_ {
        let plain = DatasetSpec::at(self.path.as_str());
        DatasetField::NAMES.into_iter().filter(move |(_, field)| field.setting_of(self) != field.setting_of(&plain))
    }
}

impl DatasetSetting {
    pub fn field(&self) -> DatasetField {
        match self {
            DatasetSetting::Path(_) => DatasetField::Path,
            DatasetSetting::Split(_) => DatasetField::Split,
            DatasetSetting::Text(_) => DatasetField::Text,
            DatasetSetting::Label(_) => DatasetField::Label,
            DatasetSetting::Limit(_) => DatasetField::Limit,
            DatasetSetting::Evaluation(_) => DatasetField::Evaluation,
            DatasetSetting::Test(_) => DatasetField::Test,
            DatasetSetting::Header(_) => DatasetField::Header,
            DatasetSetting::Quoting(_) => DatasetField::Quoting,
            DatasetSetting::Separator(_) => DatasetField::Separator,
            DatasetSetting::MissingLabel(_) => DatasetField::MissingLabel,
        }
    }

    pub fn apply(&self, dataset: &mut DatasetSpec) {
        match self.clone() {
            DatasetSetting::Path(path) => dataset.path = path,
            DatasetSetting::Split(split) => dataset.split = split,
            DatasetSetting::Text(columns) => dataset.text = columns,
            DatasetSetting::Label(column) => dataset.label = Some(column),
            DatasetSetting::Limit(rows) => dataset.limit = Some(rows),
            DatasetSetting::Evaluation(evaluation) => dataset.evaluation = evaluation,
            DatasetSetting::Test(test) => dataset.test = Some(test),
            DatasetSetting::Header(header) => dataset.reading.header = Some(header),
            DatasetSetting::Quoting(quoting) => dataset.reading.quoting = Some(quoting),
            DatasetSetting::Separator(separator) => dataset.reading.separator = Some(separator),
            DatasetSetting::MissingLabel(rule) => dataset.missing_label = Some(rule),
        }
    }

    /// A short form for labels.
    pub fn shown(&self) -> String {
        match self {
            DatasetSetting::Path(text) | DatasetSetting::Split(text) | DatasetSetting::Label(text) => text.clone(),
            DatasetSetting::Text(columns) => columns.join("+"),
            DatasetSetting::Limit(rows) => rows.to_string(),
            DatasetSetting::Header(header) => header.to_string(),
            DatasetSetting::Quoting(quoting) => quoting.name().to_owned(),
            DatasetSetting::Separator(separator) => separator.to_string(),
            DatasetSetting::MissingLabel(rule) => rule.name().to_owned(),
            DatasetSetting::Evaluation(part) | DatasetSetting::Test(part) => shown_part(part),
        }
    }
}

/// `held.csv`, `split:test`, `held-out:640 seed:42`.
fn shown_part(part: &Evaluation) -> String {
    match part {
        Evaluation::File(path) => path.clone(),
        Evaluation::Split(split) => format!("split:{split}"),
        Evaluation::HeldOut { size, seed } => {
            let size = match size {
                HeldOut::Examples(examples) => examples.to_string(),
                HeldOut::Fraction(fraction) => shown_number(*fraction),
            };
            format!("held-out:{size} seed:{seed}")
        }
    }
}

/// A whole data set: its path, or a mapping with at least the path.
pub(super) fn read(cursor: &Cursor<'_>, context: &mut Context<'_>) -> Option<DatasetSpec> {
    const EXPECTED: &str = "a path, a hub name, or a mapping with `path`";
    if !matches!(cursor.node.value, Value::Map(_)) {
        let path = cursor.text(context, EXPECTED)?;
        return Some(DatasetSpec::at(context.located(path, cursor.node)));
    }
    let entries = cursor.entries(context, EXPECTED)?;
    let mut dataset = DatasetSpec::at("");
    let mut sound = true;
    for (key, value) in &entries {
        let field = DatasetField::NAMES.iter().find(|(name, _)| name == key);
        match field.map(|(_, field)| field.read(value, context)) {
            Some(Some(setting)) => setting.apply(&mut dataset),
            Some(None) => sound = false,
            None => {
                let hint = did_you_mean(key, DatasetField::NAMES.map(|(name, _)| name));
                value.problem(context, format!("unknown key {}{hint}", quoted(key)));
            }
        }
    }
    if !entries.iter().any(|(key, _)| *key == "path") {
        cursor.problem(context, "lacks `path`");
        sound = false;
    }
    sound.then_some(dataset)
}

/// A short form for labels, with the path as the sweep file has it.
pub(super) fn shown(dataset: &DatasetSpec, path: &str) -> String {
    let plain = DatasetSpec::at(dataset.path.as_str());
    let fields = DatasetField::NAMES.iter().filter_map(|(name, field)| {
        let value = field.setting_of(dataset).filter(|_| *field != DatasetField::Path)?;
        (field.setting_of(&plain) != Some(value.clone())).then(|| format!(" {name}={}", value.shown()))
    });
    std::iter::once(path.to_owned()).chain(fields).collect()
}

fn read_columns(cursor: &Cursor<'_>, context: &mut Context<'_>) -> Option<Vec<String>> {
    const EXPECTED: &str = "the name of a column, or a list of names";
    if !matches!(cursor.node.value, Value::List(_)) {
        return Some(vec![cursor.text(context, EXPECTED)?.to_owned()]);
    }
    let items = cursor.items(context, EXPECTED)?;
    if items.is_empty() {
        cursor.problem(context, "must name at least one column");
        return None;
    }
    let columns = items.iter().map(|item| item.text(context, "the name of a column").map(str::to_owned));
    columns.collect::<Vec<_>>().into_iter().collect()
}

/// The evaluation or the test: a file's path, `{split: ...}`, or `{test_size: ..., seed: ...}`.
fn read_evaluation(cursor: &Cursor<'_>, context: &mut Context<'_>) -> Option<Evaluation> {
    const EXPECTED: &str = "a file's path, {split: test}, or {test_size: 640, seed: 42}";
    if !matches!(cursor.node.value, Value::Map(_)) {
        let path = cursor.text(context, EXPECTED)?;
        return Some(Evaluation::File(context.located(path, cursor.node)));
    }
    let entries = cursor.entries(context, EXPECTED)?;
    let (mut split, mut size, mut seed, mut sound) = (None, None, None, true);
    for (key, value) in &entries {
        let read = match *key {
            "split" => value.text(context, "the name of a split").map(|name| split = Some(name.to_owned())),
            "test_size" => read_size(value, context).map(|read| size = Some(read)),
            "seed" => read_seed(value, context).map(|read| seed = Some(read)),
            _ => {
                let hint = did_you_mean(key, fields::names(&fields::EVALUATION));
                value.problem(context, format!("unknown key {}{hint}", quoted(key)));
                Some(())
            }
        };
        sound &= read.is_some();
    }
    match (split, size, seed) {
        _ if !sound => None,
        (Some(split), None, None) => Some(Evaluation::Split(split)),
        (None, Some(size), seed) => Some(Evaluation::HeldOut { size, seed: seed.unwrap_or(42) }),
        (Some(_), _, _) => {
            cursor.problem(context, "a split is evaluated as it is: `split` goes with no other key");
            None
        }
        (None, None, _) => {
            cursor.problem(context, format!("must be {EXPECTED}"));
            None
        }
    }
}

fn read_size(cursor: &Cursor<'_>, context: &mut Context<'_>) -> Option<HeldOut> {
    if matches!(cursor.node.value, Value::Float(value) if value.fract() != 0.0 || value <= 1.0) {
        let fraction = cursor.number(context)?;
        if fraction > 0.0 && fraction < 1.0 {
            return Some(HeldOut::Fraction(fraction));
        }
        cursor.problem(context, "must be a number of examples, or a fraction between 0 and 1 (both excluded)");
        return None;
    }
    cursor.count(context, 1, MOST_ROWS).map(HeldOut::Examples)
}

fn read_limit(cursor: &Cursor<'_>, context: &mut Context<'_>) -> Option<usize> {
    if let Value::Null | Value::Text(_) = cursor.node.value {
        let found = cursor.found();
        cursor.problem(
            context,
            format!("must be a number of rows, found {found}; all rows are taken where it is left out"),
        );
        return None;
    }
    cursor.count(context, 1, MOST_ROWS)
}

/// Any unsigned 64-bit number.
pub(super) fn read_seed(cursor: &Cursor<'_>, context: &mut Context<'_>) -> Option<u64> {
    // A number with decimals is exact up to here.
    const EXACT: i128 = 1 << 53;
    let exact = |value: &i128| matches!(cursor.node.value, Value::Integer(_)) || *value <= EXACT;
    let seed = cursor.whole().filter(exact).and_then(|value| u64::try_from(value).ok());
    if seed.is_none() {
        cursor.problem(context, format!("must be a whole number from 0 to 2^64 - 1, found {}", cursor.found()));
    }
    seed
}
