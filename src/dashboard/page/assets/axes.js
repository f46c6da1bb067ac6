// The axes of parallel coordinates: what the sweep varies, and a metric. A place on an axis is a share of it, from 0 at its lower
// end to 1; an interval is `[low, high]` in values, open where it reaches an end.

import { figure, number } from "./dom.js";
import { axisKey } from "./model.js";

const STEPS = 40;

// Without zeros that say nothing: 3e-4.
const short = (value) => number(value, 3).replace(/\.?0+e/, "e");

const clamped = (share) => Math.min(1, Math.max(0, share));

// A scale for numbers.
class Numbers {
  constructor({ low, high, log, whole, text }) {
    const [from, to] = low < high ? [low, high] : [low - 0.5, low + 0.5];
    this.log = log && from > 0;
    Object.assign(this, { from: this.turned(from), to: this.turned(to), whole, text: text ?? short, step: 1 / STEPS });
  }

  turned(value) { return this.log ? Math.log10(value) : value; }

  place(value) { return clamped((this.turned(value) - this.from) / (this.to - this.from)); }

  at(share) {
    const turned = this.from + share * (this.to - this.from);
    return this.log ? 10 ** turned : turned;
  }

  interval(low, high) { return [low <= 0 ? -Infinity : this.at(low), high >= 1 ? Infinity : this.at(high)]; }

  shares([low, high]) { return [low === -Infinity ? 0 : this.place(low), high === Infinity ? 1 : this.place(high)]; }

  // Round values with their places.
  ticks(wanted) {
    const values = this.log ? this.logTicks(wanted) : this.evenTicks(wanted);
    return values.map((value) => [this.place(value), this.text(value)]);
  }

  evenTicks(wanted) {
    const raw = (this.to - this.from) / wanted;
    const unit = 10 ** Math.floor(Math.log10(raw));
    const size = [1, 2, 5, 10].map((times) => times * unit).find((step) => step >= raw);
    const step = this.whole ? Math.max(1, size) : size;
    const found = [];
    // Whole multiples, so that no tick is 0.30000000000000004.
    for (let at = Math.ceil(this.from / step - 1e-9); at * step <= this.to + step * 1e-9; at += 1) found.push(at * step);
    return found;
  }

  logTicks(wanted) {
    const decades = [];
    for (let power = Math.floor(this.from); power <= Math.ceil(this.to); power += 1) decades.push(power);
    const within = (times) => decades.flatMap((power) => times.map((x) => x * 10 ** power))
      .filter((value) => Math.log10(value) >= this.from - 1e-9 && Math.log10(value) <= this.to + 1e-9);
    return [[1, 2, 3, 4, 5, 6, 7, 8, 9], [1, 2, 5], [1, 3], [1]].map(within).find((values) => values.length <= wanted + 1) ?? within([1]);
  }

  said([low, high]) {
    if (low === -Infinity) return `at most ${this.text(high)}`;
    return high === Infinity ? `at least ${this.text(low)}` : `${this.text(low)} to ${this.text(high)}`;
  }
}

// A scale with a place for each of a few values.
class Levels {
  constructor(levels) { Object.assign(this, { levels, count: Math.max(1, levels.length), step: 1 / Math.max(1, levels.length) }); }

  place(level) { return (level + 0.5) / this.count; }

  // Of all levels that it touches.
  interval(low, high) {
    const first = Math.min(this.count - 1, Math.max(0, Math.floor(low * this.count + 1e-6)));
    return [first, Math.max(first, Math.min(this.count - 1, Math.ceil(high * this.count - 1e-6) - 1))];
  }

  shares([low, high]) { return [low / this.count, (high + 1) / this.count]; }

  ticks(wanted) {
    const every = Math.max(1, Math.ceil(this.count / wanted));
    return this.levels.map((level, at) => [this.place(at), level]).filter((_, at) => at % every === 0);
  }

  text(level) { return this.levels[level]; }

  said([low, high]) { return low === high ? this.levels[low] : `${this.levels[low]} to ${this.levels[high]}`; }
}

// The part of a level's room that its lines take.
const SPREAD = 0.5;

// What the sweep varies.
export const parameterAxes = ({ plan }) => plan.axes.map(({ name, levels, ...range }) => {
  const scale = levels ? new Levels(levels) : new Numbers(range);
  return { key: axisKey(name), title: name, scale, spread: levels ? SPREAD / scale.count : 0 };
});

// The range of values without outliers on the bad side, as in the report: those further from the middle half than 4 times its width.
const robust = (values, lower) => {
  const sorted = values.slice().sort((a, b) => a - b);
  if (!sorted.length) return [0, 1];
  const at = (share) => sorted[Math.round(share * (sorted.length - 1))];
  const reach = 4 * Math.max(at(0.75) - at(0.25), 1e-3);
  const [low, high] = lower ? [sorted[0], Math.min(at(1), at(0.75) + reach)] : [Math.max(at(0), at(0.25) - reach), at(1)];
  const air = (high - low) * 0.03 || 0.005;
  return [low - air, high + air];
};

// A column of metrics over samples: an axis that also says how good a value is, from 0 to 1.
export const metricAxis = (sweep, column, samples) => {
  const [kind, name] = column.split(":");
  const { title, scale: unit, lower_is_better: lower } = sweep.curveOf.get(name);
  const [low, high] = robust(samples.map((sample) => sample.mean(column)).filter((mean) => mean !== null), lower);
  const text = (mean) => unit === "share" ? `${number(mean * 100, 3)} %` : figure(mean, unit);
  const scale = new Numbers({ low, high, text });
  const good = (mean) => lower ? 1 - scale.place(mean) : scale.place(mean);
  return { key: column, title: kind === "test" ? `Test: ${title.toLowerCase()}` : title, scale, spread: 0, good, unit };
};

export const metricColumns = ({ plan }) => plan.columns.filter((name) => /^(metric|test):/.test(name));
