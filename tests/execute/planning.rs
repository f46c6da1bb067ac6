//! Which runs share a pack.

use std::collections::BTreeSet;

use proptest::prelude::*;
use sweep::execute::{DeviceKind, MemoryLimit, PlanOptions, Sharing, plan_packs, relative_duration};
use sweep::spec::{PackPlan, PlannedRun, Precision, RunId, RunSpec, Segment};

use crate::support::{run, runs};

fn plan(runs: &[PlannedRun], max_pack: usize) -> Vec<PackPlan> {
    let duration = |run: &PlannedRun| relative_duration(&run.spec, Some(240));
    plan_packs(&whole(runs), &PlanOptions { max_pack, duration: &duration, sharing: None, memory: None })
}

fn whole(runs: &[PlannedRun]) -> Vec<Segment> {
    runs.iter().cloned().map(Segment::whole).collect()
}

/// The labels in a plan: a pack per line, places in brackets.
fn labels(runs: &[PlannedRun], packs: &[PackPlan]) -> String {
    let label = |id: &RunId| runs.iter().find(|run| &run.id == id).unwrap().label.clone();
    let place = |place: &Vec<RunId>| format!("[{}]", place.iter().map(label).collect::<Vec<_>>().join(" | "));
    let pack = |pack: &PackPlan| pack.places.iter().map(place).collect::<Vec<_>>().join(" ");
    packs.iter().map(pack).collect::<Vec<_>>().join("\n")
}

fn with_epochs(epochs: &[usize]) -> Vec<PlannedRun> {
    let of = |(number, &epochs): (usize, &usize)| run(&format!("{epochs}"), number as u64, |spec| spec.epochs = epochs);
    epochs.iter().enumerate().map(of).collect()
}

#[test]
fn long_runs_get_places_and_short_ones_queue() {
    let runs = with_epochs(&[3, 10, 3, 4, 3, 3, 2, 6, 5, 1, 1]);
    insta::assert_snapshot!(labels(&runs, &plan(&runs, 3)), @r##"
[10, seed=1] [6, seed=7 | 3, seed=0 | 1, seed=9] [5, seed=8 | 4, seed=3 | 1, seed=10]
[3, seed=2] [3, seed=4] [3, seed=5]
[2, seed=6]
"##);
}

#[test]
fn equal_runs_fill_places_of_as_many_packs_as_it_takes() {
    let runs = with_epochs(&[3; 9]);
    let sizes: Vec<usize> = plan(&runs, 4).iter().map(|pack| pack.places.len()).collect();
    let mut sorted = sizes.clone();
    sorted.sort_unstable();
    assert_eq!(sorted, [1, 4, 4]);
}

#[test]
fn runs_of_a_seed_and_of_like_layers_come_together() {
    let of = |(label, layer, rank, seed): (&str, usize, usize, u64)| {
        let target_modules = vec![format!("bert.encoder.layer.{layer}.attention.self.query")];
        run(label, seed, |spec| *spec = RunSpec { target_modules, rank, ..spec.clone() })
    };
    let runs =
        [("a", 10, 4, 1), ("b", 2, 4, 1), ("c", 10, 8, 1), ("d", 2, 8, 1), ("e", 2, 4, 2), ("f", 10, 4, 2)].map(of);
    let packs = plan(&runs, 2);
    let mut lines: Vec<String> = packs.iter().map(|pack| labels(&runs, std::slice::from_ref(pack))).collect();
    lines.sort();
    assert_eq!(lines, ["[a, seed=1] [c, seed=1]", "[b, seed=1] [d, seed=1]", "[e, seed=2] [f, seed=2]"]);
}

/// As many layers as four whole runs have, of a model of twelve layers: 48 are 8 + 10 x 4, and 11 + 37 x 1.
#[test]
fn runs_that_share_layers_make_wider_packs() {
    let sizes = |runs: Vec<PlannedRun>, most: usize| -> Vec<usize> {
        let sharing = Some(Sharing { most, layers: &|_| Some(12) });
        let options = PlanOptions { max_pack: 4, sharing, duration: &|_| 1, memory: None };
        let mut sizes: Vec<usize> = plan_packs(&whole(&runs), &options).iter().map(|pack| pack.places.len()).collect();
        sizes.sort_unstable_by(|a, b| b.cmp(a));
        sizes
    };
    let above = |layer: usize, seeds: u64| -> Vec<PlannedRun> {
        let of = |number: u64| {
            run(&number.to_string(), number % seeds, |spec| {
                spec.rank = 1 + number as usize;
                spec.target_modules = vec![format!("bert.encoder.layer.{layer}.attention.self.query")];
            })
        };
        (0..40).map(of).collect()
    };
    assert_eq!(sizes(above(8, 1), 16), [10; 4]);
    assert_eq!(sizes(above(8, 2), 16), [10; 4]);
    assert_eq!(sizes(above(11, 1), 64), [37, 3]);
    assert_eq!(sizes(above(11, 1), 16), [16, 16, 8]);
    assert_eq!(sizes(above(11, 1), 4), [4; 10]);
    assert_eq!(sizes(above(0, 1), 16), [4; 10]);
    // Other masks: nothing is shared.
    let mut runs = above(8, 1);
    for (number, run) in runs.iter_mut().enumerate() {
        run.spec.hidden_dropout = number as f64 / 100.0;
    }
    assert_eq!(sizes(runs, 16), [4; 10]);
}

#[test]
fn what_cannot_be_one_forward_pass_is_kept_apart() {
    let runs = [
        run("a", 1, |_| {}),
        run("b", 1, |spec| spec.model = "models/other".into()),
        run("c", 1, |spec| spec.precision = Precision::Bf16),
        run("d", 1, |spec| spec.max_length = 64),
        run("e", 1, |spec| spec.dataset.path = "data/other.csv".into()),
        run("f", 1, |spec| spec.dataset.limit = Some(100)),
        run("g", 2, |spec| spec.rank = 64),
    ];
    let packs = plan(&runs, 16);
    let shared: Vec<&PackPlan> = packs.iter().filter(|pack| pack.places.len() > 1).collect();
    assert_eq!(packs.len(), 6);
    assert_eq!(labels(&runs, &[shared[0].clone()]), "[a, seed=1] [g, seed=2]");
}

#[test]
fn a_pack_holds_what_fits_the_memory() {
    let runs = with_epochs(&[4, 4, 4, 3, 3, 2, 1]);
    let duration = |run: &PlannedRun| relative_duration(&run.spec, Some(240));
    // An epoch is as large as it is long; the first takes more than there is.
    let per_run = |run: &PlannedRun| {
        if run.spec.seed == 0 { 1000 } else { 10 * run.spec.epochs as u64 }
    };
    let memory = MemoryLimit { budget: 175, shared: &|_| 100, per_run: &per_run };
    let packs = plan_packs(
        &whole(&runs),
        &PlanOptions { max_pack: 4, duration: &duration, sharing: None, memory: Some(memory) },
    );
    insta::assert_snapshot!(labels(&runs, &packs), @r##"
[4, seed=2] [3, seed=3 | 1, seed=6]
[4, seed=0]
[4, seed=1]
[3, seed=4] [2, seed=5]
"##);
    for pack in &packs {
        let of = |id: &RunId| per_run(runs.iter().find(|run| &run.id == id).unwrap());
        let needed: u64 = pack.places.iter().map(|place| place.iter().map(of).max().unwrap()).sum();
        assert!(needed <= 75 || pack.places.len() == 1, "{needed}");
    }
}

#[test]
fn devices_have_their_widths() {
    assert_eq!(DeviceKind::from_name("cpu").default_max_pack(), 4);
    assert_eq!(DeviceKind::from_name("cuda:1").default_max_pack(), 16);
}

#[test]
fn durations_count_micro_batches() {
    let spec = run("a", 1, |spec| {
        spec.epochs = 3;
        spec.batch_size = 16;
    })
    .spec;
    assert_eq!(relative_duration(&spec, Some(100)), 21);
    assert_eq!(relative_duration(&spec, None), 3 * 62_500);
}

#[test]
fn each_of_a_hundred_thousand_runs_is_planned_once() {
    let base = run("base", 0, |_| {});
    let many: Vec<PlannedRun> = (0..100_000)
        .map(|number| {
            let mut run = base.clone();
            run.id = RunId(format!("{number:012x}"));
            run.spec.epochs = 1 + number % 7;
            run
        })
        .collect();
    let packs = plan(&many, 16);
    let mut placed: Vec<&RunId> = packs.iter().flat_map(|pack| pack.places.iter().flatten()).collect();
    placed.sort_unstable();
    assert!(placed.iter().copied().eq(many.iter().map(|run| &run.id)), "{} places", placed.len());
}

fn some_runs() -> impl Strategy<Value = Vec<PlannedRun>> {
    let one = (1..12_usize, prop::sample::select(vec![8_usize, 16, 32]), 0..2_usize);
    prop::collection::vec(one, 0..40).prop_map(|parts| {
        let of = |(number, (epochs, batch_size, model)): (usize, (usize, usize, usize))| {
            run("any", number as u64, |spec| {
                spec.epochs = epochs;
                spec.batch_size = batch_size;
                spec.model = format!("model-{model}");
            })
        };
        parts.into_iter().enumerate().map(of).collect()
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_run_has_exactly_one_place_and_no_queue_outlasts_its_pack(runs in some_runs(), max_pack in 1..9_usize) {
        let packs = plan(&runs, max_pack);
        let placed: Vec<&RunId> = packs.iter().flat_map(|pack| pack.places.iter().flatten()).collect();
        let ids: BTreeSet<&RunId> = placed.iter().copied().collect();
        prop_assert_eq!(placed.len(), runs.len());
        prop_assert_eq!(ids.len(), runs.len());
        let duration = |id: &RunId| relative_duration(&runs.iter().find(|run| &run.id == id).unwrap().spec, Some(240));
        for pack in &packs {
            prop_assert!(pack.places.len() <= max_pack && !pack.places.is_empty());
            let longest = pack.places.iter().flatten().map(duration).max().unwrap();
            for place in &pack.places {
                prop_assert!(place.iter().map(duration).sum::<u64>() <= longest);
            }
        }
    }

    #[test]
    fn the_order_in_which_runs_are_given_does_not_matter(
        (runs, shuffled) in some_runs().prop_flat_map(|runs| (Just(runs.clone()), Just(runs).prop_shuffle())),
        max_pack in 1..9_usize,
    ) {
        prop_assert_eq!(plan(&runs, max_pack), plan(&shuffled, max_pack));
    }
}

#[test]
fn ids_follow_from_runs_and_places() {
    let runs = runs(4);
    let [a, b, c, d] = [0, 1, 2, 3].map(|number: usize| runs[number].id.clone());
    let id = |places: Vec<Vec<RunId>>| sweep::execute::pack_of(places).id;
    let ids = BTreeSet::from([
        id(vec![vec![a.clone(), b.clone()], vec![c.clone(), d.clone()]]),
        id(vec![vec![a.clone()], vec![b.clone(), c.clone(), d.clone()]]),
        id(vec![vec![a.clone(), b.clone(), c.clone(), d.clone()]]),
        id(vec![vec![b], vec![a], vec![c], vec![d]]),
    ]);
    assert_eq!(ids.len(), 4);
}

#[test]
fn a_segment_counts_for_the_epochs_that_it_trains() {
    let runs = with_epochs(&[9, 3, 1, 9]);
    let [long, middle, short, going_on] = runs.as_slice() else { panic!() };
    let pauses = |run: &PlannedRun, from, until| Segment::up_to(run.clone(), from, until);
    let segments = [
        pauses(long, 0, Some(3)),
        Segment::whole(middle.clone()),
        Segment::whole(short.clone()),
        pauses(going_on, 7, Some(9)),
    ];
    let duration = |run: &PlannedRun| relative_duration(&run.spec, Some(240));
    let packs = plan_packs(&segments, &PlanOptions { max_pack: 3, duration: &duration, sharing: None, memory: None });
    // The last one trains two epochs, and one of one epoch fits behind it.
    insta::assert_snapshot!(labels(&runs, &packs), @"[9, seed=0] [3, seed=1] [9, seed=3 | 1, seed=2]");
    let until: Vec<(&RunId, &usize)> = packs.iter().flat_map(|pack| &pack.until).collect();
    assert_eq!(until, [(&long.id, &3)], "the last epoch is no pause");
}

#[test]
fn the_same_runs_have_another_pack_in_every_segment() {
    let runs = with_epochs(&[5, 5]);
    let pack = |from, until, extended| {
        let of = |run: &PlannedRun| Segment { extended, ..Segment::up_to(run.clone(), from, until) };
        let segments: Vec<Segment> = runs.iter().map(of).collect();
        let duration = |run: &PlannedRun| relative_duration(&run.spec, Some(240));
        plan_packs(&segments, &PlanOptions { max_pack: 2, duration: &duration, sharing: None, memory: None })
            .swap_remove(0)
    };
    let packs = [pack(0, Some(1), false), pack(1, Some(2), false), pack(2, None, false), pack(1, None, true)];
    let ids: BTreeSet<_> = packs.iter().map(|pack| &pack.id).collect();
    assert_eq!(ids.len(), packs.len());
    assert_eq!(pack(2, None, false), plan(&runs, 2)[0], "what is trained to its end is as ever");
}
