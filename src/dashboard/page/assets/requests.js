// What can be asked for of a sweep, and what came of it. A request is a file in the sweep's folder; whoever works on the sweep comes
// to it within seconds, wherever that is.

import { post, sweepPath } from "./api.js";
import { announce, count, h, say } from "./dom.js";

const SURE = 5000;

// What can be asked for of a run in a state.
const POSSIBLE = {
  stop: ["pending", "running", "interrupted", "waiting"],
  extend: ["stopped"],
  retry: ["failed"],
};
const TITLES = { stop: "Stop", extend: "Extend", retry: "Retry" };

export const can = (sweep, place, kind) => POSSIBLE[kind].includes(sweep.state(place));

const ask = (sweep, request) => post(sweepPath(sweep.folder, "requests"), request);

// Asks for the same of several runs; the answer in words.
const askAll = async (sweep, places, request) => {
  const refused = [];
  for (const place of places) {
    try {
      await ask(sweep, { ...request, run: sweep.id(place) });
    } catch (error) {
      refused.push(error.message);
    }
  }
  const asked = places.length - refused.length;
  const others = refused.length > 1 ? `So it is with ${count(refused.length - 1, "other run")}.` : "";
  return [asked > 1 ? `Asked for, of ${count(asked, "run")}.` : asked ? "Asked for." : "", refused[0], others].filter(Boolean).join(" ");
};

// The epoch up to which stopped runs go on; nothing: their last one.
class Until {
  // `written` is called when somebody writes another one.
  constructor(sweep, written) {
    this.sweep = sweep;
    const input = () => { this.input.removeAttribute("aria-invalid"); written(); };
    this.input = h("input", { id: "extend-until", inputmode: "numeric", autocomplete: "off", "aria-describedby": "extend-range", oninput: input });
    this.range = h("span", { class: "muted", id: "extend-range" });
    this.element = h("label", { class: "until", for: "extend-until" }, "up to epoch", this.input, this.range);
  }

  // The epochs that a run can go on to.
  possible(place) { return [(this.sweep.value(place, "stopped_after") ?? 0) + 1, this.sweep.plannedEpochs(place)]; }

  update(places) {
    this.element.hidden = places.length === 0;
    const possible = places.map((place) => this.possible(place));
    const [from, to] = [Math.max(...possible.map(([first]) => first)), Math.min(...possible.map(([, last]) => last))];
    this.input.placeholder = "last";
    say(this.range, places.length && from <= to ? `${from} to ${to}` : "");
  }

  // Why it cannot be; none where it can.
  fault(places) {
    const given = this.input.value.trim();
    const isWhole = /^\d{1,9}$/.test(given);
    const outside = places.find((place) => Number(given) < this.possible(place)[0] || Number(given) > this.possible(place)[1]);
    const why = given && !isWhole ? "Write a whole number of epochs, or nothing: then it goes on to the last one."
      : given && outside !== undefined ? `${this.sweep.label(outside)} can go on to an epoch from ${this.possible(outside).join(" to ")}.` : null;
    this.input.setAttribute("aria-invalid", String(why !== null));
    if (why) this.input.focus();
    return why;
  }

  fields() { return this.input.value.trim() ? { epochs: Number(this.input.value) } : {}; }
}

// Buttons for runs; `places()` says of which. Stopping asks twice, since it is done at once.
export class Actions {
  constructor(sweep, places, readOnly) {
    Object.assign(this, { sweep, places });
    this.said = h("span", { class: "muted", role: "status" });
    this.buttons = Object.keys(POSSIBLE).map((kind) => {
      const button = h("button", { type: "button", class: "action", "data-asks-for": kind, onclick: () => this.click(kind, button) });
      return [kind, button];
    });
    this.until = new Until(sweep, () => say(this.said, ""));
    this.element = h("div", { class: "tools", hidden: readOnly }, this.buttons.flatMap(([kind, button]) => kind === "extend" ? [button, this.until.element] : [button]), this.said);
    this.readOnly = readOnly;
    this.sure = null;
  }

  fitting(kind) { return this.places().filter((place) => can(this.sweep, place, kind)); }

  update() {
    if (this.readOnly) return;
    for (const [kind, button] of this.buttons) {
      const fitting = this.fitting(kind).length;
      button.hidden = fitting === 0;
      const of = this.places().length > 1 ? ` ${count(fitting, "run")}` : "";
      say(button, this.sure === kind ? `Really stop${of}?` : TITLES[kind] + of);
    }
    this.until.update(this.fitting("extend"));
  }

  async click(kind, button) {
    if (kind === "stop" && this.sure !== kind) {
      this.sure = kind;
      this.update();
      setTimeout(() => { this.sure = null; this.update(); }, SURE);
      return;
    }
    this.sure = null;
    const places = this.fitting(kind);
    const fault = kind === "extend" ? this.until.fault(places) : null;
    if (fault) {
      say(this.said, fault);
      announce(fault);
      return;
    }
    button.disabled = true;
    say(this.said, "Asking …");
    const told = await askAll(this.sweep, places, { asks_for: kind, ...(kind === "extend" ? this.until.fields() : {}) });
    say(this.said, told);
    announce(told);
    button.disabled = false;
    this.update();
  }
}

// Seeds for all configurations of a sweep.
const seedForm = (sweep) => {
  const input = h("input", { id: "seeds", inputmode: "numeric", autocomplete: "off", placeholder: "4 5", size: "8" });
  const said = h("span", { class: "muted", role: "status" });
  const enter = async (event) => {
    event.preventDefault();
    // As numbers of any size: they go as they are written.
    const seeds = input.value.split(/[\s,]+/).filter(Boolean);
    if (!seeds.length || !seeds.every((seed) => /^\d{1,15}$/.test(seed))) return say(said, "Write whole numbers, with spaces between.");
    try {
      await ask(sweep, { asks_for: "add_seeds", seeds: seeds.map(Number) });
      input.value = "";
      say(said, "Asked for.");
    } catch (error) {
      say(said, error.message);
    }
    return undefined;
  };
  return h("details", {}, h("summary", {}, "Add seeds"),
    h("p", { class: "muted" }, "To every configuration. Seeds that are added after results could be seen decide no hypothesis: they sharpen estimates only."),
    h("form", { class: "tools", onsubmit: enter }, h("label", { for: "seeds" }, "Seeds", input), h("button", { class: "action" }, "Ask for them"), said));
};

// What was asked for, of the sweep or of one run, and what came of it.
export class Requests {
  constructor(sweep, place, readOnly) {
    Object.assign(this, { sweep, place });
    this.list = h("ul", { class: "requests" });
    this.element = h("section", { "aria-label": "Requests" }, h("h2", {}, "Asked for"), this.list);
    if (place === null && !readOnly && !sweep.plan.search) this.element.append(seedForm(sweep));
    this.isNeeded = place === null && !readOnly && !sweep.plan.search;
  }

  update() {
    const { sweep, place } = this;
    const own = sweep.requests.filter(({ run }) => place === null || run === sweep.id(place));
    this.element.hidden = own.length === 0 && !this.isNeeded;
    const key = JSON.stringify(own);
    if (key === this.key) return;
    this.key = key;
    this.list.replaceChildren(...own.map((line) => this.line(line)));
    this.list.hidden = own.length === 0;
  }

  line({ what, run, who, when, outcome, text }) {
    const { sweep } = this;
    const at = run === null ? undefined : sweep.places.get(run);
    const waits = sweep.totals.states[sweep.plan.states.indexOf("running")]
      ? "waits for whoever works on it" : "waits: nobody works on the sweep now; the next `sweep run` comes to it";
    return h("li", {}, h("span", { class: `chip request-${outcome}` }, outcome), " ",
      at !== undefined && this.place === null && [h("a", { href: `#/${encodeURIComponent(sweep.folder)}/run/${run}` }, sweep.label(at)), ": "],
      h("strong", {}, what ?? "a request that cannot be read"), " ", outcome === "waits" ? waits : text,
      h("span", { class: "muted" }, ` (${[who, when].filter(Boolean).join(", ")})`));
  }
}
