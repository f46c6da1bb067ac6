//! Which instruction set is used: the list of all, and what [`VARIABLE`] asks for.

use std::sync::LazyLock;

use super::amx::Amx;
use super::avx2::Avx2;
use super::avx512::Avx512;
#[cfg(test)]
use super::instruction_set::WithInstructionSet;
use super::instruction_set::{InstructionSet, WithTiles};
use super::neon::Neon;
use crate::spec::Precision;

/// Names the instruction set that is used, of those that the processor has: to compare them, and to get on one processor what
/// another one gives.
pub const VARIABLE: &str = "SWEEP_ISA";

/// What [`VARIABLE`] was when the first pass began; empty where it asks for nothing.
static REQUESTED: LazyLock<String> = LazyLock::new(|| std::env::var(VARIABLE).unwrap_or_default());

/// An instruction set cannot be used.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum InstructionSetError {
    #[error("{VARIABLE}: `{requested}` is no instruction set (there are {known})")]
    Unknown { requested: String, known: String },
    #[error("{VARIABLE}: this processor does not have `{requested}` (it has {found})")]
    Absent { requested: String, found: String },
}

/// Whether the instruction set that `SWEEP_ISA` asks for is one, and this processor has it.
///
/// # Errors
/// It is none, or the processor does not have it.
pub fn check_requested() -> Result<(), InstructionSetError> {
    check(&REQUESTED, &all())
}

/// `sets` are the names of all, and whether the processor has them.
fn check(requested: &str, sets: &[(&str, bool)]) -> Result<(), InstructionSetError> {
    let listed = |found: bool| {
        let names: Vec<&str> = sets.iter().filter(|(_, has)| *has || !found).map(|(name, _)| *name).collect();
        if names.is_empty() { "none".to_string() } else { names.join(", ") }
    };
    match sets.iter().find(|(name, _)| *name == requested) {
        _ if requested.is_empty() => Ok(()),
        None => Err(InstructionSetError::Unknown { requested: requested.to_string(), known: listed(false) }),
        Some((_, false)) => Err(InstructionSetError::Absent { requested: requested.to_string(), found: listed(true) }),
        Some((_, true)) => Ok(()),
    }
}

/// Instruction sets from the one that is asked for on, where one is.
struct Usable {
    reached: bool,
}

impl Usable {
    fn new() -> Self {
        Usable { reached: REQUESTED.is_empty() }
    }

    /// An instruction set, where this processor has it and none further down the list is asked for.
    fn next<I: InstructionSet>(&mut self) -> Option<I> {
        self.reached |= *REQUESTED == I::SETTING;
        I::detect().filter(|_| self.reached)
    }
}

/// What goes through all instruction sets: this list, the fastest first.
macro_rules! instruction_sets {
    ($($set:ty),*) => {
        /// Does something with the best instruction set that this processor has for products of this precision.
        ///
        /// # Errors
        /// The work itself, where the processor cannot multiply and add at once.
        pub fn with_fastest<W: WithTiles>(precision: Precision, work: W) -> Result<W::Output, W> {
            let mut usable = Usable::new();
            $(if let Some(isa) = usable.next::<$set>()
                && let Some(tiles) = isa.tiles(precision)
            {
                return Ok(work.with(isa, tiles));
            })*
            Err(work)
        }

        /// Runs `work` compiled with the best instructions that this processor has, as far as it is inlined.
        pub fn vectorize<R>(work: impl FnOnce() -> R) -> R {
            let mut usable = Usable::new();
            $(if let Some(isa) = usable.next::<$set>() {
                return isa.vectorize(work);
            })*
            work()
        }

        /// The names of all, and whether this processor has them.
        fn all() -> Vec<(&'static str, bool)> {
            vec![$((<$set>::SETTING, <$set>::detect().is_some())),*]
        }

        /// Does something with each instruction set that this processor has.
        #[cfg(test)]
        pub fn with_each<W: WithInstructionSet + Clone>(work: W) {
            $(match <$set>::detect() {
                Some(isa) => work.clone().with(isa),
                None => crate::needs::skip(<$set>::SETTING, "this processor does not have it"),
            })*
        }
    };
}

instruction_sets!(Amx, Avx512, Avx2, Neon);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::needs::{NEEDS, names};

    /// A name that is written wrongly would be required of no test.
    #[test]
    fn what_is_required_here_is_something_that_tests_need() {
        let required = std::env::var("SWEEP_REQUIRE").unwrap_or_default();
        for name in names(&required) {
            let is_set = all().iter().any(|(set, _)| *set == name);
            assert!(is_set || NEEDS.contains(&name) || name == "all", "SWEEP_REQUIRE: no test needs `{name}`");
        }
    }

    #[test]
    fn what_is_asked_for_is_there_or_refused() {
        let sets = [("avx512", false), ("avx2", true), ("neon", false)];
        assert_eq!(check("", &sets), Ok(()));
        assert_eq!(check("avx2", &sets), Ok(()));
        let said = |requested| check(requested, &sets).unwrap_err().to_string();
        assert_eq!(said("avx512"), "SWEEP_ISA: this processor does not have `avx512` (it has avx2)");
        assert_eq!(said("AVX2"), "SWEEP_ISA: `AVX2` is no instruction set (there are avx512, avx2, neon)");
        assert!(check("avx2", &[("avx2", false)]).unwrap_err().to_string().ends_with("(it has none)"));
    }
}
