//! Seeds of single sources of variation.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;
use sweep::spec::{PlannedRun, RunSpec, Sweep, select};

use crate::support::{labels, problems, sweep};

const AGAIN: &str = "
ablate: {again: [{init_seed: seed + 1000, order_seed: seed + 1000, dropout_seed: seed + 1000}]}
seeds: [1, 2, 3]
hypotheses: [{id: aa, claim: Chance changes nothing., vary: again, metric: accuracy, expect: equivalent, margin: 0.01}]
";

/// Of initial values, order, masks and split.
fn seeds(spec: &RunSpec) -> [u64; 4] {
    [spec.init_seed(), spec.order_seed(), spec.dropout_seed(), spec.dataset.split_seed().unwrap()]
}

fn ids(sweep: &Sweep) -> BTreeSet<String> {
    sweep.runs.iter().map(|run| run.id.0.clone()).collect()
}

#[test]
fn two_sides_can_differ_in_their_random_numbers_only() {
    let sweep = sweep(AGAIN);
    let found: Vec<_> = sweep.runs.iter().map(|run| (run.label.as_str(), run.spec.seed, seeds(&run.spec))).collect();
    assert_eq!(
        found,
        [
            ("base, seed=1", 1, [1, 1, 1, 42]),
            ("base, seed=2", 2, [2, 2, 2, 42]),
            ("base, seed=3", 3, [3, 3, 3, 42]),
            ("again=seed + 1000, seed=1", 1, [1001, 1001, 1001, 42]),
            ("again=seed + 1000, seed=2", 2, [1002, 1002, 1002, 42]),
            ("again=seed + 1000, seed=3", 3, [1003, 1003, 1003, 42]),
        ]
    );
    assert_eq!(sweep.hypotheses[0].vary.treatments, ["again=seed + 1000"]);
    let mut same = sweep.runs[3].spec.clone();
    (same.init_seed, same.order_seed, same.dropout_seed) = (None, None, None);
    assert_eq!(same, sweep.runs[0].spec, "nothing else differs");
}

/// Whatever follows the seed anyway is no part of the id or of the record.
#[test]
fn what_follows_the_seed_is_not_recorded() {
    let plain = sweep("base: {seed: 7}\n");
    for text in [
        "base: {seed: 7, init_seed: seed, order_seed: seed+0, dropout_seed: ' seed + 0 '}",
        "base: {seed: 7, init_seed: 7, order_seed: 7.0, dropout_seed: null}",
        "base: {seed: 7, split_seed: 42}",
        "base: {seed: 7, split_seed: seed + 35}",
        "base: {seed: 7, split_seed: null, init_seed: seed}",
    ] {
        let other = sweep(text);
        assert_eq!((&other.runs, &other.baseline), (&plain.runs, &plain.baseline), "{text}");
    }
    let json = serde_json::to_string(&plain.runs[0].spec).unwrap();
    assert!(!json.contains("_seed"), "{json}");
    let apart = sweep("base: {seed: 7, order_seed: 8}").runs.remove(0);
    let json = serde_json::to_string(&apart).unwrap();
    assert!(json.contains(r#""seed":7,"order_seed":8,"#), "{json}");
    assert_eq!(serde_json::from_str::<PlannedRun>(&json).unwrap(), apart);
}

/// A split's seed says which rows are held out, in place of the data set's own.
#[test]
fn the_split_follows_the_seed_where_that_is_asked_for() {
    let own = sweep("base: {dataset.eval: {test_size: 0.2, seed: 9}}\nseeds: [1, 2]\n");
    assert_eq!(own.runs.iter().map(|run| run.spec.dataset.split_seed()).collect::<Vec<_>>(), [Some(9), Some(9)]);
    let varied = sweep("base: {split_seed: seed, dataset.eval: {test_size: 0.2, seed: 9}}\nseeds: [1, 2]\n");
    assert_eq!(varied.runs.iter().map(|run| run.spec.dataset.split_seed()).collect::<Vec<_>>(), [Some(1), Some(2)]);
    let numbers = ["1", "2"].map(|seed| {
        sweep(&format!("base: {{seed: {seed}, dataset.eval: {{test_size: 0.2, seed: {seed}}}}}")).runs.remove(0).id
    });
    assert_eq!(ids(&varied), numbers.map(|id| id.0).into(), "the data set's own seed says the same");
    let both = sweep("ablate: {split_seed: [seed, null]}\nbase: {split_seed: seed}\nseeds: [1, 2]\n");
    assert_eq!(
        labels(&both),
        ["base, seed=1", "base, seed=2", "split_seed=dataset.eval, seed=1", "split_seed=dataset.eval, seed=2"]
    );
}

#[test]
fn they_are_parameters_like_others() {
    let grid = sweep("grid: {init_seed: [1, 2], order_seed: [seed, seed + 1]}\nseeds: [5, 6]\n");
    assert_eq!(
        labels(&grid)[..4],
        [
            "init_seed=1, order_seed=seed, seed=5",
            "init_seed=1, order_seed=seed, seed=6",
            "init_seed=1, order_seed=seed + 1, seed=5",
            "init_seed=1, order_seed=seed + 1, seed=6",
        ]
    );
    let of = |pattern: &str| select(&grid, &[pattern]).unwrap().len();
    assert_eq!([of("init_seed=1"), of("order_seed=seed + 1"), of("order_seed=6"), of("dropout_seed=5")], [4, 4, 4, 4]);
    assert_eq!(of("order_seed=6, seed=5"), 2);
    let zipped = sweep("zip: {init_seed: [1, 2], dropout_seed: [3, 4]}\nexclude: [{init_seed: 1}]\n");
    assert_eq!(zipped.runs.iter().map(|run| seeds(&run.spec)).collect::<Vec<_>>(), [[2, 42, 4, 42]]);
    let left = sweep(
        "ablate: {order_seed: [seed + 1, seed + 2]}\nseeds: [1, 2]\nexclude: [{order_seed: seed + 1, seed: 2}, {order_seed: {ge: 4}}]\n",
    );
    assert_eq!(
        labels(&left),
        ["base, seed=1", "base, seed=2", "order_seed=seed + 1, seed=1", "order_seed=seed + 2, seed=1"]
    );
    let mut file = crate::support::file(AGAIN);
    file.set("init_seed=5").unwrap();
    file.set("seeds=[8]").unwrap();
    let set = file.resolve(&crate::support::FakeFacts::default()).unwrap();
    assert_eq!(
        set.runs.iter().map(|run| seeds(&run.spec)).collect::<Vec<_>>(),
        [[5, 8, 8, 42], [1008, 1008, 1008, 42]]
    );
}

#[test]
fn nonsense_is_refused_where_it_stands() {
    let number = "must be a whole number from 0 to 2^64 - 1";
    for value in ["seed - 1", "seed * 2", "Seed", "'7'", "1000 + seed", "true"] {
        let found = problems(&format!("base:\n  order_seed: {value}\n"));
        assert!(found.contains(&format!("line 2, base.order_seed: {number}")), "{found}");
    }
    assert!(problems("base: {init_seed: [1, 2]}").contains(number));
    assert!(problems("base: {innit_seed: 1}").contains("did you mean `init_seed`?"));
    assert!(problems("base: {data_seed: 1}").contains("did you mean `order_seed`?"));
    let beyond = problems("ablate:\n  init_seed: [seed + 5]\nseeds: [1, 18446744073709551612]\n");
    assert!(
        beyond.contains(
            "line 2, ablate.init_seed[0]: `seed + 5` is beyond 2^64 - 1 where the seed is 18446744073709551612"
        ),
        "{beyond}"
    );
    let split = problems("base:\n  split_seed: 3\n  dataset: {path: a.csv, eval: {split: test}}\n");
    assert!(split.contains("line 2, base.split_seed: `split_seed` says which rows are held out, but"), "{split}");
    assert!(split.contains("evaluated on the split `test`; leave it out"), "{split}");
}

/// One spelling of a run or another: the run is the same, and it belongs to one configuration.
#[test]
fn runs_that_come_out_the_same_are_one() {
    let sweep = sweep("ablate: {init_seed: [42, seed, 43]}\n");
    assert_eq!(labels(&sweep), ["base", "init_seed=43"]);
    let file = crate::support::file("ablate:\n  init_seed: [42, 43]\n");
    let notices = file.notices(&sweep).join("\n");
    assert!(notices.contains("`ablate.init_seed` (line 2) has a value that base has already, `42`"), "{notices}");
    let some = problems("ablate:\n  init_seed: [2]\nseeds: [1, 2]\n");
    assert!(
        some.contains("line 2, ablate.init_seed[0]: with seed 2, `init_seed=2` is the same run as `base`"),
        "{some}"
    );
}

fn rule() -> impl Strategy<Value = (String, fn(u64, u64) -> u64, u64)> {
    let number: fn(u64, u64) -> u64 = |_, number| number;
    let after: fn(u64, u64) -> u64 = |seed, more| seed + more;
    prop_oneof![
        any::<u64>().prop_map(move |value| (value.to_string(), number, value)),
        (0..1u64 << 40).prop_map(move |more| (format!("seed + {more}"), after, more)),
        Just(("seed".to_owned(), after, 0)),
    ]
}

proptest! {
    /// Every rule gives what it says in every run, and equal runs have equal ids however their seeds are written.
    #[test]
    fn seeds_are_what_they_are_said_to_be(
        rules in prop::array::uniform4(rule()), mut run_seeds in prop::collection::hash_set(0..1u64 << 40, 1..4),
    ) {
        let names = ["init_seed", "order_seed", "dropout_seed", "split_seed"];
        let given: Vec<String> = names.iter().zip(&rules).map(|(name, (text, ..))| format!("{name}: {text}")).collect();
        let run_seeds: Vec<u64> = run_seeds.drain().collect();
        let sweep = sweep(&format!("base: {{{}}}\nseeds: {run_seeds:?}\n", given.join(", ")));
        prop_assert_eq!(sweep.runs.len(), run_seeds.len());
        for run in &sweep.runs {
            let seed = run.spec.seed;
            let expected = rules.clone().map(|(_, of, number)| of(seed, number));
            prop_assert_eq!(seeds(&run.spec), expected);
            let spelled: BTreeMap<&str, u64> = names.into_iter().zip(expected).chain([("seed", seed)]).collect();
            let spelled = crate::support::sweep(&format!("base: {}\n", serde_json::to_string(&spelled).unwrap()));
            prop_assert_eq!((&spelled.runs[0].id, &spelled.runs[0].spec), (&run.id, &run.spec));
        }
    }
}
