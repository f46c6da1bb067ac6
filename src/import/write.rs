//! The text of a sweep file.

use std::fmt::Write as _;

use super::dialect::Dialect;
use super::draft::{Draft, Line, Search};
use super::foreign::Method;
use super::scalar::quoted;

/// `source`: the file that it is made of.
pub(super) fn sweep_file(draft: &Draft, source: &str, dialect: Dialect) -> String {
    let mut text = format!("# Made by `sweep import` from {}: {}.\n", one_line(source), dialect.what());
    comment(&mut text, "Not carried over:", &draft.left_out);
    comment(&mut text, "Chosen here, or different there:", &draft.remarks);
    text.push('\n');
    for (key, value) in [("name", &draft.name), ("description", &draft.description)] {
        if let Some(value) = value {
            add(&mut text, &format!("{key}: {}", quoted(value)));
        }
    }
    section(&mut text, "base", "", &draft.fixed);
    if !draft.seeds.is_empty() {
        let seeds: Vec<String> = draft.seeds.iter().map(u64::to_string).collect();
        add(&mut text, &format!("seeds: [{}]", seeds.join(", ")));
    }
    match &draft.search {
        Some(search) => {
            add(&mut text, "search:");
            settings(&mut text, search);
            section(&mut text, "space", "  ", &draft.varied);
        }
        None => section(&mut text, "grid", "", &draft.varied),
    }
    text
}

fn settings(text: &mut String, search: &Search) {
    let method = match search.method {
        Method::Random => "random",
        Method::Tpe | Method::Grid => "tpe",
    };
    add(text, &format!("  method: {method}"));
    add(text, &format!("  samples: {}", search.samples));
    if let Some(seed) = search.seed {
        add(text, &format!("  seed: {seed}"));
    }
    if let Some(metric) = search.metric {
        add(text, &format!("  metric: {metric}"));
    }
    if let Some(stop) = search.stop {
        let (least, factor) = (stop.min_resource, stop.reduction_factor);
        add(text, &format!("  stop: {{method: asha, min_resource: {least}, reduction_factor: {factor}}}"));
    }
}

fn section(text: &mut String, name: &str, indent: &str, lines: &[Line]) {
    if lines.is_empty() {
        return;
    }
    add(text, &format!("{indent}{name}:"));
    for line in lines {
        let called = line.called.as_ref().map(|called| format!("  # {}", one_line(called))).unwrap_or_default();
        add(text, &format!("{indent}  {}: {}{called}", line.name, line.value));
    }
}

fn comment(text: &mut String, title: &str, lines: &[String]) {
    if lines.is_empty() {
        return;
    }
    let _ = write!(text, "#\n# {title}\n");
    for line in lines {
        add(text, &format!("#   {}", one_line(line)));
    }
}

fn add(text: &mut String, line: &str) {
    text.push_str(line);
    text.push('\n');
}

/// What a comment ends at, or YAML refuses in one, is a space.
fn one_line(text: &str) -> String {
    text.chars().map(|c| if c.is_control() || "\u{2028}\u{2029}\u{feff}".contains(c) { ' ' } else { c }).collect()
}
