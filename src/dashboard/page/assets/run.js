// One run: where it stands, its curves, parameters, predictions and log.

import { get, sweepPath } from "./api.js";
import { Chart, runLine } from "./curves.js";
import { duration, facts, figure, h, number, say, stateChip, table } from "./dom.js";
import { Log } from "./log.js";
import { Mistakes } from "./mistakes.js";
import { Actions, Requests } from "./requests.js";

const CHARTS = [
  ["Loss", [["train_loss", "#0072b2"], ["eval_loss", "#d55e00"]]],
  ["Scores on the evaluation examples", [["accuracy", "#009e73"], ["f1", "#cc79a7"]]],
];

export const runView = async (sweep, main, id, options) => {
  const place = sweep.places.get(id);
  if (place === undefined) throw new Error(`This sweep has no run ${id}.`);
  const view = new Run(sweep, place, options);
  main.replaceChildren(view.element);
  return view;
};

class Run {
  constructor(sweep, place, options) {
    Object.assign(this, { sweep, place, options });
    this.folder = sweepPath(sweep.folder, "runs", sweep.id(place));
    this.chip = h("span");
    this.meter = h("progress", { max: "1", "aria-label": "How far it is" });
    this.line = h("p", { role: "status" });
    this.reason = h("p", { class: "reason", hidden: true });
    this.actions = new Actions(sweep, () => [place], options.readOnly);
    this.requests = new Requests(sweep, place, options.readOnly);
    this.charts = CHARTS.map(([title, curves]) => ({ title, curves: curves.filter(([name]) => sweep.curveOf.has(name)), chart: new Chart(title) }));
    this.details = h("div", {}, h("p", { class: "muted" }, "Reading …"));
    this.mistakes = h("div");
    this.log = new Log(() => `${this.folder}/log`, "Log of the run");
    this.element = h("div", {},
      h("header", { class: "head" }, h("h1", {}, sweep.label(place), " ", this.chip), this.meter, this.line, this.reason, this.actions.element),
      this.requests.element,
      h("div", { class: "panels" }, this.charts.map(({ title, curves, chart }) => h("figure", { class: "panel" },
        h("figcaption", {}, title), chart.element, h("ul", { class: "legend" }, curves.map(([name, colour]) => {
          const dot = h("i", { class: "dot", "aria-hidden": "true" });
          dot.style.background = colour;
          return h("li", {}, dot, sweep.curveOf.get(name).title);
        }))))),
      this.mistakes, this.details, this.log.element);
  }

  update() {
    this.head();
    this.actions.update();
    this.requests.update();
    this.curves();
    const state = this.sweep.state(this.place);
    if (state !== this.state) {
      this.state = state;
      this.detail();
    }
  }

  head() {
    const { sweep, place } = this;
    const state = sweep.state(place);
    if (this.chip.textContent !== state) this.chip.replaceChildren(stateChip(state));
    this.meter.value = sweep.share(place);
    this.meter.hidden = sweep.isEnded(place);
    const value = (column) => sweep.value(place, column);
    const ranking = sweep.plan.ranking;
    const best = value(`metric:${ranking}`);
    const curve = sweep.curveOf.get(ranking);
    say(this.line, [
      `${value("epochs")} of ${sweep.plannedEpochs(place)} epochs`,
      value("step") !== null && `step ${value("step").toLocaleString("en")} of ${value("steps").toLocaleString("en")}`,
      value("loss") !== null && `loss ${number(value("loss"), 4)}`,
      value("speed") !== null && `${Math.round(value("speed"))} examples/s`,
      value("left") !== null && `${duration(value("left"))} left`,
      best !== null && `best: epoch ${value("best_epoch")}, ${curve.title.toLowerCase()} ${figure(best, curve.scale)}`,
      sweep.text(place, "device") && `on ${sweep.text(place, "device")}`,
      sweep.text(place, "worker"),
    ].filter(Boolean).join(" · "));
    const reason = [sweep.text(place, "reason"), sweep.text(place, "damage")].filter(Boolean).join("; ");
    this.reason.hidden = !reason;
    this.reason.className = ["failed", "diverged"].includes(state) || sweep.text(place, "damage") ? "reason bad" : "reason";
    say(this.reason, reason);
  }

  async curves() {
    const { sweep, place } = this;
    await sweep.needCurves([...new Set(this.charts.flatMap(({ curves }) => curves.map(([name]) => name)))]).catch(() => false);
    for (const { title, curves, chart } of this.charts) {
      const lines = curves.map(([name, colour]) => ({ ...runLine(sweep, place, name, colour, 2.2), name: sweep.curveOf.get(name).title }));
      chart.show(lines, sweep.curveOf.get(curves[0][0]).scale, sweep.plannedEpochs(place));
      chart.canvas.setAttribute("aria-label", `${title} of ${sweep.label(place)}: ${lines.map((line) => `${line.name} ${figure(line.points.at(-1)?.[1], sweep.curveOf.get(curves[0][0]).scale)}`).join(", ")}`);
    }
  }

  async detail() {
    let told;
    try { told = await get(this.folder); } catch (error) { return this.details.replaceChildren(h("p", {}, error.message)); }
    const hasBase = told.parameters.some(([, , base]) => base !== null);
    const rows = told.parameters.map(([name, value, base, differs]) => h("tr", { class: differs ? "changed" : "" },
      h("th", { scope: "row" }, name), h("td", { class: "cell" }, value), hasBase && h("td", { class: "cell" }, base)));
    this.details.replaceChildren(
      told.test ? h("section", {}, h("h2", {}, "On the test examples"), facts(told.test)) : "",
      h("details", { open: true }, h("summary", {}, h("h2", {}, "Facts")), facts([...(told.facts ?? []), ["Id", told.id], ["Folder", h("code", {}, told.folder)]])),
      h("details", {}, h("summary", {}, h("h2", {}, "Parameters")), table("Parameters", null, ["Parameter", "This run", hasBase && "Baseline"].filter(Boolean), rows)));
    if (told.has_predictions && !this.shown) {
      this.shown = new Mistakes(this.folder);
      this.mistakes.replaceChildren(this.shown.element);
    }
    return undefined;
  }

  leave() {
    this.log.leave();
    this.charts.forEach(({ chart }) => chart.leave());
  }
}
