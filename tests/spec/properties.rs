//! What holds for every sweep file.

use std::collections::HashSet;
use std::path::Path;

use proptest::prelude::*;
use sweep::spec::{SweepFile, select};

use crate::support::{FakeFacts, sweep};

/// Different values of a parameter, as YAML.
fn values(low: usize, high: usize, most: usize) -> impl Strategy<Value = Vec<usize>> {
    prop::collection::hash_set(low..high, 1..=most).prop_map(|values| values.into_iter().collect())
}

fn list(values: &[usize], unit: f64) -> String {
    format!("[{}]", values.iter().map(|value| (*value as f64 * unit).to_string()).collect::<Vec<_>>().join(", "))
}

/// Reads a text as far as it goes. Whatever it is, there is an answer.
fn try_all(text: &str) {
    let Ok(mut file) = SweepFile::parse(text, Path::new("no-such-folder")) else {
        return;
    };
    let _ = file.set("epochs=1");
    match file.resolve(&FakeFacts::default()) {
        Ok(sweep) => assert!(!sweep.runs.is_empty()),
        Err(errors) => assert!(!errors.problems().is_empty(), "{errors}"),
    }
}

/// Texts made of what sweep files are made of, so that reading gets far.
fn sweep_like() -> impl Strategy<Value = String> {
    let key = prop::sample::select(vec![
        "name",
        "base",
        "ablate",
        "grid",
        "zip",
        "runs",
        "exclude",
        "seeds",
        "hypotheses",
        "reference",
        "model",
        "dataset",
        "path",
        "eval",
        "test_size",
        "rank",
        "epochs",
        "lora_dropout",
        "target_modules",
        "layers",
        "modules",
        "seed",
        "init_seed",
        "order_seed",
        "split_seed",
        "vary",
        "values",
        "metric",
        "expect",
        "claim",
        "id",
        "margin",
        "baseline",
        "lt",
        "dataset.limit",
        "dropout",
        "x",
    ]);
    let scalar = prop_oneof![
        prop::sample::select(vec![
            "all",
            "\"0-3\"",
            "query",
            "cosine",
            "accuracy",
            "epochs_to(accuracy, 0.9)",
            "lower",
            "base",
            "~",
            "true",
            "-1",
            "0",
            "8",
            "1e400",
            ".nan",
            "0.1",
            "18446744073709551616",
            "\"\"",
            "'\\u0000'",
            "text,",
            "seed",
            "seed + 1",
            "seed + 18446744073709551615",
            "&a 1",
            "*a",
        ])
        .prop_map(str::to_owned),
        any::<f64>().prop_map(|value| value.to_string()),
        any::<i64>().prop_map(|value| value.to_string()),
    ];
    let tree = scalar.prop_recursive(5, 60, 6, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..5).prop_map(|items| format!("[{}]", items.join(", "))),
            prop::collection::vec((key.clone(), inner), 0..6).prop_map(|entries| {
                let entries: Vec<String> = entries.into_iter().map(|(key, value)| format!("{key}: {value}")).collect();
                format!("{{{}}}", entries.join(", "))
            }),
        ]
    });
    prop::collection::vec((0usize..11, tree), 0..6).prop_map(|sections| {
        let names =
            ["base", "ablate", "grid", "zip", "runs", "exclude", "seeds", "hypotheses", "reference", "name", "x"];
        sections.into_iter().map(|(name, value)| format!("{}: {value}\n", names[name])).collect()
    })
}

fn shipped() -> impl Strategy<Value = Vec<u8>> {
    prop::sample::select(vec!["quickstart.yaml", "ablation.yaml"])
        .prop_map(|name| std::fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join("sweeps").join(name)).unwrap())
}

proptest! {
    #[test]
    fn a_grid_has_the_product_of_its_axes(
        ranks in values(1, 500, 5), dropouts in values(0, 99, 4), decays in values(0, 99, 3), seeds in values(0, 1000, 3),
    ) {
        let text = format!(
            "grid: {{rank: {}, lora_dropout: {}}}\nzip: {{weight_decay: {}}}\nseeds: {}\n",
            list(&ranks, 1.0), list(&dropouts, 0.01), list(&decays, 0.01), list(&seeds, 1.0),
        );
        let sweep = sweep(&text);
        let count = ranks.len() * dropouts.len() * decays.len() * seeds.len();
        prop_assert_eq!(sweep.runs.len(), count);
        let ids: HashSet<_> = sweep.runs.iter().map(|run| &run.id).collect();
        let labels: HashSet<_> = sweep.runs.iter().map(|run| &run.label).collect();
        prop_assert_eq!((ids.len(), labels.len()), (count, count));
        let configurations: HashSet<_> = sweep.runs.iter().map(|run| &run.configuration).collect();
        prop_assert_eq!(configurations.len(), count / seeds.len());
    }

    #[test]
    fn an_ablation_has_base_and_one_run_per_value(ranks in values(1, 16, 5), epochs in values(6, 99, 4)) {
        let sweep = sweep(&format!("ablate: {{rank: {}, epochs: {}}}", list(&ranks, 1.0), list(&epochs, 1.0)));
        prop_assert_eq!(sweep.runs.len(), 1 + ranks.len() + epochs.len());
    }

    #[test]
    fn ids_are_the_same_in_any_order(mut ranks in values(1, 500, 6), mut epochs in values(1, 99, 6), swap: bool) {
        let text = |ranks: &[usize], epochs: &[usize], swap: bool| {
            let (one, other) = (format!("rank: {}", list(ranks, 1.0)), format!("epochs: {}", list(epochs, 1.0)));
            if swap { format!("grid: {{{other}, {one}}}") } else { format!("grid: {{{one}, {other}}}") }
        };
        let ids = |text: &str| sweep(text).runs.into_iter().map(|run| run.id).collect::<HashSet<_>>();
        let before = ids(&text(&ranks, &epochs, swap));
        ranks.sort_unstable();
        epochs.reverse();
        prop_assert_eq!(before, ids(&text(&ranks, &epochs, !swap)));
    }

    #[test]
    fn every_run_is_found_by_its_label_and_id(ranks in values(1, 500, 5), seeds in values(0, 1000, 3)) {
        let sweep = sweep(&format!("grid: {{rank: {}}}\nseeds: {}", list(&ranks, 1.0), list(&seeds, 1.0)));
        for run in &sweep.runs {
            prop_assert!(select(&sweep, &[&run.label]).unwrap().contains(&run.id));
            prop_assert_eq!(select(&sweep, &[&run.id.0]).unwrap(), [run.id.clone()]);
        }
    }

    #[test]
    fn arbitrary_text_never_panics(text in any::<String>()) {
        try_all(&text);
    }

    #[test]
    fn arbitrary_sweeps_never_panic(text in sweep_like()) {
        try_all(&text);
    }

    #[test]
    fn damaged_sweeps_never_panic(bytes in shipped(), cut in any::<prop::sample::Index>(), flips in prop::collection::vec((any::<prop::sample::Index>(), 0u8..8), 0..6)) {
        let mut bytes = bytes;
        for (place, bit) in flips {
            let place = place.index(bytes.len());
            bytes[place] ^= 1 << bit;
        }
        try_all(&String::from_utf8_lossy(&bytes));
        bytes.truncate(cut.index(bytes.len()));
        try_all(&String::from_utf8_lossy(&bytes));
    }

    #[test]
    fn arbitrary_options_never_panic(key in "[a-z._]{0,12}", value in any::<String>(), parameter in prop::sample::select(vec!["epochs", "dataset", "target_modules", "seeds", "model"])) {
        for assignment in [format!("{key}={value}"), format!("{parameter}={value}"), value] {
            let mut file = crate::support::file("{}");
            if file.set(&assignment).is_err() {
                prop_assert!(file.resolve(&FakeFacts::default()).is_ok(), "a refused option changes nothing");
            }
        }
    }

    #[test]
    fn arbitrary_patterns_never_panic(pattern in any::<String>()) {
        let sweep = sweep("ablate: {rank: [1]}");
        let _ = select(&sweep, &[pattern]);
    }
}
