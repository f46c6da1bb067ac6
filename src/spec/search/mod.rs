//! The section `search`: a space of configurations, and how it is searched.

mod design;
mod distribution;
mod draft;
mod foreign_names;
mod initial;
mod notice;
mod order;
mod point;
mod reach;
mod recorded_facts;
mod section;
mod settings;
mod space;

pub use design::SearchDesign;
pub use distribution::{Coordinate, Distribution, Range};
pub(super) use draft::SearchDraft;
pub(super) use notice::notices;
pub use point::{Dimension, Point, RecordedPoint, TriedPoint};
pub use recorded_facts::{FactsRecord, RecordedFacts};
pub(super) use section::{GOALS, MOST_CONFIRMED, MOST_EPOCHS, MOST_HOURS, MOST_SAMPLES, MOST_TOKENS};
pub use settings::{Confirm, SearchBudget, SearchRecord, SearchSettings, StopRule};
pub(super) use space::has_distributions;
