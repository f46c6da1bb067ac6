"""The live page in a real browser: it moves while a sweep trains, comes back when its server was killed, and steers the sweep."""

import json
import os
import re
import shutil
import signal
import subprocess
import time
from pathlib import Path

import pytest

import browser

ROOT = Path(__file__).resolve().parents[2]
BUILT = ROOT / os.environ.get("CARGO_TARGET_DIR", "target") / "debug/sweep"
# The mock invents results; what the page does with them does not depend on who made them.
MOCK = (ROOT / os.environ.get("SWEEP_BIN", BUILT)).with_name("sweep-mock")
# Where pictures of the page are to be kept, for people to look at.
PICTURES = os.environ.get("SWEEP_PICTURES")

pytestmark = pytest.mark.skipif(
    browser.find() is None, reason="SKIPPED: no Chromium here (`make test-python` installs it where it may)"
)

BASE = dict(
    model=str(ROOT / "tests/fixtures/reference/bert/model"),
    dataset=dict(path=str(ROOT / "sweeps/data/newswire.csv"), limit=200, eval=dict(test_size=40, seed=1)),
    max_length=60,
    target_modules=dict(layers="all", modules=["query"]),
    epochs=12,
)
SWEEP = dict(
    name="moving",
    description="<script>document.title = 'injected'</script> trains while somebody looks.",
    base=BASE,
    # More than are trained before the tests are over.
    seeds=list(range(1, 9)),
    ablate=dict(rank=[2, 32], learning_rate=[1e-3]),
    hypotheses=[dict(id="more", claim="More <b>rank</b> is better.", vary="rank", metric="accuracy", expect="higher")],
)
FAULTS = [f"{kind}, seed={seed}" for seed in range(1, 9) for kind in ("nan@20@rank=2", "fail@25@rank=32")]
TOKEN = "a-token-of-a-test-0123456789"


class World:
    """A results folder with a sweep that trains slowly, and a server of its page."""

    def __init__(self, folder):
        self.folder = folder
        self.environment = os.environ | dict(
            XDG_CACHE_HOME=str(folder / "cache"), HF_HUB_OFFLINE="1", SWEEP_DASHBOARD_TOKEN=TOKEN
        )
        self.started = []
        self.server = None

    def start(self, *arguments, **options):
        command = [MOCK, *map(str, arguments)]
        process = subprocess.Popen(
            command, cwd=self.folder, env=self.environment, stderr=subprocess.DEVNULL, encoding="utf-8", start_new_session=True, **options
        )
        self.started.append(process)
        return process

    def serve(self, port=0):
        self.server = self.start("dashboard", "results", "--port", port, stdout=subprocess.PIPE)
        self.url = self.server.stdout.readline().strip()
        assert self.url.endswith(f"?token={TOKEN}"), self.url
        self.port = int(re.search(r":(\d+)/", self.url).group(1))

    def train(self, sweep, *more):
        (self.folder / "sweep.yaml").write_text(json.dumps(sweep))
        return self.start("run", "sweep.yaml", *more, stdout=subprocess.DEVNULL)

    def end(self):
        for process in self.started:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    world = World(tmp_path_factory.mktemp("dashboard"))
    (world.folder / "results").mkdir()
    world.serve()
    faults = [part for fault in FAULTS for part in ("--mock-fault", fault)]
    world.train(SWEEP, "--mock-delay", 40, "--max-pack", 2, *faults)
    yield world
    world.end()


@pytest.fixture(scope="module")
def page(world):
    with browser.Browser() as chromium:
        page = chromium.page()
        page.size(1280)
        page.open(world.url)
        page.until("location.search === '' && document.querySelector('h1')")
        yield page


def picture(page, name):
    if PICTURES:
        page.picture(Path(PICTURES) / f"{name}.png")


def go(page, address):
    page.evaluate(f"location.hash = {json.dumps(address)}")


def open_a_run(page, state):
    """Opens the first run of the table in that state, as soon as there is one."""
    link = f"document.querySelector('.runs tbody tr:has(.state-{state}) a')"
    page.until(link, 90)
    page.evaluate(f"{link}.click()")
    page.until("location.hash.startsWith('#/moving/run/') && document.querySelector('.log')")


def test_the_page_moves_while_a_sweep_trains(page):
    page.until("document.querySelector('.card a')?.textContent === 'moving'", 60)
    picture(page, "list")
    assert page.evaluate("document.body.innerText.includes('<script>') && document.title === 'sweep'"), "markup is text"
    page.evaluate("document.querySelector('.card a').click()")
    page.until("document.querySelector('.devices .work progress')?.value > 0", 60)
    before = page.evaluate("document.querySelector('.devices').innerText")
    page.until(f"document.querySelector('.devices').innerText !== {json.dumps(before)}")
    # Curves grow: the canvas is another picture after another epoch.
    page.until("/lines/.test(document.querySelector('canvas').getAttribute('aria-label'))")
    page.until("document.querySelectorAll('.panel .legend li').length > 0", 60)
    drawn = page.evaluate("document.querySelector('canvas').toDataURL()")
    page.until(f"document.querySelector('canvas').toDataURL() !== {json.dumps(drawn)}")
    page.until("document.querySelector('.facts').innerText.includes('left')")
    picture(page, "progress")


def test_runs_are_found_by_words_and_by_keys(page):
    go(page, "#/moving/runs")
    page.until("document.querySelectorAll('.runs tbody tr.group').length === 4")
    page.evaluate("document.querySelector('.runs tbody tr[tabindex=\"0\"]').focus()")
    page.key("ArrowDown")
    page.key("ArrowRight")
    page.until("document.activeElement.getAttribute('aria-expanded') === 'true'")
    assert page.evaluate("document.querySelectorAll('.runs tbody tr[data-at]').length") == 12
    page.key("Space")
    page.until("document.querySelector('[data-tab=compare]').textContent === 'Compare (8)'")
    picture(page, "runs")
    page.key("ArrowDown")
    page.key("Enter")
    page.until("location.hash.startsWith('#/moving/run/') && document.querySelector('.log')")
    go(page, "#/moving/compare")
    page.until("document.querySelectorAll('section table thead th').length === 9")
    picture(page, "compare")
    go(page, "#/moving/runs")
    page.until("document.querySelector('#filter-words')")
    page.evaluate("document.querySelector('#filter-words').focus()")
    page.type("rank=32 seed=1")
    page.until("document.querySelector('.tools [role=status]').textContent === '1 of 32 runs'")
    page.evaluate("document.querySelector('#filter-words').value = ''; document.querySelector('#filter-words').dispatchEvent(new Event('input'))")
    # Everything can be reached with Tab, and is seen to have the focus.
    page.evaluate("document.activeElement.blur()")
    reached = set()
    for _ in range(40):
        page.key("Tab")
        reached.add(page.evaluate("document.activeElement.id || document.activeElement.textContent.slice(0, 20)"))
    assert {"filter-words", "filter-state", "filter-group", "Evidence"} <= reached, reached


def test_a_killed_server_is_missed_and_found_again(page, world):
    go(page, "#/moving")
    page.until("document.querySelector('#connection').textContent === 'live'")
    os.killpg(world.server.pid, signal.SIGKILL)
    world.server.wait()
    page.until("document.querySelector('#connection').textContent.startsWith('connection lost')")
    picture(page, "lost")
    page.errors.clear()
    world.serve(world.port)
    page.until("document.querySelector('#connection').textContent === 'live'")
    before = page.evaluate("document.querySelector('main').innerText")
    page.until(f"document.querySelector('main').innerText !== {json.dumps(before)}", 30)
    # While there was no server the browser said so of every try.
    page.errors[:] = [error for error in page.errors if "ERR_CONNECTION" not in error and "ERR_INCOMPLETE" not in error]


def test_a_run_is_stopped_extended_and_done_again_from_the_page(page, world):
    go(page, "#/moving/runs")
    page.until("document.querySelector('#filter-group')")
    page.evaluate("document.querySelector('#filter-group').checked && document.querySelector('#filter-group').click()")
    open_a_run(page, "failed")
    retry = "document.querySelector('[data-asks-for=retry]')"
    page.until(f"{retry} && !{retry}.hidden")
    picture(page, "failed")
    page.evaluate(f"{retry}.click()")
    page.until("document.querySelector('.request-done, .request-waits')")
    go(page, "#/moving/runs")
    open_a_run(page, "running")
    stop = "document.querySelector('[data-asks-for=stop]')"
    page.until(f"{stop} && !{stop}.hidden")
    page.evaluate(f"{stop}.click()")
    page.until(f"{stop}.textContent === 'Really stop?'")
    page.evaluate(f"{stop}.click()")
    page.until("document.querySelector('h1 .chip').textContent === 'stopped'", 60)
    page.until("document.querySelector('.request-done')")
    picture(page, "stopped")
    extend = "document.querySelector('[data-asks-for=extend]')"
    page.until(f"!{extend}.hidden")
    page.evaluate(f"{extend}.click()")
    page.until("document.querySelector('h1 .chip').textContent !== 'stopped'", 60)
    answered = list((world.folder / "results/moving/requests/answered").glob("*.json"))
    assert {json.loads(path.read_text())["request"]["asks_for"] for path in answered} >= {"retry", "stop"}
    assert all("dashboard" in json.loads(path.read_text())["request"]["who"] for path in answered)


def test_mistakes_are_shown_by_a_click_with_their_texts(page):
    go(page, "#/moving/runs")
    open_a_run(page, "completed")
    page.until("document.querySelectorAll('.matrix button').length === 16")
    wrong = "[...document.querySelectorAll('.matrix .wrong')].find((button) => Number(button.textContent) > 0)"
    said = page.evaluate(f"{wrong}.getAttribute('aria-label')")
    page.evaluate(f"{wrong}.click()")
    classes = re.fullmatch(r"(\d+) examples? of (.+) taken for (.+)", said)
    page.until(f"document.querySelector('.examples').children.length === {classes[1]}")
    assert page.evaluate("document.querySelector('section h3').textContent").startswith(f"{classes[2]} taken for {classes[3]}")
    # The mock's data are not those of the file, so their texts are not taken for it.
    assert "not what the run was trained on" in page.evaluate("document.querySelector('section[aria-label=Mistakes]').innerText")
    picture(page, "mistakes")


def test_evidence_says_that_looking_early_changes_nothing(page):
    go(page, "#/moving/evidence")
    page.until("document.querySelector('.evidence .verdict')", 60)
    text = page.evaluate("document.querySelector('.evidence').innerText")
    assert "Looking early changes no verdict" in text and "More <b>rank</b> is better." in text
    assert page.evaluate("document.querySelectorAll('.evidence svg').length") > 1
    picture(page, "evidence")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_pages_fit_a_phone_in_light_and_dark(page, scheme):
    page.scheme(scheme)
    run = page.evaluate("fetch('api/sweeps/moving', { headers: { Authorization: `Bearer ${localStorage.getItem('sweep-dashboard-token')}` } }).then((a) => a.json()).then((s) => s.plan.runs[0][0])")
    colours = set()
    for width in [390, 1280]:
        page.size(width, 844, mobile=width < 600)
        for tab in ["", "moving", "moving/runs", "moving/compare", "moving/evidence", "moving/log", f"moving/run/{run}"]:
            go(page, f"#/{tab}")
            page.until("document.querySelector('main h1')")
            time.sleep(0.3)
            wide = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
            assert wide <= 0, f"{tab} at {width} pixels is {wide} too wide"
            picture(page, f"{scheme}-{width}-{tab.replace('/', '-') or 'list'}")
            colours.add(page.evaluate("getComputedStyle(document.body).backgroundColor"))
    page.size(1280)
    [background] = colours
    red, green, blue = map(int, re.findall(r"\d+", background)[:3])
    assert (red + green + blue > 600) == (scheme == "light"), background


def test_nobody_is_let_in_without_the_token(page, world):
    page.evaluate("localStorage.clear()")
    page.open(f"http://127.0.0.1:{world.port}/")
    page.until("document.querySelector('#token')")
    page.errors[:] = [error for error in page.errors if "401" not in error]
    page.evaluate("document.querySelector('#token').focus()")
    page.type(TOKEN)
    page.key("Enter")
    page.until("document.querySelector('.card')")
    assert page.evaluate("document.cookie") == ""


def test_nothing_was_wrong_in_the_console(page):
    assert page.errors == []
