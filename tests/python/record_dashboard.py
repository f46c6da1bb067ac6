"""Records the live page of a sweep of 2,000 runs, which the mock invents: a picture of every state, a short recording of a session,
and how long the page takes.

    .venv/bin/python tests/python/record_dashboard.py FOLDER [--runs 2000]

It needs Chromium (`.ci/browser.sh`), and Pillow for the recording (`.venv/bin/python -m pip install pillow`).
"""

import argparse
import io
import json
import tempfile
import time
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

import browser
from dashboards import BASE, World

SEEDS = 5
WIDTH, HEIGHT, PHONE = 1200, 760, 390
# Of the recording.
SMALL = 720
QUALITY = 38
TOOLS = "document.querySelector('.tools [role=status]').textContent"
# When something was there first, in milliseconds since the page was asked for.
WATCH = """
(() => {
  const when = window.when = {};
  const look = () => {
    const there = {
      "heading": document.querySelector("main h1"),
      "figures": document.querySelector(".states .legend li"),
      "curves": /[1-9]\\d* lines/.test(document.querySelector("canvas.curves")?.getAttribute("aria-label") ?? ""),
      "rows": document.querySelector(".runs tbody tr[data-at]"),
      "lines": document.querySelector(".samples tbody tr"),
    };
    for (const [name, found] of Object.entries(there)) if (found && !(name in when)) when[name] = Math.round(performance.now());
    requestAnimationFrame(look);
  };
  look();
})();
"""


def sweep(runs):
    """A grid of a fifth as many configurations, each with five seeds."""
    rates = [1e-5, 3e-5, 1e-4, 3e-4, 1e-3]
    grid = dict(rank=[2, 4, 8, 16, 32], learning_rate=rates, lora_dropout=[0.0, 0.1, 0.2, 0.3])
    grid["warmup_ratio"] = [round(0.05 * step, 2) for step in range(max(2, runs // SEEDS // 100))]
    text = "Four parameters of a LoRA adapter, all combinations."
    return dict(name="many", description=text, base=BASE | dict(epochs=4), seeds=list(range(1, SEEDS + 1)), grid=grid)


class Session:
    """What is done on the page, and what it looked like."""

    def __init__(self, page, folder):
        self.page = page
        self.folder = folder
        self.frames = []
        self.caption = ""
        self.pointer = None
        self.font = ImageFont.load_default(size=15)
        mouse = page.mouse

        def told(kind, at, **more):
            self.pointer = at
            mouse(kind, at, **more)

        page.mouse = told

    def frame(self, milliseconds):
        data = self.page.picture_bytes()
        picture = Image.open(io.BytesIO(data)).convert("RGB")
        if self.pointer:
            x, y = self.pointer
            ImageDraw.Draw(picture).ellipse([x - 7, y - 7, x + 7, y + 7], outline="#d55e00", width=3)
        whole = Image.new("RGB", (WIDTH, HEIGHT), "#8a8f96")
        whole.paste(picture, ((WIDTH - picture.width) // 2, 0))
        whole = whole.resize((SMALL, HEIGHT * SMALL // WIDTH), Image.LANCZOS)
        framed = Image.new("RGB", (SMALL, whole.height + 26), "#1f2328")
        framed.paste(whole, (0, 0))
        ImageDraw.Draw(framed).text((10, whole.height + 4), self.caption, fill="#ffffff", font=self.font)
        self.frames.append((framed, milliseconds))

    def state(self, name, caption, milliseconds=1600):
        """A picture of what is there now, which is part of the recording as well."""
        time.sleep(0.4)
        self.page.picture(self.folder / f"{name}.png")
        self.caption = caption
        self.frame(milliseconds)

    def show(self, element):
        """Scrolls so that it begins below the bar."""
        self.page.evaluate(f"scrollBy(0, document.querySelector({json.dumps(element)}).getBoundingClientRect().top - 60)")

    def go(self, address, until):
        self.pointer = None
        self.page.evaluate(f"location.hash = {json.dumps(address)}")
        self.page.until(until, 60)

    def write(self, field, text):
        self.page.evaluate(f"document.querySelector({json.dumps(field)}).select()")
        self.page.type(text) if text else self.page.key("Delete")

    def save(self):
        pictures, times = zip(*self.frames)
        path = self.folder / "session.webp"
        pictures[0].save(path, save_all=True, append_images=pictures[1:], duration=times, loop=0, quality=QUALITY, method=6)
        print(f"{path}: {len(pictures)} frames, {sum(times) / 1000:.0f} s, {path.stat().st_size / 1000:.0f} kB")


def finding(session, page):
    """From the list of sweeps to the runs that are wanted."""
    page.until("document.querySelector('.card a')", 60)
    session.state("list", "Every sweep of the results folder")
    page.evaluate("document.querySelector('.card a').click()")
    page.until("/[1-9]\\d* lines/.test(document.querySelector('canvas.curves')?.getAttribute('aria-label') ?? '')", 60)
    session.state("progress", "Progress: devices, curves, time left", 700)
    for _ in range(3):
        time.sleep(1.2)
        session.frame(500)
    session.go("#/many/runs", "document.querySelectorAll('.runs tbody tr[data-at]').length > 10")
    session.state("runs-grouped", "Runs, seeds together: mean ± standard deviation")
    page.click("document.querySelector('#filter-group')")
    page.until("document.querySelector('.runs tbody tr:not(.group)[data-at]')")
    session.state("runs", "Every run by itself")
    session.write("#filter-words", "rank=8 seed=1")
    page.until(f"{TOOLS}.includes(' of ')")
    session.state("runs-filtered", "Filtered by words")
    session.write("#filter-words", "")
    page.click("document.querySelector('#filter-group')")


def drawing(session, page):
    """Intervals on the axes, and how long a step of them takes."""
    session.go("#/many/parallel", "document.querySelectorAll('.samples tbody tr').length > 3")
    session.show(".tools")
    session.state("parallel", "Parallel coordinates: a line for each configuration, the mean of its seeds")
    rail = "document.querySelectorAll('.rail')[{}]".format
    last = page.evaluate("document.querySelectorAll('.rail').length") - 1
    session.caption = "Drag along an axis to select an interval"
    page.drag(rail(last), (0.5, 0.3), (0.5, 0.02), each=lambda: session.frame(120))
    page.drag(rail(1), (0.5, 0.22), (0.5, 0.58), each=lambda: session.frame(120))
    page.until(f"{TOOLS}.includes(' of ')")
    session.state("parallel-narrowed", "Two intervals: which dropouts and ranks are good at these learning rates?")
    page.click("document.querySelector('.samples tbody input')")
    page.click("document.querySelectorAll('.samples tbody input')[1]")
    session.show(".tools")
    session.state("parallel-chosen", "The best two are chosen for the comparison")
    session.go("#/many/compare", "document.querySelectorAll('section table thead th').length > 2")
    session.state("compare", "Side by side")
    session.go("#/many/runs", "document.querySelector('.runs tbody tr[data-at]')")
    session.state("runs-narrowed", "The intervals hold for the table and the curves as well")
    page.click("document.querySelector('#filter-clear')")
    print("a frame while an interval is drawn: " + ", ".join(f"{name} {value:.0f} ms" for name, value in frames(session, page).items()))


def frames(session, page):
    """Every run is a line, and nothing of it is recorded: how long it takes until an interval that changed is drawn."""
    page.evaluate("document.querySelector('#filter-group').click()")
    session.go("#/many/parallel", "document.querySelectorAll('.samples tbody tr').length > 3")
    times = page.evaluate(
        """(async () => {
          const rail = document.querySelector('.rail');
          const { left, width, top, height } = rail.getBoundingClientRect();
          const tell = (kind, share) => rail.dispatchEvent(new PointerEvent(kind, { clientX: left + width / 2, clientY: top + share * height, bubbles: true }));
          rail.setPointerCapture = () => {};
          tell('pointerdown', 0.02);
          const times = [];
          for (let step = 1; step <= 60; step += 1) {
            const begun = performance.now();
            tell('pointermove', 0.1 + 0.012 * step);
            await new Promise(requestAnimationFrame);
            await new Promise((done) => setTimeout(done));
            times.push(performance.now() - begun);
          }
          tell('pointerup', 0.82);
          return times.sort((a, b) => a - b);
        })()"""
    )
    page.evaluate("document.querySelector('#filter-clear').click(); document.querySelector('#filter-group').click()")
    return dict(half=times[len(times) // 2], nine_in_ten=times[len(times) * 9 // 10])


def looking(session, page):
    """A run, and what it gets wrong."""
    session.go("#/many/runs", "document.querySelector('.runs tbody tr[data-at]')")
    page.evaluate("document.querySelector('#filter-state').value = 'completed'; document.querySelector('#filter-state').dispatchEvent(new Event('change'))")
    page.click("document.querySelector('#filter-group')")
    page.until("document.querySelector('.runs tbody tr:has(.state-completed) a')", 60)
    page.evaluate("document.querySelector('.runs tbody tr:has(.state-completed) a').click()")
    page.until("document.querySelectorAll('.matrix button').length === 16", 60)
    session.state("run", "A run: curves, facts, parameters, log")
    wrong = "[...document.querySelectorAll('.matrix .wrong')].find((button) => Number(button.textContent) > 1)"
    page.click(wrong)
    page.until("document.querySelector('.examples')?.children.length > 0")
    page.evaluate("document.querySelector('.matrix').scrollIntoView({ block: 'center' })")
    session.pointer = page.spot(wrong, (0.5, 0.5))
    session.state("mistakes", "A cell of the confusion matrix shows its examples")
    session.go("#/many/runs", "document.querySelector('#filter-state')")
    page.evaluate("document.querySelector('#filter-state').value = ''; document.querySelector('#filter-state').dispatchEvent(new Event('change'))")
    page.click("document.querySelector('#filter-group')")


def losing(session, page, world):
    """The server is killed and started again."""
    session.go("#/many", "document.querySelector('#connection').textContent === 'live'")
    world.kill_server()
    page.until("document.querySelector('#connection').textContent.startsWith('connection lost')")
    session.state("lost", "The server is gone: what was there stays")
    world.serve(world.port)
    page.until("document.querySelector('#connection').textContent === 'live'", 60)
    session.state("found", "It is back: so is the page, without a click")


def looks(session, page):
    """All tabs in dark, and on a phone."""
    tabs = [("progress", "canvas.curves"), ("runs", ".runs tbody tr[data-at]"), ("parallel", ".samples tbody tr"), ("evidence", ".evidence svg, .evidence p"), ("log", ".log")]
    page.scheme("dark")
    for name, there in tabs:
        session.go(f"#/many/{name}", f"document.querySelector('{there}')")
        session.state(f"dark-{name}", "Dark where the system is dark", 1000)
    page.size(PHONE, HEIGHT, mobile=True)
    for scheme in ["dark", "light"]:
        page.scheme(scheme)
        for name, there in tabs:
            session.go(f"#/many/{name}", f"document.querySelector('{there}')")
            if name == "parallel":
                session.show(".coordinates")
            session.state(f"phone-{scheme}-{name}", "On a phone", 900)
    page.size(WIDTH, HEIGHT)


def times(page, world, runs):
    """First paint and all content of the tabs, each in a page that was not there before."""
    page.call("Page.addScriptToEvaluateOnNewDocument", source=WATCH)
    for tab, last in [("progress", "curves"), ("runs", "rows"), ("parallel", "lines")]:
        found = []
        for _ in range(5):
            page.open("about:blank")
            page.open(f"http://127.0.0.1:{world.port}/#/many/{tab}")
            page.until(f"window.when && '{last}' in window.when", 60)
            paint = page.evaluate("Math.round(performance.getEntriesByName('first-contentful-paint')[0].startTime)")
            found.append((paint, page.evaluate(f"window.when['{last}']")))
        paints, ends = (sorted(values) for values in zip(*found))
        print(f"{tab} of {runs} runs: first paint {paints[2]} ms, all of it {ends[2]} ms (the middle of 5; {ends[0]} to {ends[-1]})")


def main():
    asked = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    asked.add_argument("folder", type=Path)
    asked.add_argument("--runs", type=int, default=2000)
    given = asked.parse_args()
    given.folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder, browser.Browser() as chromium:
        world = World(Path(folder))
        try:
            world.serve()
            training = world.train(sweep(given.runs), "--max-pack", 4)
            page = chromium.page()
            page.size(WIDTH, HEIGHT)
            page.open(world.url)
            page.until("document.querySelector('.card')", 120)
            ended = "fetch('api/state', { headers: { Authorization: `Bearer ${localStorage.getItem('sweep-dashboard-token')}` } }).then((a) => a.json()).then((s) => s.sweeps[0].totals.states[4])"
            while page.evaluate(ended) < 0.6 * given.runs:
                time.sleep(1)
            session = Session(page, given.folder)
            finding(session, page)
            drawing(session, page)
            looking(session, page)
            losing(session, page, world)
            looks(session, page)
            session.save()
            print(f"{page.evaluate(ended)} runs had ended by then; the sweep ended with {training.wait()}")
            times(page, world, given.runs)
            wrong = [error for error in page.errors if "ERR_CONNECTION" not in error and "ERR_INCOMPLETE" not in error]
            assert not wrong, wrong
        finally:
            world.end()


if __name__ == "__main__":
    main()
