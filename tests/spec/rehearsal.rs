//! `run --rehearse`: the whole design on what is at hand.

use std::collections::HashSet;
use std::path::Path;

use sweep::model::family_names;
use sweep::spec::{
    AdapterFacts, DatasetSpec, Evaluation, Facts, FactsError, FamilyNames, HeldOut, HypothesisMetric, ModelFacts,
    PlannedRun, Rehearsal, RunId, Sweep, SweepFile, select,
};

use crate::support::{FakeFacts, file, labels, sweep};

const MINILM: &str = "sentence-transformers/all-MiniLM-L6-v2";

/// A machine that has the embedded model and corpus and nothing else.
struct Fresh;

impl Facts for Fresh {
    fn families(&self) -> Vec<&'static FamilyNames> {
        family_names()
    }

    fn model(&self, name: &str) -> Result<ModelFacts, FactsError> {
        if name == MINILM {
            FakeFacts::default().model(name)
        } else {
            Err(FactsError::new(format!("model `{name}` is not here")))
        }
    }

    fn adapter(&self, name: &str, _: &str) -> Result<AdapterFacts, FactsError> {
        Err(FactsError::new(format!("adapter `{name}` is not here")))
    }

    fn dataset_digest(&self, dataset: &DatasetSpec) -> Result<String, FactsError> {
        if dataset.path == "newswire.csv" { Ok("digest".into()) } else { Err(FactsError::new("no data here")) }
    }
}

fn stage() -> Rehearsal {
    let evaluation = Evaluation::HeldOut { size: HeldOut::Fraction(0.3), seed: 42 };
    Rehearsal {
        model: MINILM.to_owned(),
        dataset: DatasetSpec { limit: Some(320), evaluation, ..DatasetSpec::at("newswire.csv") },
        max_length: 64,
        learning_rate: Some(1e-3),
        examples_per_step: Some(8),
    }
}

fn rehearsed(text: &str) -> Sweep {
    file(text).rehearse(&stage(), &Fresh).unwrap_or_else(|errors| panic!("{errors}"))
}

#[test]
fn the_ablation_is_rehearsed_whole_on_a_fresh_machine() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("sweeps/ablation.yaml");
    let file = SweepFile::read(&path).unwrap();
    let full = file.resolve(&FakeFacts::default()).unwrap();
    let rehearsal = file.rehearse(&stage(), &Fresh).unwrap();
    let configurations: Vec<&str> = full.runs.iter().step_by(3).map(|run| run.configuration.as_str()).collect();
    assert_eq!(labels(&rehearsal), configurations);
    assert_eq!(rehearsal.name, "ablation");
    assert!(rehearsal.description.starts_with("Rehearsal on sentence-transformers/all-MiniLM-L6-v2"));
    assert_eq!((&rehearsal.baseline, &rehearsal.reference), (&full.baseline, &full.reference));
    assert_eq!(rehearsal.hypotheses, full.hypotheses);
    let ids: HashSet<_> = rehearsal.runs.iter().chain(&full.runs).map(|run| &run.id).collect();
    assert_eq!(ids.len(), rehearsal.runs.len() + full.runs.len());
    for run in &rehearsal.runs {
        assert_eq!((run.spec.model.as_str(), &run.spec.dataset, run.spec.max_length), (MINILM, &stage().dataset, 64));
        assert!((1..=6).contains(&run.spec.epochs));
    }
}

#[test]
fn layers_keep_their_relative_depth() {
    let targets = |text: &str| rehearsed(text).runs[0].spec.target_modules.clone();
    assert_eq!(
        targets("{}"),
        [
            "bert.encoder.layer.0.attention.self.query",
            "bert.encoder.layer.0.attention.self.key",
            "bert.encoder.layer.0.attention.self.value",
            "bert.encoder.layer.2.attention.self.query",
            "bert.encoder.layer.5.attention.self.query",
            "bert.encoder.layer.5.output.dense",
        ]
    );
    assert_eq!(targets("base: {target_modules: {layers: all, modules: key}}").len(), 6);
    // A model of 24 layers, a model with other names, and one as deep as the rehearsal's.
    let large = "base: {model: FacebookAI/roberta-large, target_modules: {layers: [12, 23], modules: key}}";
    assert_eq!(targets(large), ["bert.encoder.layer.3.attention.self.key", "bert.encoder.layer.5.attention.self.key"]);
    let distil =
        "base: {model: distilbert-base-uncased, target_modules: {layers: \"2-3\", modules: intermediate.dense}}";
    assert_eq!(targets(distil), ["bert.encoder.layer.2.intermediate.dense", "bert.encoder.layer.3.intermediate.dense"]);
}

#[test]
fn what_becomes_alike_is_still_run() {
    let text = "ablate: {max_length: [128, 256], target_modules: [[{layers: [0], modules: query}], [{layers: [1], modules: query}]]}";
    let sweep = rehearsed(text);
    assert_eq!(sweep.runs.len(), 5);
    assert_eq!(sweep.runs[3].spec, sweep.runs[4].spec);
    let ids: HashSet<_> = sweep.runs.iter().map(|run| &run.id).collect();
    assert_eq!(ids.len(), 5);
    assert_eq!(rehearsed(text), sweep, "ids are stable");
}

#[test]
fn longer_runs_stay_longer() {
    let epochs = |text: &str| rehearsed(text).runs.iter().map(|run| run.spec.epochs).collect::<Vec<_>>();
    assert_eq!(epochs("ablate: {epochs: [8, 10]}"), [4, 5, 6]);
    assert_eq!(epochs("ablate: {epochs: [1, 3, 8, 10, 20]}"), [4, 1, 3, 5, 6, 6]);
    assert_eq!(epochs("base: {epochs: 1}\nablate: {epochs: [2, 9]}"), [1, 2, 3]);
    assert_eq!(epochs("base: {epochs: 2}\nablate: {epochs: [1]}"), [2, 1]);
}

#[test]
fn learning_rates_keep_their_ratio() {
    let rates = |rehearsal: &Rehearsal| {
        let sweep = file("ablate: {learning_rate: [6e-5]}").rehearse(rehearsal, &Fresh).unwrap();
        sweep.runs.iter().map(|run| run.spec.learning_rate).collect::<Vec<_>>()
    };
    assert_eq!(rates(&stage()), [1e-3, 2e-3]);
    assert_eq!(rates(&Rehearsal { learning_rate: None, ..stage() }), [3e-5, 6e-5]);
}

#[test]
fn batches_keep_their_ratio() {
    let steps = |text: &str| {
        let of = |run: &PlannedRun| (run.spec.batch_size, run.spec.gradient_accumulation_steps);
        rehearsed(text).runs.iter().map(of).collect::<Vec<_>>()
    };
    assert_eq!(
        steps("ablate: {batch_size: [8, 32], gradient_accumulation_steps: [1]}"),
        [(4, 2), (2, 2), (8, 2), (4, 1)]
    );
    assert_eq!(
        steps("base: {batch_size: 2}\nablate: {batch_size: [64]}"),
        [(2, 2), (64, 2)],
        "steps that are small stay"
    );
}

#[test]
fn what_is_scaled_is_said() {
    let rehearsal = rehearsed("ablate: {epochs: [8, 10], batch_size: [8], learning_rate: [6e-5]}\nseeds: [1, 2]");
    assert_eq!(
        rehearsal.scaled,
        [
            "learning rate × 33: base's 3e-5 becomes 0.001, which suits the small model; the others keep their ratio to it",
            "batch size ÷ 4: an optimizer step of base sees 8 examples instead of 32, so that few rows make enough steps",
            "epochs: 5 become 4, 8 become 5, 10 become 6",
            "data: 320 rows, 0.3 of them for evaluation, of at most 64 tokens",
            "seeds: the first of every configuration only",
        ]
    );
    let same = Rehearsal { learning_rate: None, examples_per_step: None, ..stage() };
    let unscaled = file("base: {epochs: 2}").rehearse(&same, &Fresh).unwrap();
    assert_eq!(unscaled.scaled, ["data: 320 rows, 0.3 of them for evaluation, of at most 64 tokens"]);
    assert_eq!(sweep("{}").scaled, [""; 0]);
}

#[test]
fn only_the_first_seed_is_rehearsed() {
    let sweep = rehearsed("ablate: {rank: [4]}\nseeds: [5, 6]");
    let runs: Vec<_> = sweep.runs.iter().map(|run| (run.label.as_str(), run.spec.seed)).collect();
    assert_eq!(runs, [("base", 5), ("rank=4", 5)]);
}

#[test]
fn an_epoch_of_a_claim_is_capped_with_the_epochs() {
    let text = "ablate: {rank: [4]}\nhypotheses: [{id: h, claim: c, vary: rank, metric: accuracy@5, expect: lower}]";
    let HypothesisMetric::AfterEpoch { epoch, .. } = rehearsed(text).hypotheses[0].metric else { panic!() };
    assert_eq!(epoch, 4);
}

/// The design is checked against the model it is for, as far as its name tells.
#[test]
fn a_wrong_design_is_no_better_rehearsed() {
    let message = |text: &str| file(text).rehearse(&stage(), &Fresh).unwrap_err().to_string();
    assert!(message("base: {target_modules: {layers: 12, modules: key}}").contains("there is no layer 12"));
    assert!(message("base: {rank: 0}").contains("must be from 1 to 65536"));
    assert!(message("base: {model: acme/encoder}").contains("model `acme/encoder` is not here"));
}

#[test]
fn the_rehearsals_own_model_must_be_there() {
    let absent = Rehearsal { model: "FacebookAI/roberta-base".to_owned(), ..stage() };
    let message = file("{}").rehearse(&absent, &Fresh).unwrap_err().to_string();
    assert!(message.contains("--rehearse: model `FacebookAI/roberta-base` is not here"), "{message}");
}

#[test]
fn options_hold_in_a_rehearsal_too() {
    let mut file = file("{}");
    file.set("batch_size=4").unwrap();
    assert_eq!(file.rehearse(&stage(), &Fresh).unwrap().runs[0].spec.batch_size, 4);
    assert_eq!(sweep("{}").runs[0].spec.batch_size, 16);
}

/// Where the sweep has a test, so has its rehearsal, on further rows; where it has none, nothing changes.
#[test]
fn a_test_is_rehearsed() {
    let test = Some(Evaluation::HeldOut { size: HeldOut::Examples(50), seed: 43 });
    let with_test = Rehearsal { dataset: DatasetSpec { test: test.clone(), ..stage().dataset }, ..stage() };
    let on = |text: &str| file(text).rehearse(&with_test, &Fresh).unwrap_or_else(|errors| panic!("{errors}"));
    let tested = on("base: {dataset: {path: a, test: {split: test}}}").runs.remove(0);
    assert_eq!((tested.spec.dataset.test, tested.spec.dataset.limit), (test, Some(370)));
    let plain = on("base: {dataset: a}").runs.remove(0);
    assert_eq!((plain.spec.dataset.test, plain.spec.dataset.limit), (None, Some(320)));
    assert_eq!(plain.id, rehearsed("base: {dataset: a}").runs[0].id);
    assert_ne!(plain.id, tested.id);
}

/// `--only` means what labels and the file say, not what the rehearsal makes of it.
#[test]
fn conditions_on_runs_mean_the_sweep_itself() {
    let sweep = rehearsed(
        "base: {epochs: 8, dataset: own.csv}\nablate: {learning_rate: [1e-4, 3e-4], epochs: [4, 12], batch_size: [4, 8]}\nseeds: [1, 2]",
    );
    let chosen = |pattern: &str| {
        let ids = select(&sweep, &[pattern]).unwrap_or_else(|error| panic!("{error}"));
        let of = |id: &RunId| sweep.runs.iter().find(|run| run.id == *id).unwrap().label.clone();
        ids.iter().map(of).collect::<Vec<_>>()
    };
    for label in
        ["learning_rate=0.0001", "learning_rate=0.0003", "epochs=4", "epochs=12", "batch_size=4", "batch_size=8"]
    {
        assert_eq!(chosen(label), [label]);
    }
    assert_eq!(chosen("batch_size=16, epochs=8"), ["base", "learning_rate=0.0001", "learning_rate=0.0003"]);
    assert_eq!(chosen("model=FacebookAI/*").len(), 7);
    assert_eq!(chosen("dataset=own.csv").len(), 7);
    assert_eq!(chosen("target_modules=roberta.*").len(), 7);
}
