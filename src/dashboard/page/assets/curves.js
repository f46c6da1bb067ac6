// Curves over epochs on a canvas: thousands of lines are no trouble for it. The same figures stand in the table of runs.

import { figure, h, number, oncePerFrame } from "./dom.js";

// As in the report's charts.
const COLOURS = ["#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9"];
const HEIGHT = 300;
const MOST_BANDS = 5;
const ROOM = { left: 52, right: 14, top: 12, bottom: 34 };

export const style = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

// Round values for an axis.
const ticks = (low, high, wanted) => {
  const raw = (high - low) / wanted || 1;
  const unit = 10 ** Math.floor(Math.log10(raw));
  const step = [1, 2, 5, 10].map((times) => times * unit).find((size) => size >= raw);
  const found = [];
  // Whole multiples: a sum of steps would miss the last one, and whole epochs.
  for (let at = Math.ceil(low / step - 1e-9); at * step <= high + step * 1e-9; at += 1) found.push(Number((at * step).toPrecision(12)));
  return found;
};

// Where lines are dense, outliers of the first epochs would leave no room for the rest.
const range = (lines) => {
  const values = lines.flatMap((line) => line.points.map(([, y]) => y).concat(line.band?.flatMap(([, low, high]) => [low, high]) ?? []));
  if (!values.length) return null;
  const sorted = values.sort((a, b) => a - b);
  const at = (share) => sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))];
  const [low, high] = sorted.length > 400 ? [at(0.002), at(0.985)] : [sorted[0], sorted[sorted.length - 1]];
  const pad = (high - low) * 0.06 || Math.abs(high) * 0.05 || 0.5;
  return [low - pad, high + pad];
};

// One chart. `lines`: `{ name, colour, width, points: [[x, y]], band: [[x, low, high]], dashed: [[x, y]] }`, the last on top.
export class Chart {
  constructor(name) {
    this.canvas = h("canvas", { class: "curves", role: "img", "aria-label": name });
    this.tip = h("div", { class: "tip", hidden: true });
    this.element = h("div", { class: "plot" }, this.canvas, this.tip);
    this.lines = [];
    this.draw = oncePerFrame(() => this.paint());
    this.sizes = new ResizeObserver(() => this.draw());
    this.sizes.observe(this.element);
    this.scheme = matchMedia("(prefers-color-scheme: dark)");
    this.scheme.addEventListener("change", this.draw);
    this.canvas.addEventListener("pointermove", (event) => this.point(event));
    this.canvas.addEventListener("pointerleave", () => { this.tip.hidden = true; this.near = null; this.draw(); });
  }

  leave() {
    this.sizes.disconnect();
    this.scheme.removeEventListener("change", this.draw);
  }

  show(lines, scale, longest) {
    Object.assign(this, { lines, scale, longest });
    this.draw();
  }

  paint() {
    const width = this.element.clientWidth;
    if (!width) return;
    const ratio = devicePixelRatio || 1;
    this.canvas.width = width * ratio;
    this.canvas.height = HEIGHT * ratio;
    this.canvas.style.height = `${HEIGHT}px`;
    const to = this.canvas.getContext("2d");
    to.setTransform(ratio, 0, 0, ratio, 0, 0);
    to.clearRect(0, 0, width, HEIGHT);
    to.font = "12px system-ui, sans-serif";
    const y = range(this.lines);
    if (!y) {
      to.fillStyle = style("--muted");
      to.fillText("No epoch has ended yet.", ROOM.left, HEIGHT / 2);
      this.at = null;
      return;
    }
    const longest = Math.max(2, this.longest ?? 2);
    const right = width - ROOM.right;
    const low = 1;
    this.at = (epoch, value) => [
      ROOM.left + ((epoch - low) / (longest - low)) * (right - ROOM.left),
      HEIGHT - ROOM.bottom - ((value - y[0]) / (y[1] - y[0])) * (HEIGHT - ROOM.bottom - ROOM.top),
    ];
    this.axes(to, y, longest, right);
    to.save();
    to.beginPath();
    to.rect(ROOM.left - 4, ROOM.top - 4, right - ROOM.left + 8, HEIGHT - ROOM.bottom - ROOM.top + 8);
    to.clip();
    for (const line of this.lines) this.line(to, line, line === this.near);
    if (this.near) this.line(to, this.near, true);
    to.restore();
  }

  axes(to, y, longest, right) {
    to.strokeStyle = style("--grid");
    to.fillStyle = style("--muted");
    to.lineWidth = 1;
    to.textAlign = "right";
    to.textBaseline = "middle";
    for (const value of ticks(y[0], y[1], 5)) {
      const [, at] = this.at(1, value);
      to.beginPath();
      to.moveTo(ROOM.left, at);
      to.lineTo(right, at);
      to.stroke();
      to.fillText(this.scale === "share" ? `${number(value * 100, 3)} %` : number(value, 3), ROOM.left - 6, at);
    }
    to.textAlign = "center";
    to.textBaseline = "top";
    for (const epoch of ticks(1, longest, 8).filter((value) => Number.isInteger(value))) {
      to.fillText(epoch, this.at(epoch, y[0])[0], HEIGHT - ROOM.bottom + 6);
    }
    to.fillText("epoch", (ROOM.left + right) / 2, HEIGHT - 14);
  }

  line(to, line, isNear) {
    const band = line.band ?? (isNear ? line.hidden : undefined);
    if (band && band.length > 1) {
      to.fillStyle = line.colour;
      to.globalAlpha = 0.14;
      to.beginPath();
      band.forEach(([x, low], place) => to[place ? "lineTo" : "moveTo"](...this.at(x, low)));
      band.slice().reverse().forEach(([x, , high]) => to.lineTo(...this.at(x, high)));
      to.fill();
      to.globalAlpha = 1;
    }
    to.strokeStyle = line.colour;
    to.lineWidth = isNear ? line.width + 1.5 : line.width;
    to.globalAlpha = isNear ? 1 : line.alpha ?? 1;
    this.stroke(to, line.points);
    if (line.dashed) {
      to.setLineDash([4, 4]);
      this.stroke(to, line.dashed);
      to.setLineDash([]);
      const [x, y] = this.at(...line.dashed[line.dashed.length - 1]);
      to.fillStyle = line.colour;
      to.beginPath();
      to.arc(x, y, 3, 0, 7);
      to.fill();
    }
    to.globalAlpha = 1;
  }

  stroke(to, points) {
    if (!points.length) return;
    to.beginPath();
    points.forEach((point, place) => to[place ? "lineTo" : "moveTo"](...this.at(...point)));
    to.stroke();
    if (points.length === 1) {
      const [x, y] = this.at(...points[0]);
      to.fillStyle = to.strokeStyle;
      to.fillRect(x - 2, y - 2, 4, 4);
    }
  }

  point(event) {
    if (!this.at) return;
    const [mouseX, mouseY] = [event.offsetX, event.offsetY];
    let found = null;
    for (const line of this.lines) {
      for (const [x, y] of line.points) {
        const [atX, atY] = this.at(x, y);
        const distance = Math.hypot(atX - mouseX, atY - mouseY);
        if (distance < (found?.distance ?? 28)) found = { line, x, y, distance };
      }
    }
    this.tip.hidden = !found;
    if (this.near !== (found?.line ?? null)) {
      this.near = found?.line ?? null;
      this.draw();
    }
    if (!found) return;
    this.tip.textContent = `${found.line.name}, epoch ${found.x}: ${figure(found.y, this.scale)}`;
    this.tip.style.left = `${Math.min(mouseX + 12, Math.max(0, this.element.clientWidth - this.tip.offsetWidth - 4))}px`;
    this.tip.style.top = `${mouseY + 14}px`;
  }
}

const points = (values) => values.map((value, place) => [place + 1, value]).filter(([, value]) => value !== null);

// Of a run whose epoch is not over: the loss so far.
const tail = (sweep, place, name, own) => {
  const loss = sweep.value(place, "loss");
  if (name !== "train_loss" || loss === null || sweep.state(place) !== "running") return undefined;
  const here = Math.max(1, sweep.share(place) * sweep.plannedEpochs(place));
  return (own.length ? [own[own.length - 1]] : []).concat([[here, loss]]);
};

// The line of one run.
export const runLine = (sweep, place, name, colour, width = 2, alpha = 1) => {
  const own = points(sweep.curves.get(name)?.[place] ?? []);
  return { name: sweep.label(place), colour, width, alpha, points: own, dashed: tail(sweep, place, name, own) };
};

// Mean and extremes over the seeds of a configuration; only epochs that all runs have that are not broken off by failing.
const groupLine = (sweep, configuration, places, name, colour, { width, alpha }, banded) => {
  const curves = places.map((place) => sweep.curves.get(name)?.[place] ?? []).filter((values) => values.length);
  const [mean, band] = [[], []];
  const longest = Math.max(0, ...curves.map((values) => values.length));
  for (let epoch = 0; epoch < longest; epoch += 1) {
    const values = curves.map((curve) => curve[epoch]).filter((value) => value !== null && value !== undefined);
    if (!values.length) continue;
    mean.push([epoch + 1, values.reduce((sum, value) => sum + value, 0) / values.length]);
    band.push([epoch + 1, Math.min(...values), Math.max(...values)]);
  }
  return { name: sweep.plan.configurations[configuration], colour, width, alpha, points: mean, band: banded ? band : undefined, hidden: band };
};

// Who gets a colour: the chosen ones and then the best, the baseline being black or white.
export const colours = (sweep, keys, best) => {
  const given = new Map();
  for (const key of [...keys, ...best]) {
    if (given.size >= COLOURS.length) break;
    if (!given.has(key)) given.set(key, COLOURS[given.size]);
  }
  return given;
};

// A chart of the runs that are shown, with the choice of what is drawn.
export class CurvePanel {
  constructor(sweep, name, shown) {
    Object.assign(this, { sweep, name, shown });
    const options = sweep.plan.curves.map((curve) => h("option", { value: curve.name }, curve.title));
    this.select = h("select", { onchange: () => { this.name = this.select.value; this.update(); } }, options);
    this.select.value = name;
    this.chart = new Chart("Curves");
    this.legend = h("ul", { class: "legend" });
    this.element = h("figure", { class: "panel" }, h("label", { class: "pick" }, "Curve ", this.select), this.chart.element, this.legend);
  }

  leave() { this.chart.leave(); }

  async update() {
    const { sweep, name } = this;
    if (!sweep.curves.has(name)) {
      if (this.asking === name) return;
      this.asking = name;
      const came = await sweep.needCurves([name]).catch(() => false);
      this.asking = null;
      if (!came || name !== this.name) return;
    }
    const { lines, entries } = this.shown.grouped() ? this.groups() : this.single();
    const longest = Math.max(...sweep.all().map((place) => sweep.plannedEpochs(place)));
    const curve = sweep.curveOf.get(name);
    this.chart.show(lines, curve.scale, longest);
    this.chart.canvas.setAttribute("aria-label", `${curve.title} over epochs: ${lines.length} lines. The figures stand in the table of runs.`);
    this.showLegend(entries);
  }

  groups() {
    const { sweep, name } = this;
    const places = this.shown.places();
    const members = new Map();
    for (const place of places) {
      const key = sweep.configuration(place);
      if (!members.has(key)) members.set(key, []);
      members.get(key).push(place);
    }
    const best = [...new Set(sweep.ranked(places).map((place) => sweep.configuration(place)))];
    const baseline = sweep.plan.configurations.indexOf(sweep.plan.baseline);
    const chosen = [...new Set([...sweep.chosen].map((place) => sweep.configuration(place)))];
    const given = colours(sweep, chosen.filter((key) => key !== baseline), best.filter((key) => key !== baseline));
    const lines = [];
    for (const [key, own] of members) {
      const colour = key === baseline ? style("--baseline") : given.get(key);
      const pen = colour ? { width: 2.2, alpha: 1 } : { width: 1, alpha: 0.55 };
      // Bands of many configurations would hide each other.
      lines.push([colour ? 1 : 0, groupLine(sweep, key, own, name, colour ?? style("--context"), pen, colour && members.size <= MOST_BANDS)]);
    }
    lines.sort((a, b) => a[0] - b[0]);
    const entries = (members.has(baseline) ? [[sweep.plan.configurations[baseline], style("--baseline")]] : [])
      .concat([...given].filter(([key]) => members.has(key)).map(([key, colour]) => [sweep.plan.configurations[key], colour]));
    return { lines: lines.map(([, line]) => line), entries: this.rest(entries, members.size) };
  }

  single() {
    const { sweep, name } = this;
    const places = this.shown.places();
    const there = new Set(places);
    const given = colours(sweep, [...sweep.chosen].filter((place) => there.has(place)), sweep.ranked(places));
    const plain = style("--neutral");
    const many = places.length > 60;
    const lines = places.filter((place) => !given.has(place)).map((place) => runLine(sweep, place, name, plain, 1, many ? 0.25 : 0.6));
    for (const [place, colour] of [...given].reverse()) if (there.has(place)) lines.push(runLine(sweep, place, name, colour, 2.2));
    return { lines, entries: this.rest([...given].map(([place, colour]) => [sweep.label(place), colour]), places.length) };
  }

  rest(entries, all) {
    return all > entries.length ? entries.concat([[`${all - entries.length} others`, style("--context")]]) : entries;
  }

  showLegend(entries) {
    const key = JSON.stringify(entries);
    if (key === this.key) return;
    this.key = key;
    this.legend.replaceChildren(...entries.map(([name, colour]) => {
      const dot = h("i", { class: "dot", "aria-hidden": "true" });
      dot.style.background = colour;
      return h("li", {}, dot, name);
    }));
  }
}
