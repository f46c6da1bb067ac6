// An axis that people draw intervals on: with the pointer, or with the keys on the two ends.

import { h, say } from "./dom.js";

// Pixels that a pointer moves before it draws.
const STILL = 3;
const PAGE = 5;

export class Rail {
  // `select` is called with an interval while somebody draws it, with null to take it away; `close` when it is drawn.
  constructor(axis, { select, close }) {
    Object.assign(this, { select, close });
    this.name = h("strong");
    this.said = h("span");
    this.part = h("div", { class: "part", hidden: true });
    this.thumbs = ["low", "high"].map((end) => h("div", {
      class: "thumb", "data-end": end, role: "slider", tabindex: "0", "aria-orientation": "vertical", "aria-valuemin": "0", "aria-valuemax": "100",
      onkeydown: (event) => this.key(event, end),
    }));
    this.rail = h("div", { class: "rail" }, this.part, this.thumbs);
    this.element = h("div", { class: "axis", role: "group" }, h("div", { class: "axis-name" }, this.name, this.said), this.rail);
    this.rail.addEventListener("pointerdown", (event) => this.down(event));
    this.rail.addEventListener("pointermove", (event) => this.move(event));
    for (const kind of ["pointerup", "pointercancel"]) this.rail.addEventListener(kind, (event) => this.up(event));
    this.element.addEventListener("dblclick", () => this.give(null));
    this.show(axis, null);
  }

  show(axis, interval) {
    Object.assign(this, { axis, interval });
    this.shares = interval ? axis.scale.shares(interval) : [0, 1];
    if (this.name.title !== axis.title) {
      this.name.title = axis.title;
      // Names of parameters are broken between their words.
      this.name.replaceChildren(...axis.title.split(/(?<=[_.])/).flatMap((part) => [part, h("wbr")]));
    }
    say(this.said, interval ? axis.scale.said(interval) : "");
    this.said.title = this.said.textContent;
    this.element.setAttribute("aria-label", `${axis.title}${interval ? `, ${axis.scale.said(interval)}` : ""}`);
    this.part.hidden = !interval;
    this.part.style.top = `${(1 - this.shares[1]) * 100}%`;
    this.part.style.height = `${(this.shares[1] - this.shares[0]) * 100}%`;
    this.thumbs.forEach((thumb, at) => {
      thumb.style.top = `${(1 - this.shares[at]) * 100}%`;
      thumb.setAttribute("aria-label", `${axis.title}, ${at ? "upper" : "lower"} end`);
      thumb.setAttribute("aria-valuenow", Math.round(this.shares[at] * 100));
      thumb.setAttribute("aria-valuetext", interval ? axis.scale.said(interval) : "no interval");
    });
  }

  place(x, y, length) {
    this.element.style.left = `${x}px`;
    this.element.style.setProperty("--top", `${y}px`);
    this.element.style.setProperty("--length", `${length}px`);
  }

  // Whatever it covers, nothing is selected by an interval from end to end.
  give(shares) {
    const [low, high] = shares ?? [0, 1];
    const interval = this.axis.scale.interval(low, high);
    const [from, to] = this.axis.scale.shares(interval);
    this.show(this.axis, from <= 0 && to >= 1 ? null : interval);
    this.select(this.interval);
  }

  at(event) {
    const { top, height } = this.rail.getBoundingClientRect();
    return Math.min(1, Math.max(0, 1 - (event.clientY - top) / height));
  }

  down(event) {
    if (event.button !== 0) return;
    const at = this.at(event);
    const end = event.target.dataset.end;
    const [low, high] = this.shares;
    const isIn = this.interval && at >= low && at <= high;
    const kind = end ? "end" : isIn ? "all" : "new";
    this.drawn = { kind, from: at, y: event.clientY, anchor: end === "low" ? high : low, shares: [low, high], moved: false };
    this.rail.setPointerCapture(event.pointerId);
    event.preventDefault();
    if (end) event.target.focus();
  }

  move(event) {
    const { drawn } = this;
    if (!drawn || (!drawn.moved && Math.abs(event.clientY - drawn.y) < STILL)) return;
    drawn.moved = true;
    const at = this.at(event);
    if (drawn.kind === "all") {
      const [low, high] = drawn.shares;
      const by = Math.min(1 - high, Math.max(-low, at - drawn.from));
      // A step of levels is a whole level.
      const whole = this.axis.scale.levels ? Math.round(by / this.axis.scale.step) * this.axis.scale.step : by;
      this.give([low + whole, high + whole]);
    } else {
      const anchor = drawn.kind === "new" ? drawn.from : drawn.anchor;
      this.give([Math.min(anchor, at), Math.max(anchor, at)]);
    }
  }

  up(event) {
    const { drawn } = this;
    this.drawn = null;
    if (!drawn) return;
    // A click selects a level.
    if (event.type === "pointerup" && !drawn.moved && drawn.kind === "new" && this.axis.scale.levels) this.give([drawn.from, drawn.from]);
    this.close();
  }

  key(event, end) {
    const { step } = this.axis.scale;
    const moves = { ArrowUp: 1, ArrowRight: 1, ArrowDown: -1, ArrowLeft: -1, PageUp: PAGE, PageDown: -PAGE, Home: -Infinity, End: Infinity };
    let [low, high] = this.shares;
    if (["Escape", "Delete", "Backspace"].includes(event.key)) {
      [low, high] = [0, 1];
    } else if (event.key in moves) {
      const by = moves[event.key] * step;
      // An interval is at least a step wide.
      if (end === "low") low = Math.min(high - step, Math.max(0, low + by));
      else high = Math.max(low + step, Math.min(1, high + by));
    } else {
      return;
    }
    event.preventDefault();
    this.give([low, high].map((share) => Math.round(share * 1e6) / 1e6));
    this.close();
  }
}
