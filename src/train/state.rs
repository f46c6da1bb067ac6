//! The pack's state as a checkpoint, and back.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use tch::{Device, Tensor};

use super::evaluate::to_host;
use super::member::{Best, Member, Progress};
use super::pack::Pack;
use super::{Checkpoint, TrainError};
use crate::event::EpochRecord;
use crate::spec::{PackPlan, RunId};

/// The part of a checkpoint that is not tensors. One entry per place.
#[derive(Serialize, Deserialize)]
struct PackState {
    places: Vec<PlaceState>,
}

#[derive(Clone, Serialize, Deserialize)]
struct PlaceState {
    waiting: Vec<RunId>,
    member: Option<MemberState>,
}

#[derive(Clone, Serialize, Deserialize)]
struct MemberState {
    run: RunId,
    progress: Progress,
    records: Vec<EpochRecord>,
    best_epoch: Option<usize>,
}

/// A checkpoint of the pack; losses must have been read.
pub fn save(pack: &Pack<'_>) -> Result<Checkpoint, TrainError> {
    let mut arrays = BTreeMap::new();
    let mut places = Vec::with_capacity(pack.places.len());
    for (index, place) in pack.places.iter().enumerate() {
        let member = match &place.member {
            Some(member) => Some(save_member(member, index, &mut arrays)?),
            None => None,
        };
        places.push(PlaceState { waiting: place.waiting.iter().cloned().collect(), member });
    }
    let state =
        serde_json::to_value(PackState { places }).map_err(|error| TrainError::Checkpoint(error.to_string()))?;
    Ok(Checkpoint { state, arrays })
}

fn save_member(
    member: &Member,
    place: usize,
    arrays: &mut BTreeMap<String, Vec<f32>>,
) -> Result<MemberState, TrainError> {
    let parameters = &member.adapter.parameters;
    for (name, tensor) in [
        ("values", &parameters.values),
        ("gradient", &parameters.gradient),
        ("first_moment", &member.moments.first),
        ("second_moment", &member.moments.second),
    ] {
        arrays.insert(array_name(place, name), to_host(tensor)?);
    }
    if let Some(best) = &member.best {
        arrays.insert(array_name(place, "best_values"), to_host(&best.values)?);
        arrays.insert(array_name(place, "best_probabilities"), best.outputs.clone());
    }
    if let Some(outputs) = &member.last_outputs {
        arrays.insert(array_name(place, "last_probabilities"), outputs.clone());
    }
    Ok(MemberState {
        run: member.id().clone(),
        progress: member.progress.clone(),
        records: member.records.clone(),
        best_epoch: member.best.as_ref().map(|best| best.epoch),
    })
}

fn array_name(place: usize, name: &str) -> String {
    format!("{place}/{name}")
}

/// The state of one run, as the checkpoint of a pack that has it in its only place; losses must have been read.
pub fn save_run(member: &Member) -> Result<Checkpoint, TrainError> {
    let mut arrays = BTreeMap::new();
    let member = Some(save_member(member, 0, &mut arrays)?);
    let places = vec![PlaceState { waiting: Vec::new(), member }];
    let state =
        serde_json::to_value(PackState { places }).map_err(|error| TrainError::Checkpoint(error.to_string()))?;
    Ok(Checkpoint { state, arrays })
}

/// Puts such a state back into a run at its first step.
pub fn restore_run(member: &mut Member, checkpoint: Checkpoint, examples: usize) -> Result<(), TrainError> {
    let mut arrays = checkpoint.arrays;
    let state: PackState =
        serde_json::from_value(checkpoint.state).map_err(|error| TrainError::Checkpoint(error.to_string()))?;
    let saved = state.places.into_iter().find_map(|place| place.member).filter(|saved| saved.run == *member.id());
    let saved = saved.ok_or_else(|| TrainError::Checkpoint(format!("it is not that of run {}", member.id())))?;
    restore_member(member, saved, 0, &mut arrays)?;
    member.shuffle(examples);
    Ok(())
}

/// The checkpoint of `part`, a pack made of some of the runs: each place keeps of its own runs those that it has left. None where
/// the state does not belong to this part's runs.
pub fn restrict(checkpoint: &Checkpoint, part: &PackPlan) -> Option<Checkpoint> {
    let whole: PackState = serde_json::from_value(checkpoint.state.clone()).ok()?;
    let mut arrays = BTreeMap::new();
    let mut places = Vec::with_capacity(part.places.len());
    for (index, runs) in part.places.iter().enumerate() {
        let in_part = |run: &RunId| runs.contains(run);
        let mut sources = (0..whole.places.len()).filter(|&old| {
            let place = &whole.places[old];
            place.waiting.iter().any(in_part) || place.member.as_ref().is_some_and(|member| in_part(&member.run))
        });
        let Some(old) = sources.next() else {
            places.push(PlaceState { waiting: Vec::new(), member: None });
            continue;
        };
        if sources.next().is_some() {
            return None;
        }
        let place = &whole.places[old];
        let member = place.member.clone().filter(|member| in_part(&member.run));
        if member.is_some() {
            let prefix = array_name(old, "");
            for (name, values) in checkpoint.arrays.iter().filter(|(name, _)| name.starts_with(&prefix)) {
                arrays.insert(array_name(index, &name[prefix.len()..]), values.clone());
            }
        }
        let waiting = place.waiting.iter().filter(|run| in_part(run)).cloned().collect();
        places.push(PlaceState { waiting, member });
    }
    let state = serde_json::to_value(PackState { places }).ok()?;
    Some(Checkpoint { state, arrays })
}

/// Puts a checkpoint back into a freshly made pack; `begin` makes the member of a run.
pub fn restore(
    pack: &mut Pack<'_>,
    checkpoint: Checkpoint,
    mut begin: impl FnMut(&RunId) -> Result<Member, TrainError>,
) -> Result<(), TrainError> {
    let mut arrays = checkpoint.arrays;
    let state: PackState =
        serde_json::from_value(checkpoint.state).map_err(|error| TrainError::Checkpoint(error.to_string()))?;
    if state.places.len() != pack.places.len() {
        let (saved, planned) = (state.places.len(), pack.places.len());
        return Err(TrainError::Checkpoint(format!("it has {saved} places, the pack {planned}")));
    }
    let examples = pack.data.train.len();
    for (index, saved) in state.places.into_iter().enumerate() {
        pack.places[index].waiting = saved.waiting.into();
        pack.places[index].member = match saved.member {
            Some(state) => {
                let mut member = begin(&state.run)?;
                restore_member(&mut member, state, index, &mut arrays)?;
                member.shuffle(examples);
                Some(member)
            }
            None => None,
        };
    }
    Ok(())
}

fn restore_member(
    member: &mut Member,
    state: MemberState,
    place: usize,
    arrays: &mut BTreeMap<String, Vec<f32>>,
) -> Result<(), TrainError> {
    let device = member.adapter.parameters.values.device();
    let mut take = |name: &str| {
        let name = array_name(place, name);
        arrays.remove(&name).ok_or_else(|| TrainError::Checkpoint(format!("array `{name}` is missing")))
    };
    for (name, tensor) in [
        ("values", &member.adapter.parameters.values),
        ("gradient", &member.adapter.parameters.gradient),
        ("first_moment", &member.moments.first),
        ("second_moment", &member.moments.second),
    ] {
        tensor.shallow_clone().f_copy_(&to_device(&take(name)?, tensor.size()[0], device)?)?;
    }
    if let Some(epoch) = state.best_epoch {
        let elements = member.adapter.parameters.elements();
        let values = to_device(&take("best_values")?, elements, device)?;
        member.best = Some(Best { epoch, values, outputs: take("best_probabilities")? });
    }
    member.progress = state.progress;
    member.records = state.records;
    if member.finished() && state.best_epoch != Some(member.progress.epoch) {
        member.last_outputs = Some(take("last_probabilities")?);
    }
    Ok(())
}

fn to_device(values: &[f32], elements: i64, device: Device) -> Result<Tensor, TrainError> {
    if values.len() as i64 != elements {
        let found = values.len();
        return Err(TrainError::Checkpoint(format!("an array has {found} values instead of {elements}")));
    }
    Ok(Tensor::f_from_slice(values)?.f_to_device(device)?)
}
