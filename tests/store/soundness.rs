//! R16: what a completed run left is missing or damaged.

use sweep::metrics::Metric;

use crate::mock::MockSettings;

use crate::support::{finished, options, scratch, timeless, work_with};

const FILES: [&str; 5] =
    ["run.json", "metrics.csv", "predictions.csv", "adapter/adapter_config.json", "adapter/adapter_model.safetensors"];

#[test]
fn damage_to_any_file_is_found_and_mended_where_that_is_asked_for() {
    let root = scratch();
    let store = finished(root.path(), 4);
    let whole = timeless(store.layout().folder());
    let run = store.record().runs[1].id.clone();
    assert_eq!(store.examine(&run).unwrap(), Vec::<String>::new());
    assert_eq!(store.retry_failed(None).unwrap(), Default::default());
    for name in FILES {
        for cut in [None, Some(0.0), Some(0.5), Some(0.95)] {
            let path = store.layout().run(&run).folder().join(name);
            let contents = std::fs::read(&path).unwrap();
            match cut {
                None => std::fs::remove_file(&path).unwrap(),
                Some(share) => std::fs::write(&path, &contents[..(contents.len() as f64 * share) as usize]).unwrap(),
            }
            let faults = store.examine(&run).unwrap();
            assert!(faults.len() == 1 && faults[0].contains(name), "{name} {cut:?}: {faults:?}");
            let view = store.runs().unwrap().into_iter().find(|view| view.run.id == run).unwrap();
            assert_eq!(view.is_damaged(), cut.is_none(), "a quick look sees what is missing");

            let others = [store.record().runs[0].id.clone()].into();
            assert_eq!(store.retry_failed(Some(&others)).unwrap().runs, []);
            assert_eq!(store.retry_failed(None).unwrap().runs, std::slice::from_ref(&run));
            assert!(store.log(&run).unwrap().join("\n").contains("what it left is damaged"));
            work_with(&store, MockSettings::default(), &options()).unwrap();
            assert_eq!(store.examine(&run).unwrap(), Vec::<String>::new());
            assert_eq!(timeless(store.layout().folder()), whole, "{name} {cut:?}");
        }
    }
}

#[test]
fn figures_that_do_not_agree_with_the_result_are_damage() {
    let root = scratch();
    let store = finished(root.path(), 2);
    let run = store.record().runs[0].id.clone();
    let path = store.layout().run(&run).metrics_csv();
    let best = store.result(&run).unwrap().unwrap().best.unwrap();
    let accuracy = best.metric(Metric::ACCURACY).to_string();
    let text = std::fs::read_to_string(&path).unwrap();
    std::fs::write(&path, text.replace(&accuracy, "0.9999")).unwrap();
    let faults = store.examine(&run).unwrap();
    assert!(faults.len() == 1 && faults[0].contains("does not agree with the result"), "{faults:?}");
}
