//! What goes wrong is told clearly, and leaves nothing half done in the cache.

use sweep::hub::HubError;

use crate::server::{Fault, Server};
use crate::support::{Place, fixture};

/// What the program says, having run nothing.
fn refusal(place: &Place, offline: bool) -> String {
    let mut command = place.sweep(&["run", "little.yaml", "--devices", "cpu"]);
    if offline {
        command.env("HF_HUB_OFFLINE", "1");
    }
    let output = command.output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert!(!place.path("results").exists());
    String::from_utf8(output.stderr).unwrap()
}

/// The model is not usable, and nothing points to a part of it; afterwards it comes whole.
fn assert_clean_and_mended(place: &Place) {
    let cached = place.cached();
    let refs: Vec<&String> = cached.iter().filter(|file| file.starts_with("models--acme--tiny-bert/refs/")).collect();
    assert!(refs.is_empty(), "{refs:?}");
    let in_cache = |file: &&String| file.starts_with("models--") && file.ends_with("model.safetensors");
    assert_eq!(cached.iter().find(in_cache), None);
    let incomplete = cached.iter().filter(|file| file.starts_with("models--") && file.contains("/blobs/"));
    for blob in incomplete {
        let length = std::fs::metadata(place.cache().join(blob)).unwrap().len();
        let sound = ["config.json", "vocab.txt", "tokenizer_config.json"];
        let lengths = sound.map(|file| std::fs::metadata(fixture("bert").join(file)).unwrap().len());
        assert!(lengths.contains(&length), "{blob} has {length} bytes");
    }
    place.server.fault("model.safetensors", None);
    place.server.listings_answer(None);
    let folder = place.hub().model("acme/tiny-bert").unwrap();
    let weights = std::fs::read(folder.join("model.safetensors")).unwrap();
    assert_eq!(weights, std::fs::read(fixture("bert").join("model.safetensors")).unwrap());
}

#[test]
fn a_cut_connection() {
    let place = Place::new();
    place.server.fault("model.safetensors", Some(Fault::CutAt(1000)));
    let said = refusal(&place, false);
    for part in ["acme/tiny-bert", "connection was cut while model.safetensors came", "goes on from there"] {
        assert!(said.contains(part), "{part} is not in: {said}");
    }
    assert_clean_and_mended(&place);
}

#[test]
fn a_truncated_file() {
    let place = Place::new();
    place.server.fault("model.safetensors", Some(Fault::EndsAt(1000)));
    let said = refusal(&place, false);
    let length = std::fs::metadata(fixture("bert").join("model.safetensors")).unwrap().len();
    assert!(said.contains(&format!("model.safetensors came with 1000 bytes instead of {length}")), "{said}");
    assert_clean_and_mended(&place);
}

#[test]
fn a_server_that_cannot_continue_a_file() {
    let place = Place::new();
    place.server.fault("model.safetensors", Some(Fault::CutAt(1000)));
    let error = place.hub().model("acme/tiny-bert").unwrap_err();
    assert!(matches!(error, HubError::Cut { .. }), "{error}");
    // Now everything comes whole, after the thousand bytes that are here: thrown away, and begun anew.
    place.server.fault("model.safetensors", Some(Fault::NoRanges));
    let folder = place.hub().model("acme/tiny-bert").unwrap();
    let weights = std::fs::read(folder.join("model.safetensors")).unwrap();
    assert_eq!(weights, std::fs::read(fixture("bert").join("model.safetensors")).unwrap());
}

#[test]
fn nothing_of_that_name() {
    let place = Place::new();
    let error = place.hub().model("acme/absent").unwrap_err();
    assert!(matches!(error, HubError::NoRepository { .. }), "{error}");
    for part in ["acme/absent", "no such model", "404", "--set model=PATH"] {
        assert!(error.to_string().contains(part), "{part} is not in: {error}");
    }
    place.server.fault("model.safetensors", Some(Fault::Status(404)));
    let said = refusal(&place, false);
    assert!(said.contains("model.safetensors is not there (status 404)"), "{said}");
    assert_clean_and_mended(&place);
}

#[test]
fn access_refused() {
    let place = Place::new();
    place.server.listings_answer(Some(401));
    let said = refusal(&place, false);
    assert!(said.contains("refuses access (status 401)") && said.contains("HF_TOKEN"), "{said}");
    assert_clean_and_mended(&place);

    let place = Place::new();
    place.server.ask_for_token("secret");
    let error = place.hub().model("acme/tiny-bert").unwrap_err();
    assert!(matches!(error, HubError::Refused { status: 401, with_token: false, .. }), "{error}");
    let fetch = |token: &str| {
        let mut command = place.sweep(&["fetch", "little.yaml"]);
        command.env("HF_TOKEN", token).output().unwrap()
    };
    let refused = fetch("wrong");
    assert_eq!(refused.status.code(), Some(2));
    let said = String::from_utf8(refused.stderr).unwrap();
    assert!(said.contains("use a token that may read it") && !said.contains("wrong"), "{said}");
    assert_eq!(fetch("secret").status.code(), Some(0));
}

#[test]
fn a_token_lies_where_the_login_command_puts_it() {
    let place = Place::new();
    place.server.ask_for_token("secret");
    std::fs::create_dir_all(place.path("hf")).unwrap();
    place.write("hf/token", "secret\n");
    place.sweep(&["fetch", "little.yaml"]).assert().success();
}

#[test]
fn a_hub_that_is_ill_or_away() {
    let place = Place::new();
    place.server.listings_answer(Some(503));
    let said = refusal(&place, false);
    assert!(said.contains("status 503") && said.contains("try again later"), "{said}");
    assert_clean_and_mended(&place);

    let mut hub = place.hub();
    let gone = Server::start().address().replace("127.0.0.1", "127.0.0.2");
    if let Some(remote) = &mut hub.remote {
        // Nobody listens on this port of that address.
        *remote = crate::support::remote(&gone);
    }
    let error = hub.model("acme/other").unwrap_err();
    assert!(matches!(error, HubError::Unreachable { .. }), "{error}");
    assert!(error.to_string().contains("HF_HUB_OFFLINE=1"), "{error}");
}

#[test]
fn offline_nothing_is_asked_for() {
    let place = Place::new();
    let said = refusal(&place, true);
    for part in ["acme/tiny-bert", "acme/tiny-news", "HF_HUB_OFFLINE is set", "sweep fetch"] {
        assert!(said.contains(part), "{part} is not in: {said}");
    }
    assert_eq!(place.server.requests(), Vec::<String>::new());
}
