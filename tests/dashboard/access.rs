//! Who is answered.

use sweep::dashboard::{DashboardError, Options, Port, Server, Token};

use crate::support::{MadeUp, Served, TOKEN, little};

/// Everything that tells of results or changes something.
const TOLD: [&str; 8] = [
    "/api/state",
    "/api/events",
    "/api/sweeps/little",
    "/api/sweeps/little/curves?names=accuracy",
    "/api/sweeps/little/log",
    "/api/sweeps/little/evidence",
    "/api/sweeps/little/runs/0123456789ab",
    "/api/anything",
];

#[test]
fn a_name_that_was_made_to_point_here_is_refused() {
    let served = Served::sweeps(&[little()]);
    let bearer = served.bearer();
    for path in TOLD.into_iter().chain(["/", "/assets/app.js", "/assets/style.css"]) {
        for host in ["evil.example", "evil.example:8642", "localhost.evil.example", "192.168.0.7", ""] {
            let answer = served.ask("GET", path, &[&format!("Host: {host}"), &bearer], "");
            assert!((400..=403).contains(&answer.status), "{path} as {host}: {}", answer.status);
            assert!(!answer.body.contains("little") && !answer.body.contains("<script"), "{}", answer.body);
        }
        let twice = [&format!("Host: {}", served.address), "Host: evil.example", &bearer];
        assert!((400..=403).contains(&served.ask("GET", path, &twice, "").status), "{path}");
    }
    for ours in ["localhost:1234", "127.0.0.1", "[::1]:8642", "hub.example.org", "HUB.example.org:443"] {
        let answer = served.ask("GET", "/api/state", &[&format!("Host: {ours}"), &bearer], "");
        assert_eq!(answer.status, 200, "{ours}: {}", answer.body);
    }
}

#[test]
fn a_page_of_another_origin_is_refused() {
    let served = Served::sweeps(&[little()]);
    let (bearer, own) = (served.bearer(), format!("Origin: http://{}", served.address));
    let other_port = format!("Origin: http://127.0.0.1:{}", served.address.port().wrapping_add(1));
    let foreign = ["Origin: null", "Origin: http://evil.example", &other_port, "Sec-Fetch-Site: cross-site"];
    for method in ["GET", "POST", "OPTIONS", "PUT"] {
        for path in TOLD {
            for header in foreign {
                let answer = served.ask(method, path, &[&bearer, header], "{}");
                assert_eq!(answer.status, 403, "{method} {path} with {header}: {}", answer.body);
                assert!(answer.header("access-control-allow-origin").is_none());
            }
        }
    }
    let from_own = |more: &str| served.ask("GET", "/api/state", &[&bearer, &own, more], "").status;
    assert_eq!((from_own("Sec-Fetch-Site: same-origin"), from_own("Sec-Fetch-Site: same-site")), (200, 403));
    // Who follows a link to the page itself comes from elsewhere.
    assert_eq!(served.ask("GET", "/", &["Sec-Fetch-Site: cross-site"], "").status, 200);
}

#[test]
fn nothing_is_told_without_the_token() {
    let served = Served::sweeps(&[little()]);
    let almost = format!("Authorization: Bearer {}", &TOKEN[1..]);
    let longer = format!("Authorization: Bearer {TOKEN}x");
    let basic = format!("Authorization: Basic {TOKEN}");
    let cookie = format!("Cookie: token={TOKEN}");
    for path in TOLD {
        for header in ["", &almost, &longer, &basic, &cookie, "Authorization: Bearer "] {
            for method in ["GET", "HEAD", "POST", "DELETE"] {
                let answer = served.ask(method, path, &[header], "");
                assert_eq!(answer.status, 401, "{method} {path} with `{header}`: {}", answer.body);
                assert!(!answer.body.contains("rank"), "{}", answer.body);
            }
        }
        let in_address = format!("{path}{}token={TOKEN}", if path.contains('?') { '&' } else { '?' });
        assert_eq!(served.ask("GET", &in_address, &[], "").status, 401, "a token in an address is none");
    }
    assert!(served.url.ends_with(&format!("/?token={TOKEN}")), "{}", served.url);
}

#[test]
fn without_a_token_everybody_on_this_machine_reads_and_nobody_writes() {
    let folder = tempfile::tempdir().unwrap();
    little().write(folder.path());
    let served = Served::folder(folder.path(), None);
    let read = served.ask("GET", "/api/state", &[], "");
    assert_eq!(read.status, 200);
    assert!(read.body.contains("\"read_only\":true"), "{}", read.body);
    for headers in [&[][..], &[served.bearer().as_str()]] {
        let answer = served.ask("POST", "/api/sweeps/little/requests", headers, r#"{"asks_for":"stop"}"#);
        assert_eq!(answer.status, 403, "{}", answer.body);
    }
    assert!(!served.url.contains("token"));
    let options = |host: &str, token| Options {
        results: folder.path().to_owned(),
        host: host.to_owned(),
        port: Port::Exactly(0),
        token,
        names: Vec::new(),
        who: String::new(),
        look: std::time::Duration::from_secs(1),
    };
    let open = Server::start(&options("0.0.0.0", None), Box::new(MadeUp));
    assert!(matches!(open, Err(DashboardError::OpenToOthers { .. })));
    assert!(Server::start(&options("0.0.0.0", Some(Token::draw().unwrap())), Box::new(MadeUp)).is_ok());
    let nowhere = Options { results: folder.path().join("none"), ..options("127.0.0.1", None) };
    assert!(matches!(Server::start(&nowhere, Box::new(MadeUp)), Err(DashboardError::NoResults { .. })));
}

#[test]
fn the_page_holds_no_data_and_its_policy_no_script_but_its_own() {
    let served = Served::sweeps(&[little()]);
    let page = served.ask("GET", "/", &[], "");
    assert_eq!(page.status, 200);
    assert!(!page.body.contains("little"));
    // What a browser would run or apply beside files of the server.
    let inline = ["<style", " style=", " onload=", " onclick=", "javascript:"];
    assert!(inline.iter().all(|part| !page.body.contains(part)), "{}", page.body);
    for script in page.body.split("<script").skip(1) {
        assert!(script.starts_with(" type=\"module\" src=\"assets/") && script.contains("\"></script>"), "{script}");
    }
    for path in ["/", "/assets/app.js", "/api/state", "/nowhere"] {
        let answer = served.get(path);
        let policy = answer.header("content-security-policy").unwrap();
        assert!(policy.contains("default-src 'none'") && policy.contains("script-src 'self';"), "{policy}");
        assert!(policy.contains("frame-ancestors 'none'") && !policy.contains("unsafe"), "{policy}");
        assert_eq!(answer.header("x-content-type-options"), Some("nosniff"), "{path}");
        assert_eq!(answer.header("referrer-policy"), Some("no-referrer"), "{path}");
        assert_eq!(answer.header("cross-origin-resource-policy"), Some("same-origin"), "{path}");
    }
    assert_eq!(served.get("/api/state").header("cache-control"), Some("no-store"));
}

#[test]
fn an_address_leads_to_no_other_file() {
    let served = Served::sweeps(&[little()]);
    served.until_read();
    let secret = served.results().join("secret");
    std::fs::create_dir_all(&secret).unwrap();
    std::fs::write(secret.join("log.txt"), "not for the page\n").unwrap();
    let run = "/api/sweeps/little/runs/..%2F..%2Fsecret/log";
    for path in [
        "/api/sweeps/secret/log",
        "/api/sweeps/..%2F..%2Fetc/log",
        "/api/sweeps/little%2F..%2Fsecret/log",
        "/api/sweeps/../secret/log",
        run,
        "/assets/../../Cargo.toml",
        "/assets/..%2f..%2fmod.rs",
    ] {
        let answer = served.get(path);
        assert_eq!(answer.status, 404, "{path}: {}", answer.body);
        assert!(!answer.body.contains("not for the page"));
    }
}
