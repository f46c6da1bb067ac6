// How far a sweep is: runs by state, devices with what they train, curves.

import { bytes, duration, figure, h, number, say } from "./dom.js";
import { CurvePanel } from "./curves.js";
import { Requests } from "./requests.js";

// Runs by state as one bar; `choose` is called with a state that somebody clicks on.
export const stateBar = (names, counts, choose) => {
  const total = counts.reduce((sum, value) => sum + value, 0);
  const order = ["completed", "running", "waiting", "interrupted", "pending", "stopped", "diverged", "failed"];
  const there = order.map((name) => [name, counts[names.indexOf(name)]]).filter(([, value]) => value > 0);
  const bar = h("div", { class: "statebar", "aria-hidden": "true" }, there.map(([name, value]) => {
    const part = h("span", { class: `state-${name}` });
    part.style.flexGrow = value;
    return part;
  }));
  const words = there.map(([name, value]) => {
    const text = [h("i", { class: `dot state-${name}`, "aria-hidden": "true" }), `${value.toLocaleString("en")} ${name}`];
    return h("li", {}, choose ? h("button", { type: "button", class: "plain", onclick: () => choose(name) }, text) : text);
  });
  return h("div", { class: "states", "data-total": total }, bar, h("ul", { class: "legend" }, words));
};

// Devices with the runs that they train.
class Devices {
  constructor(sweep) {
    this.sweep = sweep;
    this.element = h("ul", { class: "cards devices" });
    this.cards = new Map();
  }

  update() {
    const { sweep } = this;
    const byWorker = new Map();
    for (const place of sweep.all()) {
      if (sweep.state(place) !== "running") continue;
      const key = sweep.text(place, "worker") ?? "?";
      if (!byWorker.has(key)) byWorker.set(key, []);
      byWorker.get(key).push(place);
    }
    for (const [key, card] of this.cards) if (!byWorker.has(key)) { card.element.remove(); this.cards.delete(key); }
    for (const [key, places] of byWorker) this.show(key, places);
    this.element.hidden = byWorker.size === 0;
  }

  show(key, places) {
    const { sweep } = this;
    if (!this.cards.has(key)) {
      const card = { title: h("h3"), sub: h("p", { class: "muted" }), list: h("ul", { class: "work" }), rows: new Map() };
      card.element = h("li", { class: "card" }, card.title, card.sub, card.list);
      this.cards.set(key, card);
      this.element.append(card.element);
    }
    const card = this.cards.get(key);
    const speed = places.reduce((sum, place) => sum + (sweep.value(place, "speed") ?? 0), 0);
    const left = Math.max(...places.map((place) => sweep.value(place, "left") ?? 0));
    say(card.title, sweep.text(places[0], "device") ?? "device unknown");
    say(card.sub, [key, speed ? `${Math.round(speed)} examples/s` : null, left ? `${duration(left)} left` : null].filter(Boolean).join(" · "));
    for (const [place, row] of card.rows) if (!places.includes(place)) { row.element.remove(); card.rows.delete(place); }
    for (const place of places) this.row(card, place);
  }

  row(card, place) {
    const { sweep } = this;
    if (!card.rows.has(place)) {
      const row = { meter: h("progress", { max: "1", "aria-label": sweep.label(place) }), text: h("span", { class: "muted" }) };
      const link = h("a", { href: `#/${encodeURIComponent(sweep.folder)}/run/${sweep.id(place)}` }, sweep.label(place));
      row.element = h("li", {}, link, row.meter, row.text);
      card.rows.set(place, row);
      card.list.append(row.element);
    }
    const row = card.rows.get(place);
    row.meter.value = sweep.share(place);
    const loss = sweep.value(place, "loss");
    const epochs = sweep.value(place, "epochs");
    say(row.text, [`epoch ${Math.min(epochs + 1, sweep.plannedEpochs(place))} of ${sweep.plannedEpochs(place)}`,
      loss === null ? null : `loss ${number(loss, 3)}`].filter(Boolean).join(" · "));
  }
}

// What stands above all tabs.
export class Head {
  constructor(sweep, choose) {
    this.sweep = sweep;
    this.choose = choose;
    const { plan } = sweep;
    this.states = h("div");
    this.facts = h("ul", { class: "facts" });
    this.element = h("header", { class: "head" },
      h("h1", {}, plan.name, plan.invented && h("span", { class: "badge bad" }, "invented by a mock: nothing was trained"), plan.rehearsal && h("span", { class: "badge" }, "rehearsal")),
      plan.description && h("p", {}, plan.description), this.states, this.facts);
  }

  update() {
    const { totals, plan } = this.sweep;
    const key = totals.states.join();
    if (key !== this.shown) {
      this.shown = key;
      const focused = this.states.contains(document.activeElement) ? document.activeElement.textContent.replace(/^[\d,]+ /, "") : null;
      this.states.replaceChildren(stateBar(plan.states, totals.states, this.choose));
      if (focused) [...this.states.querySelectorAll("button")].find((button) => button.textContent.endsWith(focused))?.focus({ preventScroll: true });
    }
    const scale = this.sweep.curveOf.get(plan.ranking)?.scale;
    const memory = this.sweep.all().map((place) => this.sweep.value(place, "memory")).filter((value) => value !== null);
    const texts = [
      totals.left !== null && `about ${duration(totals.left)} left${totals.search ? " of what is planned so far" : ""}`,
      totals.speed !== null && `${Math.round(totals.speed).toLocaleString("en")} examples/s`,
      memory.length > 0 && `at most ${bytes(Math.max(...memory))} per run`,
      ...(totals.search ? [] : totals.best.map(([label, , value]) =>
        `best so far: ${label}, ${this.sweep.curveOf.get(plan.ranking).title.toLowerCase()} ${figure(value, scale)}`)),
      totals.search,
    ].filter(Boolean);
    const said = texts.join("|");
    if (said !== this.said) {
      this.said = said;
      this.facts.replaceChildren(...texts.map((text) => h("li", {}, text)));
    }
  }
}

// Between two packs nothing is trained for so many milliseconds at most.
const BETWEEN_PACKS = 15000;

// What is said where nothing is trained.
class Idle {
  constructor() {
    this.element = h("p", { class: "muted" });
    this.since = null;
  }

  update(open, running) {
    this.element.hidden = running > 0;
    clearTimeout(this.timer);
    if (running > 0) {
      this.since = null;
      return;
    }
    this.since ??= Date.now();
    const wait = this.since + BETWEEN_PACKS - Date.now();
    const left = open === 1 ? "1 run is left" : `${open} runs are left`;
    say(this.element, !open ? "Nothing is left to do."
      : wait > 0 ? `Nothing is trained at this moment; ${left}.`
      : `Nobody works on it now; ${left}. The command that began the sweep goes on with it.`);
    if (open && wait > 0) this.timer = setTimeout(() => this.update(open, 0), wait);
  }

  leave() { clearTimeout(this.timer); }
}

// The first tab.
export class Progress {
  constructor(sweep, shown, readOnly) {
    this.sweep = sweep;
    this.requests = new Requests(sweep, null, readOnly);
    this.devices = new Devices(sweep);
    this.idle = new Idle();
    const { plan } = sweep;
    const ranking = plan.ranking === "eval_loss" ? "accuracy" : plan.ranking;
    this.panels = [new CurvePanel(sweep, "eval_loss", shown), new CurvePanel(sweep, sweep.curveOf.has(ranking) ? ranking : "train_loss", shown)];
    this.element = h("div", {},
      h("section", { "aria-label": "At work" }, h("h2", {}, "At work"), this.idle.element, this.devices.element),
      h("section", { "aria-label": "Curves" }, h("h2", {}, "Curves"), shown.tools, h("div", { class: "panels" }, this.panels.map((panel) => panel.element))),
      this.requests.element);
  }

  update() {
    this.devices.update();
    const { totals, plan } = this.sweep;
    const of = (name) => totals.states[plan.states.indexOf(name)];
    this.idle.update(of("pending") + of("interrupted") + of("waiting"), of("running"));
    this.panels.forEach((panel) => panel.update());
    this.requests.update();
  }

  leave() {
    this.idle.leave();
    this.panels.forEach((panel) => panel.leave());
  }
}
