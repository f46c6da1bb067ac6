//! `--launch`: where to train.

use clap::builder::{PossibleValuesParser, TypedValueParser};

use crate::launch::{self, Launcher};

/// Where to train.
#[derive(Clone, Copy)]
pub enum Launch {
    /// On this machine.
    Local,
    Elsewhere(&'static dyn Launcher),
}

impl Launch {
    const LOCAL: &'static str = "local";

    /// Of the names that there are.
    pub fn parser() -> impl TypedValueParser<Value = Self> {
        let names = [Self::LOCAL].into_iter().chain(launch::names());
        // The parser lets no other name through.
        PossibleValuesParser::new(names).map(|name| launch::launcher(&name).map_or(Self::Local, Self::Elsewhere))
    }

    pub fn name(self) -> &'static str {
        match self {
            Self::Local => Self::LOCAL,
            Self::Elsewhere(launcher) => launcher.name(),
        }
    }
}

impl std::fmt::Debug for Launch {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name())
    }
}
