//! What people read of a card.

use serde_json::Value;

use crate::metrics::LEVEL;
use crate::report::model::Run;
use crate::report::tables::escape;
use crate::report::{metric, statistics};
use crate::spec::{Evaluation, HeldOut, Metric};
use crate::store::parameters;
use crate::words::grouped;

use super::caveats::caveats;
use super::subject::{CardOf, Subject, public_name};

/// Settings that other sections tell, or that tell of a machine's folders.
const ELSEWHERE: [&str; 3] = ["model", "target_modules", "init_adapter"];
/// More target modules than this are counted.
const MOST_MODULES: usize = 6;

pub(super) fn sections(subject: &Subject<'_>) -> String {
    let run = subject.run;
    let sections = [
        ("How to use it", usage(subject)),
        ("Data", data(run)),
        ("Figures", figures(subject)),
        ("What to know before relying on it", list(&caveats(subject))),
        ("Recipe", recipe(subject)),
    ];
    let body: String = sections.iter().map(|(title, text)| format!("## {title}\n\n{}\n\n", text.trim_end())).collect();
    format!("{}{}\n", head(subject), body.trim_end())
}

fn head(subject: &Subject<'_>) -> String {
    let (run, report) = (subject.run, subject.report);
    let classes = run.facts.as_ref().map_or(0, |facts| facts.targets.names().len());
    let what = match subject.of {
        CardOf::Model => "A text classifier",
        CardOf::Adapter => "A LoRA adapter (PEFT) for a text classifier",
    };
    let description = report.description.trim();
    let description = if description.is_empty() { String::new() } else { format!("\n{}\n", escape(description)) };
    let merged = if subject.of == CardOf::Model { ", merged into its weights" } else { "" };
    format!(
        "# {}: {}\n{description}\n{what} of {classes} classes: {} fine-tuned with LoRA (rank {}){merged}, on {}. Run `{}` of the sweep \
         `{}`, epoch {} of {}.\n\n",
        escape(&report.name_with_warning()),
        escape(&run.label),
        escape(public_name(&run.spec.model)),
        run.spec.rank,
        escape(public_name(&run.spec.dataset.path)),
        run.id,
        report.name,
        run.best_epoch().map_or(0, |best| best.epoch),
        run.spec.epochs,
    )
}

fn usage(subject: &Subject<'_>) -> String {
    let code = match subject.of {
        CardOf::Model => {
            "from transformers import pipeline\n\nclassify = pipeline(\"text-classification\", \"FOLDER OR NAME OF THIS MODEL\", truncation=True)\n\
             classify(\"...\")"
                .to_owned()
        }
        CardOf::Adapter => format!(
            "from peft import AutoPeftModelForSequenceClassification\n\nmodel = AutoPeftModelForSequenceClassification.from_pretrained(\"FOLDER OR \
             NAME OF THIS ADAPTER\", num_labels={})",
            subject.run.facts.as_ref().map_or(0, |facts| facts.targets.names().len())
        ),
    };
    format!("```python\n{code}\n```\n\nTexts are cut at {} tokens, as in training.", subject.run.spec.max_length)
}

fn data(run: &Run) -> String {
    let spec = &run.spec.dataset;
    let mut text = format!("{} (`{}`)", escape(public_name(&spec.path)), spec.split);
    let Some(facts) = &run.facts else {
        return text;
    };
    text.push_str(&format!(
        ": {} rows to train on, {} to choose the epoch by ({})",
        grouped(facts.train_examples),
        grouped(facts.eval_examples),
        part(&spec.evaluation)
    ));
    if let (Some(examples), Some(test)) = (facts.test_examples, &spec.test) {
        text.push_str(&format!(", {} as a test ({})", grouped(examples), part(test)));
    }
    text.push_str(&format!(". Digest of the contents: `{}`.\n", facts.data_digest));
    match &facts.data {
        Some(found) => {
            text.push_str(&format!("\n{}\n", escape(&found.in_words())));
            text.push_str("\n| class | train | evaluation | test |\n|:--|--:|--:|--:|\n");
            for class in &found.classes {
                let cells = [class.train, class.evaluation, class.test].map(grouped).join(" | ");
                text.push_str(&format!("| {} | {cells} |\n", escape(&class.name)));
            }
        }
        None => {
            let names: Vec<String> = facts.targets.names().iter().map(|name| escape(name)).collect();
            text.push_str(&format!("\nClasses: {}.\n", names.join(", ")));
        }
    }
    text
}

fn part(evaluation: &Evaluation) -> String {
    match evaluation {
        Evaluation::File(path) => format!("the file {}", escape(public_name(path))),
        Evaluation::Split(split) => format!("the split {}", escape(split)),
        Evaluation::HeldOut { size: HeldOut::Examples(_), seed } => format!("held out, seed {seed}"),
        Evaluation::HeldOut { size: HeldOut::Fraction(share), seed } => {
            format!("{} % held out, seed {seed}", share * 100.0)
        }
    }
}

fn figures(subject: &Subject<'_>) -> String {
    let run = subject.run;
    let examples = run.judged_examples();
    let of = if run.has_test() { "test" } else { "evaluation" };
    let mut text = format!(
        "On {} {of} examples{}.\n\n| metric | value | {:.0} % interval |\n|:--|--:|--:|\n",
        examples.map_or("the".to_owned(), grouped),
        if run.has_test() { ", which chose nothing" } else { "" },
        LEVEL * 100.0
    );
    for name in Metric::all().filter(|name| !name.is_of_training()) {
        let Some(value) = run.judged(name).filter(|value| value.is_finite()) else {
            continue;
        };
        // Of one run, over the examples.
        let interval = statistics::interval(name, &[(value, examples)]).map_or("–".to_owned(), |interval| {
            format!("{} to {}", metric::write(name, interval.low), metric::write(name, interval.high))
        });
        text.push_str(&format!("| {} | {} | {interval} |\n", name.name(), metric::write_exactly(name, value)));
    }
    text.push_str(
        "\nIntervals are over the examples: what other texts of the same kind would have given. Precision, recall and F1 are weighted \
         by class, and their intervals are approximate.\n",
    );
    text
}

fn recipe(subject: &Subject<'_>) -> String {
    let run = subject.run;
    let mut rows = String::new();
    for (name, value) in parameters(&run.spec) {
        if value.is_null() || name.starts_with("dataset.") || ELSEWHERE.contains(&name.as_str()) {
            continue;
        }
        rows.push_str(&format!("| {} | {} |\n", escape(&name), escape(&shown(&value))));
    }
    let modules = &run.spec.target_modules;
    let named = if modules.len() <= MOST_MODULES { modules.join(", ") } else { format!("{} modules", modules.len()) };
    rows.push_str(&format!("| target\\_modules | {} |\n", escape(&named)));
    if let Some(initial) = &run.spec.init_adapter {
        rows.push_str(&format!("| init\\_adapter | {} |\n", escape(public_name(initial))));
    }
    let mut text = format!("| setting | value |\n|:--|:--|\n{rows}");
    if let Some(facts) = &run.facts {
        text.push_str(&format!(
            "\n{} of {} parameters were trained, in {} optimizer steps. Digest of the base model: `{}`.",
            grouped(facts.trainable_parameters),
            grouped(facts.total_parameters),
            grouped(facts.steps),
            facts.model_digest
        ));
    }
    if let Some(versions) = &run.versions {
        let libtorch = versions.libtorch.as_ref().map_or(String::new(), |version| format!(" on libtorch {version}"));
        let commit =
            versions.git_commit.as_ref().map_or(String::new(), |commit| format!(" (started in commit {commit})"));
        text.push_str(&format!(" Trained by sweep {}{libtorch}{commit}.", escape(&versions.sweep)));
    }
    text.push('\n');
    text
}

fn shown(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

fn list(sentences: &[String]) -> String {
    sentences.iter().map(|sentence| format!("- {}\n", escape(sentence))).collect()
}
