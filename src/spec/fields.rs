//! The keys of a sweep file's mappings: what the reader knows is listed here, and what the reference and the JSON Schema say
//! of it. The parameters of a run are in a table of their own ([`super::parameter::Parameter`]).

/// A key of a mapping.
#[derive(Clone, Copy, Debug)]
pub(super) struct Field {
    pub name: &'static str,
    pub is_required: bool,
    /// What is taken where it is left out, in Markdown; empty where that goes without saying.
    pub default: &'static str,
    /// In Markdown, with links from `docs/`.
    pub meaning: &'static str,
}

const fn required(name: &'static str, meaning: &'static str) -> Field {
    Field { name, is_required: true, default: "", meaning }
}

const fn optional(name: &'static str, default: &'static str, meaning: &'static str) -> Field {
    Field { name, is_required: false, default, meaning }
}

/// The names of keys.
pub(super) fn names(fields: &[Field]) -> impl Iterator<Item = &'static str> + Clone + '_ {
    fields.iter().map(|field| field.name)
}

/// The keys that must be there.
pub(super) fn required_names(fields: &[Field]) -> impl Iterator<Item = &'static str> + '_ {
    fields.iter().filter(|field| field.is_required).map(|field| field.name)
}

pub(super) fn has(fields: &[Field], name: &str) -> bool {
    names(fields).any(|known| known == name)
}

/// The sections.
pub(super) const SECTIONS: [Field; 15] = [
    optional("name", "", "names the results folder; without it, the file's name does"),
    optional("description", "", "a text for reports"),
    optional(
        "extends",
        "",
        "another sweep file, or a list of them: this one says only in what it differs ([files that extend others](#files-that-extend-others))",
    ),
    optional(
        "base",
        "",
        "the parameters of a run (below); those left out have their defaults, which are the paper's recipe",
    ),
    optional(
        "ablate",
        "",
        "one change at a time from base: a parameter with the values to try (`epochs: [8, 10]`), or a name of your \
         own with parameters that change together (`dropout: [{hidden_dropout: 0.1, attention_dropout: 0.1}]`); \
         base itself is a run, too",
    ),
    optional("grid", "", "every combination of the values, written in the same way"),
    optional("zip", "", "lists of equal length that are walked together"),
    optional("runs", "", "an explicit list: each entry sets some parameters"),
    optional("search", "", "a space that is searched, in place of runs that are named ([searching](search.md))"),
    optional(
        "exclude",
        "",
        "conditions on parameters: a run that meets all pairs of an entry is left out (`{rank: 16, batch_size: [8, \
         16]}`, `{epochs: {gt: 8}}`; comparisons `lt`, `le`, `gt`, `ge`, `ne`)",
    ),
    optional("seeds", "", "repeats every configuration with these seeds"),
    optional(
        "looks",
        "",
        "numbers of seeds (`[3, 5, 10]`) at which verdicts may be given; without it, only when all seeds are in",
    ),
    optional("hypotheses", "", "claims to settle ([hypotheses](hypotheses.md))"),
    optional(
        "observations",
        "",
        "statements about the runs of one configuration ([observations](hypotheses.md#observations))",
    ),
    optional(
        "reference",
        "",
        "reported figures to compare with: `source`, `metric` (also `trainable_parameters`, `total_parameters`), \
         `value`, and an `epoch` where it is not the final one",
    ),
];

/// A mapping of several parameters that has a name of its own: an entry of `runs`, or of a list of changes.
pub(super) const NAMED: Field = optional("name", "", "what it is called in labels and tables");

/// `dataset.eval` and `dataset.test` where they are a mapping.
pub(super) const EVALUATION: [Field; 3] = [
    optional("split", "", "the name of a split, which is taken as it is"),
    optional("test_size", "", "how many rows are held out: a number, or a fraction between 0 and 1"),
    optional("seed", "42", "which rows are held out, as `train_test_split(seed=...)` draws them"),
];

/// An entry of `target_modules` that is a mapping.
pub(super) const TARGETS: [Field; 2] = [
    required("layers", "`all`, a number, a range `\"0-3\"`, or a list of these; counted from 0"),
    required("modules", "`all`, or the modules of each of these layers"),
];

pub(super) const EARLY_STOPPING: [Field; 2] = [
    required("patience", "a run ends after so many evaluations in a row that are no better than the best before"),
    optional("min_delta", "0", "an evaluation is better only by more than this"),
];

/// An entry of `hypotheses`.
pub(super) const HYPOTHESIS: [Field; 8] = [
    required("id", "names it in tables"),
    required("claim", "a sentence"),
    required("vary", "a parameter, or a change of `ablate` or `grid` that has a name"),
    optional("values", "all that the sweep has", "the values that are compared with the baseline"),
    optional(
        "baseline",
        "`base`",
        "the label of the configuration that is compared with: `rank=4, learning_rate=1e-4`",
    ),
    required(
        "metric",
        "what is compared: a [metric](sweep-file.md#metrics) at the best epoch, `accuracy@last`, `accuracy@3`, \
         `epochs_to(accuracy, 0.9)` or `generalization_gap`",
    ),
    required("expect", "how the changed configuration's metric lies to the baseline's"),
    optional("margin", "none", "a difference too small to matter; with `equivalent` it must be there"),
];

/// An entry of `observations`.
pub(super) const OBSERVATION: [Field; 7] = [
    required("id", "names it in tables"),
    required("claim", "a sentence"),
    optional("configuration", "`base`", "the label of the configuration whose runs it is about"),
    required(
        "observe",
        "a quantity of a run: a metric as hypotheses have it, `rise(accuracy, 1, 3)`, `correlation(train_loss, \
         eval_loss)`, `spread(accuracy, f1)`, `class_bias` or `trainable_share`",
    ),
    required("against", "what it is compared with: a number, or another quantity of the same run"),
    required("expect", "how `observe` lies to `against`"),
    optional("margin", "none", "a difference that counts as none; needed unless `expect` is `higher` or `lower`"),
];

/// An entry of `reference`.
pub(super) const REFERENCE: [Field; 4] = [
    required("source", "who reported it"),
    required("metric", "a recorded metric, `trainable_parameters` or `total_parameters`"),
    required("value", "the reported figure; shares are written as such (0.947)"),
    optional("epoch", "the final one", "the epoch that it was reported for"),
];

/// The section `search`.
pub(super) const SEARCH: [Field; 11] = [
    required("method", "`random`, `sobol` or `tpe`; see [methods](search.md#methods)"),
    required("samples", "how many configurations are tried, at most; fewer where the space has fewer points"),
    required("space", "what is varied; see [the space](search.md#the-space)"),
    optional("batch", "8", "configurations that are chosen together"),
    optional("seed", "0", "of the search's own random numbers"),
    optional("metric", "base's `metric_for_best`", "what is searched for, at a run's best epoch"),
    optional("goal", "the metric's", "`maximize` or `minimize` may be said, and must be right"),
    optional("stop", "none", "runs that are stopped before their last epoch; see [stopping](search.md#stopping)"),
    optional(
        "confirm",
        "`{top: 3, seeds: 3}`",
        "the best are trained again, unless it is `false`; see [the best](search.md#the-best)",
    ),
    optional(
        "budget",
        "none",
        "`{tokens: 2e6}`, training tokens of all runs together, or `{hours: 2}` of one device; see [the \
         budget](search.md#the-budget)",
    ),
    optional(
        "initial",
        "none",
        "points that are tried first: a list of mappings like `{learning_rate: 3e-5, rank: 16, lr_scheduler: \
         constant}`",
    ),
];

pub(super) const CONFIRM: [Field; 2] = [
    optional("top", "3", "how many of the best configurations are trained again"),
    optional("seeds", "3", "with how many seeds that the search has not seen"),
];

/// One of them.
pub(super) const BUDGET: [Field; 2] = [
    optional("tokens", "none", "training tokens of all runs together"),
    optional("hours", "none", "hours of one device, at the speed at which the first batch was trained"),
];

pub(super) const ASHA: [Field; 3] = [
    required("method", "`asha`: the best in `reduction_factor` of a rung go on"),
    optional("min_resource", "1", "epochs to the first rung"),
    optional("reduction_factor", "3", "one in so many goes on, and each rung is so many times the one before"),
];

pub(super) const MEDIAN: [Field; 4] = [
    required("method", "`median`: what is worse than the median of the others after the same epoch stops"),
    optional("n_startup_trials", "5", "configurations that have reached an epoch before anything is stopped there"),
    optional("n_warmup_steps", "1", "epochs after which nothing is stopped"),
    optional("interval_steps", "1", "epochs between two decisions"),
];

/// What a parameter of `search.space` may be, where it is a mapping; one of the first six.
pub(super) const DIMENSION: [Field; 7] = [
    optional("uniform", "", "`[low, high]`: numbers"),
    optional("log_uniform", "", "`[low, high]`: numbers, uniform in the logarithm"),
    optional("int", "", "`[low, high]`: whole numbers"),
    optional("log_int", "", "`[low, high]`: whole numbers, uniform in the logarithm"),
    optional("quantized", "", "`[low, high, step]`: `low`, `low + step` and so on"),
    optional("choice", "", "the listed values"),
    optional("when", "everywhere", "where it is varied: a condition as in `exclude`; elsewhere it has base's value"),
];

/// Comparisons in conditions.
pub(super) const COMPARISONS: [Field; 5] = [
    optional("lt", "", "below"),
    optional("le", "", "at most"),
    optional("gt", "", "above"),
    optional("ge", "", "at least"),
    optional("ne", "", "none of"),
];
