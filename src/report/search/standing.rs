//! What the terminal says of a search.

use crate::report::{ReportError, collect};
use crate::store::{RunView, Store, SweepRecord};

use super::read::of_views;
use super::words::{conclusion, method, sample_values, standing_words};

/// Samples in the table at the end.
const BEST: usize = 5;

/// How far a search has come, as one line; none where the sweep file names all runs. `views` are those of the sweep.
pub fn standing(record: &SweepRecord, views: &[RunView]) -> Option<String> {
    let evidence = of_views(record, views)?;
    Some(format!("search by {}: {}", evidence.settings.method, standing_words(&evidence)))
}

/// A search that has ended, for the terminal.
#[derive(Clone, Debug)]
pub struct Ended {
    /// `tpe, 20 samples of 2 seeds each, ...`.
    pub method: String,
    /// The name of its metric, with its unit.
    pub metric: String,
    /// Sentences.
    pub conclusion: Vec<String>,
    /// The best samples by the search's own means: configuration, mean, mean over fresh seeds.
    pub best: Vec<[String; 3]>,
}

/// What a search has found; none where the sweep file names all runs.
///
/// # Errors
/// The sweep's folder cannot be read.
pub fn ended(store: &Store) -> Result<Option<Ended>, ReportError> {
    if store.record().search.is_none() {
        return Ok(None);
    }
    let Some(found) = collect::search(store)? else {
        return Ok(None);
    };
    let evidence = &found.evidence;
    let best = evidence.ranking().into_iter().take(BEST).map(|index| {
        let trial = &evidence.trials[index];
        let [own, fresh] = sample_values(evidence, trial, " ± ").map(|cell| cell.unwrap_or_else(|| "-".to_owned()));
        [trial.configuration.clone(), own, fresh]
    });
    let unit = if evidence.metric().is_share() { " (%)" } else { "" };
    Ok(Some(Ended {
        method: method(evidence),
        metric: format!("{}{unit}", evidence.metric().name()),
        conclusion: conclusion(&found),
        best: best.collect(),
    }))
}
