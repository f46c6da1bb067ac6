//! The text of a sweep file for a data set.

use std::path::Path;

use crate::cli::text::count;
use crate::data::visible;
use crate::spec::{DatasetSpec, Evaluation, HeldOut};

use super::commands::commands;
use super::estimate::Estimate;
use super::guesses::Guesses;
use super::lengths::Lengths;
use super::look::Look;
use super::scalar::scalar;

/// What a sweep file is made of.
pub struct Draft<'a> {
    pub name: &'a str,
    /// Of the data set, as the file names it.
    pub path: String,
    /// The model, as the file names it.
    pub model: String,
    pub look: &'a Look,
    pub lengths: &'a Lengths,
    pub guesses: Guesses,
}

/// The name of a sweep on a data set: that of its file or repository, as far as a folder of results may have it.
pub fn sweep_name(data: &str) -> String {
    const LONGEST: usize = 64;
    let without_revision = data.trim_end_matches('/').split('@').next().unwrap_or_default();
    let stem = Path::new(without_revision).file_stem().map(|stem| stem.to_string_lossy().into_owned());
    let plain = |c: char| if c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-') { c } else { '-' };
    let name: String = stem.unwrap_or_default().chars().map(plain).take(LONGEST).collect();
    let name = name.trim_matches(['.', '_', '-']).to_owned();
    if name.is_empty() { "sweep".to_owned() } else { name }
}

/// What was written, and what to do with it.
pub fn next(file: &Path, runs: usize) -> String {
    let shown = file.display();
    let dry = format!("sweep run {} --dry-run", crate::words::shell_path(file));
    format!("Written: {shown}, {}. What is guessed is said in it. Next: {dry}\n", count(runs, "run"))
}

impl Draft<'_> {
    /// What the file says, with a comment where something is guessed.
    pub fn body(&self) -> String {
        let Guesses { max_length, batch_size, epochs, learning_rate } = self.guesses;
        let rows = self.look.dataset.train.len();
        let number = |value: f64| format!("{value:?}");
        let (low, high) = (number(learning_rate / 2.0), number(learning_rate * 2.0));
        format!(
            "name: {name}

base:
  model: {model} # {of_model}
  dataset:
{dataset}  max_length: {max_length} # {of_length}
  # LoRA on queries and values of all layers, as in its paper; `[query, key, value, output.dense]` learns more and costs more.
  target_modules: {{layers: all, modules: [query, value]}}
  rank: 8
  lora_alpha: 16
  learning_rate: {rate} # guessed; the grid tries others
  batch_size: {batch_size} # guessed for {rows}
  gradient_accumulation_steps: 1
  epochs: {epochs} # guessed for {rows}; the best one is kept

# Every combination of these, each with all seeds: one run says little, since another seed alone changes the result.
grid:
  learning_rate: [{low}, {rate}, {high}]
seeds: [1, 2]

# A search instead of the grid (take out `grid` then): it tries settings and chooses the next ones by the results so far.
# search:
#   method: tpe
#   samples: 24
#   space:
#     learning_rate: {{log_uniform: [{lowest}, {highest}]}}
#     rank: [4, 8, 16, 32]
#     lora_dropout: {{uniform: [0, 0.2]}}
#   stop: {{method: asha, min_resource: 1, reduction_factor: 3}}
",
            name = scalar(self.name),
            model = scalar(&self.model),
            of_model = self.of_model(),
            dataset = self.dataset(),
            of_length = self.of_length(),
            rate = number(learning_rate),
            rows = count(rows, "training row"),
            lowest = number(learning_rate / 10.0),
            highest = number(learning_rate * 10.0),
        )
    }

    /// The file, with what was found in front of it.
    pub fn with_comments(&self, body: &str, file: &Path, estimate: &Estimate) -> String {
        let mut lines = vec![format!("A sweep on {}, written by `sweep init`.", visible(&self.path)), String::new()];
        let [dry, run, report] = commands(file, self.name);
        lines.push(format!("  {dry}   (what it would train, and what that costs)"));
        lines.extend([format!("  {run}"), format!("  {report}"), String::new()]);
        lines.extend(estimate.shown.trim_end().lines().map(str::to_owned));
        lines.extend(self.look.not_used.iter().map(|reason| format!("  not used: {}", visible(reason))));
        lines.push(String::new());
        lines.extend(estimate.time.lines().map(str::to_owned));
        let commented = |line: String| format!("# {line}").trim_end().to_owned() + "\n";
        let comments: String = lines.into_iter().map(commented).collect();
        format!("{comments}\n{body}")
    }

    fn of_model(&self) -> String {
        let Lengths { is_named, config, .. } = self.lengths;
        let layers = count(config.layers(), "layer");
        match (is_named, config.layers() < 12) {
            (true, _) => layers,
            (false, true) => {
                format!("{layers}; the small model that is at hand. Larger ones know more: `FacebookAI/roberta-base`")
            }
            (false, false) => format!("{layers}; chosen because no smaller model is at hand"),
        }
    }

    fn of_length(&self) -> String {
        let Lengths { is_counted, covering, longest, config, .. } = self.lengths;
        let most = config.longest_sequence();
        match (is_counted, *covering > most) {
            (false, _) => format!(
                "guessed from the number of words: no tokenizer of the model is at hand; 99 % of the texts may have up to \
                 {covering} tokens"
            ),
            (true, true) => format!("the most that the model takes; 99 % of the texts have up to {covering} tokens"),
            (true, false) => {
                format!("covers 99 % of the texts, which have up to {covering} tokens; the longest has {longest}")
            }
        }
    }

    /// The fields of the data set, a line each.
    fn dataset(&self) -> String {
        let DatasetSpec { split, label, evaluation, test, reading, missing_label, text, .. } = &self.look.spec;
        let columns = &self.look.dataset.overview.columns;
        let found = |is_said: bool| if is_said { "" } else { " # found by its name" };
        let texts: Vec<String> = columns.text.iter().map(|column| scalar(column)).collect();
        let (texts, joined) = match texts.as_slice() {
            [one] => (one.clone(), found(!text.is_empty()).to_owned()),
            several if text.is_empty() => {
                (format!("[{}]", several.join(", ")), " # found by their names, joined by a space".to_owned())
            }
            several => (format!("[{}]", several.join(", ")), " # joined by a space".to_owned()),
        };
        let mut lines = vec![format!("path: {}", scalar(&self.path))];
        if !Path::new(&self.look.spec.path).is_file() {
            lines.push(format!("split: {}", scalar(split)));
        }
        lines.push(format!("text: {texts}{joined}"));
        lines.push(format!("label: {}{}", scalar(&columns.label), found(label.is_some())));
        lines.extend(reading.separator.map(|separator| format!("separator: {}", scalar(&separator.to_string()))));
        lines.extend(missing_label.map(|rule| format!("missing_label: {}", rule.name())));
        lines.push(format!("eval: {} # the best epoch is chosen on these rows", part(evaluation)));
        match test {
            Some(test) => {
                lines.push(format!("test: {} # rows that choose nothing: the figures to publish", part(test)))
            }
            None => lines.push(
                "# test: {test_size: 0.2, seed: 43} # rows that choose nothing: for figures to publish".to_owned(),
            ),
        }
        lines.into_iter().map(|line| format!("    {line}\n")).collect()
    }
}

/// As in a sweep file.
fn part(part: &Evaluation) -> String {
    match part {
        Evaluation::File(path) => scalar(path),
        Evaluation::Split(split) => format!("{{split: {}}}", scalar(split)),
        Evaluation::HeldOut { size, seed } => {
            let size = match size {
                HeldOut::Examples(examples) => examples.to_string(),
                HeldOut::Fraction(fraction) => format!("{fraction:?}"),
            };
            format!("{{test_size: {size}, seed: {seed}}}")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sweeps_are_called_like_their_data() {
        for (data, name) in [
            ("reviews.csv", "reviews"),
            ("data/My reviews (2).csv", "My-reviews--2"),
            ("stanfordnlp/sst2", "sst2"),
            ("acme/news@v1.0", "news"),
            ("folder/", "folder"),
            ("…", "sweep"),
            ("", "sweep"),
        ] {
            assert_eq!(sweep_name(data), name, "{data}");
        }
    }
}
