"""The live page in a real browser: it moves while a sweep trains, comes back when its server was killed, and steers the sweep."""

import json
import os
import re
import time
from pathlib import Path

import pytest

import browser
from dashboards import BASE, TOKEN, World

# Where pictures of the page are to be kept, for people to look at.
PICTURES = os.environ.get("SWEEP_PICTURES")

pytestmark = pytest.mark.skipif(
    browser.find() is None, reason="SKIPPED: no Chromium here (`make test-python` installs it where it may)"
)

SWEEP = dict(
    name="moving",
    description="<script>document.title = 'injected'</script> trains while somebody looks.",
    base=BASE | dict(epochs=12),
    # More than are trained before the tests are over.
    seeds=list(range(1, 9)),
    ablate=dict(rank=[2, 32], learning_rate=[1e-3]),
    hypotheses=[dict(id="more", claim="More <b>rank</b> is better.", vary="rank", metric="accuracy", expect="higher")],
)
FAULTS = [f"{kind}, seed={seed}" for seed in range(1, 9) for kind in ("nan@20@rank=2", "fail@25@rank=32")]
# Trained in no time.
GRID = dict(name="grid", base=BASE | dict(epochs=2), seeds=[1, 2], grid=dict(rank=[2, 8, 32], learning_rate=[1e-4, 1e-3]))


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    world = World(tmp_path_factory.mktemp("dashboard"))
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


def write(page, field, text):
    """Replaces what stands in a field."""
    page.evaluate(f"document.querySelector({json.dumps(field)}).select()")
    page.key("Delete") if not text else page.type(text)


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
    # The group and its runs.
    assert page.evaluate("document.querySelectorAll('.runs tr[aria-selected=true]').length") == 9
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
    world.kill_server()
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
    first = int(page.evaluate("document.querySelector('#extend-range').textContent").split(" to ")[0])
    said = "document.querySelector('.tools:has(#extend-until) [role=status]').textContent"
    for epoch in ["all", str(first - 1), "13"]:
        write(page, "#extend-until", epoch)
        page.evaluate(f"{extend}.click()")
        page.until(f"{said} !== '' && document.activeElement.id === 'extend-until'")
        wanted = "Write a whole number" if epoch == "all" else f"can go on to an epoch from {first} to 12"
        assert wanted in page.evaluate(said) and page.evaluate("document.activeElement.getAttribute('aria-invalid')") == "true"
    write(page, "#extend-until", "12")
    picture(page, "extend")
    page.evaluate(f"{extend}.click()")
    page.until("document.querySelector('h1 .chip').textContent !== 'stopped'", 60)
    page.until("document.querySelector('.requests').innerText.includes('extend to epoch 12')")
    requests = world.folder / "results/moving/requests"
    asked = [json.loads(path.read_text()).get("request") for path in requests.glob("answered/*.json")]
    assert {request["asks_for"] for request in asked} >= {"retry", "stop"}
    assert all("dashboard" in request["who"] for request in asked)


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


def test_intervals_on_axes_narrow_down_the_runs(page, world):
    assert world.train(GRID).wait(120) == 0
    go(page, "#/grid/parallel")
    page.until("document.querySelectorAll('.axis').length === 3", 60)
    counted = "document.querySelector('.tools [role=status]').textContent"
    page.until(f"{counted} === '12 runs' && document.querySelectorAll('.samples tbody tr').length === 6", 60)
    rail = "document.querySelectorAll('.rail')[{}]"
    drawn = page.evaluate("document.querySelector('.front').toDataURL()")
    # The upper third of the first axis is its highest rank; with the upper half of the second one a configuration is left.
    page.drag(rail.format(0), (0.5, 0.1), (0.5, 0.3))
    page.until(f"{counted} === '4 of 12 runs'")
    page.until(f"document.querySelector('.front').toDataURL() !== {json.dumps(drawn)}")
    page.drag(rail.format(1), (0.5, 0.1), (0.5, 0.45))
    page.until(f"{counted} === '2 of 12 runs' && document.querySelector('#filter-clear').textContent.startsWith('2 intervals')")
    page.until("document.querySelectorAll('.samples tbody tr').length === 1")
    picture(page, "parallel")
    # They hold for the other tabs, and stay.
    go(page, "#/grid/runs")
    page.until("document.querySelectorAll('.runs tbody tr[data-at]').length === 1")
    assert "rank=32, learning_rate=0.001" in page.evaluate("document.querySelector('.runs tbody tr[data-at]').textContent")
    go(page, "#/grid/parallel")
    page.until("document.querySelectorAll('.part:not([hidden])').length === 2")
    page.click(rail.format(1), (0.5, 0.2), times=2)
    page.until(f"{counted} === '4 of 12 runs'")
    # By keys: from an end of an axis.
    page.evaluate("document.querySelectorAll('.thumb[data-end=low]')[0].focus()")
    page.key("ArrowDown")
    page.until(f"{counted} === '8 of 12 runs'")
    said = page.evaluate("document.activeElement.getAttribute('aria-valuetext')")
    assert said == "8 to 32", said
    page.key("Escape")
    page.until(f"{counted} === '12 runs' && document.querySelector('#filter-clear').hidden")
    # The words of the filter hold here, too.
    write(page, "#filter-words", "learning_rate=0.001")
    page.until("document.querySelectorAll('.samples tbody tr').length === 3")
    write(page, "#filter-words", "")
    page.until("document.querySelectorAll('.samples tbody tr').length === 6")


def test_a_line_is_chosen_by_a_click_and_in_the_list(page):
    tab = "document.querySelector('[data-tab=compare]').textContent"
    page.drag("document.querySelectorAll('.rail')[0]", (0.5, 0.1), (0.5, 0.3))
    page.until("document.querySelectorAll('.samples tbody tr').length === 2")
    # Between the first two axes, where the lines of the highest rank run down to the lower rate.
    page.click("document.querySelector('.coordinates')", (0.1, 0.3))
    page.until(f"{tab} === 'Compare (2)'")
    page.until("document.querySelectorAll('.samples tr[aria-selected=true]').length === 1")
    page.evaluate("document.querySelector('.samples tr:not([aria-selected=true]) input').click()")
    page.until(f"{tab} === 'Compare (4)'")
    picture(page, "parallel-chosen")
    go(page, "#/grid/compare")
    page.until("document.querySelectorAll('section table thead th').length === 5")
    go(page, "#/grid/parallel")
    page.until("document.querySelector('#filter-clear') && !document.querySelector('#filter-clear').hidden")
    page.evaluate("document.querySelector('#filter-clear').click()")
    page.until("document.querySelectorAll('.samples tbody tr').length === 6")


def test_seeds_are_added_from_the_page(page, world):
    go(page, "#/grid")
    page.until("document.querySelector('#seeds')")
    page.evaluate("document.querySelector('details:has(#seeds)').open = true")
    said = "document.querySelector('form:has(#seeds) [role=status]').textContent"
    for seeds, told in [("some", "Write whole numbers"), ("1 2", "all configurations have these seeds already")]:
        write(page, "#seeds", seeds)
        page.key("Enter")
        page.until(f"{said}.includes({json.dumps(told)})")
    page.errors[:] = [error for error in page.errors if "409" not in error]
    write(page, "#seeds", "7")
    page.key("Enter")
    page.until(f"{said} === 'Asked for.'")
    page.until("document.querySelector('.request-waits') && document.querySelector('.requests').innerText.includes('nobody works on the sweep now')")
    picture(page, "seeds")
    # What is filtered and chosen stays when the plan grows.
    write(page, "#filter-words", "rank=8")
    page.evaluate("document.querySelector('#filter-words').focus()")
    assert world.train(GRID).wait(120) == 0
    page.until("document.querySelector('.request-done')", 60)
    page.until("document.querySelector('.tools [role=status]').textContent === '6 of 18 runs'")
    page.until("document.querySelector('.facts').innerText !== '' && document.querySelector('.states').innerText.includes('18 completed')")
    assert page.evaluate("document.activeElement.id") == "filter-words"
    go(page, "#/grid/runs")
    page.until("document.querySelector('[data-tab=compare]').textContent === 'Compare (4)'")
    write(page, "#filter-words", "seed=7")
    page.until("document.querySelector('.tools [role=status]').textContent === '6 of 18 runs'")
    write(page, "#filter-words", "")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_pages_fit_a_phone_in_light_and_dark(page, scheme):
    page.scheme(scheme)
    run = page.evaluate("fetch('api/sweeps/moving', { headers: { Authorization: `Bearer ${localStorage.getItem('sweep-dashboard-token')}` } }).then((a) => a.json()).then((s) => s.plan.runs[0][0])")
    colours = set()
    for width in [390, 1280]:
        page.size(width, 844, mobile=width < 600)
        for tab in ["", "moving", "moving/runs", "moving/parallel", "moving/compare", "grid/parallel", "moving/evidence", "moving/log", f"moving/run/{run}"]:
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
