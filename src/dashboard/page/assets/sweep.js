// The view of one sweep: its head, its tabs, and which runs are shown in them.

import { sweepPath } from "./api.js";
import { Compare } from "./compare.js";
import { count, h, say } from "./dom.js";
import { Evidence } from "./evidence.js";
import { Log } from "./log.js";
import { Parallel } from "./parallel.js";
import { Head, Progress } from "./progress.js";
import { runView } from "./run.js";
import { samplesOf } from "./samples.js";
import { RunTable } from "./table.js";

const TABS = [["progress", "Progress"], ["runs", "Runs"], ["parallel", "Parallel"], ["compare", "Compare"], ["evidence", "Evidence"], ["log", "Log"]];

// Which runs are shown: words, a state, intervals on axes, and whether seeds are grouped. One for all tabs of a sweep; the tools are
// where the tab is.
class Shown {
  constructor(sweep, onChange) {
    this.sweep = sweep;
    this.words = h("input", { type: "search", autocomplete: "off", id: "filter-words", oninput: () => this.changed() });
    this.state = h("select", { id: "filter-state", onchange: () => this.changed() });
    this.group = h("input", { type: "checkbox", id: "filter-group", onchange: () => this.changed() });
    this.group.checked = sweep.plan.configurations.length < sweep.plan.runs.length;
    this.intervals = new Map();
    this.clear = h("button", { type: "button", class: "action", id: "filter-clear", onclick: () => this.clearIntervals() });
    this.count = h("span", { class: "muted", role: "status" });
    this.tools = h("div", { class: "tools" },
      h("label", { for: "filter-words" }, "Filter by words, as rank=8 seed=1", this.words),
      h("label", { for: "filter-state" }, "State", this.state),
      h("label", { class: "check", for: "filter-group" }, this.group, "Seeds together"), this.clear, this.count);
    this.onChange = onChange;
    this.update();
  }

  changed() {
    this.update();
    this.onChange();
  }

  grouped() { return this.group.checked; }

  places() { return this.found; }

  update() {
    const states = [...new Set(this.sweep.all().map((place) => this.sweep.state(place)))].sort();
    const wanted = this.state.value;
    if (states.join() !== this.states) {
      this.states = states.join();
      if (wanted && !states.includes(wanted)) states.push(wanted);
      this.state.replaceChildren(h("option", { value: "" }, "all"), ...states.map((state) => h("option", { value: state }, state)));
      this.state.value = wanted;
    }
    const fitting = this.sweep.filtered({ words: this.words.value, state: this.state.value });
    this.samples = samplesOf(this.sweep, fitting, this.grouped());
    this.narrow(fitting);
  }

  // In their order: those whose sample lies within all intervals.
  narrow(fitting) {
    this.fitting = fitting;
    // Of a plan that is another one by now.
    for (const key of this.intervals.keys()) if (!this.sweep.axisOf.has(key) && !this.sweep.column.has(key)) this.intervals.delete(key);
    this.inside = this.intervals.size ? this.samples.filter((sample) => sample.fits(this.intervals)) : this.samples;
    const there = new Set(this.intervals.size ? this.inside.flatMap((sample) => sample.places) : fitting);
    this.found = fitting.filter((place) => there.has(place));
    this.clear.hidden = this.intervals.size === 0;
    say(this.clear, `${count(this.intervals.size, "interval")} \u2715`);
    this.clear.setAttribute("aria-label", `Clear ${count(this.intervals.size, "interval")} on axes`);
    const all = this.sweep.plan.runs.length;
    say(this.count, this.found.length === all ? count(all, "run") : `${this.found.length.toLocaleString("en")} of ${count(all, "run")}`);
  }

  // An interval on an axis; none takes it away.
  select(key, interval) {
    if (interval) this.intervals.set(key, interval);
    else this.intervals.delete(key);
    this.narrow(this.fitting);
    this.onChange();
  }

  clearIntervals() {
    this.intervals.clear();
    this.narrow(this.fitting);
    this.onChange();
  }

  only(state) {
    if (![...this.state.options].some((option) => option.value === state)) this.state.append(h("option", { value: state }, state));
    this.state.value = state;
    this.changed();
  }
}

const kept = new WeakMap();

// What stays when one goes from tab to tab, and when a search has planned further runs.
const partsOf = (sweep) => {
  if (!kept.has(sweep)) {
    const parts = { current: null, table: { sort: null, active: 0, open: new Set(), top: 0, withParameters: undefined } };
    parts.shown = new Shown(sweep, () => parts.current?.update());
    kept.set(sweep, parts);
  }
  return kept.get(sweep);
};

const tabList = (sweep, current) => {
  const folder = encodeURIComponent(sweep.folder);
  const links = TABS.map(([name, title]) => h("a", { href: `#/${folder}/${name}`, "aria-current": name === current ? "page" : undefined, "data-tab": name }, title));
  return h("nav", { class: "tabs", "aria-label": "Of this sweep" }, links);
};

export const sweepView = async (sweep, main, { tab, run, readOnly }) => {
  if (tab === "run" && run) return runView(sweep, main, run, { readOnly });
  const parts = partsOf(sweep);
  const { shown } = parts;
  const current = TABS.some(([name]) => name === tab) ? tab : "progress";
  const choose = (state) => { shown.only(state); location.hash = `#/${encodeURIComponent(sweep.folder)}/runs`; };
  const head = new Head(sweep, choose);
  const tabs = tabList(sweep, current);
  const chosen = () => say(tabs.querySelector("[data-tab=compare]"), sweep.chosen.size ? `Compare (${sweep.chosen.size})` : "Compare");
  const make = {
    progress: () => new Progress(sweep, shown, readOnly),
    runs: () => new RunTable(sweep, shown, chosen, readOnly, parts.table),
    parallel: () => new Parallel(sweep, shown, chosen),
    compare: () => new Compare(sweep),
    evidence: () => new Evidence(sweep),
    log: () => new Log(() => sweepPath(sweep.folder, "log"), "Log of the sweep: what was found at every start"),
  };
  const body = make[current]();
  parts.current = body;
  main.replaceChildren(head.element, tabs, body.element);
  chosen();
  // On a phone they are wider than the page.
  tabs.scrollLeft = tabs.querySelector("[aria-current]").offsetLeft - tabs.offsetLeft - tabs.clientWidth / 2;
  return {
    update: () => {
      head.update();
      shown.update();
      body.update();
    },
    leave: () => {
      parts.current = null;
      body.leave?.();
    },
  };
};

