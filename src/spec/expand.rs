//! A design's configurations, before the models are asked: `ablate`, then `grid` x `zip`, then `runs`.

use super::axis::{Choice, join_labels};
use super::design::Design;
use super::draft::Draft;
use super::setting::Setting;
use super::source_seed::Seeds;

/// The label of the configuration that base describes.
pub(super) const BASE: &str = "base";

/// A configuration as one section of the file gives it. Its seed is that of base or of its own choices.
#[derive(Clone, Debug)]
pub(super) struct Configuration {
    pub label: String,
    pub draft: Draft,
    pub origin: Origin,
}

/// The section and entry that gave a configuration.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Origin {
    Base,
    Ablate {
        axis: usize,
        choice: usize,
    },
    /// The number within the product, the last axis running fastest.
    Product(usize),
    Run(usize),
}

impl Design {
    /// Number of runs before doubles collapse and conditions leave some out; none: more than a machine can count.
    pub fn size(&self) -> Option<usize> {
        let ablated = self.ablate.iter().flatten().map(|axis| axis.choices.len()).sum::<usize>();
        let base = usize::from(self.has_base());
        let seeds = self.seeds.as_ref().map_or(1, Vec::len);
        let configurations =
            [base, ablated, self.runs.len()].into_iter().try_fold(self.product_size()?, usize::checked_add);
        configurations?.checked_mul(seeds)
    }

    fn product_size(&self) -> Option<usize> {
        if self.product.is_empty() {
            return Some(0);
        }
        self.product.iter().try_fold(1, |size: usize, axis| size.checked_mul(axis.choices.len()))
    }

    /// Base is a run where it is what the changes of `ablate` are compared with, or where nothing else is a run.
    fn has_base(&self) -> bool {
        self.ablate.is_some() || self.product.is_empty() && self.runs.is_empty() && self.search.is_none()
    }

    /// Whether runs of one configuration differ in their seeds.
    pub fn varies_seed(&self) -> bool {
        let chosen = |choice: &Choice| choice.settings.iter().any(|setting| matches!(setting, Setting::Seed(_)));
        self.seeds.as_ref().is_some_and(|seeds| seeds.len() > 1) || self.choices().any(chosen)
    }

    /// All configurations, doubles included. Only for a design whose `size` is known to be bearable.
    pub fn configurations(&self) -> impl Iterator<Item = Configuration> {
        let base = self.has_base().then_some(Origin::Base);
        let axes = self.ablate.iter().flatten().enumerate();
        let ablated =
            axes.flat_map(|(axis, of)| (0..of.choices.len()).map(move |choice| Origin::Ablate { axis, choice }));
        let product = (0..self.product_size().unwrap_or_default()).map(Origin::Product);
        let runs = (0..self.runs.len()).map(Origin::Run);
        base.into_iter().chain(ablated).chain(product).chain(runs).map(|origin| self.configuration(origin))
    }

    pub fn configuration(&self, origin: Origin) -> Configuration {
        let choices = self.choices_of(origin);
        let mut label = join_labels(choices.iter().map(|choice| choice.label.as_str()));
        if label.is_empty() {
            label.push_str(BASE);
        }
        let draft = self.base.with(choices.iter().flat_map(|choice| &choice.settings));
        Configuration { label, draft, origin }
    }

    /// The runs of a configuration, one for each seed; those that cannot be are left out.
    pub fn runs_of(&self, draft: &Draft) -> Vec<Draft> {
        let seeds = self.seeds.clone().unwrap_or_else(|| vec![draft.scalars.seed]);
        let at = |seed: u64| Some(draft.at(&Seeds::for_run(&draft.scalars.source_seeds, seed).ok()?));
        seeds.into_iter().filter_map(at).collect()
    }

    /// The choices that make a configuration out of base.
    pub fn choices_of(&self, origin: Origin) -> Vec<&Choice> {
        match origin {
            Origin::Base => Vec::new(),
            Origin::Ablate { axis, choice } => {
                self.ablate.iter().flatten().nth(axis).map(|axis| &axis.choices[choice]).into_iter().collect()
            }
            Origin::Product(mut number) => {
                let mut choices = Vec::with_capacity(self.product.len());
                for axis in self.product.iter().rev() {
                    choices.push(&axis.choices[number % axis.choices.len()]);
                    number /= axis.choices.len();
                }
                choices.reverse();
                choices
            }
            Origin::Run(number) => vec![&self.runs[number]],
        }
    }
}
