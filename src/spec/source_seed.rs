//! Seeds of single sources of variation. By themselves they follow the run's seed; set apart, two runs can differ in one kind
//! of random numbers only.

use std::fmt;

use super::cursor::{Context, Cursor};
use super::dataset::read_seed;
use super::yaml::Value;
use super::{DatasetSpec, Evaluation, RunSpec};

/// What random numbers are drawn for. The discriminant is its place in [`super::draft::Scalars`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum VariationSource {
    /// Initial values of an adapter and of a new head.
    Init,
    /// The order of training examples.
    Order,
    /// Dropout masks.
    Dropout,
    /// Which rows are held out.
    Split,
}

impl VariationSource {
    pub const ALL: [VariationSource; 4] =
        [VariationSource::Init, VariationSource::Order, VariationSource::Dropout, VariationSource::Split];

    /// What its seed is where nothing is said.
    pub fn default_rule(self) -> SourceSeed {
        match self {
            VariationSource::Init | VariationSource::Order | VariationSource::Dropout => SourceSeed::AfterSeed(0),
            VariationSource::Split => SourceSeed::OfDataset,
        }
    }
}

/// How the seed of a source comes about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum SourceSeed {
    /// Of the split: the data set's own, which does not follow the run's seed.
    OfDataset,
    Number(u64),
    /// So much more than the run's seed; 0: the run's seed.
    AfterSeed(u64),
}

impl SourceSeed {
    /// What a source has where nothing is said, by [`VariationSource`].
    pub const DEFAULTS: [SourceSeed; 4] =
        [SourceSeed::AfterSeed(0), SourceSeed::AfterSeed(0), SourceSeed::AfterSeed(0), SourceSeed::OfDataset];

    /// Reads a number, `seed`, `seed + 1000`, or null for what is taken where nothing is said.
    pub fn read(source: VariationSource, cursor: &Cursor<'_>, context: &mut Context<'_>) -> Option<SourceSeed> {
        match &cursor.node.value {
            Value::Null => Some(source.default_rule()),
            Value::Text(text) => {
                let read = after_seed(text).map(SourceSeed::AfterSeed);
                if read.is_none() {
                    let message = "must be a whole number from 0 to 2^64 - 1, or relative to the run's seed (`seed`, \
                                   `seed + 1000`), found ";
                    cursor.problem(context, format!("{message}{}", cursor.found()));
                }
                read
            }
            _ => read_seed(cursor, context).map(SourceSeed::Number),
        }
    }

    /// The seed in a run of this seed. None: it is beyond 2^64 - 1, or the data set's own.
    pub fn at(self, seed: u64) -> Option<u64> {
        match self {
            SourceSeed::OfDataset => None,
            SourceSeed::Number(number) => Some(number),
            SourceSeed::AfterSeed(more) => seed.checked_add(more),
        }
    }
}

/// As in a sweep file.
impl fmt::Display for SourceSeed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            SourceSeed::OfDataset => f.write_str("dataset.eval"),
            SourceSeed::Number(number) => write!(f, "{number}"),
            SourceSeed::AfterSeed(0) => f.write_str("seed"),
            SourceSeed::AfterSeed(more) => write!(f, "seed + {more}"),
        }
    }
}

/// How much more than the run's seed: `seed`, `seed + 1000`.
fn after_seed(text: &str) -> Option<u64> {
    let rest = text.trim().strip_prefix("seed")?.trim_start();
    if rest.is_empty() {
        return Some(0);
    }
    let digits = rest.strip_prefix('+')?.trim_start();
    digits.bytes().all(|byte| byte.is_ascii_digit()).then(|| digits.parse().ok()).flatten()
}

/// The seeds of one run, all of them numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Seeds {
    pub seed: u64,
    pub init: u64,
    pub order: u64,
    pub dropout: u64,
    /// None: the data set's own.
    pub split: Option<u64>,
}

/// A seed of a source that no run can have.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum SourceSeedError {
    #[error("`{rule}` is beyond 2^64 - 1 where the seed is {seed}")]
    TooLarge { rule: SourceSeed, seed: u64 },
    #[error(
        "`split_seed` says which rows are held out, but this data set is evaluated on {evaluation}; leave it out, or hold \
         rows out: `dataset.eval: {{test_size: 640}}`"
    )]
    NothingHeldOut { evaluation: String },
}

impl Seeds {
    /// Of a run with this seed.
    ///
    /// # Errors
    /// A source whose seed would be beyond 2^64 - 1.
    pub fn for_run(rules: &[SourceSeed; 4], seed: u64) -> Result<Seeds, (VariationSource, SourceSeedError)> {
        let at = |source: VariationSource| {
            let rule = rules[source as usize];
            let too_large = || (source, SourceSeedError::TooLarge { rule, seed });
            rule.at(seed).ok_or_else(too_large)
        };
        let split = match rules[VariationSource::Split as usize] {
            SourceSeed::OfDataset => None,
            _ => Some(at(VariationSource::Split)?),
        };
        Ok(Seeds {
            seed,
            init: at(VariationSource::Init)?,
            order: at(VariationSource::Order)?,
            dropout: at(VariationSource::Dropout)?,
            split,
        })
    }

    /// A seed that is not the run's own.
    pub fn own(&self, seed: u64) -> Option<u64> {
        Some(seed).filter(|seed| *seed != self.seed)
    }
}

impl RunSpec {
    /// The seed of the initial values of the adapter and of a new head.
    pub fn init_seed(&self) -> u64 {
        self.init_seed.unwrap_or(self.seed)
    }

    /// The seed of the order of training examples.
    pub fn order_seed(&self) -> u64 {
        self.order_seed.unwrap_or(self.seed)
    }

    /// The seed of dropout masks.
    pub fn dropout_seed(&self) -> u64 {
        self.dropout_seed.unwrap_or(self.seed)
    }
}

impl DatasetSpec {
    /// The seed that decides which rows are held out; none where none are.
    pub fn split_seed(&self) -> Option<u64> {
        match &self.evaluation {
            Evaluation::HeldOut { seed, .. } => Some(*seed),
            Evaluation::File(_) | Evaluation::Split(_) => None,
        }
    }

    /// The same with other rows held out; unchanged where none are.
    pub fn with_split_seed(&self, new: u64) -> DatasetSpec {
        let mut dataset = self.clone();
        if let Evaluation::HeldOut { seed, .. } = &mut dataset.evaluation {
            *seed = new;
        }
        dataset
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn relative_seeds_are_read_however_they_are_spaced() {
        for (text, more) in [("seed", 0), (" seed ", 0), ("seed+7", 7), ("seed + 1000", 1000), ("seed +0", 0)] {
            assert_eq!(after_seed(text), Some(more), "{text}");
        }
        for text in
            ["", "Seed", "seeds", "seed 7", "seed + ", "seed - 1", "seed + -1", "seed + +1", "seed + 1.5", "7 + seed"]
        {
            assert_eq!(after_seed(text), None, "{text}");
        }
        assert_eq!(after_seed("seed + 18446744073709551616"), None);
    }

    #[test]
    fn defaults_are_those_of_the_sources() {
        assert_eq!(VariationSource::ALL.map(VariationSource::default_rule), SourceSeed::DEFAULTS);
        assert_eq!(VariationSource::ALL.map(|source| source as usize), [0, 1, 2, 3]);
    }

    proptest! {
        #[test]
        fn what_is_shown_is_read_again(more: u64) {
            let rule = SourceSeed::AfterSeed(more);
            prop_assert_eq!(after_seed(&rule.to_string()), Some(more));
        }

        #[test]
        fn a_relative_seed_differs_by_as_much_in_every_run_or_is_refused(seed: u64, more: u64) {
            let mut rules = SourceSeed::DEFAULTS;
            rules[VariationSource::Order as usize] = SourceSeed::AfterSeed(more);
            match Seeds::for_run(&rules, seed) {
                Ok(seeds) => {
                    prop_assert_eq!((seeds.seed, seeds.init, seeds.dropout, seeds.split), (seed, seed, seed, None));
                    prop_assert_eq!(seeds.order - seed, more);
                    prop_assert_eq!(seeds.own(seeds.order).is_none(), more == 0);
                }
                Err((source, message)) => {
                    prop_assert_eq!(source, VariationSource::Order);
                    prop_assert!(u128::from(seed) + u128::from(more) > u128::from(u64::MAX), "{}", message);
                }
            }
        }
    }
}
