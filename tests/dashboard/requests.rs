//! What pages may ask for: only who has the token, only from the server's own page, and always as a file of the sweep.

use serde_json::Value;
use sweep::spec::RunId;
use sweep::store::{Answer, Request, Store};

use crate::report_support::{Arm, Fate};
use crate::support::{Answer as Answered, Served, little};

fn ask(served: &Served, headers: &[&str], body: &str) -> Answered {
    served.ask("POST", "/api/sweeps/little/requests", headers, body)
}

fn store(served: &Served) -> Store {
    Store::open(&served.results().join("little")).unwrap()
}

/// The id of a run in that state.
fn run(served: &Served, state: &str) -> String {
    let views = store(served).runs().unwrap();
    views.iter().find(|view| view.state.name() == state).unwrap().run.id.to_string()
}

const JSON: &str = "Content-Type: application/json";

#[test]
fn nobody_else_can_ask() {
    let served = Served::sweeps(&[little()]);
    served.until_read();
    let body = format!(r#"{{"asks_for":"stop","run":"{}"}}"#, run(&served, "pending"));
    let bearer = served.bearer();
    let own = format!("Origin: http://{}", served.address);
    let cases: [(&[&str], u16); 8] = [
        (&[JSON], 401),
        (&[JSON, &own], 401),
        (&[JSON, "Authorization: Bearer another-token-altogether"], 401),
        (&[JSON, &bearer, "Origin: http://evil.example"], 403),
        (&[JSON, &bearer, "Origin: null"], 403),
        (&[JSON, &bearer, "Sec-Fetch-Site: cross-site"], 403),
        (&[JSON, &bearer, "Host: evil.example"], 403),
        // What a form of another page could send without being asked first.
        (&["Content-Type: text/plain", &bearer], 415),
    ];
    for (headers, status) in cases {
        let answer = ask(&served, headers, &body);
        assert_eq!(answer.status, status, "{headers:?}: {}", answer.body);
    }
    for method in ["GET", "PUT", "DELETE"] {
        assert_eq!(served.ask(method, "/api/sweeps/little/requests", &[JSON, &bearer], &body).status, 405, "{method}");
    }
    let long = format!(r#"{{"asks_for":"stop","run":"{}"}}"#, "a".repeat(20_000));
    assert_eq!(ask(&served, &[JSON, &bearer], &long).status, 413);
    assert!(store(&served).requests().unwrap().is_empty() && !served.results().join("little/requests").exists());
}

#[test]
fn a_request_is_a_file_and_its_answer_a_change() {
    let served = Served::sweeps(&[little()]);
    let start = served.json("/api/state")["start"].as_str().unwrap().to_owned();
    let version = served.json("/api/sweeps/little")["version"].as_u64().unwrap();
    let mut events = served.listen(&format!("sweep=little&version={version}&start={start}"));
    let (bearer, own) = (served.bearer(), format!("Origin: http://{}", served.address));
    let failed = run(&served, "failed");
    let body = format!(r#"{{"asks_for":"retry","run":"{failed}"}}"#);
    let answer = ask(&served, &[JSON, &bearer, &own], &body);
    assert_eq!(answer.status, 200, "{}", answer.body);
    let store = store(&served);
    let pending = store.pending_requests().unwrap();
    let record = pending[0].record.as_ref().unwrap();
    assert_eq!((pending.len(), record.who.as_str()), (1, "ada, on the dashboard"));
    assert!(matches!(&record.request, Request::Retry { run } if run.0 == failed));
    let told = events.next_of("change");
    assert_eq!(
        (&told["requests"][0]["outcome"], &told["requests"][0]["what"]),
        (&Value::from("waits"), &"retry".into())
    );
    store.answer(&pending[0], Answer::Refused { reason: "<b>it cannot be</b>".to_owned() }).unwrap();
    let mut told = events.next_of("change");
    while told["requests"][0]["outcome"] == "waits" {
        told = events.next_of("change");
    }
    assert_eq!(told["requests"][0]["text"], "<b>it cannot be</b>");
    assert_eq!(served.json("/api/sweeps/little")["requests"], told["requests"]);
}

#[test]
fn what_cannot_be_is_refused_at_once() {
    let served = Served::sweeps(&[little()]);
    served.until_read();
    let bearer = served.bearer();
    let completed = run(&served, "completed");
    for (body, status, reason) in [
        (format!(r#"{{"asks_for":"stop","run":"{completed}"}}"#), 409, "nothing to stop"),
        (format!(r#"{{"asks_for":"retry","run":"{completed}"}}"#), 409, "runs that failed are done again"),
        (r#"{"asks_for":"stop","run":"../../x"}"#.to_owned(), 409, "has no run"),
        (r#"{"asks_for":"add_seeds","seeds":[]}"#.to_owned(), 409, "no seeds"),
        (r#"{"asks_for":"remove","run":"x"}"#.to_owned(), 422, ""),
        ("{".to_owned(), 400, ""),
    ] {
        let answer = ask(&served, &[JSON, &bearer], &body);
        assert_eq!(answer.status, status, "{body}: {}", answer.body);
        assert!(answer.body.contains(reason), "{}", answer.body);
    }
    assert!(store(&served).requests().unwrap().is_empty());
    assert_eq!(ask(&served, &[JSON, &bearer], r#"{"asks_for":"add_seeds","seeds":[8, 9]}"#).status, 200);
}

#[test]
fn a_run_is_extended_to_a_later_epoch_only() {
    let mut fake = little();
    let epochs = fake.arms[0].spec.epochs;
    assert!(epochs > 3);
    fake.arms.push(Arm::new("rank=2", 0.8, |spec| spec.rank = 2).fates(&[Fate::IsStopped(2)]));
    let served = Served::sweeps(&[fake]);
    served.until_read();
    let bearer = served.bearer();
    let stopped = run(&served, "stopped");
    let request = |until: &str| format!(r#"{{"asks_for":"extend","run":"{stopped}","epochs":{until}}}"#);
    let beyond = (epochs + 1).to_string();
    for (until, status, reason) in [
        ("2", 409, "has been trained for 2 epochs already"),
        ("0", 409, "has been trained for 2 epochs already"),
        (beyond.as_str(), 409, "it would be another run"),
        ("-1", 422, "the request cannot be read"),
        ("2.5", 422, "the request cannot be read"),
        (r#""many""#, 422, "the request cannot be read"),
    ] {
        let answer = ask(&served, &[JSON, &bearer], &request(until));
        assert_eq!(answer.status, status, "{until}: {}", answer.body);
        let told: Value = serde_json::from_str(&answer.body).unwrap();
        let told = told["error"].as_str().unwrap();
        assert!(told.contains(reason), "{until}: {told}");
    }
    assert!(store(&served).requests().unwrap().is_empty());
    assert_eq!(ask(&served, &[JSON, &bearer], &request("3")).status, 200);
    let pending = store(&served).pending_requests().unwrap();
    let record = pending[0].record.as_ref().unwrap();
    assert_eq!(record.request, Request::Extend { run: RunId(stopped), epochs: Some(3) });
}
