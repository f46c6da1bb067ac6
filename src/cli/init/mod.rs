//! `sweep init`: a sweep file for a data set, or an example to begin with.

mod commands;
mod draft;
mod estimate;
mod example;
mod guesses;
mod lengths;
mod look;
mod scalar;

use std::path::{Path, PathBuf};

use clap::builder::{PossibleValue, PossibleValuesParser, TypedValueParser};

use crate::cli::streams::print;
use crate::exit_code::ExitCode;
use crate::spec::{MissingLabel, NoSeparator, Separator, SweepFile};

use super::CliError;
use super::context::Context;
use super::downloads;
use super::new_file::write_new;

use draft::Draft;
use estimate::Estimate;
use example::Example;
use guesses::Guesses;
use lengths::Lengths;
use look::Look;

/// Writes a sweep file to begin with.
///
/// With DATA, the data set is read, and the file says what was found: columns, classes, lengths in tokens, and what it will cost.
/// What is guessed is said beside it. With --example, one of the examples is written, with the data that it needs.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  sweep init reviews.csv
  sweep init stanfordnlp/sst2 --model FacebookAI/roberta-base -o sst2.yaml
  sweep init export.csv --text subject --text body --label queue --separator ';'
  sweep init --example quickstart

Exit codes:
  0  written
  2  the data set cannot be read as it is, or the file is there already; nothing was written")]
pub struct Init {
    /// A file, a folder with one file per split, or a name on the Hugging Face hub.
    #[arg(required_unless_present = "example", conflicts_with = "example")]
    data: Option<String>,
    /// An example instead.
    #[arg(long, value_name = "NAME", value_parser = example())]
    example: Option<Example>,
    /// Where the sweep file goes [default: named like the data set or the example]. A file that is there is not replaced.
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
    /// The model: a folder, or a name on the hub [default: the small one that is at hand, or RoBERTa-base].
    #[arg(long, value_name = "MODEL", conflicts_with = "example")]
    model: Option<String>,
    /// A text column, where it is not found by its name. May be given several times: columns are joined.
    #[arg(long, value_name = "COLUMN", conflicts_with = "example")]
    text: Vec<String>,
    /// The label column, where it is not found by its name.
    #[arg(long, value_name = "COLUMN", conflicts_with = "example")]
    label: Option<String>,
    /// The character between the cells of a CSV file: `;`, `tab`.
    #[arg(long, value_name = "CHARACTER", conflicts_with = "example", value_parser = separator)]
    separator: Option<Separator>,
    /// What becomes of rows whose label is missing.
    #[arg(long, value_name = "RULE", conflicts_with = "example", value_parser = missing_label())]
    missing_label: Option<MissingLabel>,
}

fn example() -> impl TypedValueParser<Value = Example> {
    let known = Example::ALL.map(|example| PossibleValue::new(example.name()).help(example.what()));
    PossibleValuesParser::new(known)
        .try_map(|name| Example::named(&name).ok_or_else(|| format!("there is no example `{name}`")))
}

fn separator(text: &str) -> Result<Separator, NoSeparator> {
    text.parse()
}

fn missing_label() -> impl TypedValueParser<Value = MissingLabel> {
    let names = MissingLabel::NAMES;
    PossibleValuesParser::new(names.map(|(name, _)| name)).try_map(move |given| {
        let found = names.into_iter().find(|(name, _)| *name == given);
        found.map(|(_, rule)| rule).ok_or_else(|| format!("there is no rule `{given}`"))
    })
}

impl Init {
    pub fn run(self, _: &Context<'_>) -> Result<ExitCode, CliError> {
        match (self.example, &self.data) {
            (Some(example), _) => example.write(self.output.as_deref())?,
            (None, Some(data)) => self.look_and_write(data)?,
            // The command line needs one of both.
            (None, None) => return Ok(ExitCode::BadInput),
        }
        Ok(ExitCode::Success)
    }

    fn look_and_write(&self, data: &str) -> Result<(), CliError> {
        let name = draft::sweep_name(data);
        let output = self.output.clone().unwrap_or_else(|| PathBuf::from(format!("{name}.yaml")));
        // Told before a large data set is read.
        if output.exists() {
            return Err(CliError::Exists { path: output });
        }
        let hub = downloads::hub()?;
        let look = Look::at(&hub, self.dataset(data))?;
        let lengths = Lengths::of(&hub, self.model.as_deref(), &look.dataset)?;
        let guesses = Guesses::new(&look, &lengths);
        let draft = Draft {
            name: &name,
            path: seen_from(data, &output),
            model: seen_from(&lengths.model, &output),
            look: &look,
            lengths: &lengths,
            guesses,
        };
        let body = draft.body();
        let folder = output.parent().unwrap_or(Path::new(""));
        let estimate = Estimate::of(&hub, &SweepFile::parse(&body, folder)?, &output)?;
        let text = draft.with_comments(&body, &output, &estimate);
        // What is in comments must not change what the file says.
        SweepFile::parse(&text, folder)?.check()?;
        write_new(&output, text.as_bytes())?;
        print(&format!("{}{}", estimate.shown, draft::next(&output, estimate.runs)))
    }

    fn dataset(&self, data: &str) -> crate::spec::DatasetSpec {
        let mut dataset = crate::spec::DatasetSpec::at(data);
        dataset.text.clone_from(&self.text);
        dataset.label.clone_from(&self.label);
        dataset.reading.separator = self.separator;
        dataset.missing_label = self.missing_label;
        dataset
    }
}

/// The path of a data set as a sweep file at `output` names it: as given where both lie in the same folder, or absolute.
fn seen_from(data: &str, output: &Path) -> String {
    let path = Path::new(data);
    let beside = output.parent().is_none_or(|folder| folder.as_os_str().is_empty() || folder == Path::new("."));
    if !path.exists() || path.is_absolute() || beside {
        return data.to_owned();
    }
    let absolute = std::path::absolute(path).ok();
    absolute.as_deref().and_then(Path::to_str).unwrap_or(data).to_owned()
}
