//! From sections to runs.

use std::path::Path;

use sweep::model::family_named;
use sweep::spec::{Evaluation, HeldOut, Module, RunId, SweepFile};

use crate::support::{FakeFacts, labels, problems, sweep};

fn ids(text: &str) -> Vec<RunId> {
    sweep(text).runs.into_iter().map(|run| run.id).collect()
}

#[test]
fn a_file_without_variation_is_one_run() {
    for text in ["{}", "name: x", "base: {epochs: 1}", "grid:\nbase:\n  rank: 4\n"] {
        let sweep = sweep(text);
        assert_eq!(labels(&sweep), ["base"], "{text}");
        assert_eq!(sweep.baseline.as_deref(), Some("base"));
    }
}

#[test]
fn a_model_or_data_set_that_no_run_has_is_not_asked_for() {
    let facts = FakeFacts::default();
    let text = "base: {dataset: missing.csv}\ngrid:\n  model: [sentence-transformers/all-MiniLM-L6-v2]\n  \
        dataset: [a.csv, b.csv]\n  target_modules: [[bert.encoder.layer.0.attention.self.query]]\n";
    let sweep = SweepFile::parse(text, Path::new("no-such-folder")).unwrap().resolve(&facts);
    let sweep = sweep.unwrap_or_else(|errors| panic!("{errors}"));
    assert_eq!((sweep.runs.len(), sweep.baseline), (2, None));
    let asked = facts.models_asked.into_inner();
    assert!(!asked.iter().any(|name| name == "FacebookAI/roberta-base"), "{asked:?}");
    let asked = facts.datasets_asked.into_inner();
    assert!(!asked.iter().any(|name| name == "missing.csv"), "{asked:?}");
}

#[test]
fn ablate_changes_one_thing_at_a_time() {
    let sweep = sweep(
        "ablate:\n  epochs: [8, 10]\n  lr_scheduler: [linear]\n  dropout:\n    - {hidden_dropout: 0.1, attention_dropout: 0.1}\n    - {name: strong, hidden_dropout: 0.4, attention_dropout: 0.5}\n  wide: {rank: 64, lora_alpha: 128}\n",
    );
    assert_eq!(
        labels(&sweep),
        [
            "base",
            "epochs=8",
            "epochs=10",
            "lr_scheduler=linear",
            "dropout=(hidden_dropout=0.1 attention_dropout=0.1)",
            "dropout=strong",
            "wide"
        ]
    );
    let wide = &sweep.runs[6].spec;
    assert_eq!((wide.rank, wide.lora_alpha, wide.epochs), (64, 128.0, 5));
    let strong = &sweep.runs[5].spec;
    assert_eq!((strong.hidden_dropout, strong.attention_dropout), (0.4, 0.5));
}

#[test]
fn a_named_change_of_one_value_is_shown_by_it() {
    let sweep = sweep(
        "ablate: {dropout: [{hidden_dropout: 0.1, attention_dropout: 0.1}, {hidden_dropout: 0.3, attention_dropout: 0.3}]}",
    );
    assert_eq!(labels(&sweep), ["base", "dropout=0.1", "dropout=0.3"]);
}

/// Reports group the configurations by the name that the file gave the change.
#[test]
fn named_changes_are_known_with_their_configurations() {
    let text = "ablate:
  rank: [4]
  dropout:
    - {hidden_dropout: 0.1, attention_dropout: 0.1}
    - {hidden_dropout: 0.3, attention_dropout: 0.3}
  all: {target_modules: {layers: all, modules: key}}
grid: {recipe: [{name: a, rank: 8, epochs: 2}, {name: b, rank: 32}], seed: [1, 2]}";
    let changes = sweep(text).changes;
    let shown: Vec<String> = changes
        .iter()
        .map(|change| format!("{} of {}: {:?}", change.name, change.parameters.join("+"), change.variants))
        .collect();
    assert_eq!(
        shown,
        [
            r#"dropout of hidden_dropout+classifier_dropout+attention_dropout: {"dropout=0.1": "0.1", "dropout=0.3": "0.3"}"#,
            r#"all of target_modules: {"all": "all"}"#,
            r#"recipe of rank+epochs: {"recipe=a": "a", "recipe=b": "b"}"#,
        ]
    );
    assert_eq!(sweep("ablate: {rank: [4]}\nzip: {epochs: [2, 3], batch_size: [4, 8]}").changes, []);
}

#[test]
fn zip_is_one_more_axis_of_the_grid() {
    let sweep = sweep("grid: {epochs: [1, 2]}\nzip: {rank: [4, 8, 32], lora_alpha: [8, 16, 64]}");
    assert_eq!(
        labels(&sweep),
        [
            "epochs=1, rank=4, lora_alpha=8",
            "epochs=1, rank=8, lora_alpha=16",
            "epochs=1, rank=32, lora_alpha=64",
            "epochs=2, rank=4, lora_alpha=8",
            "epochs=2, rank=8, lora_alpha=16",
            "epochs=2, rank=32, lora_alpha=64",
        ]
    );
    assert_eq!(sweep.baseline, None);
}

#[test]
fn the_baseline_of_a_grid_is_the_run_that_equals_base() {
    let sweep = sweep("base: {rank: 8}\ngrid: {rank: [4, 8], epochs: [5, 6]}");
    assert_eq!(sweep.baseline.as_deref(), Some("rank=8, epochs=5"));
}

#[test]
fn sections_are_united_and_doubles_collapse_into_the_first() {
    let sweep = sweep(
        "ablate: {epochs: [5, 8]}\ngrid: {epochs: [5, 8, 9]}\nruns: [{epochs: 9}, {name: mine, epochs: 8}, {}, {name: big, rank: 64}, {epochs: 9, rank: 64}]",
    );
    assert_eq!(labels(&sweep), ["base", "epochs=8", "epochs=9", "big", "epochs=9, rank=64"]);
}

#[test]
fn the_same_contents_elsewhere_are_the_same_run() {
    let sweep = sweep(
        "grid: {model: [FacebookAI/roberta-base, copy/of-roberta], dataset.path: [a/news.csv, b/news.csv, b/other.csv]}",
    );
    assert_eq!(
        labels(&sweep),
        [
            "model=FacebookAI/roberta-base, dataset.path=a/news.csv",
            "model=FacebookAI/roberta-base, dataset.path=b/other.csv"
        ]
    );
}

#[test]
fn seeds_multiply_every_configuration() {
    let sweep = sweep("ablate: {epochs: [8]}\nseeds: [1, 2, 1]");
    assert_eq!(labels(&sweep), ["base, seed=1", "base, seed=2", "epochs=8, seed=1", "epochs=8, seed=2"]);
    let configurations: Vec<&str> = sweep.runs.iter().map(|run| run.configuration.as_str()).collect();
    assert_eq!(configurations, ["base", "base", "epochs=8", "epochs=8"]);
    assert_eq!(sweep.runs[3].spec.seed, 2);
}

#[test]
fn a_seed_axis_repeats_configurations_too() {
    let by_axis = sweep("grid: {seed: [1, 2], rank: [4, 8]}");
    let by_seeds = sweep("grid: {rank: [4, 8]}\nseeds: [1, 2]");
    assert_eq!(by_axis, by_seeds);
    assert_eq!(labels(&sweep("grid: {seed: [1, 2]}")), ["base, seed=1", "base, seed=2"]);
}

#[test]
fn a_single_seed_is_not_in_the_label() {
    let sweep = sweep("seeds: [7]");
    assert_eq!(labels(&sweep), ["base"]);
    assert_eq!(sweep.runs[0].spec.seed, 7);
}

#[test]
fn exclude_leaves_out_what_meets_all_pairs() {
    let text = |exclude: &str| format!("grid: {{rank: [4, 8, 16], epochs: [1, 2]}}\nseeds: [1, 2]\nexclude: {exclude}");
    let count = |exclude: &str| sweep(&text(exclude)).runs.len();
    assert_eq!(count("[{rank: 4}]"), 8);
    assert_eq!(count("[{rank: 4, epochs: 2}]"), 10);
    assert_eq!(count("[{rank: 4}, {epochs: 2}]"), 4);
    assert_eq!(count("[{rank: [4, 8], seed: 2}]"), 8);
    assert_eq!(count("[{rank: {gt: 4, le: 16}}]"), 4);
    assert_eq!(count("[{rank: {lt: 8}}]"), 8);
    assert_eq!(count("[{rank: {ge: 8}}]"), 4);
    assert_eq!(count("[{rank: {ne: 4}}]"), 4);
    assert_eq!(count("[{rank: {ne: [4, 8]}}]"), 8);
    assert_eq!(count("[{rank: 5}, {lr_scheduler: linear}, {classifier_dropout: 0.3}]"), 12);
    assert_eq!(count("[{classifier_dropout: 0.2, rank: 16}]"), 8);
}

#[test]
fn excluding_everything_is_an_error() {
    assert!(problems("exclude: [{rank: 16}]").contains("leaves no run"));
}

#[test]
fn the_classifier_follows_hidden_dropout_unless_it_is_given() {
    let sweep = sweep("ablate:\n  hidden_dropout: [0.4]\n  classifier_dropout: [0.1]");
    let dropouts: Vec<_> =
        sweep.runs.iter().map(|run| (run.spec.hidden_dropout, run.spec.classifier_dropout)).collect();
    assert_eq!(dropouts, [(0.2, 0.2), (0.4, 0.4), (0.2, 0.1)]);
}

#[test]
fn shorthand_resolves_by_family() {
    let modules = |model: &str| {
        let text = format!(
            "base: {{model: {model}, target_modules: [{{layers: [5, \"0-1\"], modules: [query, output.dense, attention.output.dense]}}]}}"
        );
        sweep(&text).runs[0].spec.target_modules.clone()
    };
    assert_eq!(
        modules("distilbert/distilbert-base-uncased")[..3],
        [
            "distilbert.transformer.layer.0.attention.q_lin",
            "distilbert.transformer.layer.0.attention.out_lin",
            "distilbert.transformer.layer.0.ffn.lin2"
        ]
    );
    assert_eq!(modules("sentence-transformers/all-MiniLM-L6-v2")[8], "bert.encoder.layer.5.output.dense");
    assert_eq!(modules("FacebookAI/roberta-base").len(), 9);
}

#[test]
fn target_modules_are_in_model_order_without_doubles() {
    let name = |layer, module| family_named("roberta").unwrap().full_name(layer, module).unwrap();
    let query = name(3, Module::QUERY);
    let text = format!(
        "base: {{target_modules: [{{layers: [11, 3], modules: [value, query]}}, {query}, {{layers: 3, modules: key}}]}}"
    );
    let expected: Vec<String> =
        [(3, Module::QUERY), (3, Module::KEY), (3, Module::VALUE), (11, Module::QUERY), (11, Module::VALUE)]
            .map(|(layer, module)| name(layer, module))
            .into();
    assert_eq!(sweep(&text).runs[0].spec.target_modules, expected);
    let one = format!("base: {{target_modules: {query}}}");
    assert_eq!(sweep(&one).runs[0].spec.target_modules, [query]);
}

#[test]
fn all_layers_and_all_modules() {
    let all = sweep("base: {target_modules: {layers: all, modules: all}}");
    assert_eq!(all.runs[0].spec.target_modules.len(), 72);
}

#[test]
fn equal_targets_written_differently_are_one_run() {
    let text = "ablate:\n  target_modules:\n    - [{layers: [0, 1], modules: query}]\n    - [{layers: \"0-1\", modules: [query]}]\n    - [roberta.encoder.layer.1.attention.self.query, roberta.encoder.layer.0.attention.self.query]\n";
    assert_eq!(labels(&sweep(text)), ["base", "target_modules=0+1:query"]);
}

#[test]
fn datasets_take_their_forms() {
    let evaluation = |text: &str| sweep(&format!("base: {{dataset: {text}}}")).runs[0].spec.dataset.evaluation.clone();
    assert_eq!(evaluation("a.csv"), Evaluation::HeldOut { size: HeldOut::Examples(640), seed: 42 });
    assert_eq!(evaluation("{path: a.csv, eval: b.csv}"), Evaluation::File("b.csv".into()));
    assert_eq!(evaluation("{path: a.csv, eval: {split: test}}"), Evaluation::Split("test".into()));
    assert_eq!(
        evaluation("{path: a.csv, eval: {test_size: 0.1, seed: 3}}"),
        Evaluation::HeldOut { size: HeldOut::Fraction(0.1), seed: 3 }
    );
    let run =
        &sweep("base: {dataset: {path: a.csv, text: [title, body], label: topic, limit: 900, split: rest}}").runs[0];
    let dataset = &run.spec.dataset;
    assert_eq!(dataset.text, ["title", "body"]);
    assert_eq!((dataset.label.as_deref(), dataset.limit, dataset.split.as_str()), (Some("topic"), Some(900), "rest"));
}

#[test]
fn single_fields_of_a_data_set_vary_too() {
    let sweep = sweep(
        "grid: {dataset.limit: [1000, 2000], dataset: [a.csv, {path: b.csv, limit: 5}]}\nexclude: [{dataset.limit: {lt: 1500}, dataset.path: b.csv}]",
    );
    assert_eq!(
        labels(&sweep),
        [
            "dataset.limit=1000, dataset=a.csv",
            "dataset.limit=2000, dataset=a.csv",
            "dataset.limit=2000, dataset=b.csv limit=5"
        ]
    );
    assert_eq!(sweep.runs[2].spec.dataset.limit, Some(2000));
}

#[test]
fn paths_are_looked_for_beside_the_file() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir(folder.path().join("data")).unwrap();
    std::fs::write(folder.path().join("data/news.csv"), "text,label\n").unwrap();
    let text = "grid: {dataset: [data/news.csv, data/other.csv]}\nbase: {dataset: {path: x, eval: data/news.csv}}\nruns: [{dataset.eval: data/news.csv}]";
    let sweep = SweepFile::parse(text, folder.path()).unwrap().resolve(&FakeFacts::default()).unwrap();
    let here = folder.path().join("data/news.csv").to_str().unwrap().to_owned();
    let datasets: Vec<_> = sweep.runs.iter().map(|run| &run.spec.dataset).collect();
    assert_eq!(datasets[0].path, here);
    assert_eq!(datasets[1].path, "data/other.csv");
    assert_eq!(datasets[2].evaluation, Evaluation::File(here));
    // Labels are what the file says, wherever it lies.
    assert_eq!(labels(&sweep)[..2], ["dataset=data/news.csv", "dataset=data/other.csv"]);
}

#[test]
fn a_file_without_a_name_is_called_like_its_file() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("my-sweep.yaml");
    std::fs::write(&path, "base: {rank: 4}").unwrap();
    let read = |path: &std::path::Path| SweepFile::read(path).unwrap().resolve(&FakeFacts::default());
    assert_eq!(read(&path).unwrap().name, "my-sweep");
    let odd = folder.path().join("my sweep.yaml");
    std::fs::write(&odd, "{}").unwrap();
    assert!(read(&odd).unwrap_err().to_string().contains("`my sweep` cannot name a folder of results"));
}

#[test]
fn facts_are_asked_once() {
    let facts = FakeFacts::default();
    let text =
        "grid: {rank: [4, 8, 16], dataset.limit: [1000, 2000], model: [FacebookAI/roberta-base, copy/of-roberta]}";
    crate::support::file(text).resolve(&facts).unwrap();
    assert_eq!(facts.models_asked.borrow().len(), 2);
    assert_eq!(facts.datasets_asked.borrow().len(), 3, "base, and one per limit");
}

#[test]
fn labels_never_name_two_configurations() {
    assert!(
        problems("runs: [{name: a, rank: 4}, {name: a, rank: 8}]")
            .contains("two different configurations are called `a`")
    );
}

#[test]
fn ids_do_not_depend_on_order() {
    let mut one = ids("base: {rank: 8, epochs: 3}\ngrid: {lora_dropout: [0.1, 0.2], weight_decay: [0, 0.1]}");
    let mut other = ids("grid: {weight_decay: [0.1, 0.0], lora_dropout: [0.2, 1e-1]}\nbase: {epochs: 3, rank: 8}");
    assert_ne!(one, other);
    one.sort();
    other.sort();
    assert_eq!(one, other);
}

#[test]
fn a_hundred_thousand_runs() {
    let list = |count: usize, value: fn(usize) -> String| (0..count).map(value).collect::<Vec<_>>().join(", ");
    let text = format!(
        "grid:\n  rank: [{}]\n  lora_dropout: [{}]\n  learning_rate: [{}]\nseeds: [{}]\n",
        list(20, |i| (i + 1).to_string()),
        list(20, |i| format!("0.{i:02}")),
        list(25, |i| format!("{}e-5", i + 1)),
        list(10, |i| i.to_string()),
    );
    let sweep = sweep(&text);
    assert_eq!(sweep.runs.len(), 100_000);
    let ids: std::collections::HashSet<&RunId> = sweep.runs.iter().map(|run| &run.id).collect();
    assert_eq!(ids.len(), 100_000);
}

#[test]
fn far_too_many_runs_are_refused_at_once() {
    let values = (1..=1000).map(|i| i.to_string()).collect::<Vec<_>>().join(", ");
    let fractions = (1..=1000).map(|i| format!("0.{i:04}")).collect::<Vec<_>>().join(", ");
    let text = format!("grid: {{rank: [{values}], epochs: [{values}], lora_dropout: [{fractions}]}}");
    assert!(problems(&text).contains("makes 1,000,000,000 runs; 1,000,000 is the most"));
}

#[test]
fn an_adapter_to_begin_with_decides_its_own_shape() {
    let swept = sweep("base: {epochs: 2}\nablate: {init_adapter: [trained/adapter]}\n");
    assert_eq!(labels(&swept), ["base", "init_adapter=trained/adapter"]);
    let (new, begun) = (&swept.runs[0].spec, &swept.runs[1].spec);
    assert_eq!((new.init_adapter.as_deref(), new.rank), (None, 16));
    assert_eq!((begun.rank, begun.lora_alpha, begun.target_modules.len()), (8, 12.0, 2));
    assert_eq!(begun.init_adapter.as_deref(), Some("trained/adapter"));
    // Saying what the adapter says is allowed; it is the same run.
    let told = sweep("base: {epochs: 2, init_adapter: trained/adapter, rank: 8, lora_alpha: 12}\n");
    assert_eq!(told.runs[0].id, swept.runs[1].id);
    let none = sweep("base: {epochs: 2, init_adapter: null}\n");
    assert_eq!(none.runs[0].id, swept.runs[0].id);
}
