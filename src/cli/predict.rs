//! `sweep predict`: what a trained classifier says of texts.

use std::io::{BufReader, BufWriter, IsTerminal, Write};
use std::path::{Path, PathBuf};

use clap::ValueEnum;
use indicatif::{ProgressBar, ProgressStyle};

use crate::cli::streams::print;
use crate::data::{DataError, TextColumns, TextLines, TextReader, Truth, is_separated};
use crate::execute::{Stop, cuda_devices, open_device, stop_on_signals};
use crate::exit_code::ExitCode;
use crate::inference::{
    self, ClassifierSource, Columns, Format, InferenceError, Limits, Lookup, Predictor, Summary, Writer, predict_rows,
};
use crate::metrics::Metric;
use crate::spec::{Quoting, Reading, Separator};
use crate::store::write_atomically_with;
use crate::task::{Answer, LabelAs, Targets, cell};

use super::CliError;
use super::context::Context;
use super::downloads;
use super::progress::can_draw;
use super::run::Devices;
use super::streams::tell;
use super::text::{Align, Table, count, percent};

/// Predicts the classes of texts.
///
/// Texts come from --text, from a file (--input), or from standard input, one per line.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  sweep predict --run quickstart/best --text 'Shares fell after the bank cut its forecast.'
  sweep predict --run 3f9a --input test.csv --output submission.csv --id-column ID --label-column Class
  sweep predict --run results/ablation/best --input test.parquet --truth-column label --output out.csv --probabilities
  cat texts.txt | sweep predict --run my-adapter/ --json

Exit codes:
  0        every text has its prediction
  2        bad input, or the predictions cannot be computed or written; then --output is as it was
  128 + n  interrupted by signal n; then --output is as it was")]
pub struct Predict {
    /// The classifier: the folder, id or label of a run; SWEEP/best, the best run of a sweep (a name in --results, or its
    /// folder); the folder of an adapter that peft saved; or a merged model's folder.
    #[arg(long, value_name = "RUN")]
    run: String,
    /// Where runs and sweeps are looked for by name.
    #[arg(long, value_name = "DIR", default_value = "results")]
    results: PathBuf,
    /// The base model, where it is not where the run or the adapter says: a folder or a hub name.
    #[arg(long, value_name = "MODEL")]
    model: Option<String>,
    /// A text. May be given several times.
    #[arg(long, value_name = "TEXT", conflicts_with = "input", allow_negative_numbers = true)]
    text: Vec<String>,
    /// A CSV, TSV, Parquet or JSON (lines or array) file of any size.
    #[arg(long, value_name = "FILE")]
    input: Option<PathBuf>,
    /// Where predictions go (else to standard output): CSV, or JSON lines with --json or a name that ends in .jsonl, .ndjson or .json. The
    /// file is written whole or not at all.
    #[arg(long, value_name = "FILE")]
    output: Option<PathBuf>,
    /// Writes JSON lines.
    #[arg(long)]
    json: bool,
    /// The text column of the input; several are joined by a space [default: detected].
    #[arg(long, value_name = "NAME", requires = "input")]
    text_column: Vec<String>,
    /// The column that identifies the input's rows, which the output begins with [default: `id`, or the row's number].
    #[arg(long, value_name = "NAME", requires = "input")]
    id_column: Option<String>,
    /// Whether the first line of a CSV or TSV input names the columns [default: as the run's data, else detected].
    #[arg(long, value_name = "BOOL", requires = "input")]
    header: Option<bool>,
    /// What a double quote means in a CSV or TSV input [default: as the run's data, else minimal].
    #[arg(long, value_enum, value_name = "HOW", requires = "input")]
    quoting: Option<QuotingForm>,
    /// The character between the cells of a CSV or TSV input: ';', tab [default: as the run's data, else by the file's name].
    #[arg(long, value_name = "CHARACTER", requires = "input", allow_hyphen_values = true)]
    separator: Option<Separator>,
    /// A column of the input with the right labels: says how many predictions are right.
    #[arg(long, value_name = "NAME", requires = "input")]
    truth_column: Option<String>,
    /// What the output calls the predicted label.
    #[arg(long, value_name = "NAME", default_value = "label")]
    label_column: String,
    /// How the output writes it: the class's name, or its number counted from 0.
    #[arg(long, value_enum, default_value_t = LabelForm::Name)]
    label_as: LabelForm,
    /// Adds a column p_CLASS for every class (JSON always has them).
    #[arg(long)]
    probabilities: bool,
    /// The names of the classes in order, where an adapter's folder does not tell them.
    #[arg(long, value_name = "NAMES", value_delimiter = ',')]
    class_names: Option<Vec<String>>,
    /// Longest sequence in tokens; longer texts are cut [default: as in training, else 512].
    #[arg(long, value_name = "N", allow_negative_numbers = true, value_parser = super::numbers::tokens)]
    max_length: Option<usize>,
    /// Texts computed at once.
    #[arg(long, value_name = "N", default_value_t = 64, allow_negative_numbers = true, value_parser = super::numbers::batch)]
    batch_size: usize,
    /// The device to compute on: auto, cpu, or a GPU (`cuda:0`).
    #[arg(long, visible_alias = "devices", default_value = "auto")]
    device: Devices,
    /// Threads on the processor [default: all].
    #[arg(long, value_name = "N", allow_negative_numbers = true, value_parser = super::numbers::threads)]
    threads: Option<usize>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum QuotingForm {
    /// One at the beginning of a field encloses it.
    Minimal,
    /// It is a character like any other.
    None,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum LabelForm {
    Name,
    Index,
}

impl Predict {
    pub fn run(self, _: &Context<'_>) -> Result<ExitCode, CliError> {
        let format = self.format()?;
        let Some(input) = &self.input else {
            self.predict_texts(format)?;
            return Ok(ExitCode::Success);
        };
        let stop = Stop::default();
        match self.predict_file(input, format, &stop) {
            Err(CliError::Inference(error @ InferenceError::Interrupted)) => {
                tell(error);
                Ok(ExitCode::signal(stop.signal()))
            }
            Err(error) => Err(error),
            Ok(()) => Ok(ExitCode::Success),
        }
    }

    fn source(&self) -> Result<ClassifierSource, CliError> {
        let hub = downloads::hub()?;
        let lookup = Lookup { hub: &hub, results: &self.results, model: self.model.as_deref() };
        let mut source = inference::find(&self.run, &lookup)?;
        if let Some(names) = &self.class_names {
            source.names = Some(names.clone());
        }
        Ok(source)
    }

    fn predictor(&self, source: &ClassifierSource) -> Result<Predictor, CliError> {
        let devices = self.device.resolve(cuda_devices())?;
        // There is at least one; more than one is more than a single model needs.
        let device = open_device(devices.first().map_or("cpu", String::as_str), self.threads)?;
        let limits = Limits { max_length: self.max_length, batch_size: self.batch_size };
        Ok(Predictor::load(source, limits, device)?)
    }

    fn format(&self) -> Result<Format, CliError> {
        let extension = self.output.as_ref().and_then(|path| path.extension()).and_then(|extension| extension.to_str());
        match extension.map(str::to_ascii_lowercase).as_deref() {
            Some("jsonl" | "ndjson" | "json") => Ok(Format::JsonLines),
            Some("parquet" | "tsv" | "xlsx" | "xls" | "gz" | "zst" | "bz2" | "xz" | "zip" | "arrow" | "feather") => {
                Err(CliError::OutputFormat { path: self.output.clone().unwrap_or_default() })
            }
            _ => Ok(if self.json { Format::JsonLines } else { Format::Csv }),
        }
    }

    /// What is said of the input on the command line, and else what was said of the run's data.
    fn reading(&self, input: &Path, source: &ClassifierSource) -> Result<Reading, CliError> {
        let quoting = self.quoting.map(|form| match form {
            QuotingForm::Minimal => Quoting::Minimal,
            QuotingForm::None => Quoting::None,
        });
        let said = Reading { header: self.header, quoting, separator: self.separator };
        if !is_separated(input) {
            return match said.is_usual() {
                true => Ok(said),
                false => Err(DataError::NotSeparated { path: input.to_owned() }.into()),
            };
        }
        let reading = said.or(source.reading);
        if reading != said {
            tell(format_args!("{} is read as the run's data: {reading}", input.display()));
        }
        Ok(reading)
    }

    fn columns(&self, id: Option<String>, text: Option<String>) -> Columns {
        let label_as = match self.label_as {
            LabelForm::Name => LabelAs::Name,
            LabelForm::Index => LabelAs::Index,
        };
        Columns { id, text, label: self.label_column.clone(), label_as, probabilities: self.probabilities }
    }

    /// Texts from the command line or from standard input.
    fn predict_texts(&self, format: Format) -> Result<(), CliError> {
        let from_input = self.text.is_empty();
        let stdin = std::io::stdin();
        if from_input && stdin.is_terminal() {
            tell("reading texts from the terminal, one per line; end with Ctrl-D");
        }
        let predictor = self.predictor(&self.source()?)?;
        if !from_input && !self.json && self.output.is_none() {
            let predictions = predictor.predict(&self.text)?;
            return print(&table(&self.text, &predictions, predictor.targets()));
        }
        let columns = self.columns(None, Some("text".to_owned()));
        self.write(&mut |out| {
            let mut writer = Writer::new(out, format, &columns, predictor.targets());
            let mut lines: Box<dyn Iterator<Item = Result<String, DataError>>> = match from_input {
                true => Box::new(TextLines::new("standard input", BufReader::new(stdin.lock()))),
                false => Box::new(self.text.iter().cloned().map(Ok)),
            };
            loop {
                let texts: Vec<String> = lines.by_ref().take(self.batch_size).collect::<Result<_, _>>()?;
                if texts.is_empty() {
                    return Ok(writer.finish()?);
                }
                for (text, answer) in texts.iter().zip(predictor.predict(&texts)?) {
                    writer.row("", text, &answer)?;
                }
            }
        })
    }

    fn predict_file(&self, input: &Path, format: Format, stop: &Stop) -> Result<(), CliError> {
        let wanted = TextColumns {
            text: self.text_column.clone(),
            known: Vec::new(),
            id: self.id_column.clone(),
            label: self.truth_column.clone(),
        };
        let source = self.source()?;
        let wanted = TextColumns { known: source.text_columns().to_vec(), ..wanted };
        let reading = self.reading(input, &source)?;
        // Before the model, which takes longer to load.
        let mut reader = TextReader::open(input, &wanted, reading)?;
        for note in reader.notes() {
            tell(note);
        }
        if self.text_column.is_empty() {
            tell(taken_columns(&source, &reader.columns().text));
        }
        let truth = match &self.truth_column {
            Some(column) => Some(Truth::read(input, column, &source.labels()?, reading)?),
            None => None,
        };
        if let (Some(truth), Some(column)) = (&truth, &self.truth_column) {
            tell(format!("The labels in `{column}` are {}.", truth.in_words()));
            if !source.records_labels() {
                tell(format_args!(
                    "{} does not record how labels name classes: this was derived from the names of the classes.",
                    source.name
                ));
            }
        }
        let predictor = self.predictor(&source)?;
        // Not before: a signal ends a download at once, and what came of it is kept.
        stop_on_signals(stop).map_err(CliError::Signals)?;
        let id = reader.columns().id.clone().unwrap_or_else(|| "id".to_owned());
        let columns = self.columns(Some(id), None);
        let bar = bar();
        let mut summary = None;
        self.write(&mut |out| {
            let mut writer = Writer::new(out, format, &columns, predictor.targets());
            let mut progress = |rows: usize, share: f64| {
                bar.set_position((1000.0 * share) as u64);
                bar.set_message(count(rows, "row"));
            };
            let stopped = || stop.requested();
            summary =
                Some(predict_rows(&predictor, &mut reader, truth.as_ref(), &mut writer, &mut progress, &stopped)?);
            Ok(writer.finish()?)
        })?;
        bar.finish_and_clear();
        if let Some(summary) = summary {
            tell(closing(&summary, &source, self.output.as_deref(), truth.as_ref()));
        }
        Ok(())
    }

    /// To the output file, whole or not at all, or to standard output, whose reader may have seen enough.
    fn write(&self, write: &mut dyn FnMut(&mut dyn Write) -> Result<(), InferenceError>) -> Result<(), CliError> {
        let Some(path) = &self.output else {
            let done = write(&mut BufWriter::new(std::io::stdout().lock()));
            return match done {
                Err(InferenceError::Write(error)) if error.kind() == std::io::ErrorKind::BrokenPipe => Ok(()),
                Err(InferenceError::Write(error)) => Err(CliError::Output(error)),
                other => Ok(other?),
            };
        };
        let mut failed = None;
        let written = write_atomically_with(path, |file| match write(file) {
            Ok(()) => Ok(()),
            Err(InferenceError::Write(error)) => Err(error),
            Err(error) => {
                failed = Some(error);
                Err(std::io::Error::other("the predictions are not complete"))
            }
        });
        match failed {
            Some(error) => Err(error.into()),
            None => Ok(written?),
        }
    }
}

/// Hidden where it cannot be drawn.
fn bar() -> ProgressBar {
    let bar = if can_draw() { ProgressBar::new(1000) } else { ProgressBar::hidden() };
    if let Ok(style) = ProgressStyle::with_template("{bar:30.cyan/blue.dim}  {msg}, {elapsed} elapsed, {eta} left") {
        bar.set_style(style);
    }
    bar
}

fn closing(summary: &Summary, source: &ClassifierSource, output: Option<&Path>, truth: Option<&Truth>) -> String {
    let place = output.map_or_else(String::new, |path| format!(" in {}", path.display()));
    let predicted = format!("{} predicted by {}{place}", count(summary.rows, "row"), source.name);
    let Some(truth) = truth else {
        return predicted;
    };
    let labelled = summary.rows.saturating_sub(truth.unlabelled);
    let scores = match &summary.scores {
        Some(scores) => scores.iter().map(|(metric, value)| worded(*metric, *value)).collect::<Vec<_>>().join(", "),
        None => "no row has a label, so nothing is scored".to_owned(),
    };
    match (truth.unlabelled, labelled) {
        (0, _) | (_, 0) => format!("{predicted}; {scores}"),
        (missing, labelled) => {
            format!("{predicted}; {scores} over {}; {} without a label", count(labelled, "row"), count(missing, "row"))
        }
    }
}

fn worded(metric: Metric, value: f64) -> String {
    if metric == Metric::ACCURACY {
        return format!("accuracy {}", percent(value));
    }
    format!("{} {value:.4}", metric.title())
}

/// Which columns are the text, and why.
fn taken_columns(source: &ClassifierSource, taken: &[String]) -> String {
    let quoted = |names: &[String]| names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(" and ");
    let (known, taken_names) = (source.text_columns(), quoted(taken));
    let same = |(a, b): (&String, &String)| a.trim().eq_ignore_ascii_case(b.trim());
    if known.is_empty() {
        return format!("The text is {taken_names}, told by the names of the columns; --text-column names another.");
    }
    if known.len() == taken.len() && known.iter().zip(taken).all(same) {
        return format!("The text is {taken_names}, as in training.");
    }
    let known = quoted(known);
    format!("The file lacks the text of the training, {known}: {taken_names} is taken; --text-column names another.")
}

/// A line per text: its label, the probability of every class (where the task has such), and its beginning.
fn table(texts: &[String], answers: &[Answer], targets: &Targets) -> String {
    const SHOWN: usize = 60;
    let mut header = vec![("label", Align::Left)];
    let has_outputs = targets.task().columns().outputs.is_some();
    header.extend(targets.names().iter().filter(|_| has_outputs).map(|name| (name.as_str(), Align::Right)));
    header.push(("text", Align::Left));
    let mut table = Table::with_columns(header);
    for (text, answer) in texts.iter().zip(answers) {
        let beginning = console::truncate_str(text, SHOWN, "…").replace(['\n', '\r', '\t'], " ");
        let label = cell(targets.written(answer.predicted, LabelAs::Name));
        let probabilities = answer.outputs.iter().filter(|_| has_outputs).map(|value| percent(f64::from(*value)));
        table.row([label].into_iter().chain(probabilities).chain([beginning]));
    }
    table.to_string()
}
