//! Names and texts that would be scripts.

use sweep::spec::{Expectation, Hypothesis, HypothesisMetric, Metric, Vary};

use crate::report_support::{Arm, Fake};
use crate::support::Served;

const SCRIPT: &str = "<script>alert(1)</script><img src=x onerror=alert(2)>\"'&";

fn scripted() -> Fake {
    let mut fake = Fake::new(
        "scripted",
        vec![Arm::new("base", 0.9, |_| {}), Arm::new(SCRIPT, 0.92, |spec| spec.model = SCRIPT.to_owned())],
    );
    fake.description = SCRIPT.to_owned();
    fake.examples = 100;
    fake.classes = vec!["</script><script>alert(3)".to_owned(), "other".to_owned()];
    fake.hypotheses = vec![Hypothesis {
        id: "h1".to_owned(),
        claim: SCRIPT.to_owned(),
        vary: Vary { parameter: "model".to_owned(), treatments: vec![SCRIPT.to_owned()], baseline: "base".to_owned() },
        metric: HypothesisMetric::Best(Metric::ACCURACY),
        expect: Expectation::Higher,
        margin: None,
    }];
    fake
}

#[test]
fn scripts_in_names_and_texts_stay_texts() {
    let served = Served::sweeps(&[scripted()]);
    let evidence = served.json("/api/sweeps/scripted/evidence");
    let parts = evidence["parts"].as_array().unwrap();
    let ids: Vec<&str> = parts.iter().map(|part| part["id"].as_str().unwrap()).collect();
    assert!(ids.contains(&"verdicts") && ids.contains(&"charts") && ids.contains(&"configurations"), "{ids:?}");
    let mut seen = 0;
    for html in parts.iter().map(|part| part["html"].as_str().unwrap()) {
        // The rest of the name may be in it, as text.
        assert!(!html.contains("<script") && !html.contains("<img"), "{html}");
        assert!(!html.contains(" style=\""), "the page's policy would drop it: {html}");
        seen += html.matches("&lt;script&gt;").count();
    }
    assert!(seen > 3, "the name is shown in {seen} places");
    // All else is JSON, which no browser takes for a document, and which the page makes text nodes of.
    let sweep = served.json("/api/sweeps/scripted");
    assert_eq!(
        (sweep["plan"]["description"].as_str(), sweep["plan"]["configurations"][1].as_str()),
        (Some(SCRIPT), Some(SCRIPT))
    );
    let run = sweep["plan"]["runs"][0][0].as_str().unwrap();
    for part in ["", "/log", "/confusion", "/predictions"] {
        let answer = served.get(&format!("/api/sweeps/scripted/runs/{run}{part}"));
        assert_eq!((answer.status, answer.header("content-type")), (200, Some("application/json")), "{part}");
        assert_eq!(answer.header("x-content-type-options"), Some("nosniff"));
    }
    let none = served.get("/api/sweeps/%3Cscript%3Ealert(1)%3C%2Fscript%3E");
    assert_eq!((none.status, none.header("content-type")), (404, Some("application/json")));
}

/// What the page's scripts do with texts: they never make markup of them, but for the parts of the report.
#[test]
fn scripts_of_the_page_make_no_markup() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src/dashboard/page/assets");
    let mut made = Vec::new();
    for file in std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
        let text = std::fs::read_to_string(&file).unwrap();
        let name = file.file_name().unwrap().to_str().unwrap().to_owned();
        for banned in
            ["innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval(", "new Function", "srcdoc"]
        {
            made.extend(text.matches(banned).map(|_| format!("{name}: {banned}")));
        }
    }
    assert_eq!(made, ["evidence.js: innerHTML"]);
}
