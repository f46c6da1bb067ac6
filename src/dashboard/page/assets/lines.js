// The lines of parallel coordinates, on canvases that lie on each other: all lines as context, those within the intervals in colour,
// and on top the axes and single lines. So what moves while somebody drags is drawn alone, and thousands of lines stay fluid.

import { style } from "./curves.js";
import { h, oncePerFrame } from "./dom.js";

// With more lines than this only the best ones are to stand out.
const MANY = 200;
// With so many lines or more a level's room is needed.
const DENSE = 40;
const SHADES = 24;
const NEAR = 24;
const CHOSEN = "#d55e00";
// From the worst to the best, as in the report's charts; on a dark ground the best are the brightest.
const LIGHT = [[214, 226, 236], [168, 205, 230], [0, 114, 178], [0, 50, 92]];
const DARK = [[38, 52, 66], [32, 84, 122], [78, 166, 222], [205, 238, 255]];

// Colours from the worst to the best.
export const shades = (isDark) => Array.from({ length: SHADES }, (_, at) => {
  const stops = isDark ? DARK : LIGHT;
  const share = (at / (SHADES - 1)) * (stops.length - 1);
  const lower = Math.min(stops.length - 2, Math.floor(share));
  return `rgb(${stops[lower].map((from, part) => Math.round(from + (share - lower) * (stops[lower + 1][part] - from))).join(" ")})`;
});

export class Lines {
  constructor(size) {
    this.size = size;
    this.layers = ["back", "front", "top"].map((name) => h("canvas", { class: name, "aria-hidden": "true" }));
    this.lines = [];
    this.scheme = matchMedia("(prefers-color-scheme: dark)");
    this.all = oncePerFrame(() => this.paint([true, true, true]));
    this.selected = oncePerFrame(() => this.paint([false, true, false]));
    this.marked = oncePerFrame(() => this.paint([false, false, true]));
    this.scheme.addEventListener("change", this.all);
  }

  leave() { this.scheme.removeEventListener("change", this.all); }

  // `axes` with their `x`; the last one is the metric's. Samples without its value have no line.
  show(axes, samples) {
    this.axes = axes;
    const metric = axes[axes.length - 1];
    const measured = samples.filter((sample) => sample.value(metric.key) !== null);
    const many = measured.length > MANY;
    this.width = many ? 1 : 1.6;
    // The best come last, on top of the others.
    const ranked = measured.map((sample) => [metric.good(sample.value(metric.key)), sample]).sort(([a], [b]) => a - b);
    this.lines = ranked.map(([good, sample], rank) => {
      // Lines of one level are spread by their rank, so that they do not lie on each other.
      const shift = ranked.length > 1 ? (rank / (ranked.length - 1) - 0.5) * Math.min(1, ranked.length / DENSE) : 0;
      const places = axes.map((axis) => {
        const own = sample.value(axis.key);
        return own === null ? null : axis.scale.place(own) + shift * axis.spread;
      });
      return { sample, places, shade: Math.round((many ? good ** 3 : good) * (SHADES - 1)) };
    });
    this.all();
  }

  // Of the samples, those within the intervals; none: there are no intervals.
  select(inside) {
    this.inside = inside;
    this.selected();
  }

  isInside(line) { return !this.inside || this.inside.has(line.sample); }

  mark(near) {
    this.near = near;
    this.marked();
  }

  paint([back, front, top]) {
    const { width, height } = this.size;
    if (!width || !this.axes) return;
    const ratio = devicePixelRatio || 1;
    if (this.layers[0].width !== Math.round(width * ratio) || this.layers[0].height !== Math.round(height * ratio)) {
      for (const layer of this.layers) {
        Object.assign(layer, { width: Math.round(width * ratio), height: Math.round(height * ratio) });
        Object.assign(layer.style, { width: `${width}px`, height: `${height}px` });
      }
      [back, front, top] = [true, true, true];
    }
    const [behind, before, above] = this.layers.map((layer) => layer.getContext("2d"));
    for (const [to, due] of [[behind, back], [before, front], [above, top]]) {
      if (!due) continue;
      to.setTransform(ratio, 0, 0, ratio, 0, 0);
      to.clearRect(0, 0, width, height);
    }
    if (back) this.context(behind);
    if (front) this.colours(before);
    // Lines that nothing tells apart would only dull those on top of them.
    this.layers[0].style.visibility = this.inside ? "visible" : "hidden";
    if (top) this.marks(above);
  }

  context(to) {
    to.strokeStyle = style("--context");
    to.lineWidth = 1;
    to.globalAlpha = this.lines.length > MANY ? 0.3 : 0.6;
    for (const line of this.lines) this.stroke(to, line);
    to.globalAlpha = 1;
  }

  colours(to) {
    const colours = shades(this.scheme.matches);
    to.lineWidth = this.width;
    for (const line of this.lines) {
      if (!this.isInside(line)) continue;
      to.strokeStyle = colours[line.shade];
      this.stroke(to, line);
    }
  }

  marks(to) {
    for (const line of this.lines) if (line.sample.isChosen()) this.marking(to, line, CHOSEN, 2.4);
    const near = this.near && this.lines.find((line) => line.sample.key === this.near);
    if (near) this.marking(to, near, style("--ink"), 3);
    this.uprights(to);
  }

  marking(to, line, colour, width) {
    to.strokeStyle = style("--card");
    to.lineWidth = width + 3;
    this.stroke(to, line);
    to.strokeStyle = colour;
    to.lineWidth = width;
    this.stroke(to, line);
  }

  y(place) { return this.size.bottom - place * (this.size.bottom - this.size.top); }

  // Below an axis where the sample does not have the parameter.
  heights(line) { return line.places.map((place) => place === null ? this.size.bottom + this.size.absent : this.y(place)); }

  stroke(to, line) {
    to.beginPath();
    this.heights(line).forEach((y, at) => to[at ? "lineTo" : "moveTo"](this.axes[at].x, y));
    to.stroke();
  }

  // Axes with their values, over the lines and readable on them.
  uprights(to) {
    const { top, bottom, gap } = this.size;
    const [ink, ground] = [style("--ink"), style("--card")];
    to.font = "12px system-ui, sans-serif";
    to.textAlign = "left";
    to.textBaseline = "middle";
    const label = (text, x, y) => {
      const shown = fitted(to, text, gap - 20);
      to.globalAlpha = 0.85;
      to.fillStyle = ground;
      to.fillRect(x + 8, y - 8, to.measureText(shown).width + 6, 16);
      to.globalAlpha = 1;
      to.fillStyle = ink;
      to.fillText(shown, x + 11, y + 1);
    };
    this.axes.forEach((axis, at) => {
      to.fillStyle = ink;
      to.fillRect(axis.x - 0.75, top, 1.5, bottom - top);
      for (const [place, text] of axis.scale.ticks((bottom - top) / 34)) {
        to.fillStyle = ink;
        to.fillRect(axis.x - 4, this.y(place) - 0.75, 8, 1.5);
        label(text, axis.x, this.y(place));
      }
      if (this.lines.some((line) => line.places[at] === null)) label("without", axis.x, bottom + this.size.absent);
    });
  }

  // The sample whose line runs nearest to a point; one within the intervals first.
  nearest(x, y) {
    const after = this.axes.findIndex((axis) => axis.x >= x);
    if (after < 0) return null;
    const from = Math.max(0, after - 1);
    const share = after ? (x - this.axes[from].x) / (this.axes[after].x - this.axes[from].x) : 0;
    let found = null;
    for (const line of this.lines) {
      if (!this.isInside(line)) continue;
      const heights = [from, after].map((at) => line.places[at] === null ? this.size.bottom + this.size.absent : this.y(line.places[at]));
      const distance = Math.abs(heights[0] + share * (heights[1] - heights[0]) - y);
      // Of lines on each other the best one, which is drawn last.
      if (distance <= (found?.distance ?? NEAR)) found = { line, distance };
    }
    return found?.line.sample ?? null;
  }
}

// A text that is cut where it does not fit.
const fitted = (to, text, width) => {
  if (to.measureText(text).width <= width) return text;
  let end = text.length - 1;
  while (end > 1 && to.measureText(`${text.slice(0, end)}…`).width > width) end -= 1;
  return `${text.slice(0, end)}…`;
};
