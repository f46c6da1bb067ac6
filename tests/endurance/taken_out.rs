//! R3: runs are taken out of a sweep that was interrupted, and put back; with the real trainer.

use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};
use sweep::store::{RunState, RunView};

use crate::comparing::timeless;
use crate::place::{Place, SWEEP};

/// Whether a row of a product does not depend on how many there are: of our own products, which need this.
fn own_products() -> bool {
    #[cfg(target_arch = "x86_64")]
    let found = std::is_x86_feature_detected!("avx2") && std::is_x86_feature_detected!("fma");
    #[cfg(not(target_arch = "x86_64"))]
    let found = false;
    found
}

/// Starts the sweep and interrupts it when a pack has a checkpoint.
fn interrupted(place: &Place) {
    let mut sweep = place.start();
    let began = Instant::now();
    let has_checkpoint = || {
        let packs = std::fs::read_dir(place.results().join("packs")).into_iter().flatten().flatten();
        packs.into_iter().any(|pack| pack.path().join("checkpoint-1.bin").exists())
    };
    while !has_checkpoint() {
        assert!(began.elapsed() < Duration::from_secs(120), "no checkpoint");
        std::thread::sleep(Duration::from_millis(5));
    }
    kill_process(Pid::from_child(&sweep), Signal::INT).unwrap();
    assert_eq!(sweep.wait().unwrap().code(), Some(130));
}

fn long(view: &RunView) -> bool {
    view.run.label.starts_with("epochs=")
}

#[test]
fn what_was_taken_out_is_not_trained_and_goes_on_when_it_is_put_back() {
    // Two runs, which share a pack: one of 12 epochs and one of 40.
    let sweep = SWEEP.replace("epochs: 3", "epochs: 12").replace("epochs: [5]", "epochs: [40]");
    let sweep = sweep.replace("  rank: [8]\n", "").replace("seeds: [1, 2]", "seeds: [1]");
    let less = sweep.replace("ablate:\n  epochs: [40]\n", "");
    let (place, whole) = (Place::new(), Place::new());
    place.write("little.yaml", &sweep);
    whole.write("little.yaml", &sweep);
    whole.finish();
    interrupted(&place);

    place.write("little.yaml", &less);
    place.finish();
    let store = place.store();
    let views = store.runs().unwrap();
    assert!(views.iter().filter(|view| !long(view)).all(|view| view.state == RunState::Completed));
    let begun: Vec<&RunView> = views.iter().filter(|view| long(view) && view.state != RunState::Pending).collect();
    assert!(!begun.is_empty());
    for view in begun {
        assert!(view.removed && view.state == RunState::Interrupted && view.epochs < 40, "{view:?}");
        assert!(!store.log(&view.run.id).unwrap().join("\n").contains("resumed"));
    }

    place.write("little.yaml", &sweep);
    place.finish();
    let log: String = store
        .runs()
        .unwrap()
        .iter()
        .filter(|view| long(view))
        .flat_map(|view| store.log(&view.run.id).unwrap())
        .collect();
    assert!(log.contains("resumed after step"), "{log}");
    if own_products() {
        assert_eq!(timeless(&place.results()), timeless(&whole.results()));
    }
}
