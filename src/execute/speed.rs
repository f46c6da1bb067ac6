//! How fast a sweep was trained.

use std::collections::{BTreeMap, BTreeSet};

use crate::search::TokensPerEpoch;
use crate::spec::RunId;
use crate::store::{Store, StoreError};

/// Training tokens a second that one device went through in the first generation, evaluations included in the time; none where
/// no epoch was recorded, or the tokens of a run are not known.
pub fn tokens_per_second(store: &Store, tokens: TokensPerEpoch<'_>) -> Result<Option<f64>, StoreError> {
    let record = store.record();
    let first: BTreeSet<RunId> =
        record.runs_by_generation().into_iter().next().unwrap_or_default().into_iter().collect();
    let mut seconds: BTreeMap<&RunId, f64> = BTreeMap::new();
    let mut trained = 0.0;
    for entry in record.runs.iter().filter(|entry| first.contains(&entry.id)) {
        let epochs = store.epochs(&entry.id)?;
        let Some(per_epoch) = tokens(&entry.spec) else {
            return Ok(None);
        };
        trained += per_epoch as f64 * epochs.len() as f64;
        seconds.insert(&entry.id, epochs.iter().map(|epoch| epoch.seconds).sum());
    }
    // The places of a pack are trained at once, the runs of a place one after the other. A run that goes on later is in several
    // packs; the time of all its epochs is that of the first.
    let mut device = 0.0;
    for pack in &record.packs {
        let mut of_place = |place: &Vec<RunId>| place.iter().filter_map(|run| seconds.remove(run)).sum::<f64>();
        device += pack.places.iter().map(&mut of_place).fold(0.0, f64::max);
    }
    Ok(Some(trained / device).filter(|speed| speed.is_finite() && *speed > 0.0))
}
