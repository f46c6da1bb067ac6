//! What was found of data sets, in words.

use indicatif::HumanCount;

use super::look::DataLook;
use crate::cli::text::{Align, Table, count};
use crate::data::{ClassRows, TokenLengths, visible};

/// Data sets that are shown with all that is known; the others have a line each.
const IN_FULL: usize = 3;
/// Data sets that are shown at all.
const MOST: usize = 20;
/// Classes that have a line of their own.
const MOST_CLASSES: usize = 12;
/// Of more classes: the largest and the smallest.
const LARGEST: usize = 8;
const SMALLEST: usize = 3;
/// Sentences of doubt about one data set when training starts.
const DOUBTS: usize = 5;
/// Classes named in one line.
const IN_A_LINE: usize = 5;
/// Maximal lengths and models that are told of one data set.
const MOST_LENGTHS: usize = 6;

/// All that is known of each data set: what a dry run shows and the log of a sweep keeps.
pub fn full(looks: &[DataLook]) -> String {
    let mut text: String = looks.iter().take(IN_FULL).map(in_full).collect();
    let others = some(looks, IN_FULL);
    if !others.is_empty() {
        text.push_str(&format!("{others}\n"));
    }
    text
}

/// A few lines: what is shown when training starts.
pub fn short(looks: &[DataLook]) -> String {
    let mut text = String::new();
    for look in looks.iter().take(IN_FULL) {
        text.push_str(&line(look));
        text.push_str(&reading(look));
        text.push_str(&lengths(look));
        text.push_str(&doubts(look, DOUBTS));
    }
    text.push_str(&some(looks, IN_FULL));
    text
}

/// The data sets after so many, in a line each.
fn some(looks: &[DataLook], after: usize) -> String {
    let mut text: String = looks.iter().skip(after).take(MOST - after).map(line).collect();
    if let Some(more) = looks.len().checked_sub(MOST).filter(|more| *more > 0) {
        text.push_str(&format!("and {}\n", count(more, "more data set")));
    }
    text
}

fn in_full(look: &DataLook) -> String {
    let mut text = format!("{}\n{}", heading(look), reading(look));
    if look.overview.is_some() {
        let table = table(look.classes()).to_string();
        text.push('\n');
        text.extend(table.lines().map(|line| format!("  {line}\n")));
        text.push('\n');
    }
    text.push_str(&lengths(look));
    text.push_str(&doubts(look, usize::MAX));
    text.push('\n');
    text
}

/// Columns and coding.
fn reading(look: &DataLook) -> String {
    look.overview.as_ref().map_or_else(String::new, |overview| format!("  {}\n", overview.in_words()))
}

/// What was assumed and what is suspicious, at most so many sentences of each.
fn doubts(look: &DataLook, most: usize) -> String {
    let Some(overview) = &look.overview else {
        return String::new();
    };
    let mut text = String::new();
    for (word, sentences) in [("assumed", &overview.assumed), ("warning", &overview.warnings)] {
        sentences.iter().take(most).for_each(|sentence| text.push_str(&format!("  {word}: {sentence}\n")));
        if let Some(more) = sentences.len().checked_sub(most).filter(|more| *more > 0) {
            text.push_str(&format!("  {word}: {more} more, in the log of the sweep\n"));
        }
    }
    text
}

/// `data.csv: 32 training and 8 evaluation examples in 4 classes: Business 10, Sports 10, ...`
fn line(look: &DataLook) -> String {
    format!("{}{}\n", heading(look), class_sizes(look.classes()))
}

/// `data.csv: 32 training, 8 evaluation and 10 test examples in 4 classes`
fn heading(look: &DataLook) -> String {
    let split = look.split_seed.map_or_else(String::new, |seed| format!(" with split_seed {seed}"));
    let path = format!("{}{split}", look.path);
    let Some(sizes) = look.sizes else {
        return format!("{path}: cannot be read");
    };
    let number = |rows: usize| HumanCount(rows as u64);
    let train = number(sizes.train);
    let examples = match (sizes.evaluation, sizes.test) {
        (Some(evaluation), Some(test)) => {
            format!("{train} training, {} evaluation and {}", number(evaluation), count(test, "test example"))
        }
        (Some(evaluation), None) => format!("{train} training and {}", count(evaluation, "evaluation example")),
        (None, Some(test)) => format!("{train} training and {}", count(test, "test example")),
        (None, None) => count(sizes.train, "training example"),
    };
    let card = if look.overview.is_none() { ", as its card says; its rows were not read" } else { "" };
    format!("{path}: {examples} in {}{card}", count(sizes.classes, "class"))
}

/// `: Business 10, Sports 10`, or of many classes ` of 4 to 90 examples`.
fn class_sizes(classes: &[ClassRows]) -> String {
    let number = |rows: usize| HumanCount(rows as u64);
    let sizes = || classes.iter().map(ClassRows::rows);
    match (sizes().min(), sizes().max()) {
        (Some(_), Some(_)) if classes.len() <= IN_A_LINE => {
            let named = classes.iter().map(|class| format!("{} {}", visible(&class.name), number(class.rows())));
            format!(": {}", named.collect::<Vec<_>>().join(", "))
        }
        (Some(least), Some(most)) if least == most => format!(" of {} each", count(most, "example")),
        (Some(least), Some(most)) => format!(" of {} to {}", number(least), count(most, "example")),
        _ => String::new(),
    }
}

/// Many classes are shown by the largest and the smallest of them.
fn table(classes: &[ClassRows]) -> Table {
    let tested = classes.iter().any(|class| class.test > 0);
    let right = |name| (name, Align::Right);
    let mut columns = vec![("class", Align::Left), right("training"), right("evaluation")];
    columns.extend(tested.then_some(right("test")));
    let mut table = Table::with_columns(columns);
    let mut add = |name: &str, class: [usize; 3]| {
        let numbers = class.iter().take(if tested { 3 } else { 2 }).map(|rows| HumanCount(*rows as u64).to_string());
        table.row(std::iter::once(visible(name)).chain(numbers));
    };
    let parts = |class: &ClassRows| [class.train, class.evaluation, class.test];
    if classes.len() <= MOST_CLASSES {
        classes.iter().for_each(|class| add(&class.name, parts(class)));
        return table;
    }
    let mut sorted: Vec<&ClassRows> = classes.iter().collect();
    sorted.sort_by_key(|class| std::cmp::Reverse(class.rows()));
    let (largest, rest) = sorted.split_at(LARGEST);
    let (between, smallest) = rest.split_at(rest.len() - SMALLEST);
    largest.iter().for_each(|class| add(&class.name, parts(class)));
    let sum = |part: usize| between.iter().map(|class| parts(class)[part]).sum();
    add(&format!("({} more)", between.len()), [sum(0), sum(1), sum(2)]);
    smallest.iter().for_each(|class| add(&class.name, parts(class)));
    table
}

fn lengths(look: &DataLook) -> String {
    let several = look.lengths.iter().any(|(model, _)| *model != look.lengths[0].0);
    let mut text = String::new();
    for (model, lengths) in look.lengths.iter().take(MOST_LENGTHS) {
        let model = if several { format!("{model}: ") } else { String::new() };
        text.push_str(&format!("  {model}{}\n", in_words(lengths)));
    }
    if let Some(more) = look.lengths.len().checked_sub(MOST_LENGTHS).filter(|more| *more > 0) {
        text.push_str(&format!("  and {more} more models and maximal lengths\n"));
    }
    text
}

/// `Tokens: 8 in the median, 95 % up to 11, longest 13; none of 40 texts is cut (max_length 24)`
fn in_words(lengths: &TokenLengths) -> String {
    let TokenLengths { texts, median, percentile_95, longest, cut, max_length } = lengths;
    let number = |number: usize| HumanCount(number as u64);
    let cut = match cut {
        0 => format!("none is cut at max_length {max_length}"),
        cut => format!(
            "{} of {} {} cut at max_length {max_length} ({:.1} %)",
            number(*cut),
            count(*texts, "text"),
            if *cut == 1 { "is" } else { "are" },
            100.0 * *cut as f64 / *texts as f64
        ),
    };
    format!(
        "tokens per text: median {}, 95 % up to {}, longest {}; {cut}",
        number(*median),
        number(*percentile_95),
        number(*longest)
    )
}
