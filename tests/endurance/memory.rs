//! Memory is estimated before packs are planned, measured while they are trained, and recorded.

use crate::place::{Place, SWEEP, said};

const MIB: u64 = 1 << 20;

/// On a model of some width, with long texts: what is estimated is about what is taken.
#[test]
fn packs_are_planned_to_fit_and_what_they_take_is_measured() {
    let place = Place::new();
    let wide =
        SWEEP.replace("batch_size: 4", "batch_size: 128").replace("epochs: 3", "epochs: 2").replace("[5]", "[3]");
    place.write("little.yaml", &wide);
    let six = ["run", "little.yaml", "--devices", "cpu", "--threads", "1", "--max-pack", "6"];
    let output = place.sweep(&six).output().unwrap();
    assert!(output.status.success(), "{}", said(&output));
    let store = place.store();
    let [pack] = &store.record().packs[..] else { panic!("six runs fit one pack: {:?}", store.record().packs) };
    let memory = store.memory(&pack.id).unwrap().unwrap();
    assert_eq!((memory.device.as_str(), memory.places), ("cpu", pack.places.len()));
    let (estimated, taken) = (memory.estimated / MIB, memory.all_runs() / MIB);
    println!("estimated {estimated} MiB, taken {taken} MiB, {} MiB before", memory.before / MIB);
    assert!(
        taken >= 20 && estimated >= taken / 2 && estimated <= 4 * taken,
        "estimated {estimated} MiB, taken {taken} MiB"
    );

    // A device that holds three such runs beside libtorch: 0.85 of its memory are shared out.
    let per_run = memory.estimated as f64 / pack.places.len() as f64 / f64::from(1 << 30);
    let small = format!("{}", (1.0 + 3.5 * per_run) / 0.85);
    let there = Place::new();
    there.write("little.yaml", &wide);
    let output = there.sweep(&[&six[..], &["--device-memory", &small]].concat()).output().unwrap();
    assert!(output.status.success(), "{}", said(&output));
    let widths: Vec<usize> = there.store().record().packs.iter().map(|pack| pack.places.len()).collect();
    assert!(widths.iter().all(|&width| width <= 3) && widths.contains(&3), "{widths:?}");
}
