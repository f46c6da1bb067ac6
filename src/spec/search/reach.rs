//! What the points of a space can come to.

use crate::spec::axis::Choice;
use crate::spec::design::Design;
use crate::spec::draft::Draft;
use crate::spec::exclude::{Condition, Reach};
use crate::spec::parameter::{Count, Parameter};
use crate::spec::setting::Setting;

use super::distribution::Distribution;
use super::draft::{DimensionDraft, SearchDraft, Values};

/// Combinations of choices that are looked at. Where there are more, any of them may be possible.
const MOST_COMBINATIONS: usize = 10_000;

impl SearchDraft {
    /// Whether a point may meet a condition; false only where none does.
    pub fn may_meet(&self, design: &Design, condition: &Condition) -> bool {
        let deciding: Vec<&DimensionDraft> =
            self.dimensions.iter().filter(|dimension| dimension.decides(condition)).collect();
        let counts: Vec<usize> = deciding.iter().map(|dimension| dimension.options()).collect();
        let total = counts.iter().try_fold(1, |total: usize, count| total.checked_mul(*count));
        let Some(total) = total.filter(|total| *total <= MOST_COMBINATIONS) else {
            return true;
        };
        let ranges: Vec<(Parameter, Reach<'_>)> = deciding.iter().filter_map(|dimension| dimension.reach()).collect();
        (0..total).any(|mut number| {
            let mut settings: Vec<&Setting> = Vec::new();
            for (dimension, count) in deciding.iter().zip(&counts) {
                settings.extend(dimension.option(number % count));
                number /= count;
            }
            let draft = design.base.with(settings.into_iter());
            design.runs_of(&draft).iter().any(|run| condition.may_match(run, &ranges))
        })
    }

    /// Every listed value.
    pub fn choices(&self) -> impl Iterator<Item = &Choice> {
        self.dimensions.iter().flat_map(DimensionDraft::listed)
    }

    /// The most epochs that a run of it may have.
    pub fn most_epochs(&self, base: &Draft) -> usize {
        let epochs = Parameter::Count(Count::Epochs);
        let in_base = base.scalars.count(Count::Epochs);
        let of_setting = |setting: &Setting| match setting {
            Setting::Count(Count::Epochs, epochs) => Some(*epochs),
            _ => None,
        };
        let Some(dimension) = self.dimensions.iter().find(|dimension| dimension.parameters().contains(&epochs)) else {
            return in_base;
        };
        let most = match &dimension.values {
            Values::Numbers(_, distribution) => distribution.range().map(|range| range.high as usize),
            Values::Choices(axis) => {
                axis.choices.iter().flat_map(|choice| &choice.settings).filter_map(of_setting).max()
            }
        };
        let most = most.unwrap_or_default();
        if dimension.always_sets(epochs) { most } else { most.max(in_base) }
    }
}

impl DimensionDraft {
    /// Whether every point has a value for a parameter from it.
    pub fn always_sets(&self, parameter: Parameter) -> bool {
        let sets = |settings: &[Setting]| settings.iter().any(|setting| setting.replaces(parameter));
        self.when.is_none()
            && match &self.values {
                Values::Numbers(own, _) => *own == parameter,
                Values::Choices(axis) => axis.choices.iter().all(|choice| sets(&choice.settings)),
            }
    }

    /// Its values, where they are listed.
    fn listed(&self) -> &[Choice] {
        match &self.values {
            Values::Numbers(..) => &[],
            Values::Choices(axis) => &axis.choices,
        }
    }

    /// In how many ways it changes base, numbers aside; where it need not apply, to leave base as it is is one of them.
    fn options(&self) -> usize {
        match &self.values {
            Values::Numbers(..) => 1,
            Values::Choices(axis) => axis.choices.len() + usize::from(self.when.is_some()),
        }
    }

    fn option(&self, number: usize) -> &[Setting] {
        self.listed().get(number).map_or(&[], |choice| &choice.settings)
    }

    fn reach(&self) -> Option<(Parameter, Reach<'_>)> {
        let Values::Numbers(parameter, distribution) = &self.values else {
            return None;
        };
        let range = distribution.range()?;
        let has: Box<dyn Fn(f64) -> bool + '_> = Box::new(|value| Distribution::contains(distribution, value));
        Some((*parameter, Reach { low: range.low, high: range.high, has, always: self.when.is_none() }))
    }
}
