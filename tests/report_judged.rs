//! What reports judge runs on: the test where a sweep has one, the last epoch example by example, the gap without dropout.
//! Pretended training whose evaluation and test disagree.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use sweep::event::{Event, Sink};
use sweep::execute::{PlanOptions, Stop, WorkerEnd, WorkerOptions, plan_packs, work};
use sweep::model::{family_named, family_names};
use sweep::report::{Format, ReportFormat, ReportOptions, compare, run};
use sweep::spec::{AdapterFacts, DatasetSpec, Facts, FactsError, FamilyNames, ModelFacts, RunSpec, SweepFile};
use sweep::store::{ClaimOptions, ExecutorKind, PlanInput, PlannedSearch, Store};

#[path = "mock/mod.rs"]
mod mock;

use mock::{MockExecutor, MockSettings};

struct Anything;

impl Facts for Anything {
    fn families(&self) -> Vec<&'static FamilyNames> {
        family_names()
    }

    fn model(&self, name: &str) -> Result<ModelFacts, FactsError> {
        Ok(ModelFacts { family: family_named("bert").unwrap(), layers: 2, digest: name.to_string() })
    }

    fn dataset_digest(&self, dataset: &DatasetSpec) -> Result<String, FactsError> {
        Ok(dataset.path.clone())
    }

    fn adapter(&self, name: &str, _: &str) -> Result<AdapterFacts, FactsError> {
        Err(FactsError::new(format!("no run starts from an adapter, so not from {name}")))
    }
}

struct Silent;

impl Sink for Silent {
    fn emit(&mut self, _: &Event) {}
}

const HYPOTHESES: &str = "
  - {id: best, claim: Rank 8 is better., vary: rank, values: [8], metric: accuracy, expect: higher}
  - {id: f1, claim: Rank 8 is better by F1., vary: rank, values: [8], metric: f1, expect: higher}
  - {id: loss, claim: Rank 8 has the lower loss., vary: rank, values: [8], metric: eval_loss, expect: lower}
  - {id: last, claim: Rank 8 ends better., vary: rank, values: [8], metric: accuracy@last, expect: higher}
  - {id: second, claim: Rank 8 is better after two., vary: rank, values: [8], metric: accuracy@2, expect: higher}
  - {id: longer, claim: More epochs do not harm., vary: epochs, values: [6], metric: accuracy, expect: not_lower, margin: 0.05}
  - {id: gap, claim: Rank 8 closes the gap., vary: rank, values: [8], metric: generalization_gap, expect: lower}
";

const OBSERVATIONS: &str = "
  - {id: rises, claim: Rank 8 rises., configuration: rank=8, observe: accuracy@last, against: accuracy@1, expect: higher}
  - {id: level, claim: Rank 8 ends low., configuration: rank=8, observe: accuracy@last, against: 0.8, expect: lower}
";

/// Trains with the mock, to which rank 8 is better by 8 points on the evaluation and worse by 8 on a test.
fn trained(folder: &Path, dataset: &str) -> Store {
    let text = format!(
        "name: judged\nbase: {{model: m, dataset: {dataset}, rank: 4, epochs: 4, \
         target_modules: [bert.encoder.layer.0.attention.self.query]}}\nablate: {{rank: [8], epochs: [6]}}\n\
         seeds: [1, 2, 3, 4]\nhypotheses:{HYPOTHESES}\nobservations:{OBSERVATIONS}"
    );
    let sweep = SweepFile::parse(&text, folder).unwrap().resolve(&Anything).unwrap();
    let input = PlanInput {
        sweep: &sweep,
        search: PlannedSearch::named("design"),
        yaml: text.as_bytes(),
        rehearsal: false,
        executor: ExecutorKind::Mock,
        command: &[],
        selected: None,
        until: Default::default(),
        claims: ClaimOptions::default(),
    };
    let plan = PlanOptions { max_pack: 64, duration: &|_| 1, sharing: None, memory: None };
    let store = Store::create_or_open(folder, &input, &|runs| plan_packs(runs, &plan)).unwrap().store;
    let ability = |of_eight: f64| -> Arc<dyn Fn(&RunSpec) -> f64 + Send + Sync> {
        Arc::new(move |spec: &RunSpec| if spec.rank == 8 { of_eight } else { 0.8 })
    };
    let mut mock = MockExecutor::new(MockSettings {
        train_examples: 32,
        eval_examples: 600,
        test_examples: 2000,
        ability: ability(0.88),
        test_ability: Some(ability(0.72)),
        seed_spread: 0.002,
        ..MockSettings::default()
    });
    let end = work(&store, &WorkerOptions::default(), &mut mock, &mut Silent, &Stop::default()).unwrap();
    assert_eq!(end, WorkerEnd::NothingLeft);
    store
}

struct Reported {
    /// `hypotheses.csv` by id.
    hypotheses: BTreeMap<String, BTreeMap<String, String>>,
    /// `observations.csv` by id.
    observations: BTreeMap<String, BTreeMap<String, String>>,
    /// `summary.csv` by configuration.
    summary: BTreeMap<String, BTreeMap<String, String>>,
    page: String,
    markdown: String,
}

impl Reported {
    fn of(folder: &Path, out: &Path) -> Self {
        let options = ReportOptions {
            paths: vec![folder.to_owned()],
            out: out.to_owned(),
            format: Format::Svg,
            formats: ReportFormat::usual(),
        };
        let folder = out.join("judged");
        let written = run(&options).unwrap();
        assert!(written[0].remarks.iter().all(|remark| !remark.contains("Damaged")), "{:?}", written[0].remarks);
        let table = |name: &str, key: &str| {
            let rows: Vec<BTreeMap<String, String>> =
                csv::Reader::from_path(folder.join(name)).unwrap().deserialize().map(Result::unwrap).collect();
            rows.into_iter().map(|row| (row[key].clone(), row)).collect()
        };
        let text = |name: &str| std::fs::read_to_string(folder.join(name)).unwrap();
        Reported {
            hypotheses: table("hypotheses.csv", "id"),
            observations: if folder.join("observations.csv").exists() {
                table("observations.csv", "id")
            } else {
                BTreeMap::new()
            },
            summary: table("summary.csv", "configuration"),
            page: text("index.html"),
            markdown: text("summary.md"),
        }
    }

    fn verdict(&self, id: &str) -> &str {
        &self.hypotheses[id]["verdict"]
    }

    fn caveats(&self, id: &str) -> &str {
        &self.hypotheses[id]["caveats"]
    }

    fn mean(&self, configuration: &str, column: &str) -> f64 {
        self.summary[configuration][column].parse().unwrap()
    }
}

fn reported(dataset: &str) -> (tempfile::TempDir, PathBuf, Reported) {
    let folder = tempfile::tempdir().unwrap();
    let results = trained(folder.path(), dataset).layout().folder().to_owned();
    let reported = Reported::of(&results, &folder.path().join("reports"));
    (folder, results, reported)
}

#[test]
fn verdicts_tables_and_effects_are_those_of_the_test() {
    let (folder, _, reported) = reported("{path: d.csv, test: {split: test}}");
    for id in ["best", "f1", "loss", "last"] {
        assert_eq!(reported.verdict(id), "refuted", "{id}: {:?}", reported.hypotheses[id]);
        assert_eq!(reported.hypotheses[id]["examples"], "2000", "{id}");
    }
    // Both sides of an observation are of the same examples: after an epoch there is the evaluation alone.
    for (id, low, high) in [("rises", 0.85, 0.91), ("level", 0.69, 0.75)] {
        let found = &reported.observations[id];
        assert_eq!(found["verdict"], "supported", "{found:?}");
        let value: f64 = found["value"].parse().unwrap();
        assert!((low..high).contains(&value), "{found:?}");
    }
    // After an epoch there is the evaluation alone.
    assert_eq!(reported.verdict("second"), "supported");
    assert!(reported.caveats("second").contains("on these evaluation examples"));
    assert!(reported.mean("rank=8", "accuracy_mean") < 0.74 && reported.mean("base", "accuracy_mean") > 0.77);
    assert!(!reported.caveats("longer").contains("the best epoch is chosen on the examples that are judged"));
    for text in [&reported.page, &reported.markdown] {
        assert!(text.contains("verdicts are of the test examples, which choose nothing"), "{text}");
        assert!(!text.contains("are somewhat too good") && !text.contains("somewhat too good"));
    }
    assert!(reported.page.contains("chosen on 600 evaluation examples, judged on 2,000 test examples"));
    // Charts of results, too: their axes say whose they are.
    assert!(reported.page.contains("Accuracy (test) at the best epoch"));
    assert!(reported.page.contains("paired by seed and test example") && reported.page.contains("Test loss"));

    let compared = compare(folder.path(), "rank=8", "base").unwrap();
    assert!(compared.contains("on 2,000 test examples") && compared.contains("base is better by"), "{compared}");
}

#[test]
fn without_a_test_the_evaluation_judges_and_the_reader_is_told() {
    let (folder, _, reported) = reported("d.csv");
    for id in ["best", "f1", "loss", "last", "second"] {
        assert_eq!(reported.verdict(id), "supported", "{id}: {:?}", reported.hypotheses[id]);
    }
    assert!(reported.caveats("longer").contains("the best epoch is chosen on the examples that are judged"));
    for text in [&reported.page, &reported.markdown] {
        assert!(text.contains("figures at the best epoch are somewhat too good"), "{text}");
    }
    let compared = compare(folder.path(), "rank=8", "base").unwrap();
    assert!(compared.contains("on 600 evaluation examples") && compared.contains("rank=8 is better by"), "{compared}");
}

/// Half of the runs are judged on other examples than the others.
#[test]
fn what_has_a_test_is_not_compared_with_what_has_none() {
    let text = "name: judged\nbase: {model: m, dataset: d.csv, epochs: 2, target_modules: [bert.encoder.layer.0.attention.self.query]}\nablate: {dataset: [{path: d.csv, test: {split: test}}]}\n\
                seeds: [1, 2]\nhypotheses:\n  - {id: a, claim: Made up., vary: dataset, metric: accuracy, expect: higher}\n";
    let folder = tempfile::tempdir().unwrap();
    let sweep = SweepFile::parse(text, folder.path()).unwrap().resolve(&Anything).unwrap();
    let input = PlanInput {
        sweep: &sweep,
        search: PlannedSearch::named("design"),
        yaml: text.as_bytes(),
        rehearsal: false,
        executor: ExecutorKind::Mock,
        command: &[],
        selected: None,
        until: Default::default(),
        claims: ClaimOptions::default(),
    };
    let plan = PlanOptions { max_pack: 64, duration: &|_| 1, sharing: None, memory: None };
    let store = Store::create_or_open(folder.path(), &input, &|runs| plan_packs(runs, &plan)).unwrap().store;
    // As many examples of both kinds, with the same numbers.
    let settings = MockSettings { test_examples: 160, ..MockSettings::default() };
    work(&store, &WorkerOptions::default(), &mut MockExecutor::new(settings), &mut Silent, &Stop::default()).unwrap();
    let reported = Reported::of(store.layout().folder(), &folder.path().join("reports"));
    assert_eq!(reported.verdict("a"), "inconclusive");
    assert!(reported.caveats("a").contains("one side is judged on a test, the other on the evaluation"));
    assert!(reported.page.contains("2 of 4 runs are judged on a test and the others on their evaluation"));
}

/// The last epoch is judged by example; results of older versions, without its predictions, by seed only.
#[test]
fn the_last_epoch_is_paired_by_example_where_its_predictions_are_recorded() {
    let (folder, results, new) = reported("d.csv");
    assert_eq!(new.hypotheses["last"]["examples"], "600");
    assert!(!new.caveats("last").contains("paired by seed only"), "{}", new.caveats("last"));
    assert!(new.caveats("second").contains("paired by seed only"));

    let mut removed = 0;
    for run in std::fs::read_dir(results.join("runs")).unwrap().map(|run| run.unwrap().path()) {
        let result = run.join("result.json");
        let text = std::fs::read_to_string(&result).unwrap();
        std::fs::write(&result, text.replace("  \"last_predictions\": true,\n", "")).unwrap();
        removed += usize::from(std::fs::remove_file(run.join("last_predictions.csv")).is_ok());
    }
    assert!(removed > 0, "in some run another epoch than the last must be the best");
    let old = Reported::of(&results, &folder.path().join("old"));
    assert_eq!(old.hypotheses["last"]["examples"], "");
    assert!(old.caveats("last").contains("paired by seed only"), "{}", old.caveats("last"));
    let effect = |reported: &Reported| reported.hypotheses["last"]["effect"].parse::<f64>().unwrap();
    assert!((effect(&old) - effect(&new)).abs() < 1e-12);
}

/// The gap is taken from training rows without dropout; where an older version recorded none, from what there is, with a word.
#[test]
fn the_gap_is_without_dropout_where_that_was_recorded() {
    let (folder, results, new) = reported("d.csv");
    assert!(!new.caveats("gap").contains("dropout"), "{}", new.caveats("gap"));
    let columns = ["train_loss", "train_eval_loss"].map(|column| {
        let mut ends = BTreeMap::new();
        let rows: Vec<BTreeMap<String, String>> =
            csv::Reader::from_path(results.join("metrics.csv")).unwrap().deserialize().map(Result::unwrap).collect();
        for row in rows.iter().filter(|row| ["base", "rank=8"].contains(&row["configuration"].as_str())) {
            let number = |name: &str| row[name].parse::<f64>().unwrap();
            ends.insert((row["configuration"].clone(), row["seed"].clone()), number("eval_loss") - number(column));
        }
        let of = |name: &str| ends.iter().filter(|((one, _), _)| one == name).map(|(_, gap)| gap).sum::<f64>() / 4.0;
        of("rank=8") - of("base")
    });
    let effect = |reported: &Reported| reported.hypotheses["gap"]["effect"].parse::<f64>().unwrap();
    assert!((effect(&new) - columns[1]).abs() < 1e-9, "{} {columns:?}", effect(&new));
    assert!((columns[0] - columns[1]).abs() > 1e-6);

    // The column was not there in older versions.
    for run in std::fs::read_dir(results.join("runs")).unwrap().map(|run| run.unwrap().path()) {
        let path = run.join("metrics.csv");
        let text = std::fs::read_to_string(&path).unwrap();
        let older = text.lines().map(|line| format!("{}\n", line.rsplit_once(',').unwrap().0)).collect::<String>();
        std::fs::write(&path, older).unwrap();
    }
    let old = Reported::of(&results, &folder.path().join("old"));
    assert!((effect(&old) - columns[0]).abs() < 1e-9, "{} {columns:?}", effect(&old));
    assert!(old.caveats("gap").contains("the training loss was taken with dropout"), "{}", old.caveats("gap"));
}
