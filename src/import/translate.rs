//! From another tool's terms to ours.

mod check;
mod values;

use std::collections::BTreeSet;

use super::draft::{Draft, Line, Search};
use super::error::ImportError;
use super::foreign::{Foreign, ForeignParameter, Method, Values};
use super::names;
use super::scalar::shown;
use crate::spec::SpecErrors;
pub(super) use check::whole as check;
use values::Translated;

/// Configurations that a search tries where the file does not say how many.
const SAMPLES: usize = 40;
/// As many as a sweep file takes.
const MOST_SAMPLES: usize = 10_000;

/// # Errors
/// Nothing is left of the file.
pub(super) fn translate(mut foreign: Foreign) -> Result<Draft, ImportError> {
    let parameters = std::mem::take(&mut foreign.parameters);
    let is_grid = match foreign.method {
        Some(method) => method == Method::Grid,
        None => !parameters.iter().any(|parameter| matches!(parameter.values, Values::Range(_))),
    };
    let mut draft = Draft {
        name: foreign.name.take(),
        description: foreign.description.take(),
        fixed: Vec::new(),
        seeds: Vec::new(),
        varied: Vec::new(),
        search: None,
        left_out: std::mem::take(&mut foreign.left_out),
        remarks: std::mem::take(&mut foreign.remarks),
    };
    for parameter in parameters {
        draft.take(parameter, is_grid);
    }
    if draft.varied.is_empty() && draft.fixed.is_empty() && draft.seeds.is_empty() {
        return Err(ImportError::Nothing(draft.left_out));
    }
    draft.check_name();
    if is_grid || draft.varied.is_empty() {
        draft.tell_unused(&foreign);
    } else {
        let search = draft.search(&foreign);
        draft.search = Some(search);
    }
    draft.tell_missing();
    Ok(draft)
}

impl Draft {
    fn take(&mut self, parameter: ForeignParameter, is_grid: bool) {
        let ForeignParameter { name: there, values } = parameter;
        let Some(name) = names::parameter(&there) else {
            self.left_out.push(format!("`{there}`: no parameter of a run is called so"));
            return;
        };
        if name == "seed" {
            self.take_seeds(&there, &values);
            return;
        }
        let (value, is_varied) = match values::translate(&there, name, values, is_grid, self) {
            Some(Translated::Fixed(value)) => (value, false),
            Some(Translated::Varied(value)) => (value, true),
            None => return,
        };
        // What comes last stands, as it does there.
        self.fixed.retain(|line| line.name != name);
        self.varied.retain(|line| line.name != name);
        let called = Some(there).filter(|there| there != name);
        let lines = if is_varied { &mut self.varied } else { &mut self.fixed };
        lines.push(Line { name, value, called });
    }

    /// Seeds are no parameter to choose: every configuration is trained with all of them.
    fn take_seeds(&mut self, there: &str, values: &Values) {
        let list = match values {
            Values::Fixed(value) => std::slice::from_ref(value),
            Values::Choices(values) => values.as_slice(),
            Values::Range(_) => &[],
        };
        let seeds: Option<Vec<u64>> = list.iter().map(serde_yaml::Value::as_u64).collect();
        match seeds.filter(|seeds| !seeds.is_empty()) {
            Some(seeds) => {
                if seeds.len() > 1 {
                    let remark =
                        format!("`{there}` is no parameter to choose here: every configuration has all `seeds`");
                    self.remarks.push(remark);
                }
                let mut seen = BTreeSet::new();
                self.seeds = seeds.into_iter().filter(|seed| seen.insert(*seed)).collect();
            }
            None => self.left_out.push(format!("`{there}`: seeds are listed whole numbers")),
        }
    }

    /// A name is that of a folder.
    fn check_name(&mut self) {
        let Some(name) = self.name.take() else {
            return;
        };
        let plain: String =
            name.chars().map(|c| if c.is_ascii_alphanumeric() || "_.-".contains(c) { c } else { '-' }).collect();
        match check::fault(&format!("name: {}", super::scalar::quoted(&plain))) {
            None => {
                if plain != name {
                    self.remarks.push(format!("the name `{name}` is `{plain}`, since it is that of a folder"));
                }
                self.name = Some(plain);
            }
            Some(reason) => self.left_out.push(format!("`name: {name}`: {reason}")),
        }
    }

    fn search(&mut self, foreign: &Foreign) -> Search {
        let samples = foreign.samples.unwrap_or_else(|| {
            self.remarks
                .push(format!("`samples`: it is not said how many configurations to try; {SAMPLES} is a guess"));
            SAMPLES
        });
        if samples > MOST_SAMPLES {
            self.remarks.push(format!("`samples`: {MOST_SAMPLES} instead of {samples}"));
        }
        Search {
            method: foreign.method.unwrap_or(Method::Random),
            samples: samples.clamp(1, MOST_SAMPLES),
            seed: foreign.seed,
            metric: self.metric(foreign),
            stop: foreign.stop,
        }
    }

    fn metric(&mut self, foreign: &Foreign) -> Option<&'static str> {
        let goal = |maximize: bool| if maximize { "maximize" } else { "minimize" };
        let Some(there) = &foreign.metric else {
            if foreign.maximize == Some(false) {
                let line = "the goal to minimize: it is not said which metric; accuracy is searched for, and maximized";
                self.left_out.push(line.to_owned());
            } else {
                self.remarks.push("`metric`: none is named there; accuracy is searched for".to_owned());
            }
            return None;
        };
        let Some(metric) = names::metric(there) else {
            self.left_out.push(format!("the metric `{there}`: none is called so here; accuracy is searched for"));
            return None;
        };
        if foreign.maximize.is_some_and(|maximize| maximize == metric.lower_is_better()) {
            let (theirs, ours) = (goal(metric.lower_is_better()), goal(!metric.lower_is_better()));
            let line = format!("the goal to {theirs} `{there}`: `{}` is there to {ours}", metric.name());
            self.left_out.push(line);
        }
        self.remarks.push(format!("`{there}` is `metric: {}` here, at a run's best epoch", metric.name()));
        Some(metric.name())
    }

    /// What only a search has.
    fn tell_unused(&mut self, foreign: &Foreign) {
        let why = if self.varied.is_empty() { "nothing varies" } else { "a grid tries all combinations" };
        let unused = [
            ("the metric", foreign.metric.as_ref().map(|metric| format!(" `{metric}`"))),
            ("the number of configurations", foreign.samples.map(|samples| format!(" {samples}"))),
            ("early termination", foreign.stop.map(|_| String::new())),
        ];
        for (what, value) in unused {
            self.left_out.extend(value.map(|value| format!("{what}{value}: {why}")));
        }
    }

    /// Whether there was any.
    pub(super) fn leave_out_stopping(&mut self, error: &SpecErrors) -> bool {
        let stop = self.search.as_mut().and_then(|search| search.stop.take());
        if stop.is_some() {
            let reason = error.problems().first().map_or_else(|| error.to_string(), |problem| problem.message.clone());
            self.left_out.push(format!("early termination: {reason}"));
        }
        stop.is_some()
    }

    fn tell_missing(&mut self) {
        let there = |name: &str| {
            let is_it = |line: &Line| line.name == name || line.name.starts_with(&format!("{name}."));
            self.fixed.iter().chain(&self.varied).any(is_it)
        };
        let missing: Vec<&str> = ["model", "dataset"].into_iter().filter(|name| !there(name)).collect();
        for name in missing {
            self.remarks.push(format!("`base.{name}` is not named there: without it, it is the paper's"));
        }
    }

    pub(super) fn leave_out(&mut self, there: &str, value: &serde_yaml::Value, reason: impl std::fmt::Display) {
        self.left_out.push(format!("`{there}`: {}: {reason}", shown(value)));
    }
}
