//! Verdicts keep their promise from the sweep file to the report: pretended training of whose true effects we know.
//!
//! One sweep holds many independent studies (told apart by a parameter that does nothing): rank 16 is each study's
//! baseline, rank 8 is exactly as good, rank 32 is better by a known effect. `tests/metrics_calibration.rs` does the same
//! on plain numbers, with more kinds of noise.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use statrs::distribution::{ContinuousCDF, Normal};
use sweep::event::{Event, Sink};
use sweep::execute::{PlanOptions, Stop, WorkerEnd, WorkerOptions, plan_packs, work};
use sweep::metrics::{ALPHA, Design, Expectation, ExpectedEffect, Scale};
use sweep::model::{family_named, family_names};
use sweep::report::{Format, ReportFormat, ReportOptions, run};
use sweep::spec::{AdapterFacts, DatasetSpec, Facts, FactsError, FamilyNames, ModelFacts, RunSpec, SweepFile};
use sweep::store::{ClaimOptions, ExecutorKind, PlanInput, PlannedSearch, Store};

#[path = "mock/mod.rs"]
mod mock;

use mock::{MockExecutor, MockSettings};

const STUDIES: usize = 90;
const SEEDS: usize = 3;
const EXAMPLES: usize = 300;
const ABILITY: f64 = 0.85;
/// Of rank 32.
const BETTER: f64 = 0.075;
/// Of the ability, from seed to seed.
const SPREAD: f64 = 0.01;

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

/// What the mock has learned of an ability after one epoch.
fn learned() -> f64 {
    1.0 - (-2.5_f64).exp()
}

fn sweep_file() -> String {
    let studies: Vec<String> = (1..=STUDIES).map(|study| study.to_string()).collect();
    let seeds: Vec<String> = (1..=SEEDS).map(|seed| seed.to_string()).collect();
    let mut text = format!(
        "name: calibration\n\
         base: {{model: m, dataset: d.csv, epochs: 1, target_modules: [bert.encoder.layer.0.attention.self.query]}}\n\
         grid:\n  max_grad_norm: [{}]\n  rank: [16, 8, 32]\n\
         seeds: [{}]\n\
         hypotheses:\n",
        studies.join(", "),
        seeds.join(", ")
    );
    let margin = BETTER * learned();
    for study in studies {
        for (id, rank, expect) in [
            ("null", 8, "higher".to_string()),
            ("better", 32, "higher".to_string()),
            ("edge", 32, format!("not_higher, margin: {margin}")),
        ] {
            text.push_str(&format!(
                "  - {{id: {id}-{study}, claim: Made up., vary: rank, values: [{rank}], metric: accuracy, \
                 baseline: \"max_grad_norm={study}, rank=16\", expect: {expect}}}\n"
            ));
        }
    }
    text
}

/// Trains the sweep file with the mock and reports on it; the rows of `hypotheses.csv`.
fn results_of(folder: &Path) -> Vec<BTreeMap<String, String>> {
    let text = sweep_file();
    let sweep = SweepFile::parse(&text, folder).unwrap().resolve(&Anything).unwrap();
    assert_eq!(sweep.runs.len(), STUDIES * SEEDS * 3);
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
    let mut mock = MockExecutor::new(MockSettings {
        train_examples: 16,
        eval_examples: EXAMPLES,
        ability: Arc::new(|spec: &RunSpec| ABILITY + if spec.rank == 32 { BETTER } else { 0.0 }),
        seed_spread: SPREAD,
        ..MockSettings::default()
    });
    let end = work(&store, &WorkerOptions::default(), &mut mock, &mut Silent, &Stop::default()).unwrap();
    assert_eq!(end, WorkerEnd::NothingLeft);
    let out = folder.join("reports");
    let options = ReportOptions {
        paths: vec![store.layout().folder().to_owned()],
        out: out.clone(),
        format: Format::Svg,
        formats: ReportFormat::usual(),
    };
    run(&options).unwrap();
    let mut table = csv::Reader::from_path(out.join("calibration/hypotheses.csv")).unwrap();
    table.deserialize().map(Result::unwrap).collect()
}

/// Probability that exactly one of two runs of these chances to be right gets an example right, if what makes examples
/// hard is correlated that much between them.
fn discordance(one: f64, other: f64, correlation: f64) -> f64 {
    let normal = Normal::standard();
    let right = |chance: f64, z: f64| {
        normal.cdf((normal.inverse_cdf(chance) - correlation.sqrt() * z) / (1.0 - correlation).sqrt())
    };
    // Both right, averaged over equally probable common difficulties.
    let steps = 2000;
    let both: f64 = (0..steps)
        .map(|step| normal.inverse_cdf((f64::from(step) + 0.5) / f64::from(steps)))
        .map(|z| right(one, z) * right(other, z))
        .sum::<f64>()
        / f64::from(steps);
    one + other - 2.0 * both
}

/// The power to find the effect of rank 32 before any correction.
fn predicted() -> f64 {
    let chance = 1.0 / MockSettings::default().class_names.len() as f64;
    let after = |full: f64| chance + (full - chance) * learned();
    let settings = MockSettings::default();
    let correlation = settings.shared_difficulty + settings.seed_difficulty;
    let effect = BETTER * learned();
    let design = Design {
        seeds: SEEDS,
        examples: Some(EXAMPLES),
        seed_sd: 2f64.sqrt() * SPREAD * learned(),
        example_variance: discordance(after(ABILITY), after(ABILITY + BETTER), correlation) - effect.powi(2),
        // An example is as hard for either side, so that seeds have no difference in common.
        shared: 0.0,
        claims: 1,
        last_look: 1.0,
    };
    design.power(ExpectedEffect::new(Expectation::Higher, None, Scale::Share).unwrap(), effect)
}

/// Three standard errors of a share of the studies.
fn simulation_error(share: f64) -> f64 {
    3.0 * (share * (1.0 - share) / STUDIES as f64).sqrt()
}

#[test]
fn reports_are_wrong_no_oftener_than_they_say_and_find_what_was_predicted() {
    let memory = Path::new("/dev/shm");
    let folder = if memory.is_dir() { tempfile::tempdir_in(memory) } else { tempfile::tempdir() }.unwrap();
    let rows = results_of(folder.path());
    assert_eq!(rows.len(), 3 * STUDIES);
    let of = |id: &'static str| rows.iter().filter(move |row| row["id"].starts_with(id));
    let clear = |row: &&BTreeMap<String, String>| row["p"].parse::<f64>().unwrap() <= ALPHA;
    let effect = |row: &BTreeMap<String, String>| row["effect"].parse::<f64>().unwrap();
    let share = |count: usize| count as f64 / STUDIES as f64;

    // Before the correction: a wrong verdict in either direction at most half as often as the level says.
    let level = ALPHA / 2.0;
    let allowed = level + simulation_error(level);
    let supported = share(of("null").filter(clear).filter(|row| effect(row) > 0.0).count());
    let refuted = share(of("null").filter(clear).filter(|row| effect(row) < 0.0).count());
    assert!(
        supported <= allowed && refuted <= allowed,
        "no effect, but supported in {supported}, refuted in {refuted}"
    );
    // A true effect that is as large as the margin is not smaller than the margin.
    let not_higher = share(of("edge").filter(clear).filter(|row| effect(row) < BETTER * learned()).count());
    assert!(not_higher <= allowed, "supported in {not_higher}");

    let predicted = predicted();
    assert!((0.4..0.95).contains(&predicted), "the test says little with power {predicted}");
    let found = share(of("better").filter(clear).filter(|row| effect(row) > 0.0).count());
    assert!((found - predicted).abs() <= simulation_error(predicted), "predicted {predicted}, found {found}");

    // After it: no wrong verdict among all of the sweep, but for one sweep in twenty, of which this is none.
    let wrong = |row: &&BTreeMap<String, String>| row["verdict"] != "inconclusive";
    assert_eq!(of("null").filter(wrong).count() + of("edge").filter(wrong).count(), 0);
    assert!(of("better").all(|row| row["verdict"] != "refuted"));
    eprintln!("predicted {predicted:.3}, found {found:.3}, null {supported:.3} {refuted:.3} {not_higher:.3}");
}
