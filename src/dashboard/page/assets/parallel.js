// Parallel coordinates: a line for each sample through its values to its metric. Intervals on the axes narrow down which runs are
// shown, here and in the other tabs.

import { metricAxis, metricColumns, parameterAxes } from "./axes.js";
import { announce, count, figure, h, oncePerFrame, say, table } from "./dom.js";
import { Lines } from "./lines.js";
import { Rail } from "./rail.js";

const HEIGHT = 400;
const ROOM = { left: 26, right: 92, top: 66, bottom: 18, absent: 24 };
const NARROWEST = 92;
const LISTED = 30;
const PAUSE = 150;

export class Parallel {
  // `shown` says which runs, `onChosen` is called when the choice changes.
  constructor(sweep, shown, onChosen) {
    Object.assign(this, { sweep, shown, onChosen, rails: new Map() });
    this.element = h("section", { "aria-label": "Parallel coordinates" });
    if (!sweep.plan.axes.length) {
      this.element.append(h("p", {}, "No parameter differs between the runs of this sweep."));
      return;
    }
    const options = metricColumns(sweep).map((column) => h("option", { value: column }, metricAxis(sweep, column, []).title));
    this.metric = h("select", { id: "parallel-metric", onchange: () => this.update() }, options);
    this.metric.value = `metric:${sweep.plan.ranking}`;
    this.state = h("p", { class: "muted", role: "status" });
    this.size = { width: 0, height: HEIGHT, ...ROOM };
    this.lines = new Lines(this.size);
    this.tip = h("div", { class: "tip", hidden: true });
    this.plot = h("div", { class: "coordinates", onpointermove: (event) => this.point(event), onpointerleave: () => this.unmark(), onclick: (event) => this.click(event) },
      this.lines.layers, this.tip);
    this.window = h("div", { class: "sideways", tabindex: "0", role: "region", "aria-label": "Axes, scrollable" }, this.plot);
    this.list = h("div");
    this.element.append(h("div", { class: "tools" }, shown.tools, h("label", { for: "parallel-metric" }, "Coloured by", this.metric)),
      h("p", { class: "muted" }, "A line is a sample; the stronger its colour, the better. Drag along an axis to select an interval, double-click takes it away. "
        + "A click on a line chooses it for the comparison."),
      h("div", { class: "panel" }, this.window), this.state, this.list,
      h("p", { class: "muted keys" }, "Keys on the ends of an axis: ↑ ↓ move the end, Page Up and Page Down in large steps, Home and End to the ends, Escape takes the interval away."));
    this.sizes = new ResizeObserver(() => { if (this.axes) this.lay(); });
    this.sizes.observe(this.window);
    this.narrowed = oncePerFrame(() => this.narrow());
  }

  leave() {
    clearTimeout(this.due);
    this.sizes?.disconnect();
    this.lines?.leave();
  }

  update() {
    const { sweep, shown } = this;
    if (!this.lines) return;
    // While somebody draws an interval nothing else has changed.
    if (this.samples === shown.samples && this.column === this.metric.value) {
      this.narrowed();
      return;
    }
    Object.assign(this, { samples: shown.samples, column: this.metric.value });
    this.axes = [...parameterAxes(sweep), metricAxis(sweep, this.column, this.samples)];
    const keys = this.axes.map((axis) => axis.key);
    for (const [key, rail] of this.rails) if (!keys.includes(key)) { rail.element.remove(); this.rails.delete(key); }
    this.axes.forEach((axis) => this.rail(axis));
    this.lay();
    this.narrow();
  }

  rail(axis) {
    const { shown } = this;
    if (!this.rails.has(axis.key)) {
      const rail = new Rail(axis, { select: (interval) => shown.select(axis.key, interval), close: () => this.told() });
      this.rails.set(axis.key, rail);
      this.plot.append(rail.element);
    }
    this.rails.get(axis.key).show(axis, shown.intervals.get(axis.key) ?? null);
  }

  // Where the axes stand: at least so far from each other that their values can be read, so that many of them scroll sideways.
  lay() {
    const { axes, size } = this;
    const spaces = Math.max(1, axes.length - 1);
    size.width = Math.max(this.window.clientWidth, size.left + size.right + spaces * NARROWEST);
    const hasAbsent = axes.some((axis) => this.samples.some((sample) => sample.value(axis.key) === null) && axis.key.startsWith("axis:"));
    size.bottom = HEIGHT - ROOM.bottom - (hasAbsent ? ROOM.absent : 0);
    size.gap = (size.width - size.left - size.right) / spaces;
    this.plot.style.width = `${size.width}px`;
    this.plot.style.height = `${size.height}px`;
    this.plot.style.setProperty("--gap", `${size.gap}px`);
    axes.forEach((axis, at) => {
      axis.x = size.left + at * size.gap;
      this.rails.get(axis.key).place(axis.x, size.top, size.bottom - size.top);
    });
    this.lines.show(axes, this.samples);
  }

  narrow() {
    const { shown, sweep } = this;
    const isNarrowed = shown.intervals.size > 0;
    this.lines.select(isNarrowed ? new Set(shown.inside) : null);
    for (const [key, rail] of this.rails) if (!rail.drawn) rail.show(rail.axis, shown.intervals.get(key) ?? null);
    const noun = shown.grouped() ? "configuration" : "run";
    const [all, there] = [shown.samples.length, this.lines.lines.length];
    say(this.state, [
      isNarrowed ? `${shown.inside.length.toLocaleString("en")} of ${count(all, noun)} within the intervals` : count(all, noun),
      there < all && `${there.toLocaleString("en")} have a value so far`,
      sweep.chosen.size > 0 && `${count(sweep.chosen.size, "run")} chosen`,
    ].filter(Boolean).join(" · "));
    clearTimeout(this.due);
    this.due = setTimeout(() => this.showList(), PAUSE);
  }

  told() { announce(this.state.textContent); }

  // The chosen ones, then the best of those within the intervals.
  showList() {
    const { axes, sweep, shown } = this;
    const metric = axes[axes.length - 1];
    const good = (sample) => sample.value(metric.key) === null ? -Infinity : metric.good(sample.value(metric.key));
    const chosen = shown.samples.filter((sample) => sample.isChosen());
    const others = shown.inside.filter((sample) => !sample.isChosen()).sort((a, b) => good(b) - good(a));
    const listed = [...chosen.sort((a, b) => good(b) - good(a)), ...others].slice(0, LISTED);
    const key = [metric.key, shown.inside.length, ...listed.map((sample) => [sample.key, sample.value(metric.key), sample.isChosen(), ...sample.places].join())].join("|");
    if (key === this.key) return;
    this.key = key;
    const focused = this.list.contains(document.activeElement) ? document.activeElement.id : null;
    const rest = chosen.length + others.length - listed.length;
    this.list.replaceChildren(
      h("div", { class: "tools" },
        h("button", { type: "button", class: "action", disabled: !others.length, onclick: () => this.choose(shown.inside, true) }, `Choose ${count(shown.inside.length, shown.grouped() ? "configuration" : "run")} for the comparison`),
        h("button", { type: "button", class: "action", hidden: !sweep.chosen.size, onclick: () => { sweep.chosen.clear(); this.chosen(); } }, "Choose none"),
        h("a", { href: `#/${encodeURIComponent(sweep.folder)}/runs` }, "Show them in the table")),
      table("Selected samples", rest > 0 ? `The chosen and the best; ${rest.toLocaleString("en")} others are in the table of runs.` : "The chosen ones, then the best.",
        ["", shown.grouped() ? "Configuration" : "Run", h("th", { scope: "col", class: "number" }, metric.title), ...axes.slice(0, -1).map((axis) => axis.title)],
        listed.map((sample) => this.row(sample, metric)), "samples"));
    if (focused) document.getElementById(focused)?.focus({ preventScroll: true });
  }

  row(sample, metric) {
    const { sweep, axes } = this;
    const id = `choose-${sample.key.replace(" ", "-")}`;
    const box = h("input", { type: "checkbox", id, checked: sample.isChosen(), "aria-label": `Choose ${sample.name}`, onchange: () => this.choose([sample], box.checked) });
    const link = (place, text) => h("a", { href: `#/${encodeURIComponent(sweep.folder)}/run/${sweep.id(place)}` }, text);
    const name = sample.places.length === 1 ? link(sample.places[0], sample.name)
      : [`${sample.name} `, h("span", { class: "muted" }, "seeds ", sample.places.flatMap((place, at) => [at ? " " : "", link(place, sweep.seed(place))]))];
    const found = sweep.summary(sample.places, metric.key);
    const own = (axis) => sample.value(axis.key) === null ? "–" : axis.scale.text(sample.value(axis.key));
    return h("tr", { "aria-selected": sample.isChosen(), onpointerenter: () => this.lines.mark(sample.key), onpointerleave: () => this.lines.mark(null) },
      h("td", { class: "choose" }, box), h("th", { scope: "row", class: "name", title: sample.name }, name),
      h("td", { class: "number" }, found ? figure(found.mean, metric.unit) : "–"), axes.slice(0, -1).map((axis) => h("td", {}, own(axis))));
  }

  choose(samples, chosen) {
    for (const sample of samples) sample.choose(chosen);
    this.chosen();
  }

  chosen() {
    this.onChosen();
    this.lines.marked();
    this.narrow();
  }

  // Where the pointer is on the plot.
  found(event) {
    if (!this.axes || event.target.closest(".rail")) return null;
    const { left, top } = this.plot.getBoundingClientRect();
    return this.lines.nearest(event.clientX - left, event.clientY - top);
  }

  unmark() {
    this.tip.hidden = true;
    this.lines.mark(null);
  }

  point(event) {
    const sample = event.buttons ? null : this.found(event);
    if (!sample) {
      this.unmark();
      return;
    }
    const metric = this.axes[this.axes.length - 1];
    this.lines.mark(sample.key);
    this.tip.hidden = false;
    say(this.tip, `${sample.name}: ${figure(sample.value(metric.key), metric.unit)}`);
    const { left, top } = this.plot.getBoundingClientRect();
    const [from, to] = [this.window.scrollLeft, this.window.scrollLeft + this.window.clientWidth];
    this.tip.style.left = `${Math.max(from, Math.min(event.clientX - left + 12, to - this.tip.offsetWidth - 4))}px`;
    this.tip.style.top = `${event.clientY - top + 16}px`;
  }

  click(event) {
    const sample = this.found(event);
    if (!sample) return;
    this.choose([sample], !sample.isChosen());
    announce(`${sample.name} ${sample.isChosen() ? "is chosen" : "is no longer chosen"}`);
  }
}
