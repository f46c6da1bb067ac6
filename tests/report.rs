//! Reports of made-up results folders. The pictures and pages stay under `target/tmp/report` for a person to look at.

mod report_support;

use std::fs;
use std::path::{Path, PathBuf};

use report_support::{Arm, Fake, Fate};
use sweep::report::{Format, ReportOptions, Written, run};
use sweep::spec::{Expectation, Hypothesis, HypothesisMetric, MetricName, ReferenceFigure, Vary};

/// A fresh folder for one test.
fn folder(name: &str) -> PathBuf {
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join("report").join(name);
    fs::remove_dir_all(&path).ok();
    fs::create_dir_all(&path).unwrap();
    path
}

fn report(results: &Path, out: &Path) -> Vec<Written> {
    run(&ReportOptions { paths: vec![results.to_owned()], out: out.to_owned(), format: Format::Png }).unwrap()
}

fn small() -> Fake {
    let mut fake = Fake::new("small", vec![
        Arm::new("base", 0.925, |_| {}),
        Arm::new("rank=64", 0.931, |spec| spec.rank = 64),
        Arm::new("learning_rate=0.002", 0.86, |spec| spec.learning_rate = 2e-3).overfit(0.05),
    ]);
    let accuracy = HypothesisMetric::Best(MetricName::Accuracy);
    fake.hypotheses = vec![
        claim("learning-rate", "A five times higher learning rate lowers accuracy.", "learning_rate=0.002", accuracy, Expectation::Lower),
        claim("rank", "A higher rank does not help.", "rank=64", accuracy, Expectation::NotHigher),
        claim("rank-worse", "A higher rank is worse by far.", "rank=64", accuracy, Expectation::Lower),
        claim("gap", "A higher learning rate overfits.", "learning_rate=0.002", HypothesisMetric::GeneralizationGap, Expectation::Higher),
        claim(
            "slow",
            "A higher rank needs as many epochs to 90 %.",
            "rank=64",
            HypothesisMetric::EpochsToReach { metric: MetricName::Accuracy, value: 0.9 },
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
        arms.push(Arm::new(&format!("epochs={epochs}"), 0.926, move |spec| spec.epochs = epochs).overfit(0.02 + 0.02 * i as f64));
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
    assert_eq!(names, [
        "hypotheses.png",
        "loss.png",
        "accuracy.png",
        "intervals.png",
        "effects.png",
        "metrics.png",
        "confusion.png",
        "pareto.png",
        "throughput.png",
        "index.html",
        "summary.csv",
        "summary.md",
        "summary.tex"
    ]);
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
