//! A server that is silent, slow or endless: every wait ends, with a clear error or a good file.

use std::time::{Duration, Instant};

use sweep::hub::HubError;

use crate::server::{FACTS, Fault, LISTING};
use crate::support::{Place, fixture};

const WEIGHTS: &str = "model.safetensors";

/// Longer than four attempts and the waits between them, on a busy machine.
const LONG: Duration = Duration::from_secs(60);

/// The error of a download that meets a fault, which must come soon, name the address and leave the cache sound.
fn error_of(fault: Fault, path: &str) -> HubError {
    let place = Place::new();
    place.server.fault(path, Some(fault));
    let begun = Instant::now();
    let error = place.impatient_hub().model("acme/tiny-bert").unwrap_err();
    assert!(begun.elapsed() < LONG, "{fault:?} of {path} took {:?}", begun.elapsed());
    assert!(error.to_string().contains(place.server.address()), "{error}");
    assert!(!place.cached().iter().any(|file| file.contains("/refs/")), "{fault:?} of {path}");
    place.server.fault(path, None);
    let folder = place.hub().model("acme/tiny-bert").unwrap();
    let weights = std::fs::read(folder.join(WEIGHTS)).unwrap();
    assert_eq!(weights, std::fs::read(fixture("bert").join(WEIGHTS)).unwrap(), "{fault:?} of {path}");
    error
}

#[test]
fn h3_every_wait_ends() {
    let facts = format!("{FACTS}{WEIGHTS}");
    let cases = [
        (LISTING, Fault::Silent, "no answer came in time"),
        (LISTING, Fault::StallsAfter(10), "nothing came for 0.25 s"),
        (LISTING, Fault::Garbage, "no answer of HTTP"),
        (LISTING, Fault::EndlessHeaders, "headers"),
        (LISTING, Fault::CutAfter(10), "closed the connection early"),
        (LISTING, Fault::Drips, "bytes came in"),
        (LISTING, Fault::EndlessBody, "a list of files of more than"),
        (&facts, Fault::Silent, "no answer came in time"),
        (&facts, Fault::Garbage, "no answer of HTTP"),
        (&facts, Fault::Status(500), "status 500"),
        (WEIGHTS, Fault::Silent, "no answer came in time"),
        (WEIGHTS, Fault::StallsAfter(0), "nothing came for 0.25 s"),
        (WEIGHTS, Fault::StallsAfter(1000), "nothing came for 0.25 s"),
        (WEIGHTS, Fault::CutAt(0), "closed the connection early"),
        (WEIGHTS, Fault::Drips, "bytes came in"),
        (WEIGHTS, Fault::Garbage, "no answer of HTTP"),
        (WEIGHTS, Fault::EndlessHeaders, "headers"),
        (WEIGHTS, Fault::EndlessBody, "bytes instead of"),
        (WEIGHTS, Fault::Status(503), "status 503"),
    ];
    std::thread::scope(|scope| {
        for (path, fault, reason) in cases {
            scope.spawn(move || {
                let error = error_of(fault, path).to_string();
                assert!(error.contains(reason), "{fault:?} of {path}: {error}");
            });
        }
    });
}

#[test]
fn h3_a_busy_hub_is_waited_for_as_long_as_it_asks_within_bounds() {
    let place = Place::new();
    place.server.fault(LISTING, Some(Fault::Busy { times: 1, seconds: 1 }));
    let begun = Instant::now();
    place.hub().model("acme/tiny-bert").unwrap();
    assert!(begun.elapsed() >= Duration::from_secs(1));

    let place = Place::new();
    place.server.fault(WEIGHTS, Some(Fault::Busy { times: 9, seconds: 3600 }));
    let begun = Instant::now();
    let error = place.hub().model("acme/tiny-bert").unwrap_err().to_string();
    assert!(error.contains("status 429 and asks to wait for 3600 s"), "{error}");
    assert!(begun.elapsed() < LONG);
}

#[test]
fn h3_a_length_that_is_not_said_is_made_up_for_by_the_digest() {
    let place = Place::new();
    for path in [WEIGHTS, &format!("{FACTS}{WEIGHTS}")] {
        place.server.fault(path, Some(Fault::NoLength));
    }
    let folder = place.hub().model("acme/tiny-bert").unwrap();
    let weights = std::fs::read(folder.join(WEIGHTS)).unwrap();
    assert_eq!(weights, std::fs::read(fixture("bert").join(WEIGHTS)).unwrap());

    let place = Place::new();
    for path in [WEIGHTS, &format!("{FACTS}{WEIGHTS}")] {
        place.server.fault(path, Some(Fault::NoLength));
    }
    place.server.say(WEIGHTS, &[("ETag", "\"no-digest\"")]);
    let error = place.hub().model("acme/tiny-bert").unwrap_err().to_string();
    assert!(error.contains("neither how long the file is"), "{error}");
}

#[test]
fn h3_a_file_larger_than_the_disk_is_told_before_it_comes() {
    let place = Place::new();
    place.server.say(WEIGHTS, &[("X-Linked-Size", "1000000000000000000")]);
    place.server.requests();
    let error = place.hub().model("acme/tiny-bert").unwrap_err();
    assert!(matches!(error, HubError::DiskFull { .. }), "{error}");
    let asked = place.server.seen();
    assert!(!asked.iter().any(|request| request.method == "GET" && request.path.ends_with("config.json")), "{asked:?}");
}

#[test]
fn h3_a_server_without_head_is_asked_for_a_byte() {
    let place = Place::new();
    place.server.fault(&format!("{FACTS}{WEIGHTS}"), Some(Fault::Status(501)));
    let folder = place.hub().model("acme/tiny-bert").unwrap();
    assert!(folder.join(WEIGHTS).is_file());
}

#[test]
fn h3_a_signal_ends_a_wait() {
    let place = Place::new();
    place.server.fault(LISTING, Some(Fault::Silent));
    for arguments in [&["fetch", "little.yaml"][..], &["run", "little.yaml", "--dry-run"]] {
        place.server.requests();
        let mut child = place.process(arguments).stderr(std::process::Stdio::null()).spawn().unwrap();
        while place.server.requests().is_empty() {
            std::thread::sleep(Duration::from_millis(20));
        }
        let begun = Instant::now();
        let pid = rustix::process::Pid::from_child(&child);
        // Not an interrupt: who starts the tests in the background has them ignore it.
        rustix::process::kill_process(pid, rustix::process::Signal::TERM).unwrap();
        assert!(!child.wait().unwrap().success());
        assert!(begun.elapsed() < Duration::from_secs(5), "{:?}", begun.elapsed());
    }
}

#[test]
fn h3_two_that_want_the_same_download_it_once() {
    let place = Place::new();
    std::thread::scope(|scope| {
        for _ in 0..3 {
            scope.spawn(|| place.hub().model("acme/tiny-bert").unwrap());
        }
    });
    let asked = place.server.seen().into_iter().filter(|r| r.method == "GET" && r.path.ends_with(WEIGHTS));
    assert_eq!(asked.count(), 1);
}
