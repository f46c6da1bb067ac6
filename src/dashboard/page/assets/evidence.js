// Verdicts, what a search has found, and charts: parts of the report's page. They are HTML of the server, in which every text of
// others is escaped; a policy of the page keeps scripts out in any case.

import { get, sweepPath } from "./api.js";
import { count, h, say } from "./dom.js";

const PAUSE = 10_000;

export class Evidence {
  constructor(sweep) {
    this.sweep = sweep;
    this.state = h("p", { class: "muted", role: "status" }, "Weighing the evidence …");
    this.parts = h("div", { class: "evidence" });
    this.element = h("section", { "aria-label": "Evidence" }, this.state, this.parts);
    this.asked = 0;
  }

  ended() {
    const { totals, plan } = this.sweep;
    return ["completed", "diverged", "failed", "stopped"].reduce((sum, name) => sum + totals.states[plan.states.indexOf(name)], 0);
  }

  // Asked again when further runs have ended, and not too often.
  async update() {
    const ended = this.ended();
    if (this.asking || this.shown === ended || Date.now() - this.asked < PAUSE) return;
    this.asking = true;
    this.asked = Date.now();
    try {
      this.show(await get(sweepPath(this.sweep.folder, "evidence")));
      this.shown = ended;
    } catch (error) {
      say(this.state, error.message);
    }
    this.asking = false;
  }

  show({ ended, open, parts }) {
    say(this.state, open ? `Of ${count(ended, "run")} that have ended; ${open} are still to come.` : `Of all ${count(ended, "run")}.`);
    const opened = new Set([...this.parts.querySelectorAll("details:not([open])")].map((part) => part.dataset.id));
    this.parts.replaceChildren(...parts.map(({ id, title, html }) => {
      const content = h("div");
      content.innerHTML = html;
      return h("details", { open: !opened.has(id), "data-id": id }, h("summary", {}, h("h2", {}, title)), content);
    }));
    if (!parts.length) this.parts.replaceChildren(h("p", {}, "There is nothing to weigh yet."));
  }
}
