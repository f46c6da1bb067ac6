//! Overrides one by one.

use serde_yaml::Value;

use crate::import::foreign::{Foreign, ForeignParameter, Method, Values};
use crate::import::scalar::{count, scalar, shown, text};

use super::value;

/// Takes overrides one by one.
#[derive(Default)]
pub(super) struct Reader {
    pub(super) foreign: Foreign,
    /// What the script is configured with. Overrides of the same names stand.
    pub(super) base: Vec<ForeignParameter>,
    /// Whether the sweeper is Optuna's; Hydra's own takes every combination.
    with_optuna: bool,
}

impl Reader {
    /// An override as it stands on a command line.
    pub(super) fn set(&mut self, name: &str, value: &str) {
        if name.starts_with('~') {
            self.leave_out_deletion(&format!("{name}={value}"));
            return;
        }
        let name = name.strip_prefix("++").or(name.strip_prefix('+')).unwrap_or(name);
        if let Some(setting) = name.strip_prefix("hydra/").or(name.strip_prefix("hydra.")) {
            self.configure(setting, &scalar(value));
            return;
        }
        match value::read(value) {
            Ok(values) => self.foreign.parameters.push(ForeignParameter { name: name.to_owned(), values }),
            Err(reason) => self.foreign.left_out.push(format!("`{name}={value}`: {reason}")),
        }
    }

    /// An override that takes something out of the script's configuration: `~name`, `~name=value`.
    pub(super) fn leave_out_deletion(&mut self, word: &str) {
        let line = format!("`{word}`: it deletes a setting of the script, which has no counterpart");
        self.foreign.left_out.push(line);
    }

    /// A setting of Hydra itself, without its `hydra.`.
    pub(super) fn configure(&mut self, setting: &str, value: &Value) {
        match setting {
            "sweeper" => self.with_optuna = text(value) == Some("optuna"),
            "sweeper.n_trials" => self.foreign.samples = count(value),
            "sweeper.direction" => self.foreign.maximize = text(value).map(|direction| direction == "maximize"),
            "sweeper.sampler.seed" => self.foreign.seed = count(value).map(|seed| seed as u64),
            "sweeper.study_name" => self.foreign.name = text(value).map(str::to_owned),
            "sweeper/sampler" | "sweeper.sampler._target_" => self.set_sampler(text(value).unwrap_or_default()),
            "sweeper._target_" => self.with_optuna |= text(value).is_some_and(|name| name.contains("ptuna")),
            "mode" => {}
            _ => {
                let line = format!("`hydra.{setting}={}`: Hydra's own setting has no counterpart", shown(value));
                self.foreign.left_out.push(line);
            }
        }
    }

    fn set_sampler(&mut self, sampler: &str) {
        let sampler = sampler.rsplit('.').next().unwrap_or_default().to_ascii_lowercase();
        self.foreign.method = match sampler.trim_end_matches("sampler") {
            "tpe" => Some(Method::Tpe),
            "random" => Some(Method::Random),
            "grid" => Some(Method::Grid),
            other => {
                self.foreign
                    .left_out
                    .push(format!("the sampler `{other}`: there are tpe, random and grid; tpe is taken"));
                Some(Method::Tpe)
            }
        };
    }

    pub(super) fn finish(mut self) -> Foreign {
        let has_range = self.foreign.parameters.iter().any(|parameter| matches!(parameter.values, Values::Range(_)));
        self.foreign.parameters.splice(0..0, self.base);
        self.foreign.method = self.foreign.method.or(Some(match self.with_optuna || has_range {
            true => Method::Tpe,
            false => Method::Grid,
        }));
        self.foreign
    }
}
