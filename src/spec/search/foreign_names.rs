//! How other tools call what the section `search` has (Optuna, Ray Tune, W&B, Hugging Face, scikit-learn), for hints.

use crate::spec::fields::{self, Field};
use crate::spec::problem::did_you_mean;

/// Keys of the section itself: the foreign name, and ours.
const SECTION: [(&str, &str); 26] = [
    ("n_trials", "samples"),
    ("num_samples", "samples"),
    ("trials", "samples"),
    ("n_iter", "samples"),
    ("max_trials", "samples"),
    ("count", "samples"),
    ("sampler", "method"),
    ("algorithm", "method"),
    ("search_alg", "method"),
    ("pruner", "stop"),
    ("scheduler", "stop"),
    ("early_terminate", "stop"),
    ("early_stopping", "stop"),
    ("parameters", "space"),
    ("param_space", "space"),
    ("search_space", "space"),
    ("hp_space", "space"),
    ("direction", "goal"),
    ("mode", "goal"),
    ("timeout", "budget"),
    ("time_budget_s", "budget"),
    ("points_to_evaluate", "initial"),
    ("max_concurrent", "batch"),
    ("max_concurrent_trials", "batch"),
    ("random_state", "seed"),
    ("random_seed", "seed"),
];

/// Keys of `stop`.
const STOP: [(&str, &str); 10] = [
    ("type", "method"),
    ("grace_period", "min_resource"),
    ("min_iter", "min_resource"),
    ("min_t", "min_resource"),
    ("eta", "reduction_factor"),
    ("factor", "reduction_factor"),
    ("grace_period", "n_warmup_steps"),
    ("min_samples_required", "n_startup_trials"),
    ("n_min_trials", "n_startup_trials"),
    ("eval_interval", "interval_steps"),
];

/// What stands elsewhere, with a sentence that says where.
const ELSEWHERE: [(&str, &str); 15] = [
    ("max_t", "how long a run may train is `epochs` in `base`"),
    ("max_resource", "how long a run may train is `epochs` in `base`"),
    ("max_iter", "how long a run may train is `epochs` in `base`"),
    ("min_early_stopping_rate", "there is one bracket: `min_resource` says where its first rung is"),
    ("brackets", "there is one bracket: `min_resource` says where its first rung is"),
    ("time_attr", "rungs are counted in epochs"),
    ("time_scale", "rungs are counted in epochs"),
    ("seeds", "`seeds` stands beside `search`, and beside `top` in `confirm`"),
    ("epochs", "`epochs` stands in `base`, or in `space` where it is searched"),
    ("grace_period", "`stop: {method: asha, min_resource: 1}` says it"),
    ("min_resource", "it is a key of `stop`: `stop: {method: asha, min_resource: 1}`"),
    ("reduction_factor", "it is a key of `stop`: `stop: {method: asha, reduction_factor: 3}`"),
    ("n_startup_trials", "it is a key of `stop` with `method: median`"),
    ("n_warmup_steps", "it is a key of `stop` with `method: median`"),
    ("interval_steps", "it is a key of `stop` with `method: median`"),
];

/// Distributions of the space.
const DISTRIBUTIONS: [(&str, &str); 10] = [
    ("values", "choice"),
    ("categorical", "choice"),
    ("grid_search", "choice"),
    ("quniform", "quantized"),
    ("q_uniform", "quantized"),
    ("randint", "int"),
    ("int_uniform", "int"),
    ("lograndint", "log_int"),
    ("qloguniform", "log_uniform"),
    ("log_uniform_values", "log_uniform"),
];

/// What to say of a key that is none of `known`: what was probably meant, or where it stands; empty where nothing is near.
pub(super) fn hint(key: &str, known: &[Field]) -> String {
    if let Some(ours) = called([&SECTION[..], &STOP[..]].concat().as_slice(), key, |ours| fields::has(known, ours)) {
        return format!("; did you mean `{ours}`?");
    }
    if let Some((_, sentence)) = ELSEWHERE.iter().find(|(name, _)| *name == key) {
        return format!("; {sentence}");
    }
    did_you_mean(key, fields::names(known))
}

/// The same of a distribution that is none of `known`.
pub(super) fn hint_of_distribution(name: &str, known: &[&'static str]) -> String {
    match called(&DISTRIBUTIONS, name, |ours| known.contains(&ours)) {
        Some(ours) => format!("; did you mean `{ours}`?"),
        None => did_you_mean(name, known.iter().copied()),
    }
}

fn called(table: &[(&str, &'static str)], name: &str, is_known: impl Fn(&str) -> bool) -> Option<&'static str> {
    table.iter().find(|(foreign, ours)| *foreign == name && is_known(ours)).map(|(_, ours)| *ours)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::spec::fields::{ASHA, CONFIRM, MEDIAN, SEARCH};

    #[test]
    fn names_of_other_tools_lead_to_ours() {
        for (key, known, expected) in [
            ("n_trials", &SEARCH[..], "`samples`"),
            ("pruner", &SEARCH, "`stop`"),
            ("grace_period", &ASHA, "`min_resource`"),
            ("grace_period", &MEDIAN, "`n_warmup_steps`"),
            ("grace_period", &SEARCH, "min_resource"),
            ("max_t", &ASHA, "`epochs` in `base`"),
            ("reduction_factor", &SEARCH, "a key of `stop`"),
            ("n_startup_trials", &ASHA, "`method: median`"),
            ("min_resource", &MEDIAN, "method: asha"),
            ("tops", &CONFIRM, "`top`"),
        ] {
            let found = hint(key, known);
            assert!(found.contains(expected), "{key}: {found}");
        }
        assert_eq!(hint("whatever", &ASHA), "");
    }

    #[test]
    fn what_is_called_so_here_is_no_foreign_name() {
        let ours = |key: &str| [&SEARCH[..], &ASHA, &MEDIAN].iter().any(|known| fields::has(known, key));
        for (foreign, own) in SECTION.iter().chain(&STOP) {
            assert!(ours(own) && !ours(foreign), "{foreign}: {own}");
        }
    }
}
