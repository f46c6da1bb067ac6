// The chosen runs side by side: curves, figures, and what differs in their parameters.

import { get, sweepPath } from "./api.js";
import { Chart, colours, runLine } from "./curves.js";
import { figure, h, say, table } from "./dom.js";

const MOST = 12;

export class Compare {
  constructor(sweep) {
    this.sweep = sweep;
    this.places = [...sweep.chosen].slice(0, MOST);
    this.element = h("section", { "aria-label": "Comparison" });
    if (!this.places.length) {
      this.element.append(h("p", {}, "No run is chosen. Choose some in the table of ", h("a", { href: `#/${encodeURIComponent(sweep.folder)}/runs` }, "runs"), ": with their boxes, or with Space."));
      return;
    }
    this.charts = ["eval_loss", sweep.plan.ranking === "eval_loss" ? "accuracy" : sweep.plan.ranking].map((name) => ({ name, chart: new Chart(name) }));
    this.figures = h("div");
    this.paired = h("div");
    this.element.append(
      h("p", { hidden: sweep.chosen.size <= MOST }, `The first ${MOST} of ${sweep.chosen.size} chosen runs are shown.`),
      h("div", { class: "tools" }, h("button", { type: "button", class: "action", onclick: () => { sweep.chosen.clear(); location.hash = `#/${encodeURIComponent(sweep.folder)}/runs`; } }, "Choose none")),
      h("div", { class: "panels" }, this.charts.map(({ name, chart }) => h("figure", { class: "panel" }, h("figcaption", {}, sweep.curveOf.get(name).title), chart.element))),
      this.figures, this.paired);
    this.pair();
  }

  // Two runs are told apart as `sweep compare` does it.
  async pair() {
    if (this.places.length !== 2) {
      this.paired.replaceChildren(h("p", { class: "muted" }, "Choose two runs to have them compared example by example."));
      return;
    }
    const [a, b] = this.places.map((place) => this.sweep.id(place));
    const text = h("pre", { tabindex: "0" }, "Comparing …");
    this.paired.replaceChildren(h("h2", {}, "Example by example"), text);
    try {
      say(text, (await get(`${sweepPath(this.sweep.folder, "compare")}?a=${a}&b=${b}`)).text);
    } catch (error) {
      say(text, error.message);
    }
  }

  async update() {
    if (!this.charts) return;
    const { sweep, places } = this;
    await sweep.needCurves(this.charts.map(({ name }) => name)).catch(() => false);
    const given = colours(sweep, places.slice(0, 6), []);
    const colour = (place) => given.get(place) ?? "#808890";
    const longest = Math.max(...places.map((place) => sweep.plannedEpochs(place)));
    for (const { name, chart } of this.charts) {
      chart.show(places.map((place) => runLine(sweep, place, name, colour(place), 2.2)), sweep.curveOf.get(name).scale, longest);
      chart.canvas.setAttribute("aria-label", `${sweep.curveOf.get(name).title} of the chosen runs; the figures stand below.`);
    }
    this.show(colour);
  }

  show(colour) {
    const { sweep, places } = this;
    const key = places.map((place) => sweep.rows[place].join()).join("|");
    if (key === this.key) return;
    this.key = key;
    const heading = (place) => {
      const dot = h("i", { class: "dot", "aria-hidden": "true" });
      dot.style.background = colour(place);
      return h("th", { scope: "col", class: "number" }, dot, h("a", { href: `#/${encodeURIComponent(sweep.folder)}/run/${sweep.id(place)}` }, sweep.label(place)));
    };
    const line = (name, values, changed) => h("tr", { class: changed ? "changed" : "" }, h("th", { scope: "row" }, name), values.map((value) => h("td", { class: "number" }, value)));
    const figures = sweep.plan.columns.filter((column) => /^(metric|test):/.test(column)).map((column) => {
      const [kind, name] = column.split(":");
      const curve = sweep.curveOf.get(name);
      return line((kind === "test" ? "Test: " : "") + curve.title, places.map((place) => figure(sweep.value(place, column), curve.scale)));
    });
    const parameters = sweep.plan.parameters.map(({ name }, at) => [name, places.map((place) => sweep.parameter(place, at))])
      .filter(([, values]) => new Set(values).size > 1).map(([name, values]) => line(name, values));
    const rows = [line("State", places.map((place) => sweep.state(place))), line("Seed", places.map((place) => sweep.seed(place))), ...figures, ...parameters];
    this.figures.replaceChildren(h("h2", {}, "Figures, and the parameters that differ"),
      table("Chosen runs", "At the best epoch so far.", ["", ...places.map(heading)], rows));
  }

  leave() { this.charts?.forEach(({ chart }) => chart.leave()); }
}
