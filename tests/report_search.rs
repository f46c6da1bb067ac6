//! Reports of made-up searches. The pictures and pages stay under `target/tmp/report-search` for a person to look at.

mod report_support;

use std::fs;
use std::path::{Path, PathBuf};

use report_support::{Arm, Fake, Fate};
use sweep::report::search::ended;
use sweep::report::{Format, ReportFormat, ReportOptions, run};
use sweep::spec::{
    Confirm, Coordinate, Dimension, Distribution, EarlyStopping, LrScheduler, Metric, Point, SearchRecord,
    SearchSettings, StopRule, TriedPoint,
};
use sweep::store::Store;

fn folder(name: &str) -> PathBuf {
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join("report-search").join(name);
    fs::remove_dir_all(&path).ok();
    fs::create_dir_all(&path).unwrap();
    path
}

/// Writes the results and their report; returns the report's folder.
fn report(fake: &Fake) -> PathBuf {
    report_as(fake, Format::Png)
}

fn report_as(fake: &Fake, format: Format) -> PathBuf {
    let folder = folder(&fake.name);
    fake.write(&folder.join("results"));
    let written = run(&ReportOptions {
        paths: vec![folder.join("results")],
        out: folder.join("reports"),
        format,
        formats: ReportFormat::usual(),
    })
    .unwrap();
    written[0].folder.clone()
}

fn has(report: &Path, file: &str) -> bool {
    report.join(file).is_file()
}

fn dimension(name: &str, distribution: Distribution) -> Dimension {
    Dimension { name: name.to_owned(), distribution, when: None }
}

fn record(method: &str, space: Vec<Dimension>) -> SearchRecord {
    let settings = SearchSettings {
        method: method.to_owned(),
        samples: 12,
        batch: 4,
        seed: 0,
        metric: Metric::ACCURACY,
        seeds: vec![1, 2],
        initial: Vec::new(),
        confirm: Some(Confirm { top: 2, seeds: 3 }),
        stop: None,
        budget: None,
    };
    SearchRecord { settings, space }
}

/// A number from 0 to 1 that looks random.
fn chance(number: usize, salt: usize) -> f64 {
    let mut bits = (number as u64 * 1_000_003 + salt as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    for _ in 0..2 {
        bits = (bits ^ (bits >> 29)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    }
    (bits >> 11) as f64 / (1_u64 << 53) as f64
}

fn space() -> Vec<Dimension> {
    let schedulers = ["cosine", "linear"].map(str::to_owned).to_vec();
    let mut warmup = dimension("warmup_ratio", Distribution::Uniform { low: 0.0, high: 0.3 });
    warmup.when = Some("lr_scheduler = [cosine]".to_owned());
    vec![
        dimension("learning_rate", Distribution::LogUniform { low: 1e-5, high: 1e-2 }),
        dimension("rank", Distribution::LogInt { low: 2, high: 64 }),
        dimension("lr_scheduler", Distribution::Choice(schedulers)),
        warmup,
    ]
}

/// Samples of [`space`] whose accuracy depends on the learning rate alone.
fn search(name: &str, samples: usize, of_sample: impl Fn(usize, Arm) -> Arm) -> Fake {
    let space = space();
    let (mut arms, mut points) = (Vec::new(), Vec::new());
    for number in 0..samples {
        let at = |salt: usize| chance(number, salt);
        let cosine = at(3) < 0.5;
        let point = Point(vec![
            Some(space[0].distribution.at(at(1))),
            Some(space[1].distribution.at(at(2))),
            Some(Coordinate::Choice(usize::from(!cosine))),
            Some(space[3].distribution.at(at(4))).filter(|_| cosine),
        ]);
        let value = |place: usize| match point.0[place] {
            Some(Coordinate::Number(value)) => value,
            _ => 0.15,
        };
        let (rate, rank, warmup) = (value(0), value(1), value(3));
        let configuration = format!("learning_rate={rate:?}, rank={rank}, sample {}", number + 1);
        let accuracy = 0.93 - 0.02 * (rate / 4e-4).log10().abs();
        let arm = Arm::new(&configuration, accuracy, |spec| {
            (spec.learning_rate, spec.rank, spec.warmup_ratio) = (rate, rank as usize, warmup);
            spec.lr_scheduler = if cosine { LrScheduler::Cosine } else { LrScheduler::Linear };
        });
        arms.push(of_sample(number, arm.seeds(2)));
        points.push(TriedPoint { configuration, point: point.recorded(&space) });
    }
    let mut fake = Fake::new(name, arms);
    fake.reference.clear();
    fake.search = Some((record("random", space), points));
    fake
}

/// The lines of `summary.md` that list all configurations.
fn configurations(report: &Path) -> Vec<String> {
    let text = fs::read_to_string(report.join("summary.md")).unwrap();
    let table = &text[text.find("## Configurations").unwrap()..];
    table.lines().take_while(|line| !line.starts_with("## Charts")).map(str::to_owned).collect()
}

/// The section of `summary.md` about the search.
fn section(report: &Path) -> String {
    let text = fs::read_to_string(report.join("summary.md")).unwrap();
    let begin = text.find("## Search").unwrap();
    let end = text.find("## Configurations").unwrap();
    text[begin..end].to_owned()
}

/// A sample that was not confirmed and was luckier with the seeds that chose it is not the best of the table.
#[test]
fn figures_of_confirmed_samples_are_those_of_fresh_seeds() {
    let fake = search("fresh", 8, |number, arm| match number {
        2 => Arm { accuracy: 0.95, ..arm.seeds(5) },
        4 => Arm { accuracy: 0.98, ..arm },
        _ => arm,
    });
    let lines = configurations(&report_as(&fake, Format::Svg));
    let of = |sample: usize| {
        let end = format!("sample {sample}");
        lines
            .iter()
            .find(|line| line.contains(&format!("{end} |")) || line.contains(&format!("{end} (confirmed)")))
            .unwrap()
    };
    let (confirmed, lucky) = (of(3), of(5));
    assert!(confirmed.contains("sample 3 (confirmed) | 3 |") && confirmed.contains("**"), "{confirmed}");
    assert!(lucky.contains("sample 5 | 2 |") && !lucky.contains("**"), "{lucky}");
    assert!(
        lines.iter().any(|line| line.contains("Figures of confirmed samples are those of their fresh seeds")),
        "{lines:?}"
    );
    // The same mean as in the section of the search, which takes the fresh seeds.
    let section = section(&report_as(&fake, Format::Svg));
    let cells: Vec<&str> = section.lines().find(|line| line.contains("sample 3 |")).unwrap().split('|').collect();
    assert!(confirmed.contains(cells[4].trim()), "{confirmed}: {cells:?}");
}

#[test]
fn a_search_gets_its_charts_and_tables() {
    let fake = search("confirmed", 14, |number, arm| match number {
        3 | 8 => Arm { accuracy: 0.95, ..arm.seeds(5) },
        5 => arm.fates(&[Fate::Diverges(2)]),
        _ => arm,
    });
    let report = report(&fake);
    for chart in ["history", "importance", "slices", "pair", "parallel", "budget"] {
        assert!(has(&report, &format!("search_{chart}.png")), "{chart}");
    }
    assert!(!has(&report, "parallel.png") && !has(&report, "search_rungs.png"));
    insta::assert_snapshot!("search_section", section(&report));
    insta::assert_snapshot!("search_tex", fs::read_to_string(report.join("search.tex")).unwrap());
    let table = fs::read_to_string(report.join("search.csv")).unwrap();
    insta::assert_snapshot!("search_csv", table.lines().take(7).collect::<Vec<_>>().join("\n"));
    let page = fs::read_to_string(report.join("index.html")).unwrap();
    assert!(page.contains("id=\"search\"") && page.contains("learning_rate: "));
    let store = Store::open(&folder_of(&fake)).unwrap();
    let ended = ended(&store).unwrap().unwrap();
    assert!(section(&report).contains(&ended.best[0][1]), "the terminal says what the report says");
    assert!(ended.conclusion[0].starts_with("Best: learning_rate="), "{:?}", ended.conclusion);
}

fn folder_of(fake: &Fake) -> PathBuf {
    let results = Path::new(env!("CARGO_TARGET_TMPDIR")).join("report-search").join(&fake.name).join("results");
    results.join(&fake.name)
}

#[test]
fn without_fresh_seeds_no_winner_is_claimed() {
    let mut fake = search("unconfirmed", 12, |_, arm| arm);
    fake.search.as_mut().unwrap().0.settings.confirm = None;
    let text = section(&report(&fake));
    assert!(text.contains("Not confirmed: the best of 12 noisy results is partly the luckiest"), "{text}");
}

#[test]
fn one_sample_is_enough_for_a_report() {
    let report = report(&search("single", 1, |_, arm| arm));
    assert!(has(&report, "search_history.png") && has(&report, "search_slices.png"));
    assert!(!has(&report, "search_importance.png") && !has(&report, "search_budget.png"));
}

#[test]
fn a_search_of_which_all_failed_says_so() {
    let report = report(&search("failed", 12, |_, arm| arm.fates(&[Fate::Fails])));
    assert!(has(&report, "search_history.png") && !has(&report, "search_slices.png"));
    assert!(section(&report).contains("No sample of the search has a result yet."));
}

/// Every sample draws from all dimensions.
fn wide(name: &str, space: Vec<Dimension>, samples: usize) -> Fake {
    let (mut arms, mut points) = (Vec::new(), Vec::new());
    for number in 0..samples {
        let at = |place: usize| Some(space[place].distribution.at(chance(number, place + 1)));
        let point = Point((0..space.len()).map(at).collect());
        let configuration = format!("sample {}", number + 1);
        let arm = Arm::new(&configuration, 0.85 + 0.1 * chance(number, 1), |spec| {
            spec.learning_rate = 1e-4 + 1e-6 * number as f64;
        });
        arms.push(arm.seeds(1));
        points.push(TriedPoint { configuration, point: point.recorded(&space) });
    }
    let mut fake = Fake::new(name, arms);
    fake.reference.clear();
    let mut record = record("tpe", space);
    (record.settings.seeds, record.settings.samples) = (vec![1], samples);
    fake.search = Some((record, points));
    fake
}

#[test]
fn twenty_dimensions_have_a_panel_each() {
    let space = (0..20).map(|number| match number % 3 {
        0 => dimension(&format!("dimension_{number}"), Distribution::LogUniform { low: 1e-5, high: 1e-1 }),
        1 => dimension(&format!("dimension_{number}"), Distribution::Int { low: 1, high: 8 }),
        _ => {
            let names = (0..6).map(|choice| format!("a choice with the very long name number {choice}"));
            dimension(&format!("dimension_{number}_with_a_long_name"), Distribution::Choice(names.collect()))
        }
    });
    let report = report(&wide("wide", space.collect(), 60));
    assert!(has(&report, "search_slices.png") && has(&report, "search_parallel.png"));
    let text = section(&report);
    let lines = text.lines().filter(|line| line.starts_with("| dimension")).collect::<Vec<_>>();
    assert!(lines[0].contains("dimension\\_0") && !lines[0].contains("not above chance"), "{lines:?}");
}

#[test]
fn one_dimension_is_a_space() {
    let report = report(&wide("narrow", vec![dimension("rank", Distribution::LogInt { low: 1, high: 64 })], 20));
    assert!(has(&report, "search_slices.png") && has(&report, "search_importance.png"));
    assert!(!has(&report, "search_parallel.png") && !has(&report, "search_pair.png"));
}

#[test]
fn a_thousand_samples_fit() {
    let space = vec![
        dimension("learning_rate", Distribution::LogUniform { low: 1e-5, high: 1e-2 }),
        dimension("weight_decay", Distribution::Quantized { low: 0.0, high: 0.3, step: 0.05 }),
    ];
    let mut fake = wide("thousand", space, 1000);
    fake.predictions = false;
    // Pictures of that many samples take a minute without optimization.
    let report = report_as(&fake, Format::Svg);
    assert!(has(&report, "search_history.svg"));
    let summary = fs::read_to_string(report.join("summary.md")).unwrap();
    assert!(summary.contains("The best 30 of 1,000 configurations; all of them are in summary.csv."));
    assert_eq!(fs::read_to_string(report.join("search.csv")).unwrap().lines().count(), 1001);
}

#[test]
fn stopped_samples_are_shown_at_their_rungs() {
    let mut fake = search("stopped", 16, |number, arm| match number % 4 {
        0 => arm,
        1 => arm.fates(&[Fate::IsStopped(2)]),
        _ => arm.fates(&[Fate::IsStopped(1)]),
    });
    let (record, _) = fake.search.as_mut().unwrap();
    record.settings.stop = Some(StopRule::Asha { min_resource: 1, reduction_factor: 2 });
    let report = report(&fake);
    assert!(has(&report, "search_rungs.png"));
}

fn checklist(report: &Path) -> String {
    fs::read_to_string(report.join("checklist.md")).unwrap()
}

/// A run that its own rule ended has a result, in the section of the search and in every other one.
#[test]
fn runs_that_their_own_rule_ended_count_in_all_sections() {
    let early = [Fate::Completes, Fate::EndsEarly(4), Fate::EndsEarly(4), Fate::Completes, Fate::EndsEarly(4)];
    let fake = search("early", 8, |number, mut arm| {
        arm.spec.early_stopping = Some(EarlyStopping { min_delta: 0.0, patience: 1 });
        match number {
            2 => Arm { accuracy: 0.95, ..arm.seeds(5) }.fates(&early),
            5 => arm.seeds(5),
            _ => arm,
        }
    });
    let report = report_as(&fake, Format::Svg);
    let lines = configurations(&report);
    let confirmed = lines.iter().find(|line| line.contains("sample 3 (confirmed)")).unwrap();
    assert!(confirmed.contains("(confirmed) | 3 (2 ended early) |") && confirmed.contains("**"), "{confirmed}");
    let section = section(&report);
    assert!(section.contains("Best: learning") && section.contains("(mean of 3 fresh seeds"), "{section}");
    let cells: Vec<&str> = section.lines().find(|line| line.contains("sample 3 |")).unwrap().split('|').collect();
    assert!(confirmed.contains(cells[4].trim()), "{confirmed}: {cells:?}");
    let text = fs::read_to_string(report.join("summary.md")).unwrap();
    assert!(text.contains("Ended early: 3 of 22 runs, by their own early"), "{text}");
    let checklist = checklist(&report);
    let said = [
        "- Yes: 3 of 22 runs.",
        "- By their own `early_stopping`, which every run had: a run ends after 1 evaluation in a row",
        "It ended 3 runs, whose results count like others.",
        "| Configuration | Ended runs |",
        "- The 2 samples that were confirmed with fresh seeds, each with each:",
    ];
    said.iter().for_each(|said| assert!(checklist.contains(said), "{said}: {checklist}"));
}

/// Of a sample that somebody stopped while it was confirmed it is not known what it would have come to.
#[test]
fn a_sample_whose_fresh_run_somebody_stopped_is_not_confirmed() {
    let asked = [Fate::Completes, Fate::Completes, Fate::IsStoppedOnRequest(2), Fate::Completes, Fate::Completes];
    let fake = search("asked", 8, |number, arm| match number {
        2 => Arm { accuracy: 0.95, ..arm.seeds(5) }.fates(&asked),
        5 => arm.seeds(5),
        _ => arm,
    });
    let report = report_as(&fake, Format::Svg);
    let text = section(&report);
    assert!(text.contains("No other configuration was confirmed") && text.contains("sample 6: accuracy"), "{text}");
    let checklist = checklist(&report);
    assert!(checklist.contains("- Because somebody asked for it: 1 run."), "{checklist}");
    assert!(checklist.contains("To stop 1 run (that are still stopped), and to train 0 runs further."), "{checklist}");
}

#[test]
fn the_checklist_says_what_a_search_did() {
    let mut fake = search("checked", 16, |number, arm| match number % 4 {
        0 => arm,
        _ => arm.fates(&[Fate::IsStopped(1)]),
    });
    let (record, _) = fake.search.as_mut().unwrap();
    record.settings.stop = Some(StopRule::Asha { min_resource: 1, reduction_factor: 4 });
    record.settings.method = "tpe".to_owned();
    let checklist = checklist(&report_as(&fake, Format::Svg));
    let said = [
        "| learning\\_rate | 0.00001 to 0.01, uniform in the logarithm | always |",
        "| warmup\\_ratio | 0 to 0.3, uniform | lr\\_scheduler = \\[cosine\\] |",
        "- A search chose them, by the method `tpe` with the seed 0, in batches of 4: 16 samples of 2 seeds each.",
        "The values of later samples depend on the results of earlier ones.",
        "- Yes: 24 of 32 runs.",
        "- By the search: successive halving (`asha`): after 1 epoch, and 4 times as many each time, the best in 4",
        "So far 24 runs went no further.",
        "which also chose the epoch and the best samples of the search.",
    ];
    said.iter().for_each(|said| assert!(checklist.contains(said), "{said}: {checklist}"));
    let false_here =
        ["The program chose none", "No: a run trains all its epochs", "the sweep file states no hypothesis"];
    false_here.iter().for_each(|said| assert!(!checklist.contains(said), "{said}: {checklist}"));
}

#[test]
fn searches_over_the_same_space_are_compared_at_equal_budgets() {
    let folder = folder("two");
    let one = search("one", 12, |_, arm| arm);
    let mut other = search("other", 9, |_, arm| arm);
    other.search.as_mut().unwrap().0.settings.method = "tpe".to_owned();
    one.write(&folder.join("results"));
    other.write(&folder.join("results"));
    let options = ReportOptions {
        paths: vec![folder.join("results")],
        out: folder.join("reports"),
        format: Format::Png,
        formats: ReportFormat::usual(),
    };
    run(&options).unwrap();
    assert!(folder.join("reports/searches.png").is_file());
    assert!(fs::read_to_string(folder.join("reports/index.html")).unwrap().contains("searches.png"));
}
