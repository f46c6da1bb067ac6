//! What a server says is checked before anything is done with it.

use std::path::Path;

use sweep::hub::{HubError, Remote};

use crate::server::{Fault, Server, digest};
use crate::support::{MODEL, Place, fixture, remote};

const WEIGHTS: &str = "model.safetensors";

fn weights() -> Vec<u8> {
    std::fs::read(fixture("bert").join(WEIGHTS)).unwrap()
}

fn assert_whole(folder: &Path) {
    assert_eq!(std::fs::read(folder.join(WEIGHTS)).unwrap(), weights());
}

/// The weights' path on the server.
fn path_of_weights(place: &Place) -> String {
    place.hub().model("acme/tiny-bert").unwrap();
    let path = place.server.requests().into_iter().find(|path| path.ends_with(WEIGHTS)).unwrap();
    std::fs::remove_dir_all(place.cache()).unwrap();
    path
}

/// A hub that shows a token.
fn with_token(place: &Place) -> Remote {
    remote(place.server.address()).with_token("TOKEN")
}

#[test]
fn h1_names_from_headers_never_become_paths() {
    let place = Place::new();
    let victim = place.path("victim");
    std::fs::write(&victim, "precious").unwrap();
    let absolute = victim.to_str().unwrap();
    let names = [absolute, "..", "../../../../victim", "a/b", "", "\"\"", "a\\b", "W/\"/etc\""];
    for header in ["ETag", "X-Linked-Etag", "X-Repo-Commit"] {
        for name in names {
            // An empty header is one that is not sent.
            if name.is_empty() && header != "ETag" {
                continue;
            }
            place.server.say(WEIGHTS, &[(header, name)]);
            let error = place.hub().model("acme/tiny-bert").unwrap_err();
            assert!(matches!(error, HubError::BadAnswer { .. }), "{header}: {name}: {error}");
            assert!(error.to_string().contains(place.server.address()), "{error}");
            assert_eq!(std::fs::read_to_string(&victim).unwrap(), "precious");
            assert!(!place.cached().iter().any(|file| file.ends_with(WEIGHTS)), "{header}: {name}");
        }
    }
    place.server.say(WEIGHTS, &[]);
    assert_whole(&place.hub().model("acme/tiny-bert").unwrap());
    // Nothing but the hub's cache has come into being.
    let mut entries: Vec<_> =
        std::fs::read_dir(place.path("")).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    entries.sort();
    assert_eq!(entries, ["hf", "little.yaml", "victim"]);
}

#[test]
fn h1_names_from_listings_never_become_paths() {
    let place = Place::new();
    for commit in ["/tmp/x", "..", "../../../x", "a/b", ""] {
        let body = serde_json::json!({ "sha": commit, "siblings": [{ "rfilename": "config.json" }] }).to_string();
        place.server.listings_hold(Some(body.as_bytes()));
        let error = place.hub().model("acme/tiny-bert").unwrap_err();
        assert!(matches!(error, HubError::BadAnswer { .. }), "{commit}: {error}");
    }
    // It looks like a shard of the model.
    for name in ["model-/../../../../../../victim-of-.safetensors", "model-\u{1b}[2J-of-.safetensors"] {
        let names = ["config.json", "model.safetensors.index.json", name];
        let siblings: Vec<_> = names.iter().map(|name| serde_json::json!({ "rfilename": name })).collect();
        let body = serde_json::json!({ "sha": "0a", "siblings": siblings }).to_string();
        place.server.listings_hold(Some(body.as_bytes()));
        let error = place.hub().model("acme/tiny-bert").unwrap_err();
        assert!(matches!(error, HubError::BadName { .. }), "{name}: {error}");
        assert!(!error.to_string().contains('\u{1b}'), "{error}");
    }
    assert_eq!(place.cached().iter().filter(|file| file.starts_with("models--")).count(), 0);
    // Names that nobody wants do no harm.
    let commit = "0".repeat(39) + "1";
    let body = serde_json::json!({ "sha": commit, "siblings": [{ "rfilename": "../../x" }] }).to_string();
    place.server.listings_hold(Some(body.as_bytes()));
    let error = place.hub().model("acme/tiny-bert").unwrap_err();
    assert!(error.to_string().contains("no config.json"), "{error}");
    assert!(!place.path("hf/x").exists());
}

#[test]
fn h1_another_commit_than_the_one_asked_for_is_refused() {
    let place = Place::new();
    let asked = "f".repeat(40);
    let body = serde_json::json!({ "sha": "0".repeat(40), "siblings": [] }).to_string();
    place.server.listings_hold(Some(body.as_bytes()));
    let error = place.hub().model(&format!("acme/tiny-bert@{asked}")).unwrap_err().to_string();
    assert!(error.contains("instead of the one that was asked for"), "{error}");
}

#[test]
fn h2_the_token_goes_to_no_other_host() {
    let place = Place::new();
    let path = path_of_weights(&place);
    // The same files, elsewhere. It would send whoever comes back with a token.
    let other = Server::start();
    let commit = path.split('/').nth(4).unwrap();
    let there = format!("/cdn/{WEIGHTS}?Signature=PASSWORD");
    for (file, status) in [("config.json", 302), (WEIGHTS, 307)] {
        let path = format!("/acme/tiny-bert/resolve/{commit}/{file}");
        let contents = std::fs::read(fixture("bert").join(file)).unwrap();
        other.put("models/cdn/x", file, contents.clone());
        place.server.lead(&path, status, &format!("{}/cdn/x/resolve/main/{file}", other.address()));
        let length = contents.len().to_string();
        let linked =
            [("X-Linked-Etag", digest(&contents)), ("X-Linked-Size", length), ("X-Repo-Commit", commit.into())];
        place.server.say(&path, &linked.each_ref().map(|(name, value)| (*name, value.as_str())));
    }
    let mut hub = place.hub();
    hub.remote = Some(with_token(&place));
    place.server.requests();
    assert_whole(&hub.model("acme/tiny-bert").unwrap());
    assert!(place.server.seen().iter().all(|request| request.authorization.as_deref() == Some("Bearer TOKEN")));
    let seen = other.seen();
    assert_eq!(seen.iter().filter(|request| request.method == "HEAD").count(), 0, "the hub has said it all: {seen:?}");
    assert_eq!(seen.len(), 2);
    assert!(seen.iter().all(|request| request.authorization.is_none()), "{seen:?}");

    // Back again from there, the token stays out; and what a query holds is not shown.
    std::fs::remove_dir_all(place.cache()).unwrap();
    other.lead(&there, 302, &format!("{}/secret?Signature=PASSWORD", place.server.address()));
    place.server.lead(&path, 302, &format!("{}{there}", other.address()));
    place.server.requests();
    let error = hub.model("acme/tiny-bert").unwrap_err().to_string();
    let back: Vec<_> = place.server.seen().into_iter().filter(|request| request.path.starts_with("/secret")).collect();
    assert_eq!(back.len(), 1);
    assert_eq!(back[0].authorization, None);
    assert!(!error.contains("PASSWORD"), "{error}");
}

#[test]
fn h2_redirects_are_followed_as_far_as_they_are_sound() {
    let place = Place::new();
    let path = path_of_weights(&place);
    let moved = path.replace("/acme/", "/acme/../acme/./");
    let mut hub = place.hub();
    hub.remote = Some(with_token(&place));
    // Relative to the address, and to the host.
    for location in [path.clone() + "?moved", "model.safetensors?moved".to_owned(), moved + "?moved"] {
        place.server.lead(&path, 307, &location);
        let _ = std::fs::remove_dir_all(place.cache());
        place.server.requests();
        // The server knows no queries: what counts is where it was asked.
        let error = hub.model("acme/tiny-bert").unwrap_err();
        assert!(matches!(error, HubError::NoFile { .. }), "{error}");
        let last = place.server.seen().pop().unwrap();
        assert_eq!(last.path, path.clone() + "?moved", "{location}");
        assert_eq!(last.authorization.as_deref(), Some("Bearer TOKEN"));
    }
    for (location, reason) in [
        (path.as_str(), "more than 10 times"),
        ("file:///etc/passwd", "it is no address"),
        ("http://user:PASSWORD@127.0.0.1/x", "it holds a user or a password"),
        ("ftp://127.0.0.1/x", "neither http:// nor https://"),
    ] {
        place.server.lead(&path, 302, location);
        let error = hub.model("acme/tiny-bert").unwrap_err().to_string();
        assert!(error.contains(reason) && !error.contains("PASSWORD"), "{error}");
    }
}

#[test]
fn h4_what_had_come_whole_is_taken_after_its_check() {
    let place = Place::new();
    let with_part = |contents: &[u8]| {
        let _ = std::fs::remove_dir_all(place.cache());
        std::fs::create_dir_all(place.part().parent().unwrap()).unwrap();
        std::fs::write(place.part(), contents).unwrap();
        place.server.requests();
        assert_whole(&place.hub().model("acme/tiny-bert").unwrap());
        assert!(!place.part().exists());
        let seen = place.server.seen();
        let asked = seen.into_iter().filter(|request| request.method == "GET" && request.path.ends_with(WEIGHTS));
        asked.map(|request| request.range).collect::<Vec<_>>()
    };
    let whole = weights();
    assert_eq!(with_part(&whole), []);
    // A beginning is gone on with.
    assert_eq!(with_part(&whole[..5000]), [Some("bytes=5000-".to_owned())]);
    // Too long, or other bytes: thrown away.
    assert_eq!(with_part(&[whole.as_slice(), b"more"].concat()), [None]);
    let other: Vec<u8> = whole.iter().map(|byte| byte ^ 1).collect();
    assert_eq!(with_part(&other), [None]);
    // A beginning of something else is found out at the end.
    assert_eq!(with_part(&other[..5000]), [Some("bytes=5000-".to_owned()), None]);
}

#[test]
fn h4_a_file_that_changed_does_not_go_on_from_the_old_one() {
    let place = Place::new();
    place.server.fault(WEIGHTS, Some(Fault::CutAt(1000)));
    place.hub().model("acme/tiny-bert").unwrap_err();
    assert_eq!(std::fs::metadata(place.part()).unwrap().len(), 1000);
    place.server.fault(WEIGHTS, None);
    place.server.put(MODEL, WEIGHTS, "entirely new");
    let folder = place.hub().model("acme/tiny-bert").unwrap();
    assert_eq!(std::fs::read_to_string(folder.join(WEIGHTS)).unwrap(), "entirely new");
    assert!(!place.cache().join(".sweep-downloads").exists());
}

#[test]
fn h5_other_bytes_of_the_right_length_are_found_out() {
    let place = Place::new();
    place.server.fault(WEIGHTS, Some(Fault::WrongBytes));
    let error = place.hub().model("acme/tiny-bert").unwrap_err();
    assert!(matches!(error, HubError::Damaged { .. }), "{error}");
    for part in [WEIGHTS, &digest(&weights()), place.server.address(), "HF_ENDPOINT"] {
        assert!(error.to_string().contains(part), "{part} is not in: {error}");
    }
    assert!(!place.cached().iter().any(|file| file.contains(&digest(&weights()))), "{:?}", place.cached());
    // Once is not always.
    place.server.fault(WEIGHTS, Some(Fault::WrongBytesOnce));
    assert_whole(&place.hub().model("acme/tiny-bert").unwrap());
}

#[test]
fn h5_contents_in_the_cache_that_were_damaged_are_brought_again() {
    let place = Place::new();
    let folder = place.hub().model("acme/tiny-bert").unwrap();
    // Another commit with the same weights: they are there already.
    place.server.put(MODEL, "tokenizer_config.json", r#"{"do_lower_case": false}"#);
    place.server.requests();
    let asked = || place.server.seen().iter().any(|request| request.method == "GET" && request.path.ends_with(WEIGHTS));
    assert_whole(&place.hub().refreshing().model("acme/tiny-bert").unwrap());
    assert!(!asked());
    // And again, but meanwhile the disk has changed them.
    let blob = std::fs::canonicalize(folder.join(WEIGHTS)).unwrap();
    let other: Vec<u8> = weights().iter().map(|byte| byte ^ 1).collect();
    std::fs::write(blob, other).unwrap();
    place.server.put(MODEL, "tokenizer_config.json", r#"{"do_lower_case": true}"#);
    assert_whole(&place.hub().refreshing().model("acme/tiny-bert").unwrap());
    assert!(asked());
}

#[test]
fn r19_passwords_and_tokens_are_shown_nowhere() {
    let place = Place::new();
    let endpoint = place.server.address().replace("http://", "http://user:PASSWORD@");
    let fetch = || {
        let mut command = place.sweep(&["fetch", "little.yaml"]);
        let output = command.env("HF_ENDPOINT", &endpoint).env("HF_TOKEN", "hf_PASSWORD").output().unwrap();
        let said = String::from_utf8([output.stdout, output.stderr].concat()).unwrap();
        assert!(!said.contains("PASSWORD"), "{said}");
        (output.status.code(), said)
    };
    for (path, fault) in [
        ("model.safetensors", Fault::CutAt(10)),
        ("facts of model.safetensors", Fault::Status(403)),
        ("model.safetensors", Fault::Garbage),
        ("model.safetensors", Fault::WrongBytes),
        ("the listing", Fault::Status(404)),
    ] {
        place.server.fault(path, Some(fault));
        let (code, said) = fetch();
        assert_eq!(code, Some(2), "{said}");
        place.server.fault(path, None);
    }
    place.server.requests();
    assert_eq!(fetch().0, Some(0));
    // RFC 7617: base64 of `user:PASSWORD`. As in Python, what the address says goes before the token.
    let sent = Some("Basic dXNlcjpQQVNTV09SRA==".to_owned());
    assert!(place.server.seen().iter().all(|request| request.authorization == sent));
    // Not even where the address is none.
    let mut command = place.sweep(&["fetch", "little.yaml", "--set", "model=https://user:PASSWORD@hub.example/x"]);
    let output = command.env("HF_ENDPOINT", "user:PASSWORD@hub.example").output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(said.contains("HF_ENDPOINT") && !said.contains("PASSWORD"), "{said}");
    let output = place.sweep(&["fetch", "little.yaml", "--set", "model=https://user:PASSWORD@hub.example/x"]).output();
    let said = String::from_utf8(output.unwrap().stderr).unwrap();
    assert!(said.contains("hub.example") && !said.contains("PASSWORD"), "{said}");
}
