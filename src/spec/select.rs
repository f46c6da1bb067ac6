//! `--only`: choosing some runs of a sweep.

use super::cursor::{Context, Cursor};
use super::dataset::DatasetField;
use super::draft::Draft;
use super::parameter::Parameter;
use super::problem::{Problems, did_you_mean, listed, quoted};
use super::setting::Setting;
use super::yaml;
use super::{PlannedRun, RunId, RunSpec, Sweep};

/// A pattern that chooses nothing.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("--only {}: matches no run{hint} (labels: {labels})", quoted(pattern))]
pub struct SelectError {
    pub pattern: String,
    hint: String,
    labels: String,
}

/// The runs that match any of the patterns, in the sweep's order.
///
/// A pattern is the beginning of an id, a part of a label, a label with wildcards (`*`, `?`), or conditions separated by
/// commas that all must hold: `rank=8, seed=1`. A condition names a parameter with its value, or a part of the label, perhaps
/// with wildcards (`dropout=0.1`, `lora_dropout=*`). In a rehearsal the values are those of the sweep itself, which labels show.
///
/// # Errors
/// When a pattern matches no run.
pub fn select(sweep: &Sweep, patterns: &[impl AsRef<str>]) -> Result<Vec<RunId>, SelectError> {
    let mut chosen = vec![false; sweep.runs.len()];
    for text in patterns {
        let text = text.as_ref();
        let pattern = Pattern::read(text.trim());
        let mut found = false;
        for (chosen, run) in chosen.iter_mut().zip(&sweep.runs) {
            if pattern.matches(run, sweep.originals.get(&run.id).unwrap_or(&run.spec)) {
                *chosen = true;
                found = true;
            }
        }
        if !found {
            return Err(SelectError::new(text, sweep));
        }
    }
    let runs = sweep.runs.iter().zip(chosen).filter(|(_, chosen)| *chosen);
    Ok(runs.map(|(run, _)| run.id.clone()).collect())
}

impl SelectError {
    fn new(pattern: &str, sweep: &Sweep) -> SelectError {
        let mut labels: Vec<&str> = sweep.runs.iter().map(|run| run.configuration.as_str()).collect();
        labels.dedup();
        let unknown = pattern.split(',').filter_map(|part| part.split_once('=')).map(|(key, _)| key.trim());
        let unknown = unknown.filter(|key| Parameter::named(key).is_none()).find_map(Parameter::meant);
        let hint = match unknown {
            Some(meant) => format!("; did you mean `{meant}`?"),
            None => did_you_mean(pattern, labels.iter().copied()),
        };
        SelectError { pattern: pattern.to_owned(), hint, labels: listed(labels) }
    }
}

enum Pattern<'a> {
    /// All must hold.
    Conditions(Vec<Condition<'a>>),
    /// The beginning of an id, a part of a label, or a label with wildcards.
    Name(&'a str),
}

enum Condition<'a> {
    /// A part of the label, perhaps with wildcards.
    LabelPart(&'a str),
    Value(Setting),
    /// A parameter that is text, with wildcards.
    Shown(Parameter, &'a str),
    /// Any of the full names, perhaps with wildcards: a run has those, in whatever way its modules were chosen.
    TargetModules(&'a str),
}

impl<'a> Pattern<'a> {
    fn read(text: &'a str) -> Pattern<'a> {
        let conditions: Option<Vec<Condition<'a>>> = text.split(',').map(|part| Condition::read(part.trim())).collect();
        conditions.map_or(Pattern::Name(text), Pattern::Conditions)
    }

    /// Whether a run is meant, which is `spec` as the sweep file has it.
    fn matches(&self, run: &PlannedRun, spec: &RunSpec) -> bool {
        match self {
            Pattern::Conditions(conditions) => conditions.iter().all(|condition| condition.holds(run, spec)),
            Pattern::Name("") => false,
            Pattern::Name(text) if has_wildcard(text) => {
                wildcard_match(text, &run.label) || wildcard_match(text, &run.configuration)
            }
            Pattern::Name(text) => run.id.0.starts_with(text) || run.label.contains(text),
        }
    }
}

impl<'a> Condition<'a> {
    /// None: no condition.
    fn read(text: &'a str) -> Option<Condition<'a>> {
        let (key, value) = text.split_once('=')?;
        let value = value.trim();
        let parameter = match Parameter::named(key.trim()) {
            None => return Some(Condition::LabelPart(text)),
            // A path alone says nothing of the other fields.
            Some(Parameter::Dataset) => Parameter::DatasetField(DatasetField::Path),
            Some(parameter) => parameter,
        };
        let is_text = matches!(parameter, Parameter::Model | Parameter::InitAdapter | Parameter::DatasetField(_));
        Some(match parameter {
            Parameter::TargetModules if label_only(value) => Condition::LabelPart(text),
            Parameter::TargetModules => Condition::TargetModules(value),
            _ if has_wildcard(value) && is_text => Condition::Shown(parameter, value),
            _ => read_value(parameter, value).map_or(Condition::LabelPart(text), Condition::Value),
        })
    }

    fn holds(&self, run: &PlannedRun, spec: &RunSpec) -> bool {
        match self {
            Condition::LabelPart(wanted) => label_parts(run).any(|part| wildcard_match(wanted, part)),
            Condition::TargetModules(wanted) => spec.target_modules.iter().any(|name| wildcard_match(wanted, name)),
            Condition::Value(wanted) => {
                let value = Draft::from_run(spec).get(wanted.parameter());
                value.is_some_and(|value| wanted.is_met_by(&value, spec.seed))
            }
            Condition::Shown(parameter, wanted) => {
                Draft::from_run(spec).get(*parameter).is_some_and(|value| wildcard_match(wanted, &value.shown()))
            }
        }
    }
}

fn label_parts(run: &PlannedRun) -> impl Iterator<Item = &str> {
    run.label.split(", ")
}

fn read_value(parameter: Parameter, text: &str) -> Option<Setting> {
    let node = yaml::parse(text).ok()?;
    let mut problems = Problems::default();
    Setting::read(parameter, &Cursor::option(&node), &mut Context { problems: &mut problems, sources: None })
}

/// Whether a value of `target_modules` is in the short form of labels (`0+1:query`).
fn label_only(value: &str) -> bool {
    value.contains(':')
}

fn has_wildcard(text: &str) -> bool {
    text.contains(['*', '?'])
}

/// Whether the whole text matches: `*` is any run of characters, `?` any one.
fn wildcard_match(pattern: &str, text: &str) -> bool {
    let (pattern, text): (Vec<char>, Vec<char>) = (pattern.chars().collect(), text.chars().collect());
    let (mut p, mut t) = (0, 0);
    // Where the last `*` stands, and how far it reaches.
    let mut star: Option<(usize, usize)> = None;
    while t < text.len() {
        match pattern.get(p) {
            Some('*') => {
                star = Some((p, t));
                p += 1;
            }
            Some(c) if *c == '?' || *c == text[t] => {
                p += 1;
                t += 1;
            }
            _ => match star {
                Some((at, reach)) => {
                    star = Some((at, reach + 1));
                    p = at + 1;
                    t = reach + 1;
                }
                None => return false,
            },
        }
    }
    pattern[p..].iter().all(|c| *c == '*')
}

#[cfg(test)]
mod tests {
    use super::wildcard_match;

    #[test]
    fn wildcards() {
        for (pattern, text) in [("*", ""), ("a*c", "abbc"), ("a?c", "abc"), ("*b*", "abc"), ("a*b*c", "aXbYbZc")] {
            assert!(wildcard_match(pattern, text), "{pattern} {text}");
        }
        for (pattern, text) in [("", "a"), ("a?c", "ac"), ("a*c", "abcd"), ("b*", "abc"), ("a", "ab")] {
            assert!(!wildcard_match(pattern, text), "{pattern} {text}");
        }
    }
}
