//! The HTML page in a real browser: headless Chromium opens it, a script works it like a person would, and what it found
//! comes back in the document. Skipped, with a message, where there is no Chromium.

mod needs;
mod report_support;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use report_support::{Arm, Fake, Fate};
use sweep::report::{Format, ReportFormat, ReportOptions, run};

const BROWSERS: [&str; 4] = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"];

/// Runs after the page's own script; every `check` that fails is listed in the document's last element.
const DRIVER: &str = r##"
const failures = [];
const check = (name, holds) => { if (!holds) failures.push(name); };
const table = document.getElementById("runs-table");
const rows = () => Array.from(table.tBodies[0].rows).filter((row) => !row.hidden && row.className !== "details");
const column = (index) => rows().map((row) => row.cells[index].dataset.value);
const header = (title) => Array.from(table.tHead.rows[0].cells).find((cell) => cell.textContent.trim() === title);
const type = (text) => {
  const input = document.getElementById("filter-text");
  input.value = text;
  input.dispatchEvent(new Event("input", { bubbles: true }));
};
const choose = (state) => {
  const select = document.getElementById("filter-state");
  select.value = state;
  select.dispatchEvent(new Event("change", { bubbles: true }));
};

check("all runs are shown at first", rows().length === 12);
const accuracy = header("Accuracy");
accuracy.querySelector("button").click();
const up = column(accuracy.cellIndex).filter((value) => value !== "").map(Number);
check("ascending by accuracy", up.length === 8 && up.every((value, i) => i === 0 || up[i - 1] <= value));
check("ascending is announced", accuracy.getAttribute("aria-sort") === "ascending");
check("empty cells last", column(accuracy.cellIndex).slice(-4).every((value) => value === ""));
accuracy.querySelector("button").click();
const down = column(accuracy.cellIndex).filter((value) => value !== "").map(Number);
check("descending by accuracy", down.every((value, i) => i === 0 || down[i - 1] >= value));
check("empty cells still last", column(accuracy.cellIndex).slice(-4).every((value) => value === ""));
const run = header("Run");
run.querySelector("button").click();
check("only one column is sorted", document.querySelectorAll("[aria-sort]").length === 1);

type("rank=64 seed=2");
check("filter by two words", rows().length === 1 && rows()[0].textContent.includes("rank=64, seed=2"));
check("the count follows", document.getElementById("filter-count").textContent === "1 of 12 runs");
type("");
choose("failed");
check("filter by state", rows().length === 1 && rows()[0].dataset.state === "failed");
choose("");
check("filters can be undone", rows().length === 12);

type("rank=64 seed=1");
const open = rows()[0].querySelector("button.open");
open.click();
const details = table.querySelector("tr.details");
check("parameters open", details !== null && open.getAttribute("aria-expanded") === "true");
const changed = Array.from(details.querySelectorAll("tr.changed")).map((row) => row.cells[0].textContent);
check("only what differs is marked: " + changed, changed.length === 1 && changed[0] === "rank");
const value = Array.from(details.querySelectorAll("tbody tr")).find((row) => row.cells[0].textContent === "rank");
check("own value and the baseline's", value.cells[1].textContent === "64" && value.cells[2].textContent === "16");
open.click();
check("parameters close", table.querySelector("tr.details") === null);
type("");

check("every chart has a name", Array.from(document.querySelectorAll("figure svg")).every((svg) => (svg.getAttribute("aria-label") || "").length > 30));
check("no heading level is skipped", Array.from(document.querySelectorAll("h1,h2,h3")).every((h, i, all) => i === 0 || Number(h.tagName[1]) - Number(all[i - 1].tagName[1]) <= 1));
check("every column header has a scope", Array.from(document.querySelectorAll("thead th")).every((th) => th.scope === "col"));
check("every input has a label", Array.from(document.querySelectorAll("input,select")).every((input) => input.labels.length === 1));
check("ids are unique", new Set(Array.from(document.querySelectorAll("[id]")).map((e) => e.id)).size === document.querySelectorAll("[id]").length);
check("nothing is loaded from elsewhere", performance.getEntriesByType("resource").length === 0);
check("user text is text", document.querySelector("b") === null && document.body.textContent.includes("<b>bold</b>"));
check("nothing injected ran", window.injected === undefined);
check("the page itself does not scroll sideways", document.documentElement.scrollWidth <= window.innerWidth);
const outcome = document.createElement("pre");
outcome.id = "outcome";
outcome.textContent = "failures:" + JSON.stringify(failures.concat(window.errors)) + ":end";
document.body.append(outcome);
"##;

fn browser() -> Option<&'static str> {
    let found =
        BROWSERS.iter().find(|name| Command::new(name).arg("--version").output().is_ok_and(|o| o.status.success()));
    found.copied()
}

/// Opens a page with a fresh profile and returns the document as it is once scripts have run.
fn dump(browser: &str, page: &Path, width: u32, more: &[&str]) -> String {
    let profile = tempfile::tempdir().unwrap();
    let output = Command::new(browser)
        .args(["--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking"])
        .args(["--disable-component-update", "--disable-sync", "--virtual-time-budget=5000", "--dump-dom"])
        .arg(format!("--user-data-dir={}", profile.path().display()))
        .arg(format!("--window-size={width},900"))
        .args(more)
        .arg(format!("file://{}", page.display()))
        .output()
        .unwrap();
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// The page with the driver behind its own script, and errors collected from the start.
fn with_driver(page: &Path) -> PathBuf {
    let text = fs::read_to_string(page).unwrap();
    let watch = "<script>window.errors = []; addEventListener('error', (e) => errors.push(e.message));\
                 const log = console.error; console.error = (...a) => { errors.push(a.join(' ')); log(...a); };</script>";
    let text = text.replacen("<head>", &format!("<head>{watch}"), 1);
    let text = text.replacen("</body>", &format!("<script>{DRIVER}</script></body>"), 1);
    let driven = page.with_file_name("driven.html");
    fs::write(&driven, text).unwrap();
    driven
}

fn make_page() -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("report").join("page");
    fs::remove_dir_all(&folder).ok();
    let nasty = "<b>bold</b></script><script>window.injected = 1</script>\"'&";
    let arms = vec![
        Arm::new("base", 0.92, |_| {}),
        Arm::new("rank=64", 0.93, |spec| spec.rank = 64),
        Arm::new(nasty, 0.91, |spec| spec.dataset.path = "</script><script>window.injected = 2</script>".to_string()),
        Arm::new("rank=4", 0.90, |spec| spec.rank = 4).fates(&[Fate::Fails, Fate::Pending, Fate::Pending]),
    ];
    let mut fake = Fake::new("page", arms);
    fake.description = nasty.to_string();
    fake.classes = [nasty, "b", "c", "d"].map(String::from).to_vec();
    // One run without any epoch that stays in the table: 12 runs, 9 completed, of which one is dropped below.
    fake.arms[2].fates = vec![Fate::Completes, Fate::Completes, Fate::Diverges(0)];
    fake.write(&folder.join("results"));
    let options = ReportOptions {
        paths: vec![folder.join("results")],
        out: folder.join("reports"),
        format: Format::Png,
        formats: ReportFormat::usual(),
    };
    run(&options).unwrap();
    folder.join("reports/page/index.html")
}

#[test]
fn the_page_works_in_a_browser() {
    let Some(browser) = browser() else {
        return needs::skip("browser", "no Chromium here (apt-get install chromium)");
    };
    let driven = with_driver(&make_page());
    for (width, scheme) in [(1200, "light"), (1200, "dark"), (600, "light")] {
        let setting = if scheme == "dark" {
            "--blink-settings=preferredColorScheme=0"
        } else {
            "--blink-settings=preferredColorScheme=1"
        };
        let dom = dump(browser, &driven, width, &[setting]);
        let outcome = dom.split("failures:").last().and_then(|rest| rest.split(":end").next()).unwrap_or("no outcome");
        assert_eq!(outcome, "[]", "at {width} pixels, {scheme}");
    }
}
