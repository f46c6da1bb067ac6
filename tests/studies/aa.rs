//! A/A: how often verdicts are wrong, and intervals miss, where nothing but random numbers differs between the two sides of
//! a comparison, on runs that were really trained.
//!
//! `make aa-study` trains the runs (what is there is not trained again), judges the claims through the program's report, and
//! writes `reports/aa/`. `SWEEP_BIN` is another binary to train with, `SWEEP_AA_RESULTS` another folder of results,
//! `SWEEP_AA_FAMILIES` a smaller number of families.

use std::path::{Path, PathBuf};
use std::sync::Mutex;

use sweep::metrics::{Metric, Summary};

use crate::design::{FAMILIES, Family, SEEDS, Split, TREATMENTS};
use crate::judging::{Kind, MARGIN, Outcome, judge_family};
use crate::table;

#[test]
#[ignore = "trains thousands of small runs"]
fn aa() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let program = std::env::var_os("SWEEP_BIN").map_or_else(|| env!("CARGO_BIN_EXE_sweep").into(), PathBuf::from);
    let results = std::env::var_os("SWEEP_AA_RESULTS").map_or_else(|| root.join("results/aa"), PathBuf::from);
    let families = std::env::var("SWEEP_AA_FAMILIES").map_or(FAMILIES, |number| number.parse().unwrap());
    let mut pools = Vec::new();
    let found = Mutex::new(Vec::new());
    for split in Split::ALL {
        let all: Vec<Family> = (1..=families).map(|number| Family { split, number }).collect();
        let folders: Vec<PathBuf> = all.iter().map(|family| train(*family, families, &program, &results)).collect();
        pools.push(Pool::of(split, &folders));
        std::thread::scope(|scope| {
            for half in 0..2 {
                let (all, folders, found) = (&all, &folders, &found);
                scope.spawn(move || {
                    for (family, folder) in all.iter().zip(folders).skip(half).step_by(2) {
                        let mut own = Vec::new();
                        judge_family(*family, folder, &mut own);
                        found.lock().unwrap().extend(own);
                    }
                });
            }
        });
    }
    let found = found.into_inner().unwrap();
    write(&root.join("reports/aa"), &pools, families, &found);
}

fn train(family: Family, of: usize, program: &Path, results: &Path) -> PathBuf {
    let began = std::time::Instant::now();
    let folder = family.train(program, results);
    eprintln!("{} of {of}: {:.0} s", family.name(), began.elapsed().as_secs_f64());
    folder
}

/// What the runs of a setting reach.
struct Pool {
    split: Split,
    runs: usize,
    mean: f64,
    low: f64,
    high: f64,
    /// Of runs that differ in their seed only.
    sd: f64,
    train_examples: usize,
    eval_examples: usize,
    epochs: usize,
    device: String,
    versions: String,
}

impl Pool {
    fn of(split: Split, folders: &[PathBuf]) -> Pool {
        let (mut accuracies, mut variances) = (Vec::new(), Vec::new());
        let mut first = None;
        for folder in folders {
            let report = sweep::report::read(folder).unwrap();
            for configuration in &report.configurations {
                let of_run = |run: &usize| report.runs[*run].best_epoch().unwrap().metric(Metric::ACCURACY);
                let own: Vec<f64> = configuration.runs.iter().map(of_run).collect();
                variances.extend(Summary::of(&own).and_then(|summary| summary.sd).map(|sd| sd * sd));
                accuracies.extend(own);
            }
            first.get_or_insert_with(|| report.runs[0].clone());
        }
        let first = first.unwrap();
        let (facts, versions) = (first.facts.unwrap(), first.versions.unwrap());
        let extreme = |start: f64, of: fn(f64, f64) -> f64| accuracies.iter().copied().fold(start, of);
        Pool {
            split,
            runs: accuracies.len(),
            mean: accuracies.iter().sum::<f64>() / accuracies.len() as f64,
            low: extreme(1.0, f64::min),
            high: extreme(0.0, f64::max),
            sd: (variances.iter().sum::<f64>() / variances.len() as f64).sqrt(),
            train_examples: facts.train_examples,
            eval_examples: facts.eval_examples,
            epochs: first.spec.epochs,
            device: first.device.unwrap_or_default(),
            versions: format!(
                "sweep {}{}, libtorch {}",
                versions.sweep,
                versions
                    .git_commit
                    .map_or_else(String::new, |commit| format!(" ({})", &commit[..commit.len().min(12)])),
                versions.libtorch.unwrap_or_default()
            ),
        }
    }

    fn line(&self) -> String {
        let percent = |share: f64| format!("{:.1}", 100.0 * share);
        format!(
            "| {} | {} | {} | {} | {} | {} % | {}–{} % | {} points |\n",
            self.split.name(),
            self.runs,
            self.train_examples,
            self.eval_examples,
            self.epochs,
            percent(self.mean),
            percent(self.low),
            percent(self.high),
            percent(self.sd)
        )
    }
}

fn write(folder: &Path, pools: &[Pool], families: usize, found: &[(Kind, Outcome)]) {
    let rows = table::rows(found);
    let date = humantime::format_rfc3339_seconds(std::time::SystemTime::now()).to_string();
    let head = HEAD
        .replace("NUMBER_OF_FAMILIES", &families.to_string())
        .replace("TREATMENTS", &TREATMENTS.to_string())
        .replace("SEEDS", &SEEDS.to_string())
        .replace("MARGIN", &format!("{:.0}", 100.0 * MARGIN))
        .replace("DATE", &date[..10])
        .replace("VERSIONS", &pools[0].versions)
        .replace("DEVICE", &format!("{}, {}", pools[0].device, instruction_set()));
    let pools: String = pools.iter().map(Pool::line).collect();
    std::fs::create_dir_all(folder).unwrap();
    std::fs::write(folder.join("README.md"), format!("{head}{pools}\n{}", table::markdown(&rows))).unwrap();
    std::fs::write(folder.join("rates.csv"), table::csv(&rows)).unwrap();
    let family = Family { split: Split::BySeed, number: 1 }.sweep_file();
    let relative = family.replace(env!("CARGO_MANIFEST_DIR"), "../..");
    std::fs::write(folder.join("family.yaml"), relative).unwrap();
    eprintln!("written: {}", folder.display());
}

/// The widest of those that the kernels ask for.
fn instruction_set() -> &'static str {
    #[cfg(target_arch = "x86_64")]
    {
        if std::is_x86_feature_detected!("avx512bf16") {
            return "AVX-512 with bfloat16";
        }
        if std::is_x86_feature_detected!("avx512f") {
            return "AVX-512";
        }
        if std::is_x86_feature_detected!("avx2") {
            return "AVX2";
        }
    }
    std::env::consts::ARCH
}

const HEAD: &str = "\
# A/A study

Both sides of every comparison here are the same configuration: they differ in nothing but their random numbers
(`init_seed`, `order_seed`, `dropout_seed`), so the true difference is 0. How often is a verdict wrong all the same?

Runs are really trained (MiniLM, adapters on the last layer, the first 20 tokens of items of `sweeps/data/newswire.csv`), and claims
are judged by the program's own report, read from their folders. Half of the runs hold out the same rows, the others hold out other
rows for each seed (`split_seed: seed`), of 240.

Claims come in families, NUMBER_OF_FAMILIES of each half, each one sweep: a base and TREATMENTS treatments with SEEDS seeds (`family.yaml` is one). No
two families share a run. With 3 seeds, a family's ten seeds make three parts, with 5 two; these share no run either. Claims of one
family share its base, so they are not independent: beside the exact interval (Clopper-Pearson, as if they were) stands one by
families, which are drawn with replacement (where nothing or everything was wrong, the exact interval of the number of families).

Wrong is any verdict on `higher`, because the difference is 0, and `refuted` for the true claims `equivalent` and `not_lower` (margin
MARGIN points of accuracy); how often those are `supported` is the power. Peeks: after 2, 4, 6, 8 and 10 seeds somebody judges as if that
number had been fixed and stops at the first verdict. Declared looks: the same numbers as the sweep's `looks`.

`SWEEP_AA_FAMILIES=NUMBER_OF_FAMILIES make aa-study` repeats it. DATE, VERSIONS, DEVICE.

| rows held out | runs | training rows | evaluation rows | epochs | mean accuracy | range | deviation between seeds |
|:--|--:|--:|--:|--:|--:|--:|--:|
";
