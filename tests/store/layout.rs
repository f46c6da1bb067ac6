//! What stands in a results folder, and what is read back from it.

use std::path::PathBuf;
use std::time::Instant;

use crate::mock::MockSettings;
use sweep::event::{Figures, Outcome};
use sweep::metrics::{Metric, Scores};
use sweep::spec::RunId;
use sweep::store::{ExecutorKind, RunState, Store, StoreError, sweep_folders};
use sweep::task::Prediction;
use sweep::train::{AdapterFiles, Recorder, RunResult, TestResult, Tested};

use crate::samples::{epoch, facts};
use crate::support::{
    YAML, claimed_recorder, finished, open, open_for, options, run, runs, scratch, sweep, timeless, work_with,
};

#[test]
fn the_folder_has_the_documented_files() {
    let root = scratch();
    let store = finished(root.path(), 2);
    let names: Vec<String> = crate::support::files(root.path()).keys().map(|path| path.display().to_string()).collect();
    insta::assert_snapshot!(names.join("\n"), @r##"
sample/metrics.csv
sample/packs/8d2b3d23bf89/claim.lock
sample/packs/8d2b3d23bf89/log.txt
sample/packs/8d2b3d23bf89/memory.json
sample/plan-claim.lock
sample/runs/a73069c4681a/adapter/adapter_config.json
sample/runs/a73069c4681a/adapter/adapter_model.safetensors
sample/runs/a73069c4681a/last_predictions.csv
sample/runs/a73069c4681a/log.txt
sample/runs/a73069c4681a/metrics.csv
sample/runs/a73069c4681a/predictions.csv
sample/runs/a73069c4681a/result.json
sample/runs/a73069c4681a/run.json
sample/runs/ad3fb9b07000/adapter/adapter_config.json
sample/runs/ad3fb9b07000/adapter/adapter_model.safetensors
sample/runs/ad3fb9b07000/last_predictions.csv
sample/runs/ad3fb9b07000/log.txt
sample/runs/ad3fb9b07000/metrics.csv
sample/runs/ad3fb9b07000/predictions.csv
sample/runs/ad3fb9b07000/result.json
sample/runs/ad3fb9b07000/run.json
sample/runs.csv
sample/sweep.json
sample/sweep.yaml
"##);
    assert_eq!(std::fs::read(store.layout().sweep_yaml()).unwrap(), YAML);
}

#[test]
fn tables_and_records_read_as_documented() {
    let root = scratch();
    let store = open_for(ExecutorKind::Torch, root.path(), &sweep(runs(2)), 4).unwrap().store;
    let id = store.record().runs[0].id.clone();
    let mut recorder = claimed_recorder(&store, 0);
    recorder.started(&id, &facts()).unwrap();
    recorder.epochs(&id, &[epoch(1, 0.5), epoch(2, 1.0 / 3.0), epoch(3, 1e-7)]).unwrap();
    recorder.completed(&id, &result(2)).unwrap();
    recorder.release().unwrap();
    store.refresh_index().unwrap();

    let kept = timeless(store.layout().folder());
    let of_run = |name: &str| kept[&PathBuf::from(format!("runs/{id}/{name}"))].clone();
    insta::assert_snapshot!(kept[&PathBuf::from("runs.csv")], @r##"
id|label|configuration|model|dataset.path|dataset.split|dataset.text|dataset.label|dataset.limit|dataset.evaluation|max_length|rank|lora_alpha|lora_dropout|target_modules|hidden_dropout|attention_dropout|classifier_dropout|extra_dropout|learning_rate|weight_decay|lr_scheduler|warmup_ratio|batch_size|eval_batch_size|gradient_accumulation_steps|max_grad_norm|epochs|precision|seed|metric_for_best|status|best_epoch|best_train_loss|best_train_accuracy|best_eval_loss|best_accuracy|best_precision|best_recall|best_f1|best_mean_confidence|trainable_parameters|epochs_recorded|reason|test_loss|test_accuracy|test_precision|test_recall|test_f1|test_mean_confidence
ad3fb9b07000|base, seed=1|base|models/mini|data/news.csv|train|title;description|||{"held_out":{"size":{"examples":160},"seed":42}}|128|8|16.0|0.1|bert.encoder.layer.0.attention.self.query|0.1|0.1|0.1|0.0|0.001|0.1|cosine|0.15|16|32|2|1.0|3|fp32|1|accuracy|completed|2|0.3333333333333333|0.75|0.6666666666666666|0.6666666666666667|0.5|0.25|0.125|0.9|864004|3||0.25|1|1|1|1|0.8
a73069c4681a|epochs=5, seed=1|epochs=5|models/mini|data/news.csv|train|title;description|||{"held_out":{"size":{"examples":160},"seed":42}}|128|8|16.0|0.1|bert.encoder.layer.0.attention.self.query|0.1|0.1|0.1|0.0|0.001|0.1|cosine|0.15|16|32|2|1.0|5|fp32|1|accuracy|pending|||||||||||0|||||||
"##);
    insta::assert_snapshot!(kept[&PathBuf::from("metrics.csv")], @r##"
run|label|configuration|seed|epoch|train_loss|train_accuracy|eval_loss|accuracy|precision|recall|f1|mean_confidence|learning_rate|train_eval_loss
ad3fb9b07000|base, seed=1|base|1|1|0.5|0.75|1|0.5|0.5|0.25|0.125|0.9|0.001|0.25
ad3fb9b07000|base, seed=1|base|1|2|0.3333333333333333|0.75|0.6666666666666666|0.6666666666666667|0.5|0.25|0.125|0.9|0.001|0.16666666666666666
ad3fb9b07000|base, seed=1|base|1|3|0.0000001|0.75|0.0000002|0.9999999|0.5|0.25|0.125|0.9|0.001|0.00000005
"##);
    insta::assert_snapshot!(std::fs::read_to_string(store.layout().run(&id).metrics_csv()).unwrap(), @r##"
epoch,train_loss,train_accuracy,eval_loss,accuracy,precision,recall,f1,mean_confidence,learning_rate,seconds,examples_per_second,tokens_per_second,train_eval_loss
1,0.5,0.75,1,0.5,0.5,0.25,0.125,0.9,0.001,12.5,100,5000.25,0.25
2,0.3333333333333333,0.75,0.6666666666666666,0.6666666666666667,0.5,0.25,0.125,0.9,0.001,12.5,100,5000.25,0.16666666666666666
3,0.0000001,0.75,0.0000002,0.9999999,0.5,0.25,0.125,0.9,0.001,12.5,100,5000.25,0.00000005
"##);
    insta::assert_snapshot!(std::fs::read_to_string(store.layout().run(&id).predictions_csv()).unwrap(), @r##"
example,label,predicted,p_World,"p_a ""quoted"", name"
7,0,0,0.9,0.100000024
12,1,0,0.6,0.39999998
"##);
    insta::assert_snapshot!(of_run("result.json"), @r##"{"format_version":1,"run":"ad3fb9b07000","status":"completed","best_epoch":2,"best":{"epoch":2,"train_loss":0.3333333333333333,"train_accuracy":0.75,"eval_loss":0.6666666666666666,"train_eval_loss":0.16666666666666666,"scores":{"accuracy":0.6666666666666667,"precision":0.5,"recall":0.25,"f1":0.125},"mean_confidence":0.9,"learning_rate":0.001},"last_predictions":true,"test":{"best":{"loss":0.25,"scores":{"accuracy":1.0,"precision":1.0,"recall":1.0,"f1":1.0},"mean_confidence":0.8},"last":{"loss":0.5,"scores":{"accuracy":1.0,"precision":1.0,"recall":1.0,"f1":1.0},"mean_confidence":0.8}},"epochs":3,"trainable_parameters":864004,"device":"cuda:0"}"##);
    insta::assert_snapshot!(of_run("run.json"), @r##"{"format_version":1,"run":{"id":"ad3fb9b07000","label":"base, seed=1","configuration":"base","spec":{"model":"models/mini","dataset":{"path":"data/news.csv","split":"train","text":["title","description"],"label":null,"limit":null,"evaluation":{"held_out":{"size":{"examples":160},"seed":42}}},"max_length":128,"rank":8,"lora_alpha":16.0,"lora_dropout":0.1,"target_modules":["bert.encoder.layer.0.attention.self.query"],"hidden_dropout":0.1,"attention_dropout":0.1,"classifier_dropout":0.1,"extra_dropout":0.0,"learning_rate":0.001,"weight_decay":0.1,"lr_scheduler":"cosine","warmup_ratio":0.15,"batch_size":16,"eval_batch_size":32,"gradient_accumulation_steps":2,"max_grad_norm":1.0,"epochs":3,"precision":"fp32","seed":1,"metric_for_best":"accuracy"}},"facts":{"trainable_parameters":864004,"total_parameters":125512712,"train_examples":240,"eval_examples":2,"test_examples":2,"class_names":["World","a \"quoted\", name"],"data_digest":"dddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddd","model_digest":"mmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmm","steps":24,"device":"cuda:0"},"versions":{"sweep":"0.0.0","git_commit":null,"libtorch":"2.11.0"}}"##);
    let left = result(2);
    let test = left.test.unwrap();
    let [best, last] = [Some(test.best), test.last].map(|tested| tested.unwrap().predictions);
    for (found, rows) in [
        (store.predictions(&id), left.predictions),
        (store.last_predictions(&id), left.last_predictions.unwrap()),
        (store.test_predictions(&id), best),
        (store.last_test_predictions(&id), last),
    ] {
        assert_eq!(found.unwrap().unwrap().rows, rows);
    }
    assert_eq!(store.examine(&id).unwrap().len(), 1, "the adapter of this test is none");
    // Without any of the files the run is damaged.
    let files = store.layout().run(&id);
    for path in [files.last_predictions_csv(), files.test_predictions_csv(), files.last_test_predictions_csv()] {
        let contents = std::fs::read(&path).unwrap();
        std::fs::remove_file(&path).unwrap();
        let name = path.file_name().unwrap().to_str().unwrap();
        let damage = store.runs().unwrap().remove(0).damage.unwrap();
        assert!(damage.contains(&format!("{name} is missing")), "{damage}");
        std::fs::write(&path, [&contents[..], b"9,0,0,0.5,0.5\n"].concat()).unwrap();
        assert!(store.examine(&id).unwrap().iter().any(|fault| fault.contains("has 3 predictions for 2")), "{name}");
        std::fs::write(&path, contents).unwrap();
    }
}

fn result(best_epoch: usize) -> RunResult {
    let row = |example, label, predicted, first: f32| Prediction {
        example,
        label,
        predicted,
        outputs: vec![first, 1.0 - first],
    };
    let tested = |loss: f64, first: f32| Tested {
        figures: Figures {
            metrics: Scores { accuracy: 1.0, precision: 1.0, recall: 1.0, f1: 1.0 }
                .metrics()
                .into_iter()
                .chain([(Metric::EVAL_LOSS, loss), (Metric::MEAN_CONFIDENCE, 0.8)])
                .collect(),
        },
        predictions: vec![row(3, 0, 0, first), row(4, 1, 1, 1.0 - first)],
    };
    RunResult {
        best_epoch,
        predictions: vec![row(7, 0, 0, 0.9), row(12, 1, 0, 0.6)],
        last_predictions: Some(vec![row(7, 0, 0, 0.7), row(12, 1, 1, 0.2)]),
        test: Some(TestResult { best: tested(0.25, 0.8), last: Some(tested(0.5, 0.75)) }),
        adapter: AdapterFiles { config: "{}\n".into(), weights: vec![1, 2, 3] },
    }
}

#[test]
fn what_was_recorded_is_read_back_the_same() {
    let root = scratch();
    let store = finished(root.path(), 5);
    for view in store.runs().unwrap() {
        assert_eq!(view.state, RunState::Completed, "{view:?}");
        let epochs = store.epochs(&view.run.id).unwrap();
        assert_eq!(epochs.len(), view.run.spec.epochs);
        let result = store.result(&view.run.id).unwrap().unwrap();
        let Outcome::Completed { best_epoch } = result.outcome else { panic!("{result:?}") };
        assert_eq!(view.best.as_ref(), Some(&epochs[best_epoch - 1]));
        let predictions = store.predictions(&view.run.id).unwrap().unwrap();
        let right = predictions.rows.iter().filter(|row| row.label == row.predicted).count();
        let accuracy = right as f64 / predictions.rows.len() as f64;
        assert!((accuracy - view.best.unwrap().metric(Metric::ACCURACY)).abs() < 1e-12);
        assert_eq!(predictions.targets.names(), ["World", "Sports", "Business", "Sci/Tech"]);
        let facts = store.run_record(&view.run.id).unwrap().unwrap().facts;
        assert_eq!(Some(facts.trainable_parameters), view.trainable_parameters);
    }
}

#[test]
fn changes_against_the_baseline_are_named() {
    let root = scratch();
    let store = open(root.path(), &sweep(runs(5))).unwrap().store;
    let changes: Vec<String> = store
        .record()
        .runs
        .iter()
        .map(|entry| serde_json::to_string(entry.changes.as_ref().unwrap()).unwrap())
        .collect();
    insta::assert_snapshot!(changes.join("\n"), @r##"
{}
{"epochs":5}
{"learning_rate":0.0002}
{"rank":2}
{"batch_size":48}
"##);
}

#[test]
fn sweeps_are_found_below_a_results_folder_and_in_their_own() {
    let root = scratch();
    let store = finished(root.path(), 1);
    std::fs::create_dir(root.path().join("something-else")).unwrap();
    assert_eq!(sweep_folders(root.path()).unwrap(), [store.layout().folder()]);
    assert_eq!(sweep_folders(store.layout().folder()).unwrap(), [store.layout().folder()]);
    assert!(matches!(Store::open(root.path()), Err(StoreError::NotASweep { .. })));
    assert!(matches!(store.entry(&RunId("nobody".into())), Err(StoreError::NoSuchRun { .. })));
}

#[test]
fn logs_tell_a_runs_story_and_a_torn_last_line_does_no_harm() {
    let root = scratch();
    let store = finished(root.path(), 1);
    let id = &store.record().runs[0].id;
    let log = store.log(id).unwrap();
    let without_time = |line: &String| line.split_once(' ').unwrap().1.split(" s").next().unwrap().to_owned();
    let messages: Vec<String> = log.iter().map(without_time).collect();
    assert!(messages[0].starts_with("started: 6145 trainable of 1006145 parameters, 3 epochs"), "{log:?}");
    assert!(messages.last().unwrap().starts_with("completed: epoch "), "{log:?}");

    let path = store.layout().run(id).log();
    let whole = std::fs::read(&path).unwrap();
    std::fs::write(&path, &whole[..whole.len() - 5]).unwrap();
    assert_eq!(store.log(id).unwrap().len(), log.len());
    store.append_run_log(id, "later\nwith a second line").unwrap();
    let after = store.log(id).unwrap();
    assert_eq!(after.len(), log.len() + 2);
    assert!(after[log.len()].ends_with("Z later"));
    assert_eq!(after[log.len() + 1], "    with a second line");
}

#[test]
fn two_thousand_runs_are_seen_in_two_seconds() {
    let root = scratch();
    let one = run("base", 1, |_| {});
    let many: Vec<_> = (0..2000).map(|seed| run("base", seed, |_| {})).collect();
    let store = open(root.path(), &sweep(many.clone())).unwrap().store;
    let template = finished(&root.path().join("template"), 1);
    let original = std::fs::read_to_string(template.layout().run(&one.id).result_json()).unwrap();
    for run in &many {
        let files = store.layout().run(&run.id);
        std::fs::create_dir(files.folder()).unwrap();
        std::fs::write(files.result_json(), original.replace(&one.id.0, &run.id.0)).unwrap();
        std::fs::copy(template.layout().run(&one.id).metrics_csv(), files.metrics_csv()).unwrap();
    }
    let began = Instant::now();
    let views = Store::open(store.layout().folder()).unwrap().runs().unwrap();
    let took = began.elapsed();
    assert!(views.iter().all(|view| view.state == RunState::Completed && view.best.is_some()));
    assert!(took.as_secs_f64() < 2.0, "{took:?}");
}

#[test]
fn numbers_that_are_none_survive() {
    let root = scratch();
    let store = open(root.path(), &sweep(runs(1))).unwrap().store;
    let settings = MockSettings { eval_examples: 0, ..MockSettings::default() };
    work_with(&store, settings, &options()).unwrap();
    let view = &store.runs().unwrap()[0];
    assert_eq!((view.state, view.epochs), (RunState::Completed, 3));
}

/// A parameter that only some runs have is a column all the same.
#[test]
fn a_parameter_that_may_be_absent_has_its_column() {
    let root = scratch();
    let mut runs = runs(2);
    runs[1].spec.init_adapter = Some("trained/adapter".into());
    let store = open(root.path(), &sweep(runs)).unwrap().store;
    assert!(store.refresh_index().unwrap());
    let mut table = csv::Reader::from_path(store.layout().runs_csv()).unwrap();
    let header = table.headers().unwrap().clone();
    let column = |name: &str| header.iter().position(|other| other == name).unwrap();
    let rows: Vec<csv::StringRecord> = table.records().map(|row| row.unwrap()).collect();
    let of = |name: &str| rows.iter().map(|row| row[column(name)].to_string()).collect::<Vec<_>>();
    assert_eq!(of("init_adapter"), ["", "trained/adapter"]);
    assert_eq!(of("max_length"), ["128", "128"]);
    assert_eq!(of("epochs"), ["3", "5"]);
    let changes = store.record().runs[1].changes.as_ref().unwrap();
    assert_eq!(changes["init_adapter"], "trained/adapter");
}
