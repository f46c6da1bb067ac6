//! Reports of made-up results folders. The pictures and pages stay under `target/tmp/report` for a person to look at.

mod report_support;

use std::fs;
use std::path::{Path, PathBuf};

use report_support::{Arm, Fake, Fate};
use sweep::report::{Format, ReportError, ReportFormat, ReportOptions, Written, compare, run};
use sweep::spec::{Expectation, Hypothesis, HypothesisMetric, Metric, NamedChange, ReferenceFigure, Vary};
use sweep::store::{MemoryRecord, Store};

/// A fresh folder for one test.
fn folder(name: &str) -> PathBuf {
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join("report").join(name);
    fs::remove_dir_all(&path).ok();
    fs::create_dir_all(&path).unwrap();
    path
}

fn report(results: &Path, out: &Path) -> Vec<Written> {
    run(&ReportOptions {
        paths: vec![results.to_owned()],
        out: out.to_owned(),
        format: Format::Png,
        formats: ReportFormat::usual(),
    })
    .unwrap()
}

fn small() -> Fake {
    let mut fake = Fake::new(
        "small",
        vec![
            Arm::new("base", 0.925, |_| {}),
            Arm::new("rank=64", 0.931, |spec| spec.rank = 64),
            Arm::new("learning_rate=0.002", 0.86, |spec| spec.learning_rate = 2e-3).overfit(0.05),
        ],
    );
    let accuracy = HypothesisMetric::Best(Metric::ACCURACY);
    fake.hypotheses = vec![
        claim(
            "learning-rate",
            "A five times higher learning rate lowers accuracy.",
            "learning_rate=0.002",
            accuracy,
            Expectation::Lower,
        ),
        claim("rank", "A higher rank does not help.", "rank=64", accuracy, Expectation::NotHigher),
        claim("rank-worse", "A higher rank is worse by far.", "rank=64", accuracy, Expectation::Lower),
        claim(
            "gap",
            "A higher learning rate overfits.",
            "learning_rate=0.002",
            HypothesisMetric::GeneralizationGap,
            Expectation::Higher,
        ),
        claim(
            "slow",
            "A higher rank needs as many epochs to 90 %.",
            "rank=64",
            HypothesisMetric::EpochsToReach { metric: Metric::ACCURACY, value: 0.9 },
            Expectation::Equivalent,
        ),
        claim("typo", "A rank of 1000 is better.", "rank=1000", accuracy, Expectation::Higher),
    ];
    fake.reference.push(reference("accuracy", 0.9016, Some(1)));
    fake.reference.push(reference("f1", 0.928, None));
    fake.reference.push(reference("trainable_parameters", 864_004.0, None));
    fake
}

fn claim(id: &str, claim: &str, treatment: &str, metric: HypothesisMetric, expect: Expectation) -> Hypothesis {
    let parameter = treatment.split('=').next().unwrap_or_default().to_string();
    let vary = Vary { parameter, treatments: vec![treatment.to_string()], baseline: "base".to_string() };
    Hypothesis { id: id.to_string(), claim: claim.to_string(), vary, metric, expect, margin: None }
}

fn reference(metric: &str, value: f64, epoch: Option<usize>) -> ReferenceFigure {
    ReferenceFigure { source: "paper".to_string(), metric: metric.to_string(), value, epoch }
}

fn ablation() -> Fake {
    let mut arms = vec![Arm::new("base", 0.925, |_| {})];
    for (i, epochs) in [8, 10].into_iter().enumerate() {
        arms.push(
            Arm::new(&format!("epochs={epochs}"), 0.926, move |spec| spec.epochs = epochs)
                .overfit(0.02 + 0.02 * i as f64),
        );
    }
    for batch in [8, 32] {
        arms.push(Arm::new(&format!("batch_size={batch}"), 0.924, move |spec| spec.batch_size = batch));
    }
    for (dropout, accuracy) in [(0.1, 0.921), (0.2, 0.915), (0.3, 0.90)] {
        arms.push(Arm::new(&format!("lora_dropout={dropout}"), accuracy, move |spec| spec.lora_dropout = dropout));
    }
    for (warmup, accuracy) in [(0.25, 0.922), (0.3, 0.918), (0.4, 0.909)] {
        arms.push(Arm::new(&format!("warmup_ratio={warmup}"), accuracy, move |spec| spec.warmup_ratio = warmup));
    }
    for (dropout, accuracy) in [(0.1, 0.92), (0.3, 0.91), (0.4, 0.88)] {
        arms.push(Arm::new(&format!("hidden_dropout={dropout}, attention_dropout={dropout}"), accuracy, move |spec| {
            spec.hidden_dropout = dropout;
            spec.attention_dropout = dropout;
        }));
    }
    arms.push(Arm::new("target_modules=all layers", 0.931, |spec| spec.rank = 48));
    arms.push(Arm::new("lr_scheduler=linear", 0.922, |_| {}));
    arms.push(Arm::new("gradient_accumulation_steps=1", 0.924, |spec| spec.gradient_accumulation_steps = 1));
    arms.push(Arm::new("weight_decay=0.01", 0.924, |spec| spec.weight_decay = 0.01));
    Fake::new("ablation", arms)
}

#[test]
fn a_small_sweep_gets_its_charts_and_tables() {
    let folder = folder("small");
    small().write(&folder.join("results"));
    let written = report(&folder.join("results"), &folder.join("reports"));
    assert_eq!(written.len(), 1);
    assert!(written[0].remarks.is_empty(), "{:?}", written[0].remarks);
    let names: Vec<&str> = written[0].files.iter().map(|path| path.file_name().unwrap().to_str().unwrap()).collect();
    assert_eq!(
        names,
        [
            "hypotheses.png",
            "figure_1_loss.png",
            "figure_2_accuracy.png",
            "loss.png",
            "accuracy.png",
            "intervals.png",
            "effects.png",
            "metrics.png",
            "confusion.png",
            "pareto.png",
            "throughput.png",
            "index.html",
            "checklist.html",
            "checklist.md",
            "summary.md",
            "summary.csv",
            "differences.csv",
            "hypotheses.csv",
            "summary.tex"
        ]
    );
    assert!(written[0].files.iter().all(|path| path.starts_with(folder.join("reports/small")) && path.is_file()));
}

#[test]
fn an_ablation_gets_small_multiples() {
    let folder = folder("ablation");
    ablation().write(&folder.join("results"));
    let written = report(&folder.join("results"), &folder.join("reports"));
    assert!(written[0].folder.join("accuracy_multiples.png").is_file());
}

#[test]
fn the_confusion_matrices_are_those_of_one_data_set() {
    let folder = folder("data-sets");
    let arms = vec![
        Arm::new("base", 0.80, |spec| spec.dataset.path = "/data/a.csv".to_owned()),
        Arm::new("rank=4", 0.85, |spec| {
            spec.rank = 4;
            spec.dataset.path = "/data/a.csv".to_owned();
        }),
        Arm::new("dataset.path=/data/b.csv", 0.97, |spec| spec.dataset.path = "/data/b.csv".to_owned()),
    ];
    Fake::new("data-sets", arms).write(&folder.join("results"));
    let written = report(&folder.join("results"), &folder.join("reports"));
    let page = fs::read_to_string(written[0].folder.join("index.html")).unwrap();
    // What stands above the matrices is in the chart's description, too.
    assert!(page.contains("Baseline: base") && page.contains("Best run on a.csv: rank=4"), "{page}");
}

/// Figures on different data sets cannot be compared: each has its own best, in tables and in descriptions of charts.
#[test]
fn the_best_is_that_of_each_data_set() {
    let folder = folder("best-of-each");
    let mut arms = Vec::new();
    for (data, easier) in [("/data/a.csv", 0.0), ("/data/b.csv", 0.1), ("/data/c.csv", 0.15)] {
        for (rank, better) in [(16, 0.0), (64, 0.02)] {
            if data != "/data/c.csv" || rank == 16 {
                let name = format!("dataset.path={data}, rank={rank}");
                arms.push(Arm::new(&name, 0.75 + easier + better, |spec| {
                    spec.rank = rank;
                    spec.dataset.path = data.to_owned();
                }));
            }
        }
    }
    Fake::new("best-of-each", arms).write(&folder.join("results"));
    let written = report(&folder.join("results"), &folder.join("reports"));
    let read = |name: &str| fs::read_to_string(written[0].folder.join(name)).unwrap();
    let text = read("summary.md");
    let line = |start: &str| text.lines().find(|line| line.starts_with(&format!("| {start} "))).unwrap().to_owned();
    for (data, rank, is_best) in
        [("a", 16, false), ("a", 64, true), ("b", 16, false), ("b", 64, true), ("c", 16, false)]
    {
        let line = line(&format!("dataset.path=/data/{data}.csv, rank={rank}"));
        assert_eq!(line.contains("**"), is_best, "{line}");
    }
    assert!(text.contains("standard deviation over seeds, best on each data set in bold."), "{text}");
    assert!(read("summary.tex").contains("standard deviation over seeds, best on each data set in bold."));
    let page = read("index.html");
    let said = [
        "At the best epoch on a.csv: dataset.path=/data/a.csv, rank=64",
        "At the best epoch on c.csv: dataset.path=/data/c.csv, rank=16",
        "One row per configuration, data set by data set, best first",
        "On the Pareto front of b.csv: dataset.path=/data/b.csv, rank=16",
    ];
    said.iter().for_each(|said| assert!(page.contains(said), "{said}"));
}

/// Of as many seeds as the curves have, not as were planned.
#[test]
fn curves_are_means_of_the_seeds_that_they_have() {
    let folder = folder("curves");
    let subtitle = |name: &str, arms: Vec<Arm>| {
        Fake { seeds: 4, ..Fake::new(name, arms) }.write(&folder.join("results"));
        let written = run(&ReportOptions {
            paths: vec![folder.join("results").join(name)],
            out: folder.join("reports"),
            format: Format::Svg,
            formats: vec![],
        });
        let chart = written.unwrap()[0].folder.join("metrics.svg");
        fs::read_to_string(chart).unwrap().lines().find(|line| line.contains("band from lowest")).map(str::to_owned)
    };
    let one = Arm::new("base", 0.9, |_| {}).seeds(1);
    let three = |fate| {
        Arm::new("rank=4", 0.9, |spec| spec.rank = 4).fates(&[Fate::Completes, Fate::Completes, Fate::Completes, fate])
    };
    for fate in [Fate::Pending, Fate::Fails, Fate::Diverges(2)] {
        let found = subtitle("curves", vec![one.clone(), three(fate)]).unwrap();
        assert!(found.contains("mean of 1 to 3 seeds, band from lowest to highest"), "{found}");
        fs::remove_dir_all(folder.join("results")).unwrap();
    }
    let found = subtitle("even", vec![three(Fate::Completes)]).unwrap();
    assert!(found.contains("mean of 4 seeds, band from lowest to highest"), "{found}");
    assert_eq!(subtitle("single", vec![one]), None);
}

#[test]
fn a_running_sweep_says_what_is_missing() {
    let folder = folder("partial");
    let arms = vec![
        Arm::new("base", 0.92, |_| {}).fates(&[Fate::Completes, Fate::Stops(3), Fate::Pending]),
        Arm::new("rank=4", 0.90, |spec| spec.rank = 4).fates(&[Fate::Diverges(3), Fate::Completes, Fate::Completes]),
        Arm::new("rank=64", 0.93, |spec| spec.rank = 64).fates(&[Fate::Fails, Fate::Pending, Fate::Stops(1)]),
        Arm::new("rank=256", 0.93, |spec| spec.rank = 256).fates(&[Fate::Pending]),
    ];
    Fake::new("partial", arms).write(&folder.join("results"));
    let written = report(&folder.join("results"), &folder.join("reports"));
    insta::assert_debug_snapshot!(written[0].remarks);
    // One run of base stopped after 3 epochs with a lower loss than the other: the mean's step is not overfitting.
    let page = fs::read_to_string(written[0].folder.join("index.html")).unwrap();
    assert!(page.contains("No configuration's validation loss ends more than 5 % above its lowest."), "{page}");
    assert!(page.contains("diverged or failed run"));
}

#[test]
fn labels_in_any_script_render() {
    let folder = folder("scripts");
    let names = ["基线", "学习率=0.001", "ρυθμός=2", "معدل التعلم=٣", "सीखने की दर", "🙂 <b>&\"bold\"</b>"];
    let arms = names.iter().enumerate().map(|(i, name)| Arm::new(name, 0.9 + 0.005 * i as f64, |_| {})).collect();
    let mut fake = Fake::new("scripts", arms);
    fake.classes = ["世界", "Αθλητικά", "أعمال", "<script>alert(1)</script>"].map(String::from).to_vec();
    fake.description = "标签 <script>alert('x')</script> & \"quotes\"".to_string();
    fake.write(&folder.join("results"));
    report(&folder.join("results"), &folder.join("reports"));
    let page = fs::read_to_string(folder.join("reports/scripts/index.html")).unwrap();
    assert!(!page.contains("<script>alert") && !page.contains("<b>&\""), "user text must be escaped");
}

#[test]
fn grids_get_a_heat_map_and_wider_designs_parallel_coordinates() {
    let folder = folder("grids");
    let two_way = [4usize, 8, 16, 32].into_iter().flat_map(|rank| {
        [1e-4, 2e-4, 4e-4, 8e-4, 1.6e-3].map(move |rate: f64| {
            let accuracy = 0.93 - 0.01 * (rate / 4e-4).ln().powi(2) - 0.02 / rank as f64;
            Arm::new(&format!("rank={rank}, learning_rate={rate}"), accuracy, move |spec| {
                spec.rank = rank;
                spec.learning_rate = rate;
            })
        })
    });
    Fake::new("two-way", two_way.collect()).write(&folder.join("results"));
    let wide = (0..72usize).map(|i| {
        let (rank, dropout, batch, rate) =
            (4 << (i % 3), [0.0, 0.1, 0.2][i / 3 % 3], [8, 16][i / 9 % 2], [1e-4, 2e-4, 4e-4, 8e-4][i / 18]);
        let accuracy =
            0.92 - 0.1 * (dropout - 0.1f64).powi(2) - 0.008 * (rate / 4e-4f64).ln().powi(2) + 0.002 * (i % 3) as f64;
        Arm::new(
            &format!("rank={rank}, lora_dropout={dropout}, batch_size={batch}, learning_rate={rate}"),
            accuracy,
            move |spec| {
                spec.rank = rank;
                spec.lora_dropout = dropout;
                spec.batch_size = batch;
                spec.learning_rate = rate;
            },
        )
    });
    let mut fake = Fake::new("wide", wide.collect());
    fake.seeds = 1;
    fake.write(&folder.join("results"));
    let written = report(&folder.join("results"), &folder.join("reports"));
    let has = |place: usize, name: &str| written[place].files.iter().any(|path| path.ends_with(name));
    assert!(has(0, "heatmap.png") && !has(0, "parallel.png"));
    assert!(has(1, "parallel.png") && !has(1, "heatmap.png"));
    let index = fs::read_to_string(folder.join("reports/index.html")).unwrap();
    assert!(index.contains("href=\"two-way/index.html\"") && index.contains("href=\"wide/index.html\""));
}

#[test]
fn svg_charts_on_request() {
    let folder = folder("svg");
    small().write(&folder.join("results"));
    let options = ReportOptions {
        paths: vec![folder.join("results")],
        out: folder.join("reports"),
        format: Format::Svg,
        formats: ReportFormat::usual(),
    };
    let written = run(&options).unwrap();
    let charts: Vec<&PathBuf> = written[0].files.iter().filter(|path| path.extension().unwrap() == "svg").collect();
    assert_eq!(charts.len(), 11);
    assert!(charts.iter().all(|path| fs::read_to_string(path).unwrap().contains("<text")));
    assert!(!written[0].files.iter().any(|path| path.extension().unwrap() == "png"));
}

#[test]
fn memory_is_drawn_where_it_was_recorded() {
    let folder = folder("memory");
    let sweep = small().write(&folder.join("results"));
    let store = Store::open(&sweep).unwrap();
    for view in store.runs().unwrap() {
        let pack = view.pack.unwrap();
        fs::create_dir_all(store.layout().pack(&pack).folder()).unwrap();
        let taken = match view.run.configuration.as_str() {
            "base" => 48 << 20,
            "rank=64" => (80 << 20) + (view.run.spec.seed << 20),
            _ => continue,
        };
        store
            .record_memory(&pack, &MemoryRecord::new("cpu".to_string(), 2, 0, 1 << 30, (1 << 30) + 2 * taken))
            .unwrap();
    }
    let written = report(&folder.join("results"), &folder.join("reports"));
    assert!(written[0].files.iter().any(|path| path.ends_with("memory.png")));
    let page = fs::read_to_string(written[0].folder.join("index.html")).unwrap();
    assert!(page.contains("Most: rank=64 (82 MiB); least: base (48 MiB)."));
}

#[test]
fn pictures_state_their_size_and_resolution() {
    let folder = folder("pixels");
    small().write(&folder.join("results"));
    report(&folder.join("results"), &folder.join("reports"));
    let bytes = fs::read(folder.join("reports/small/accuracy.png")).unwrap();
    let number = |at: usize| u32::from_be_bytes(bytes[at..at + 4].try_into().unwrap());
    assert_eq!((number(16), number(20)), (1600, 1000));
    let at = bytes.windows(4).position(|window| window == b"pHYs").unwrap() + 4;
    // 200 dots per inch in dots per metre.
    assert_eq!((number(at), number(at + 4), bytes[at + 8]), (7874, 7874, 1));
}

#[test]
fn tables_for_programs_people_and_papers() {
    let folder = folder("tables");
    let mut fake = small();
    fake.arms.push(Arm::new("a_b & 5% | *x*", 0.9, |spec| spec.rank = 8).fates(&[
        Fate::Completes,
        Fate::Fails,
        Fate::Pending,
    ]));
    fake.write(&folder.join("results"));
    report(&folder.join("results"), &folder.join("reports"));
    let read = |name: &str| fs::read_to_string(folder.join("reports/small").join(name)).unwrap();
    insta::assert_snapshot!("summary_tex", read("summary.tex"));
    insta::assert_snapshot!("summary_md", read("summary.md"));
    let mut table = csv::Reader::from_reader(fs::File::open(folder.join("reports/small/summary.csv")).unwrap());
    let header = table.headers().unwrap().clone();
    let rows: Vec<csv::StringRecord> = table.records().map(Result::unwrap).collect();
    let cell = |row: usize, name: &str| rows[row][header.iter().position(|column| column == name).unwrap()].to_string();
    assert_eq!((cell(0, "configuration"), cell(0, "baseline")), ("base".to_string(), "true".to_string()));
    assert_eq!((cell(3, "runs"), cell(3, "completed")), ("3".to_string(), "1".to_string()));
    assert_eq!(cell(3, "not_completed"), "1 failed, 1 pending");
    let number = |row: usize, name: &str| cell(row, name).parse::<f64>().unwrap();
    assert!(
        number(0, "accuracy_low_95") < number(0, "accuracy_mean")
            && number(0, "accuracy_mean") < number(0, "accuracy_high_95")
    );
    assert_eq!(cell(3, "accuracy_deviation"), "", "one completed seed has no deviation");
}

#[test]
fn one_run_and_one_seed_give_a_report() {
    let folder = folder("single");
    let mut fake = Fake::new("single", vec![Arm::new("base", 0.9, |_| {})]);
    fake.seeds = 1;
    let sweep = fake.write(&folder.join("results"));
    let written = report(&sweep, &folder.join("reports"));
    assert!(written[0].remarks.iter().any(|remark| remark.contains("One seed")), "{:?}", written[0].remarks);
    // The figures of a paper stand for the charts of one configuration.
    let names = |written: &Written| -> Vec<String> {
        written.files.iter().map(|path| path.file_name().unwrap().to_string_lossy().into_owned()).collect()
    };
    let figures = ["figure_1_loss.png", "figure_2_accuracy.png"];
    assert!(figures.iter().all(|figure| names(&written[0]).iter().any(|name| name == figure)));
    assert!(!names(&written[0]).iter().any(|name| name == "accuracy.png"));
    // A run's own folder.
    let run_folder = fs::read_dir(sweep.join("runs")).unwrap().next().unwrap().unwrap().path();
    let written = report(&run_folder, &folder.join("reports"));
    let id = run_folder.file_name().unwrap();
    assert_eq!(written[0].folder, folder.join("reports/single").join(id));
    assert!(written[0].folder.join("index.html").is_file());
    assert!(figures.iter().all(|figure| written[0].folder.join(figure).is_file()));
}

/// The positions of an SVG's texts, by text.
fn positions(svg: &str) -> Vec<(String, f64, f64)> {
    let number = |tag: &str, name: &str| -> f64 {
        let from = tag.find(&format!(" {name}=\"")).unwrap() + name.len() + 3;
        tag[from..].split('"').next().unwrap().parse().unwrap()
    };
    svg.split("<text ")
        .skip(1)
        .map(|text| {
            let (tag, rest) = text.split_once('>').unwrap();
            let tag = format!(" {tag}");
            (rest.split("</text>").next().unwrap().trim().to_string(), number(&tag, "x"), number(&tag, "y"))
        })
        .collect()
}

/// What was reported lies where it belongs, also beyond what was measured, and comes from the sweep file.
#[test]
fn figures_show_what_was_reported() {
    let folder = folder("figures");
    let mut fake = Fake::new("figures", vec![Arm::new("base", 0.7, |spec| spec.epochs = 2)]);
    fake.seeds = 2;
    fake.reference = vec![
        reference("accuracy", 0.9016, Some(1)),
        reference("accuracy", 0.9281, Some(4)),
        reference("accuracy", 0.928, None),
        reference("eval_loss", 3.25, Some(2)),
    ];
    fake.write(&folder.join("results"));
    let options = ReportOptions {
        paths: vec![folder.join("results")],
        out: folder.join("reports"),
        format: Format::Svg,
        formats: ReportFormat::usual(),
    };
    run(&options).unwrap();
    let read = |name: &str| fs::read_to_string(folder.join("reports/figures").join(name)).unwrap();
    let (accuracy, loss) = (read("figure_2_accuracy.svg"), read("figure_1_loss.svg"));
    let texts = positions(&accuracy);
    let at = |wanted: &str| {
        let found: Vec<_> = texts.iter().filter(|(text, ..)| text == wanted).collect();
        assert_eq!(found.len(), 1, "{wanted}: {texts:?}");
        (found[0].1, found[0].2)
    };
    let (first, last, line) = (at("paper 90.16 %"), at("paper 92.81 %"), at("paper 92.80 %"));
    assert!(first.0 < at("3").0 && last.0 > at("3").0, "epoch 4 is on the axis");
    assert!(first.1 > last.1, "the higher one is above");
    assert!((line.1 - at("Figure 2: accuracy over epochs").1) > 50.0);
    assert!(loss.contains("paper 3.2500"), "a loss that was reported is in figure 1");
    let page = read("index.html");
    assert!(page.contains("<strong>Figure 1: training and validation loss. </strong>"), "{page}");
    assert!(
        page.contains("Reported: paper 90.16 % after epoch 1, paper 92.81 % after epoch 4, paper 92.80 % at the end.")
    );
    assert!(page.contains("No run was trained beyond epoch 2."));
    fake.reference.clear();
    fake.write(&folder.join("results"));
    run(&options).unwrap();
    assert!(!read("figure_2_accuracy.svg").contains("paper"));
}

#[test]
fn a_sweep_that_has_not_begun_gives_a_report() {
    let folder = folder("empty");
    let arms = vec![
        Arm::new("base", 0.9, |_| {}).fates(&[Fate::Pending]),
        Arm::new("rank=4", 0.9, |s| s.rank = 4).fates(&[Fate::Pending]),
    ];
    let mut fake = Fake::new("empty", arms);
    fake.hypotheses =
        vec![claim("h", "Rank 4 is worse.", "rank=4", HypothesisMetric::Best(Metric::ACCURACY), Expectation::Lower)];
    fake.write(&folder.join("results"));
    let written = report(&folder.join("results"), &folder.join("reports"));
    assert!(written[0].remarks[0].starts_with("Not finished: 0 of 6 runs are done"), "{:?}", written[0].remarks);
    let page = fs::read_to_string(folder.join("reports/empty/index.html")).unwrap();
    assert!(page.contains("no completed pair of runs with the same seed"));
}

#[test]
fn damaged_files_are_left_out_and_told() {
    let folder = folder("damaged");
    let sweep = small().write(&folder.join("results"));
    let runs: Vec<PathBuf> = fs::read_dir(sweep.join("runs")).unwrap().map(|entry| entry.unwrap().path()).collect();
    fs::write(runs[0].join("metrics.csv"), "epoch,train_loss\n1,").unwrap();
    fs::write(runs[1].join("predictions.csv"), [0xff, 0xfe, 0x00]).unwrap();
    fs::write(runs[2].join("run.json"), "{").unwrap();
    fs::remove_file(runs[3].join("predictions.csv")).unwrap();
    fs::write(runs[4].join("result.json"), "").unwrap();
    let written = report(&folder.join("results"), &folder.join("reports"));
    let told = written[0].remarks.join("\n");
    for run in &runs[..3] {
        assert!(told.contains(run.file_name().unwrap().to_str().unwrap()), "{told}");
    }
    assert!(told.contains("it has no predictions") && told.contains("result.json"), "{told}");
}

#[test]
fn what_is_no_results_folder_is_refused() {
    let folder = folder("nothing");
    for path in [folder.clone(), folder.join("absent")] {
        let options = ReportOptions {
            paths: vec![path.clone()],
            out: folder.join("reports"),
            format: Format::Png,
            formats: ReportFormat::usual(),
        };
        let error = run(&options).unwrap_err();
        assert!(matches!(&error, ReportError::NoResults { path: named } if *named == path), "{error}");
    }
}

#[test]
fn compares_configurations_and_runs() {
    let folder = folder("compare");
    let results = folder.join("results");
    let sweep = small().write(&results);
    insta::assert_snapshot!("compare_configurations", compare(&results, "learning_rate=0.002", "base").unwrap());
    insta::assert_snapshot!("compare_runs", compare(&results, "rank=64, seed=1", "small/base, seed=2").unwrap());
    let ids: Vec<String> = fs::read_dir(sweep.join("runs"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    let path = sweep.join("runs").join(&ids[0]);
    assert_eq!(
        compare(&results, &ids[0], &ids[1]).unwrap(),
        compare(&results, path.to_str().unwrap(), &ids[1]).unwrap(),
        "an id and its folder are the same run"
    );
    // R15: nothing can be told of the difference of a run from itself.
    for (a, b) in [("base", "base"), ("base, seed=1", "base, seed=1"), ("base", "base, seed=1")] {
        let same = compare(&results, a, b).unwrap_err();
        assert!(
            same.to_string().ends_with("cannot be compared: both are about the same run; name two that differ"),
            "{same}"
        );
    }
    let unknown = compare(&results, "rank=65", "base").unwrap_err();
    assert!(matches!(unknown, ReportError::Unknown { .. }), "{unknown}");
    // The same sweep under another name makes every name ambiguous.
    Fake { name: "again".to_string(), ..small() }.write(&results);
    let ambiguous = compare(&results, "rank=64", "base").unwrap_err().to_string();
    assert_eq!(
        ambiguous,
        "rank=64: this is the name of 2 things: again/rank=64 or small/rank=64; write SWEEP/NAME or an id"
    );
    assert!(compare(&results, "small/rank=64", "again/base").is_ok());
}

/// Everything in it was recorded, and what was not is said to be unknown.
#[test]
fn a_reproducibility_checklist() {
    let folder = folder("checklist");
    let mut fake = small();
    fake.arms.push(Arm::new("rank=8", 0.9, |spec| spec.rank = 8).fates(&[Fate::Completes, Fate::Fails, Fate::Pending]));
    fake.arms.push(Arm::new("dropout=0.4", 0.88, |spec| {
        (spec.hidden_dropout, spec.attention_dropout, spec.classifier_dropout) = (0.4, 0.4, 0.4);
    }));
    fake.changes = vec![dropout(&[("dropout=0.4", "0.4")])];
    let sweep = fake.write(&folder.join("results"));
    report(&folder.join("results"), &folder.join("reports"));
    let read = |name: &str| fs::read_to_string(folder.join("reports/small").join(name)).unwrap();
    let created = Store::open(&sweep).unwrap().record().created.clone();
    insta::assert_snapshot!("checklist_md", read("checklist.md").replace(&created, "(when)"));
    let page = read("checklist.html");
    assert_eq!(page.matches("Not recorded: ").count(), read("checklist.md").matches("Not recorded: ").count());
    assert!(page.contains("<a href=\"index.html\">") && read("index.html").contains("<a href=\"checklist.html\">"));
    // Results of a version that did not record the machine, and a sweep that has not begun.
    for path in fs::read_dir(sweep.join("runs")).unwrap().map(|entry| entry.unwrap().path().join("run.json")) {
        let Ok(text) = fs::read_to_string(&path) else { continue };
        let mut record: serde_json::Value = serde_json::from_str(&text).unwrap();
        record["versions"].as_object_mut().unwrap().remove("machine");
        fs::write(&path, record.to_string()).unwrap();
    }
    report(&folder.join("results"), &folder.join("reports"));
    assert!(read("checklist.md").contains("*Not recorded: processor, threads and instruction set;"));
    let mut fake = Fake::new("small", vec![Arm::new("base", 0.9, |_| {}).fates(&[Fate::Pending])]);
    fake.seeds = 1;
    fs::remove_dir_all(&sweep).unwrap();
    fake.write(&folder.join("results"));
    report(&folder.join("results"), &folder.join("reports"));
    let text = read("checklist.md");
    assert!(text.contains("Not recorded yet: sizes and digest; no run on it has started."), "{text}");
    assert!(text.contains("*Not recorded: the number of parameters; no run has started.*"), "{text}");
}

fn dropout(variants: &[(&str, &str)]) -> NamedChange {
    NamedChange {
        name: "dropout".to_string(),
        parameters: ["hidden_dropout", "classifier_dropout", "attention_dropout"].map(String::from).to_vec(),
        variants: variants.iter().map(|(label, shown)| (label.to_string(), shown.to_string())).collect(),
    }
}

/// What a report says of named changes and of single seeds in its chart of effects.
#[test]
fn effects_are_grouped_by_named_changes_and_single_seeds_are_marked() {
    let folder = folder("effects");
    let arm = |value: f64, accuracy: f64| {
        Arm::new(&format!("dropout={value}"), accuracy, move |spec| {
            (spec.hidden_dropout, spec.attention_dropout, spec.classifier_dropout) = (value, value, value);
        })
    };
    let one_seed = [Fate::Completes, Fate::Pending, Fate::Pending];
    let arms = vec![Arm::new("base", 0.92, |_| {}), arm(0.1, 0.91), arm(0.4, 0.85).fates(&one_seed)];
    let mut fake = Fake::new("effects", arms);
    fake.changes = vec![dropout(&[("dropout=0.1", "0.1"), ("dropout=0.4", "0.4")])];
    let accuracy = HypothesisMetric::Best(Metric::ACCURACY);
    fake.hypotheses = vec![claim("d", "Dropout of 0.4 is worse.", "dropout=0.4", accuracy, Expectation::Lower)];
    fake.write(&folder.join("results"));
    let options = ReportOptions {
        paths: vec![folder.join("results")],
        out: folder.join("reports"),
        format: Format::Svg,
        formats: ReportFormat::usual(),
    };
    run(&options).unwrap();
    let read = |name: &str| fs::read_to_string(folder.join("reports/effects").join(name)).unwrap();
    let texts = |name: &str| positions(&read(name)).into_iter().map(|(text, ..)| text).collect::<Vec<_>>();
    let shown = texts("effects.svg");
    for text in ["dropout", "0.1", "0.4", "baseline: 0.2"] {
        assert!(shown.iter().any(|other| other == text), "{text}: {shown:?}");
    }
    assert!(!shown.iter().any(|text| text.contains("hidden_dropout")), "{shown:?}");
    for chart in ["effects.svg", "hypotheses.svg"] {
        assert!(texts(chart).join(" ").contains("hollow: one seed, about these two models"), "{chart}");
    }
    // A plan of an older version names no changes.
    fake.changes.clear();
    fs::remove_dir_all(folder.join("results")).unwrap();
    fake.write(&folder.join("results"));
    run(&options).unwrap();
    let shown = texts("effects.svg").join(" ");
    assert!(shown.contains("hidden_dropout, attention_dropout, classifier_dropout"), "{shown}");
}

/// Labels of 60 characters, names in Chinese, and 60 configurations: nothing is cut inside a word. The pictures stay for a
/// person to look at.
#[test]
fn long_names_wrap() {
    let folder = folder("long");
    let long = |i: usize| format!("gradient_accumulation_steps={i}, classifier_dropout=0.{i}, seedless");
    let chinese = |i: usize| format!("学习率升高五倍会降低模型在新闻分类任务上的准确率第{i}组并且收敛得更慢");
    let mut arms = vec![Arm::new("base", 0.92, |_| {})];
    for i in 1..30 {
        arms.push(Arm::new(&long(i), 0.9 + 0.0005 * i as f64, move |spec| spec.rank = 16 + i));
        arms.push(Arm::new(&chinese(i), 0.9 - 0.0005 * i as f64, move |spec| spec.rank = 100 + i));
    }
    let few: Vec<Arm> = arms.iter().take(7).cloned().collect();
    for (name, arms) in [("many", arms), ("few", few)] {
        let mut fake = Fake::new(name, arms);
        fake.seeds = 1;
        let accuracy = HypothesisMetric::Best(Metric::ACCURACY);
        fake.hypotheses = vec![
            claim("a", "More steps of accumulation help.", &long(1), accuracy, Expectation::Higher),
            claim("b", &chinese(1), &chinese(1), accuracy, Expectation::Lower),
        ];
        fake.reference[0].source = "a paper with quite a long name about adapters".to_string();
        fake.write(&folder.join("results"));
    }
    report(&folder.join("results"), &folder.join("reports"));
    let options = |out: &str| ReportOptions {
        paths: vec![folder.join("results")],
        out: folder.join(out),
        format: Format::Svg,
        formats: ReportFormat::usual(),
    };
    run(&options("svg")).unwrap();
    for sweep in ["many", "few"] {
        for file in fs::read_dir(folder.join("svg").join(sweep)).unwrap().map(|entry| entry.unwrap().path()) {
            if file.extension().is_none_or(|extension| extension != "svg") {
                continue;
            }
            for (text, ..) in positions(&fs::read_to_string(&file).unwrap()) {
                assert!(!text.contains('\u{2026}'), "{}: {text}", file.display());
            }
        }
    }
}

/// R1: two seeds, and two configurations that answer every example alike. The search for what would settle the hypothesis
/// did not end.
#[test]
fn a_sweep_without_noise_is_reported_on() {
    let folder = folder("no noise");
    let arms = vec![Arm::new("base", 1.3, |_| {}), Arm::new("rank=64", 1.3, |spec| spec.rank = 64)];
    let mut fake = Fake { seeds: 2, examples: 30, ..Fake::new("equal", arms) };
    let accuracy = HypothesisMetric::Best(Metric::ACCURACY);
    fake.hypotheses = vec![
        claim("better", "A higher rank helps.", "rank=64", accuracy, Expectation::Higher),
        claim("same", "A higher rank changes nothing.", "rank=64", accuracy, Expectation::Equivalent),
    ];
    fake.write(&folder.join("results"));
    report(&folder.join("results"), &folder.join("reports"));
    let text = fs::read_to_string(folder.join("reports/equal/summary.md")).unwrap();
    assert!(
        text.contains("no noise was seen: the difference from the baseline is the same for every seed and example"),
        "{text}"
    );
    assert!(!text.contains("with the noise seen here"), "{text}");
}

/// Where each seed holds out other rows, the row that one seed numbers like another's is not the same example.
#[test]
fn what_differs_at_random_is_told_and_a_split_by_seed_gives_one_difference_per_seed() {
    let folder = folder("random");
    let arms = vec![
        Arm::new("base", 0.9, |_| {}),
        Arm::new("again=seed + 1000", 0.9, |spec| (spec.init_seed, spec.dropout_seed) = (Some(1001), Some(1001))),
    ];
    let mut fake = Fake::new("same-split", arms);
    let accuracy = HypothesisMetric::Best(Metric::ACCURACY);
    let last = HypothesisMetric::Last(Metric::ACCURACY);
    fake.hypotheses = [("best", accuracy), ("last", last)]
        .map(|(id, of)| claim(id, "Chance helps.", "again=seed + 1000", of, Expectation::Higher))
        .to_vec();
    let varied = Fake { name: "split-by-seed".to_string(), split_varies: true, ..fake.clone() };
    let found = [&fake, &varied].map(|fake| {
        fake.write(&folder.join("results"));
        report(&folder.join("results").join(&fake.name), &folder.join("reports"));
        let path = folder.join("reports").join(&fake.name).join("hypotheses.csv");
        let rows = csv::Reader::from_path(path).unwrap().deserialize().map(Result::unwrap).collect();
        let rows: Vec<std::collections::BTreeMap<String, String>> = rows;
        rows
    });
    let differ = "the two sides differ in their random numbers (init_seed, dropout_seed)";
    let splits = "each seed holds out other rows, so there is one difference per seed";
    let here = "about other seeds on these evaluation examples";
    let told = |row: &std::collections::BTreeMap<String, String>| {
        [differ, splits, here].map(|text| row["caveats"].contains(text))
    };
    assert_eq!(found[0].iter().map(told).collect::<Vec<_>>(), [[true, false, false], [true, false, true]]);
    assert_eq!(found[1].iter().map(told).collect::<Vec<_>>(), [[true, true, false]; 2]);
    assert_eq!((found[0][0]["seeds"].as_str(), found[0][0]["examples"].as_str()), ("3", "640"));
    assert_eq!((found[1][0]["seeds"].as_str(), found[1][0]["examples"].as_str()), ("3", ""));
    // Student's t on three differences, as of any other metric by seed.
    let store = Store::open(&folder.join("results/split-by-seed")).unwrap();
    let runs = store.runs().unwrap();
    let values = |name: &str| {
        let own = runs.iter().filter(|view| view.run.configuration == name);
        own.map(|view| view.best.as_ref().unwrap().metric(Metric::ACCURACY)).collect::<Vec<f64>>()
    };
    let paired = sweep::metrics::PairedSeeds::of(&values("again=seed + 1000"), &values("base"), 1.0 / 640.0).unwrap();
    let interval = paired.effect().interval(0.95).unwrap();
    let shown = |key: &str| found[1][0][key].parse::<f64>().unwrap();
    assert!((shown("effect") - paired.effect().estimate).abs() < 1e-12);
    assert!((shown("low") - interval.low).abs() < 1e-12 && (shown("high") - interval.high).abs() < 1e-12);
    let page = fs::read_to_string(folder.join("reports/same-split/index.html")).unwrap();
    assert!(page.contains("<th scope=\"row\">Seeds of their own</th><td>init_seed, dropout_seed</td>"));
}

/// R1: charts of whatever numbers and names: one epoch, one example, curves without a number, names as long as files.
#[test]
fn degenerate_sweeps_get_their_charts() {
    let folder = folder("degenerate");
    let long = format!("rank={}", "9".repeat(20_000));
    let arms = vec![
        Arm::new("base", 1.3, |spec| spec.epochs = 1).fates(&[Fate::Completes, Fate::Diverges(1)]),
        Arm::new(&long, 1.3, |spec| (spec.rank, spec.epochs) = (64, 1)),
        Arm::new("diverges", f64::NAN, |spec| (spec.rank, spec.epochs) = (8, 1)).fates(&[Fate::Diverges(1)]),
        Arm::new("explodes", 0.5, |spec| spec.rank = 4).overfit(1e300),
    ];
    let mut fake = Fake { seeds: 2, examples: 1, ..Fake::new("degenerate", arms) };
    fake.classes = vec!["x".repeat(10_000), String::new()];
    fake.description = "word ".repeat(20_000);
    fake.hypotheses = vec![
        claim("a", "A.", "explodes", HypothesisMetric::Last(Metric::EVAL_LOSS), Expectation::Higher),
        claim("b", "B.", &long, HypothesisMetric::Best(Metric::F1), Expectation::NotLower),
    ];
    fake.write(&folder.join("results"));
    assert!(!report(&folder.join("results"), &folder.join("reports"))[0].files.is_empty());
}

#[test]
fn what_is_not_finished_cannot_be_compared() {
    let folder = folder("incomparable");
    let arms = vec![Arm::new("base", 0.9, |_| {}), Arm::new("rank=4", 0.9, |s| s.rank = 4).fates(&[Fate::Stops(2)])];
    Fake::new("incomparable", arms).write(&folder.join("results"));
    let error = compare(&folder.join("results"), "base", "rank=4").unwrap_err();
    assert!(matches!(error, ReportError::Incomparable { .. }), "{error}");
}

/// `cargo test --test report -- --ignored`: takes a minute to write the folder.
#[test]
#[ignore = "writes 2,000 runs; for measuring"]
fn two_thousand_runs_in_five_seconds_and_500_megabytes() {
    let folder = folder("large");
    let rate = |i: usize| -> f64 { [1e-4, 2e-4, 4e-4, 8e-4, 1.6e-3][i % 5] };
    let arms = (0..500usize).map(|i| {
        let (rank, dropout) = (4 << (i / 5 % 5), 0.02 * (i / 25) as f64);
        let accuracy = 0.92 - 0.2 * dropout * dropout - 0.006 * (rate(i) / 4e-4).ln().powi(2);
        Arm::new(&format!("rank={rank}, lora_dropout={dropout:.2}, learning_rate={}", rate(i)), accuracy, move |spec| {
            spec.rank = rank;
            spec.lora_dropout = dropout;
            spec.learning_rate = rate(i);
            spec.epochs = 10;
        })
    });
    let mut fake = Fake::new("large", arms.collect());
    fake.seeds = 4;
    fake.write(&folder.join("results"));
    let started = std::time::Instant::now();
    report(&folder.join("results"), &folder.join("reports"));
    let seconds = started.elapsed().as_secs_f64();
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    let megabytes = peak.trim().trim_end_matches(" kB").parse::<f64>().unwrap() / 1024.0;
    eprintln!("2,000 runs: {seconds:.2} s, peak {megabytes:.0} MB");
    assert!(seconds < 5.0 && megabytes < 500.0);
}

#[test]
fn only_the_forms_that_are_named_are_written() {
    let folder = folder("forms");
    small().write(&folder.join("results"));
    let formats = vec![ReportFormat::named("csv").unwrap(), ReportFormat::named("latex").unwrap()];
    let options = ReportOptions {
        paths: vec![folder.join("results")],
        out: folder.join("reports"),
        format: Format::Svg,
        formats,
    };
    let names: Vec<String> = run(&options).unwrap()[0]
        .files
        .iter()
        .map(|path| path.file_name().unwrap().to_str().unwrap().to_owned())
        .collect();
    let beside: Vec<&String> = names.iter().filter(|name| !name.ends_with(".svg")).collect();
    assert_eq!(beside, ["summary.csv", "differences.csv", "hypotheses.csv", "summary.tex"]);
}
