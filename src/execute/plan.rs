//! Which runs share a pack, and which waits for whose place in it.
//!
//! The plan follows from the runs, their estimated durations and the kind of device alone: never from the clock, the
//! number of workers, or the order in which the runs are given. Runs of a pack have the same model, precision and
//! length (the pack is one forward pass), and the same examples. The longest runs get places first; a pack lasts as
//! long as its longest run, and shorter runs queue in one place as long as they fit into that time
//! (longest-processing-time-first scheduling; Graham, "Bounds on multiprocessing timing anomalies", 1969).

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use crate::spec::{PackId, PackPlan, PlannedRun, Precision, RunId, RunSpec, Segment};

use super::sharing::{ComputedLayers, Sharing, lowest_layer};

/// What kind of device packs are planned for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DeviceKind {
    Cpu,
    Cuda,
}

impl DeviceKind {
    /// Of a device's name: `cpu`, `cuda:0`.
    pub fn from_name(device: &str) -> Self {
        if device.starts_with("cuda") { Self::Cuda } else { Self::Cpu }
    }

    pub fn is_gpu(self) -> bool {
        self == Self::Cuda
    }

    /// Places in a pack where nobody says otherwise: a processor is busy with few runs, a GPU wants many.
    pub fn default_max_pack(self) -> usize {
        match self {
            Self::Cpu => 4,
            Self::Cuda => 16,
        }
    }
}

/// How packs are planned.
pub struct PlanOptions<'a> {
    /// Most places in a pack of runs that share nothing; at least 1.
    pub max_pack: usize,
    /// Which packs have more places: those whose runs share layers, as long as they compute no more than [`Self::max_pack`] runs
    /// that share nothing. None: no pack has.
    pub sharing: Option<Sharing<'a>>,
    /// How long a run takes from its first epoch to its last, in any unit: micro-batches, since the places of a pack advance
    /// by one at a time. See [`relative_duration`]. Of a segment its share counts.
    pub duration: &'a dyn Fn(&PlannedRun) -> u64,
    /// None where memory is no concern.
    pub memory: Option<MemoryLimit<'a>>,
}

/// What a device's memory allows.
pub struct MemoryLimit<'a> {
    /// Bytes for a pack, all in all.
    pub budget: u64,
    /// Bytes that the runs of a pack share, by any one of them: the frozen weights.
    pub shared: &'a dyn Fn(&PlannedRun) -> u64,
    /// Bytes that a run needs in a pack. A run that needs more than is left by what is shared is planned alone.
    pub per_run: &'a dyn Fn(&PlannedRun) -> u64,
}

/// Micro-batches of a run. Where the number of training examples is not known yet, runs are compared by what they would
/// take on a million.
pub fn relative_duration(spec: &RunSpec, train_examples: Option<usize>) -> u64 {
    let examples = train_examples.unwrap_or(1_000_000);
    let per_epoch = examples.div_ceil(spec.batch_size.max(1));
    spec.epochs.saturating_mul(per_epoch) as u64
}

/// Plans every segment into exactly one pack, the longest packs first.
pub fn plan_packs(segments: &[Segment], options: &PlanOptions<'_>) -> Vec<PackPlan> {
    let mut groups: BTreeMap<(ModelKey<'_>, String), Vec<Item<'_>>> = BTreeMap::new();
    for segment in segments {
        let spec = &segment.run.spec;
        let key = (ModelKey::new(spec), examples_key(spec));
        groups.entry(key).or_default().push(Item::new(segment, options));
    }
    let mut packs: Vec<(u64, PackPlan)> =
        groups.into_values().flat_map(|items| fill_packs(Waiting::new(items), options)).collect();
    packs.sort_by(|(a_duration, a), (b_duration, b)| b_duration.cmp(a_duration).then_with(|| a.id.cmp(&b.id)));
    packs.into_iter().map(|(_, pack)| pack).collect()
}

/// The pack with these places, whose runs are trained to their end; its id is a hash over them.
pub fn pack_of(places: Vec<Vec<RunId>>) -> PackPlan {
    with_id(PackPlan::whole(PackId(String::new()), places))
}

/// The pack with some of the runs of another, each of them trained as far as there.
pub fn part_of(whole: &PackPlan, places: Vec<Vec<RunId>>) -> PackPlan {
    let mut part = PackPlan::whole(PackId(String::new()), places);
    let runs: BTreeSet<&RunId> = part.places.iter().flatten().collect();
    let until = whole.until.iter().filter(|(run, _)| runs.contains(run)).map(|(run, until)| (run.clone(), *until));
    let extended = whole.extended.iter().filter(|run| runs.contains(run)).cloned();
    let resumed = whole.resumed.iter().filter(|(run, _)| runs.contains(run)).map(|(run, stops)| (run.clone(), *stops));
    (part.until, part.extended, part.resumed) = (until.collect(), extended.collect(), resumed.collect());
    with_id(part)
}

/// The same runs in the same places have another id where they are trained to another epoch: a run may pass through several
/// packs.
fn with_id(mut pack: PackPlan) -> PackPlan {
    let mut hasher = blake3::Hasher::new();
    for place in &pack.places {
        for run in place {
            hasher.update(run.0.as_bytes());
            if let Some(until) = pack.until.get(run) {
                hasher.update(format!("@{until}").as_bytes());
            }
            if pack.extended.contains(run) {
                hasher.update(b"+");
            }
            if let Some(stops) = pack.resumed.get(run) {
                hasher.update(format!("^{stops}").as_bytes());
            }
            hasher.update(b" ");
        }
        hasher.update(b"\n");
    }
    pack.id = PackId(hasher.finalize().to_hex()[..12].to_owned());
    pack
}

/// What decides, for all runs of a sweep, how many of them fit a device's memory together.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ModelKey<'a> {
    model: &'a str,
    precision: Precision,
    max_length: usize,
    /// Runs of a pack begin with the same adapter, or each with a new one.
    init_adapter: Option<&'a str>,
}

impl<'a> ModelKey<'a> {
    pub fn new(spec: &'a RunSpec) -> Self {
        Self {
            model: &spec.model,
            precision: spec.precision,
            max_length: spec.max_length,
            init_adapter: spec.init_adapter.as_deref(),
        }
    }
}

/// Different for runs that are trained or evaluated on different examples.
fn examples_key(spec: &RunSpec) -> String {
    // Plain data without maps: it has a JSON form.
    serde_json::to_string(&spec.dataset).unwrap_or_default()
}

/// A segment with its estimates.
#[derive(Clone, Debug)]
struct Item<'a> {
    segment: &'a Segment,
    run: &'a PlannedRun,
    duration: u64,
    memory: u64,
}

impl<'a> Item<'a> {
    fn new(segment: &'a Segment, options: &PlanOptions<'_>) -> Self {
        let run = &segment.run;
        let memory = options.memory.as_ref().map_or(0, |limit| (limit.per_run)(run));
        let whole = u128::from((options.duration)(run));
        let share = whole * segment.epochs() as u128 / run.spec.epochs.max(1) as u128;
        // No more than the whole.
        Self { segment, run, duration: share as u64, memory }
    }
}

/// The runs of a group that have no place yet, by duration; those of equal duration by seed (runs of one seed see the
/// same batches) and lowest adapted layer (what lies below is computed once for a pack), then by label and id.
struct Waiting<'a> {
    by_duration: BTreeMap<u64, VecDeque<Item<'a>>>,
}

impl<'a> Waiting<'a> {
    fn new(mut items: Vec<Item<'a>>) -> Self {
        items.sort_by_cached_key(|item| {
            let PlannedRun { spec, label, id, .. } = item.run;
            // With the same masks, too, runs are alike below their adapters; mostly these are one seed.
            ((spec.order_seed(), spec.dropout_seed(), spec.seed), lowest_layer(spec), label.as_str(), id)
        });
        let mut by_duration: BTreeMap<u64, VecDeque<Item<'a>>> = BTreeMap::new();
        for item in items {
            by_duration.entry(item.duration).or_default().push_back(item);
        }
        Self { by_duration }
    }

    /// Takes the next run among the longest that last no longer than `limit`, if it is `wanted`.
    fn take(&mut self, limit: u64, wanted: impl FnOnce(&Item<'a>) -> bool) -> Option<Item<'a>> {
        let (&duration, queue) = self.by_duration.range_mut(..=limit).next_back()?;
        let item = if wanted(queue.front()?) { queue.pop_front() } else { None };
        if queue.is_empty() {
            self.by_duration.remove(&duration);
        }
        item
    }

    fn take_first(&mut self) -> Option<Item<'a>> {
        self.take(u64::MAX, |_| true)
    }
}

/// One place of a pack being filled.
struct PlannedPlace<'a> {
    segments: Vec<&'a Segment>,
    duration: u64,
    /// Of the run that needs most.
    memory: u64,
}

impl<'a> PlannedPlace<'a> {
    fn new(item: &Item<'a>) -> Self {
        Self { segments: vec![item.segment], duration: item.duration, memory: item.memory }
    }
}

fn pack_of_places(places: &[PlannedPlace<'_>]) -> PackPlan {
    let runs = |place: &PlannedPlace<'_>| place.segments.iter().map(|segment| segment.run.id.clone()).collect();
    let mut pack = PackPlan::whole(PackId(String::new()), places.iter().map(runs).collect());
    for segment in places.iter().flat_map(|place| &place.segments) {
        let run = &segment.run.id;
        pack.until.extend(segment.until.map(|until| (run.clone(), until)));
        pack.extended.extend(Some(run.clone()).filter(|_| segment.extended));
        pack.resumed.extend(segment.resumed.map(|stops| (run.clone(), stops)));
    }
    with_id(pack)
}

fn fill_packs(mut waiting: Waiting<'_>, options: &PlanOptions<'_>) -> Vec<(u64, PackPlan)> {
    let mut packs = Vec::new();
    while let Some(first) = waiting.take_first() {
        let places = fill_pack(&first, &mut waiting, options);
        packs.push((first.duration, pack_of_places(&places)));
    }
    packs
}

/// Fills the pack whose longest run is `first`: places with the next longest runs as long as the memory allows, then
/// queues behind the least occupied places.
fn fill_pack<'a>(first: &Item<'a>, waiting: &mut Waiting<'a>, options: &PlanOptions<'_>) -> Vec<PlannedPlace<'a>> {
    let budget =
        options.memory.as_ref().map_or(u64::MAX, |limit| limit.budget.saturating_sub((limit.shared)(first.run)));
    let mut memory_left = budget.saturating_sub(first.memory);
    let mut places = vec![PlannedPlace::new(first)];
    let mut width = Width::new(first, options);
    while let Some(item) = waiting.take(u64::MAX, |item| item.memory <= memory_left && width.has_room_for(item)) {
        memory_left -= item.memory;
        width.add(&item);
        places.push(PlannedPlace::new(&item));
    }
    let mut open: Vec<usize> = (0..places.len()).collect();
    while let Some(position) = least_occupied(&places, &open) {
        let place = &mut places[open[position]];
        let time_left = first.duration - place.duration;
        let memory = place.memory.saturating_add(memory_left);
        match waiting.take(time_left, |item| item.memory <= memory) {
            Some(item) => {
                memory_left -= item.memory.saturating_sub(place.memory);
                place.memory = place.memory.max(item.memory);
                place.duration += item.duration;
                place.segments.push(item.segment);
            }
            None => {
                open.swap_remove(position);
            }
        }
    }
    places
}

/// How many places a pack has so far, and may have.
struct Width {
    places: usize,
    max_pack: usize,
    /// Most places where runs share layers, and the layers so far; none where sharing does not count.
    sharing: Option<(usize, ComputedLayers)>,
}

impl Width {
    fn new(first: &Item<'_>, options: &PlanOptions<'_>) -> Self {
        let sharing = options.sharing.as_ref().and_then(|sharing| {
            let of_model = (sharing.layers)(first.run)?;
            Some((sharing.most, ComputedLayers::of_none(of_model).with(first.segment)))
        });
        Self { places: 1, max_pack: options.max_pack, sharing }
    }

    fn has_room_for(&self, item: &Item<'_>) -> bool {
        let shares = |(most, layers): &(usize, ComputedLayers)| {
            self.places < *most && layers.with(item.segment).are_at_most_of(self.max_pack)
        };
        self.places < self.max_pack || self.sharing.as_ref().is_some_and(shares)
    }

    fn add(&mut self, item: &Item<'_>) {
        self.places += 1;
        if let Some((_, layers)) = &mut self.sharing {
            *layers = layers.with(item.segment);
        }
    }
}

/// Position in `open` of the place with the most time left, the earliest of equals.
fn least_occupied(places: &[PlannedPlace<'_>], open: &[usize]) -> Option<usize> {
    (0..open.len()).min_by_key(|&position| (places[open[position]].duration, open[position]))
}
