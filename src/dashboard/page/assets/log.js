// A log, as it grows.

import { get } from "./api.js";
import { h } from "./dom.js";

const PAUSE = 1500;
const MOST_LINES = 5000;

export class Log {
  // `path()` is what to ask for.
  constructor(path, title) {
    this.path = path;
    this.next = 0;
    this.lines = h("pre", { class: "log", tabindex: "0", role: "log", "aria-label": title });
    this.none = h("p", { class: "muted" }, "Nothing was logged yet.");
    this.element = h("section", { "aria-label": title }, h("h2", {}, "Log"), this.none, this.lines);
    this.lines.hidden = true;
    this.timer = null;
    this.read();
  }

  async read() {
    clearTimeout(this.timer);
    if (this.left) return;
    try {
      const told = await get(`${this.path()}?from=${this.next}`);
      if (told.restarted || told.skipped) this.lines.replaceChildren();
      if (told.skipped) this.lines.append(h("span", { class: "muted" }, "… the beginning is in the file\n"));
      this.next = told.next;
      if (told.text) this.add(told.text);
    } catch {
      // The connection says so, and the next time may do.
    }
    if (!this.left) this.timer = setTimeout(() => this.read(), PAUSE);
  }

  add(text) {
    const { lines } = this;
    // Who reads further up is not moved away.
    const atEnd = lines.hidden || lines.scrollTop + lines.clientHeight >= lines.scrollHeight - 30;
    this.none.hidden = true;
    lines.hidden = false;
    lines.append(...text.split("\n").slice(0, -1).map((line) => h("span", {}, `${line}\n`)));
    while (lines.childNodes.length > MOST_LINES) lines.firstChild.remove();
    if (atEnd) lines.scrollTop = lines.scrollHeight;
  }

  update() {}

  leave() {
    this.left = true;
    clearTimeout(this.timer);
  }
}
