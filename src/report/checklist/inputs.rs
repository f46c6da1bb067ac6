//! Data sets and models, with what tells their contents.

use crate::report::model::{Report, Run};
use crate::report::names;
use crate::spec::{Evaluation, HeldOut, RunSpec};
use crate::train::RunFacts;
use crate::words::{counted, grouped};

use super::different::different;
use super::item::Item;

/// Classes named one by one, at most.
const CLASSES: usize = 20;
/// Data sets with answers of their own, at most.
const DATASETS: usize = 10;

pub(super) fn data(report: &Report) -> Vec<Item> {
    let mut items = Vec::new();
    let same = |a: &Run, b: &Run| a.spec.dataset == b.spec.dataset && a.spec.max_length == b.spec.max_length;
    let all = distinct(report, same);
    for run in all.iter().take(DATASETS) {
        items.push(Item::said("Which data, in which parts?", dataset(report, run)));
    }
    let more = all.len().saturating_sub(DATASETS);
    if more > 0 {
        let more = counted(more, "other way");
        items.push(Item::said(
            "Which data else?",
            vec![format!("{more} to read or part data; the report's table of runs has them.")],
        ));
    }
    items.push(Item::unknown(
        "What is known of where the data come from?",
        "licence, how the texts were collected and labelled, whether they hold personal or offensive content, and whether \
         the model saw them in its pre-training",
    ));
    items
}

/// One run of each kind, those that have started before others.
fn distinct(report: &Report, same: impl Fn(&Run, &Run) -> bool) -> Vec<&Run> {
    let mut kinds: Vec<&Run> = Vec::new();
    for run in report.runs.iter() {
        match kinds.iter().position(|known| same(known, run)) {
            Some(place) if kinds[place].facts.is_none() && run.facts.is_some() => kinds[place] = run,
            Some(_) => {}
            None => kinds.push(run),
        }
    }
    kinds
}

/// The name of a run's data set, as short as it may be among those of the report.
fn short(report: &Report, name: &str, of: fn(&RunSpec) -> &str) -> String {
    let mut all: Vec<&str> = Vec::new();
    for name in report.runs.iter().map(|run| of(&run.spec)) {
        if !all.contains(&name) {
            all.push(name);
        }
    }
    let place = all.iter().position(|other| *other == name);
    place.and_then(|place| names::short(all.iter().copied()).into_iter().nth(place)).unwrap_or_else(|| name.to_string())
}

fn dataset(report: &Report, run: &Run) -> Vec<String> {
    let spec = &run.spec.dataset;
    let mut said =
        vec![format!("{}, trained on the part `{}`.", short(report, &spec.path, |s| &s.dataset.path), spec.split)];
    if let Some(limit) = spec.limit {
        said.push(format!("Only its first {} were used.", counted(limit, "row")));
    }
    said.push(split("Evaluated", &spec.evaluation));
    said.extend(spec.test.as_ref().map(|test| split("Tested", test)));
    let Some(facts) = &run.facts else {
        said.push("Not recorded yet: sizes and digest; no run on it has started.".to_string());
        return said;
    };
    let mut sizes = vec![counted(facts.train_examples, "training example")];
    sizes.push(counted(facts.eval_examples, "evaluation example"));
    sizes.extend(facts.test_examples.map(|examples| counted(examples, "test example")));
    sizes.push(counted(facts.targets.names().len(), "class"));
    said.push(format!("{}.", sizes.join(", ")));
    said.extend(classes(facts));
    match &facts.token_lengths {
        Some(lengths) => said.push(format!(
            "{} of {} cut at {} tokens (median {}, longest {}).",
            grouped(lengths.cut),
            counted(lengths.texts, "text"),
            lengths.max_length,
            lengths.median,
            lengths.longest
        )),
        None => said.push("Not recorded: lengths in tokens.".to_string()),
    }
    said.push(format!("Digest of texts, labels and parts (blake3): `{}`.", facts.data_digest));
    said
}

fn split(done: &str, evaluation: &Evaluation) -> String {
    match evaluation {
        Evaluation::File(path) => {
            format!("{done} on the file {}.", names::short(std::iter::once(path.as_str())).join(""))
        }
        Evaluation::Split(name) => format!("{done} on the part `{name}`."),
        Evaluation::HeldOut { size, seed } => {
            let size = match size {
                HeldOut::Examples(examples) => examples.to_string(),
                HeldOut::Fraction(share) => share.to_string(),
            };
            format!(
                "{done} on rows held out of it, those of `train_test_split(test_size={size}, seed={seed})` of Hugging \
                 Face `datasets`."
            )
        }
    }
}

fn classes(facts: &RunFacts) -> Vec<String> {
    let Some(overview) = &facts.data else {
        return vec!["Not recorded: columns and examples per class.".to_string()];
    };
    let mut said = vec![overview.in_words()];
    let shown: Vec<String> = overview
        .classes
        .iter()
        .take(CLASSES)
        .map(|class| {
            let mut parts = vec![grouped(class.train), grouped(class.evaluation)];
            parts.extend((overview.test() > 0).then(|| grouped(class.test)));
            format!("{} {}", class.name, parts.join(" + "))
        })
        .collect();
    let more = overview.classes.len().saturating_sub(CLASSES);
    let more = if more > 0 { format!(" and {}", counted(more, "more class")) } else { String::new() };
    let parts = if overview.test() > 0 { "Training, evaluation and test" } else { "Training and evaluation" };
    said.push(format!("{parts} examples per class: {}{more}.", shown.join("; ")));
    if overview.dropped > 0 {
        said.push(format!("Left out for want of a label: {}.", counted(overview.dropped, "row")));
    }
    said.extend(overview.assumed.iter().map(|sentence| format!("Assumed: {sentence}")));
    said.extend(overview.warnings.iter().map(|sentence| format!("Doubtful: {sentence}")));
    said
}

pub(super) fn model(report: &Report) -> Vec<Item> {
    let mut items = Vec::new();
    for run in distinct(report, |a, b| a.spec.model == b.spec.model) {
        items.push(Item::said("Which model?", one_model(report, run)));
    }
    let adapted: Vec<usize> =
        report.runs.iter().filter_map(|run| Some(run.facts.as_ref()?.trainable_parameters)).collect();
    let trainable = adapted.iter().min().zip(adapted.iter().max()).map(|(least, most)| {
        let share = |trainable: &usize| {
            let total =
                report.runs.iter().filter_map(|run| run.facts.as_ref()).find(|f| f.trainable_parameters == *trainable);
            total.map_or(String::new(), |f| {
                format!(" ({:.2} % of all)", 100.0 * *trainable as f64 / f.total_parameters as f64)
            })
        };
        if least == most {
            format!("{}{}.", grouped(*least), share(least))
        } else {
            format!(
                "From {}{} to {}{}, depending on the configuration.",
                grouped(*least),
                share(least),
                grouped(*most),
                share(most)
            )
        }
    });
    items.push(Item::recorded(
        "How many parameters were trained?",
        trainable,
        "the number of parameters; no run has started",
    ));
    items.push(Item::unknown(
        "On what was the model pre-trained?",
        "the data and the licence of the pre-trained weights",
    ));
    items
}

fn one_model(report: &Report, run: &Run) -> Vec<String> {
    let mut said = vec![format!("{}.", short(report, &run.spec.model, |spec| &spec.model))];
    let Some(facts) = &run.facts else {
        said.push("Not recorded yet: its digest and size; no run on it has started.".to_string());
        return said;
    };
    let of_model = |of: fn(&Run) -> Option<String>| {
        different(report, |other| (other.spec.model == run.spec.model).then(|| of(other)).flatten()).unwrap_or_default()
    };
    let totals = of_model(|run| Some(grouped(run.facts.as_ref()?.total_parameters)));
    said.push(format!("Parameters with adapter and head, as PEFT counts them: {}.", totals.join(", ")));
    said.push(format!("Precision: {}.", of_model(|run| Some(run.spec.precision.name().to_string())).join(", ")));
    said.push(format!("Digest of configuration, weights and tokenizer (blake3): `{}`.", facts.model_digest));
    let adapters = of_model(|run| run.spec.init_adapter.clone());
    if !adapters.is_empty() {
        let with_none =
            report.runs.iter().any(|other| other.spec.model == run.spec.model && other.spec.init_adapter.is_none());
        let what = if adapters.len() == 1 { "the adapter" } else { "one of the adapters" };
        said.push(format!(
            "Training began with {what} {}{}.",
            names::short(adapters.iter().map(String::as_str)).join(", "),
            if with_none { " in some of the runs" } else { "" }
        ));
    }
    said
}
