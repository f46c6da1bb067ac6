//! Reads the section `search`.

use crate::metrics::{Direction, Metric};
use crate::spec::cursor::{Context, Cursor};
use crate::spec::dataset::read_seed;
use crate::spec::fields::{self, Field};
use crate::spec::metric::recorded;
use crate::spec::problem::{Problems, listed, quoted};
use crate::spec::yaml::Value;

use super::draft::{DimensionDraft, SearchDraft, SearchPlaces};
use super::foreign_names::hint;
use super::initial::read_initial;
use super::settings::{Confirm, SearchBudget, StopRule};
use super::space::read_space;

pub(in crate::spec) const MOST_SAMPLES: usize = 10_000;
/// Epochs and configurations in a rule of stopping.
pub(in crate::spec) const MOST_EPOCHS: usize = 10_000;
/// Configurations that are confirmed, and seeds of each.
pub(in crate::spec) const MOST_CONFIRMED: usize = 100;
/// Tokens of a budget.
pub(in crate::spec) const MOST_TOKENS: usize = 1_000_000_000_000_000;
/// Hours of a budget.
pub(in crate::spec) const MOST_HOURS: f64 = 1e6;
const BATCH: usize = 8;
const CONFIRM: Confirm = Confirm { top: 3, seeds: 3 };

type Entries<'c> = [(&'c str, Cursor<'c>)];

fn entry<'e, 'c>(entries: &'e Entries<'c>, name: &str) -> Option<&'e Cursor<'c>> {
    let found = entries.iter().find(|(key, _)| *key == name).map(|(_, value)| value);
    found.filter(|value| value.node.value != Value::Null)
}

fn check_keys(entries: &Entries<'_>, known: &[Field], context: &mut Context<'_>) {
    for (key, value) in entries {
        if !fields::has(known, key) {
            let hint = hint(key, known);
            value.problem(
                context,
                format!("unknown key {}{hint} (there are {})", quoted(key), listed(fields::names(known))),
            );
        }
    }
}

impl SearchDraft {
    /// Reads the section; what is wrong is reported, and then there is none.
    pub fn read(cursor: &Cursor<'_>, context: &mut Context<'_>) -> Option<SearchDraft> {
        let entries = cursor.entries(context, "a mapping with `method`, `samples` and `space`")?;
        check_keys(&entries, &fields::SEARCH, context);
        let sub = |name: &str| entry(&entries, name);
        let method = required(cursor, sub("method"), "method", "the name of a method: `method: tpe`", context)
            .and_then(|method| method.text(context, "the name of a method"));
        let samples =
            required(cursor, sub("samples"), "samples", "how many configurations to try: `samples: 40`", context)
                .and_then(|samples| samples.count(context, 1, MOST_SAMPLES));
        let space = required(cursor, sub("space"), "space", "a mapping of parameters to what they may be", context);
        let dimensions: Vec<DimensionDraft> = space.map(|space| read_space(space, context)).unwrap_or_default();
        // All of it is read before anything that is missing ends it, so that every problem is told.
        let batch = sub("batch").map_or(Some(BATCH), |batch| batch.count(context, 1, MOST_SAMPLES));
        let seed = sub("seed").map_or(Some(0), |seed| read_seed(seed, context));
        let confirm = read_confirm(sub("confirm"), context);
        let stop = optional(sub("stop"), read_stop, context);
        let budget = optional(sub("budget"), read_budget, context);
        let metric = optional(sub("metric"), read_metric, context);
        let goal = optional(sub("goal"), |goal, context| goal.one_of(context, &GOALS), context);
        // Where dimensions are wrong, what is said of them cannot be checked.
        let named = space
            .and_then(|space| space.entries(&mut Context { problems: &mut Problems::default(), sources: None }, ""));
        let is_whole = named.is_some_and(|named| named.len() == dimensions.len());
        let initial = sub("initial").filter(|_| is_whole);
        let initial = initial.map(|list| read_initial(list, &dimensions, context)).unwrap_or_default();
        let place = |name: &str| sub(name).map_or_else(|| cursor.place(), Cursor::place);
        Some(SearchDraft {
            method: method?.to_owned(),
            samples: samples?,
            batch: batch?,
            seed: seed?,
            metric: metric?,
            goal: goal?,
            confirm: confirm?,
            stop: stop?,
            budget: budget?,
            initial,
            places: SearchPlaces {
                whole: cursor.place(),
                method: place("method"),
                space: place("space"),
                stop: place("stop"),
                initial: place("initial"),
                goal: place("goal"),
            },
            dimensions,
        })
    }
}

/// The inner none: it is not there. The outer one: it is wrong.
fn optional<T>(
    value: Option<&Cursor<'_>>,
    read: impl FnOnce(&Cursor<'_>, &mut Context<'_>) -> Option<T>,
    context: &mut Context<'_>,
) -> Option<Option<T>> {
    match value {
        Some(value) => read(value, context).map(Some),
        None => Some(None),
    }
}

pub(in crate::spec) const GOALS: [(&str, Direction); 2] =
    [("maximize", Direction::HigherIsBetter), ("minimize", Direction::LowerIsBetter)];

fn required<'e, 'c>(
    section: &Cursor<'_>,
    value: Option<&'e Cursor<'c>>,
    name: &str,
    what: &str,
    context: &mut Context<'_>,
) -> Option<&'e Cursor<'c>> {
    if value.is_none() {
        section.problem(context, format!("`{name}` is missing: {what}"));
    }
    value
}

fn read_metric(cursor: &Cursor<'_>, context: &mut Context<'_>) -> Option<Metric> {
    let name = cursor.text(context, "the name of a metric")?;
    recorded(name).map_err(|error| cursor.problem(context, error.to_string())).ok()
}

/// `{top: 3, seeds: 3}`, or false for none. Outer none: it is wrong.
fn read_confirm(cursor: Option<&Cursor<'_>>, context: &mut Context<'_>) -> Option<Option<Confirm>> {
    let Some(cursor) = cursor else {
        return Some(Some(CONFIRM));
    };
    if cursor.node.value == Value::Bool(false) {
        return Some(None);
    }
    let entries = cursor.entries(context, "`{top: 3, seeds: 3}`, or `false`")?;
    check_keys(&entries, &fields::CONFIRM, context);
    let mut count = |name: &str, otherwise: usize| {
        entry(&entries, name).map_or(Some(otherwise), |value| value.count(context, 1, MOST_CONFIRMED))
    };
    Some(Some(Confirm { top: count("top", CONFIRM.top)?, seeds: count("seeds", CONFIRM.seeds)? }))
}

/// `{method: asha, min_resource: 1, reduction_factor: 3}` or `{method: median, ...}`.
fn read_stop(cursor: &Cursor<'_>, context: &mut Context<'_>) -> Option<StopRule> {
    #[derive(Clone, Copy)]
    enum Kind {
        Asha,
        Median,
    }
    let entries = cursor.entries(context, "a mapping with `method: asha` or `method: median`")?;
    let kind = required(cursor, entry(&entries, "method"), "method", "`method: asha` or `method: median`", context)?
        .one_of(context, &[("asha", Kind::Asha), ("median", Kind::Median)])?;
    let known: &[Field] = match kind {
        Kind::Asha => &fields::ASHA,
        Kind::Median => &fields::MEDIAN,
    };
    check_keys(&entries, known, context);
    let mut count = |name: &str, low: usize, otherwise: usize| {
        entry(&entries, name).map_or(Some(otherwise), |value| value.count(context, low, MOST_EPOCHS))
    };
    Some(match kind {
        Kind::Asha => StopRule::Asha {
            min_resource: count("min_resource", 1, 1)?,
            reduction_factor: count("reduction_factor", 2, 3)?,
        },
        Kind::Median => StopRule::Median {
            startup: count("n_startup_trials", 1, 5)?,
            warmup: count("n_warmup_steps", 0, 1)?,
            interval: count("interval_steps", 1, 1)?,
        },
    })
}

/// `{tokens: 2e6}` or `{hours: 2}`.
fn read_budget(cursor: &Cursor<'_>, context: &mut Context<'_>) -> Option<SearchBudget> {
    let entries = cursor.entries(context, "`{tokens: 2000000}` or `{hours: 2}`")?;
    check_keys(&entries, &fields::BUDGET, context);
    match (entry(&entries, "tokens"), entry(&entries, "hours")) {
        (Some(tokens), None) => tokens.count(context, 1, MOST_TOKENS).map(|tokens| SearchBudget::Tokens(tokens as u64)),
        (None, Some(given)) => {
            let hours = given.number(context)?;
            if hours > 0.0 && hours <= MOST_HOURS {
                return Some(SearchBudget::Hours { hours });
            }
            given.problem(context, format!("must be more than 0 and at most {MOST_HOURS}; found {}", given.found()));
            None
        }
        (None, None) => {
            cursor.problem(
                context,
                "`tokens` (training tokens of all runs together) or `hours` (of one device) is missing",
            );
            None
        }
        (Some(_), Some(second)) => {
            second.problem(context, "a budget is of `tokens` or of `hours`, not of both");
            None
        }
    }
}
