//! Whatever a server sends, nothing panics, and nothing unsound comes out.
//!
//! `PROPTEST_CASES` says how many answers are tried.

use std::path::{Component, Path};

use http::{HeaderMap, HeaderName, HeaderValue};
use proptest::prelude::*;

use super::address::{Address, Leads};
use super::client::Answer;
use super::name::{FileName, Identifier, Repository};
use super::remote::{parse_listing, read_facts};
use super::{Kind, redacted};

/// Header values that matter, with any bytes in them.
fn value() -> impl Strategy<Value = Vec<u8>> {
    let pieces = prop_oneof![
        Just(b"W/".to_vec()),
        Just(b"\"".to_vec()),
        Just(b"../".to_vec()),
        Just(b"/etc/passwd".to_vec()),
        Just(b"0a1B".to_vec()),
        Just(b"bytes 0-0/".to_vec()),
        Just(b"99999999999999999999".to_vec()),
        proptest::collection::vec(any::<u8>(), 0..6),
    ];
    proptest::collection::vec(pieces, 0..5).prop_map(|pieces| pieces.concat())
}

fn headers() -> impl Strategy<Value = HeaderMap> {
    let names = prop::sample::select(vec![
        "etag",
        "x-linked-etag",
        "x-repo-commit",
        "x-linked-size",
        "content-length",
        "content-range",
        "content-encoding",
        "retry-after",
        "ratelimit",
        "location",
    ]);
    proptest::collection::vec((names, value()), 0..8).prop_map(|pairs| {
        let sound = pairs
            .into_iter()
            .filter_map(|(name, value)| Some((HeaderName::from_static(name), HeaderValue::from_bytes(&value).ok()?)));
        sound.collect()
    })
}

/// Text like an address.
fn location() -> impl Strategy<Value = String> {
    let pieces = prop_oneof![
        Just("http://".to_owned()),
        Just("HTTPS://".to_owned()),
        Just("hub.example".to_owned()),
        Just("user:pass@".to_owned()),
        Just("[::1]".to_owned()),
        Just(":81".to_owned()),
        Just("/../".to_owned()),
        Just("/./".to_owned()),
        Just("?x=1".to_owned()),
        Just("#y".to_owned()),
        any::<String>(),
    ];
    proptest::collection::vec(pieces, 0..6).prop_map(|pieces| pieces.concat())
}

proptest! {
    #[test]
    fn h1_whatever_headers_say_becomes_one_plain_name(headers in headers(), status in 100u16..600) {
        let address = Address::parse("https://hub.example/a/b/resolve/0a/f").unwrap();
        let answer = Answer::new(address, status, headers);
        let _ = (answer.length(), answer.range(), answer.refusal());
        if let Ok(facts) = read_facts(&answer, &Identifier::parse("0a").unwrap()) {
            let parts: Vec<_> = Path::new(facts.etag.as_str()).components().collect();
            prop_assert_eq!(parts.len(), 1);
            prop_assert!(matches!(parts[0], Component::Normal(_)));
        }
    }

    #[test]
    fn h1_whatever_a_listing_says_stays_inside(body in proptest::collection::vec(any::<u8>(), 0..200), name in location()) {
        let _ = parse_listing(&body);
        let listing = serde_json::json!({ "sha": "0a", "siblings": [{ "rfilename": name }] }).to_string();
        for cut in 0..=listing.len() {
            if let Ok(listing) = parse_listing(&listing.as_bytes()[..cut]) {
                let sound = listing.names.iter().filter_map(|name| FileName::parse(name));
                for name in sound {
                    let inside = Path::new(name.as_str()).components().all(|part| matches!(part, Component::Normal(_)));
                    prop_assert!(inside, "{:?}", name);
                }
            }
        }
    }

    #[test]
    fn h2_wherever_a_redirect_leads_it_is_no_downgrade(location in location(), secure: bool) {
        let scheme = if secure { "https" } else { "http" };
        let from = Address::parse(&format!("{scheme}://hub.example/a/b?c")).unwrap();
        if let Ok((to, leads)) = from.led_by(&location) {
            prop_assert!(!secure || to.whole().starts_with("https://"), "{}", to.whole());
            let home = ["http://hub.example/", "https://hub.example/", "http://hub.example:80/", "https://hub.example:443/"];
            let at_home = home.iter().any(|home| to.whole().starts_with(home));
            prop_assert_eq!(leads == Leads::Home, at_home, "{}", to.whole());
            // Where it is asked is what was checked.
            prop_assert_eq!(Address::parse(&to.whole()).map(|again| again.whole()), Ok(to.whole()));
        }
    }

    #[test]
    fn r19_whatever_stands_around_it_a_password_is_hidden(before: String, after in "[ -~]{0,20}") {
        let text = format!("{before}https://user:PASSWORD@hub.example/{after}");
        prop_assert!(!redacted(&text).contains("PASSWORD"), "{}", text);
        let _ = redacted(&after);
    }

    #[test]
    fn h1_whatever_a_person_names_stays_inside_the_cache(name in "[a-z./@\\\\-]{0,30}") {
        if let Some(repository) = Repository::parse(Kind::Model, &name) {
            let path = repository.folder(Path::new("/cache")).join("refs").join(repository.revision());
            prop_assert!(path.components().all(|part| !matches!(part, Component::ParentDir)), "{:?}", path);
            prop_assert!(path.starts_with("/cache"), "{:?}", path);
        }
    }
}
