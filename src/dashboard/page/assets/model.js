// A sweep as the page has it: what the server told whole, and the changes since.

import { get, sweepPath } from "./api.js";

// Columns of a planned run.
const [ID, LABEL, CONFIGURATION, SEED, EPOCHS, REMOVED, VALUES] = [0, 1, 2, 3, 4, 5, 6];

// What an axis of the plan is called among axes, beside the columns of metrics.
export const axisKey = (name) => `axis:${name}`;

export class Sweep {
  constructor(folder, snapshot) {
    this.folder = folder;
    this.take(snapshot);
    this.chosen = new Set();
  }

  static async load(folder) {
    return new Sweep(folder, await get(sweepPath(folder)));
  }

  async reload() {
    this.take(await get(sweepPath(this.folder)));
  }

  take({ version, plan, totals, texts, rows, requests }) {
    this.requests = requests;
    this.version = version;
    this.plan = plan;
    this.totals = totals;
    this.texts = texts;
    this.rows = rows;
    this.column = new Map(plan.columns.map((name, place) => [name, place]));
    this.curveOf = new Map(plan.curves.map((curve, place) => [curve.name, { ...curve, place }]));
    this.axisOf = new Map(plan.axes.map((axis) => [axisKey(axis.name), axis]));
    this.curves = new Map();
    this.places = new Map(plan.runs.map((run, place) => [run[ID], place]));
    this.members = plan.configurations.map(() => []);
    plan.runs.forEach((run, place) => { if (!run[REMOVED]) this.members[run[CONFIGURATION]].push(place); });
    this.searchable = plan.runs.map((run, place) => this.words(run, place));
  }

  words(run, place) {
    const values = run[VALUES].map((value, at) => `${this.plan.parameters[at].name}=${this.plan.parameters[at].values[value]}`);
    return [this.label(place), run[ID], `seed=${run[SEED]}`, ...values].join(" ").toLowerCase();
  }

  // Applies a change; false where it does not follow on what is here.
  apply(change) {
    if (change.version <= this.version) return true;
    if (change.version !== this.version + 1) return false;
    this.version = change.version;
    this.totals = change.totals;
    this.requests = change.requests;
    this.texts.splice(change.texts.from, this.texts.length, ...change.texts.list);
    for (const [place, row] of Object.entries(change.rows)) this.rows[place] = row;
    for (const [place, [same, values]] of Object.entries(change.epochs)) {
      for (const [name, curves] of this.curves) {
        const at = this.curveOf.get(name).place;
        curves[place] = curves[place].slice(0, same).concat(values.map((row) => row[at]));
      }
    }
    return true;
  }

  // Brings curves that are not here yet; `when` says whether they came.
  async needCurves(names) {
    const missing = names.filter((name) => !this.curves.has(name));
    for (let tries = 0; missing.length && tries < 5; tries += 1) {
      const told = await get(`${sweepPath(this.folder, "curves")}?names=${missing.join(",")}`);
      // What changed while the answer was on its way would be lost.
      if (told.version < this.version) continue;
      for (const name of missing) this.curves.set(name, told.curves[name]);
      break;
    }
    return missing.length > 0;
  }

  value(place, column) {
    const at = this.column.get(column);
    return at === undefined ? null : this.rows[place][at];
  }

  text(place, column) {
    const at = this.value(place, column);
    return at === null ? null : this.texts[at];
  }

  id(place) { return this.plan.runs[place][ID]; }
  seed(place) { return this.plan.runs[place][SEED]; }
  configuration(place) { return this.plan.runs[place][CONFIGURATION]; }
  isRemoved(place) { return Boolean(this.plan.runs[place][REMOVED]); }
  plannedEpochs(place) { return this.plan.runs[place][EPOCHS]; }
  state(place) { return this.isRemoved(place) ? "removed" : this.plan.states[this.value(place, "state")]; }

  label(place) {
    const run = this.plan.runs[place];
    return run[LABEL] ?? `${this.plan.configurations[run[CONFIGURATION]]}, seed=${run[SEED]}`;
  }

  parameter(place, at) {
    return this.plan.parameters[at].values[this.plan.runs[place][VALUES][at]];
  }

  // From 0 to 1.
  share(place) {
    const [step, steps] = [this.value(place, "step"), this.value(place, "steps")];
    const epochs = Math.min(1, this.value(place, "epochs") / Math.max(1, this.plannedEpochs(place)));
    // Steps are told less often than epochs are recorded.
    return steps ? Math.max(epochs, step / steps) : epochs;
  }

  isEnded(place) { return ["completed", "diverged", "failed", "stopped", "removed"].includes(this.state(place)); }

  all() { return this.plan.runs.map((_, place) => place); }

  // Runs that fit words and a state.
  filtered({ words, state }) {
    const wanted = words.toLowerCase().split(/\s+/).filter(Boolean);
    return this.all().filter((place) =>
      (!state || this.state(place) === state) && wanted.every((word) => this.searchable[place].includes(word)));
  }

  // Of the runs of a configuration that have a value: how many, mean, sample standard deviation, extremes.
  summary(places, column) {
    const values = places.map((place) => this.value(place, column)).filter((value) => value !== null);
    if (!values.length) return null;
    const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
    const square = values.reduce((sum, value) => sum + (value - mean) ** 2, 0);
    return { n: values.length, mean, deviation: values.length > 1 ? Math.sqrt(square / (values.length - 1)) : null };
  }

  // The best first; those without a value last.
  ranked(places) {
    const { lower_is_better: lower } = this.curveOf.get(this.plan.ranking);
    const key = (place) => {
      const value = this.value(place, `metric:${this.plan.ranking}`);
      return value === null ? Infinity : lower ? value : -value;
    };
    return places.slice().sort((a, b) => key(a) - key(b) || a - b);
  }
}
